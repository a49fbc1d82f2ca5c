//! The input shapes of the service model that this server answers, with their limits.
//!
//! Source: botocore's `codepipeline/2015-07-09` model. Members that only ride along are left out;
//! the protocol ignores unknown members.

use super::validate::{Field, Pattern, Shape};

const fn need(name: &'static str, shape: &'static Shape) -> Field {
    Field { name, required: true, shape }
}

const fn may(name: &'static str, shape: &'static Shape) -> Field {
    Field { name, required: false, shape }
}

const fn text(min: usize, max: usize) -> Shape {
    Shape::Text { min, max, pattern: Pattern::Any }
}

const fn only(min: usize, max: usize, others: &'static str) -> Shape {
    Shape::Text { min, max, pattern: Pattern::Only(others) }
}

const fn pattern(pattern: Pattern) -> Shape {
    Shape::Text { min: 0, max: usize::MAX, pattern }
}

const NO_LIMIT: usize = usize::MAX;
const ANY_TEXT: Shape = text(0, NO_LIMIT);

// Pipelines, stages and actions share this pattern.
const NAME: Shape = only(1, 100, ".@-_");
const VARIABLE_NAME: Shape = only(1, 128, "@-_");
const ARTIFACT_NAME: Shape = only(1, 100, "_-");
const PROVIDER: Shape = only(1, 35, "_-");
const VERSION: Shape = only(1, 9, "_-");
const ROLE_ARN: Shape = Shape::Text { min: 0, max: 1024, pattern: Pattern::RoleArn };
const REGION: Shape = text(4, 30);
const UUID: Shape = pattern(Pattern::Uuid);
const NEXT_TOKEN: Shape = text(1, 2048);
const MAX_RESULTS: Shape = Shape::Integer { min: 1, max: 100 };
const REVISION: Shape = text(1, 1500);
const SUMMARY: Shape = text(1, 2048);
const EXTERNAL_ID: Shape = text(1, 1500);
const RETRY_MODE: Shape = Shape::OneOf(&["FAILED_ACTIONS", "ALL_ACTIONS"]);
const RESULT: Shape = Shape::OneOf(&["ROLLBACK", "FAIL", "RETRY", "SKIP"]);

const NAMED_ARTIFACTS: Shape =
    Shape::List { min: 0, max: NO_LIMIT, of: &Shape::Record(&[need("name", &ARTIFACT_NAME)]) };

const ACTION_TYPE: Shape = Shape::Record(&[
    need("category", &Shape::OneOf(&["Source", "Build", "Deploy", "Test", "Invoke", "Approval", "Compute"])),
    need("owner", &Shape::OneOf(&["AWS", "ThirdParty", "Custom"])),
    need("provider", &PROVIDER),
    need("version", &VERSION),
]);

const ENVIRONMENT_VARIABLE: Shape = Shape::Record(&[
    need("name", &only(1, 128, "_")),
    need("value", &text(1, 2000)),
    may("type", &Shape::OneOf(&["PLAINTEXT", "SECRETS_MANAGER"])),
]);

const ACTION: Shape = Shape::Record(&[
    need("name", &NAME),
    need("actionTypeId", &ACTION_TYPE),
    may("runOrder", &Shape::Integer { min: 1, max: 999 }),
    may("configuration", &Shape::Map { max: NO_LIMIT, key: &text(1, 50), value: &text(1, 1000) }),
    may("commands", &Shape::List { min: 1, max: 50, of: &text(1, 1000) }),
    may("inputArtifacts", &NAMED_ARTIFACTS),
    may("outputArtifacts", &NAMED_ARTIFACTS),
    may("outputVariables", &Shape::List { min: 1, max: 15, of: &text(1, 128) }),
    may("environmentVariables", &Shape::List { min: 1, max: 10, of: &ENVIRONMENT_VARIABLE }),
    may("roleArn", &ROLE_ARN),
    may("region", &REGION),
    may("namespace", &only(1, 100, "@-_")),
    may("timeoutInMinutes", &Shape::Integer { min: 5, max: 86400 }),
]);

const RULE: Shape = Shape::Record(&[
    need("name", &NAME),
    need(
        "ruleTypeId",
        &Shape::Record(&[
            need("category", &Shape::OneOf(&["Rule"])),
            may("owner", &Shape::OneOf(&["AWS"])),
            need("provider", &PROVIDER),
            may("version", &VERSION),
        ]),
    ),
    may("configuration", &Shape::Map { max: 200, key: &text(1, 50), value: &text(1, 10000) }),
    may("inputArtifacts", &NAMED_ARTIFACTS),
    may("roleArn", &ROLE_ARN),
    may("region", &REGION),
    may("timeoutInMinutes", &Shape::Integer { min: 5, max: 86400 }),
]);

const CONDITIONS: Shape = Shape::List {
    min: 1,
    max: 1,
    of: &Shape::Record(&[may("result", &RESULT), may("rules", &Shape::List { min: 1, max: 5, of: &RULE })]),
};

const STAGE: Shape = Shape::Record(&[
    need("name", &NAME),
    need("actions", &Shape::List { min: 0, max: NO_LIMIT, of: &ACTION }),
    may(
        "onFailure",
        &Shape::Record(&[
            may("result", &RESULT),
            may("retryConfiguration", &Shape::Record(&[may("retryMode", &RETRY_MODE)])),
            may("conditions", &CONDITIONS),
        ]),
    ),
    may("onSuccess", &Shape::Record(&[need("conditions", &CONDITIONS)])),
    may("beforeEntry", &Shape::Record(&[need("conditions", &CONDITIONS)])),
]);

const ARTIFACT_STORE: Shape = Shape::Record(&[
    need("type", &Shape::OneOf(&["S3"])),
    need("location", &only(3, 63, "-.")),
    may("encryptionKey", &Shape::Record(&[need("id", &text(1, 400)), need("type", &Shape::OneOf(&["KMS"]))])),
]);

const VARIABLE: Shape = Shape::Record(&[
    need("name", &VARIABLE_NAME),
    may("defaultValue", &text(1, 1000)),
    may("description", &text(0, 200)),
]);

const GLOBS: Shape = Shape::List { min: 1, max: 8, of: &text(1, 255) };
// Branches, tags and file paths have the same limits.
const GLOB_FILTER: Shape = Shape::Record(&[may("includes", &GLOBS), may("excludes", &GLOBS)]);

const TRIGGER: Shape = Shape::Record(&[
    need("providerType", &Shape::OneOf(&["CodeStarSourceConnection"])),
    need(
        "gitConfiguration",
        &Shape::Record(&[
            need("sourceActionName", &NAME),
            may(
                "push",
                &Shape::List {
                    min: 1,
                    max: 3,
                    of: &Shape::Record(&[
                        may("tags", &GLOB_FILTER),
                        may("branches", &GLOB_FILTER),
                        may("filePaths", &GLOB_FILTER),
                    ]),
                },
            ),
            may(
                "pullRequest",
                &Shape::List {
                    min: 1,
                    max: 3,
                    of: &Shape::Record(&[
                        may(
                            "events",
                            &Shape::List { min: 1, max: 3, of: &Shape::OneOf(&["OPEN", "UPDATED", "CLOSED"]) },
                        ),
                        may("branches", &GLOB_FILTER),
                        may("filePaths", &GLOB_FILTER),
                    ]),
                },
            ),
        ]),
    ),
]);

const PIPELINE: Shape = Shape::Record(&[
    need("name", &NAME),
    need("roleArn", &ROLE_ARN),
    need("stages", &Shape::List { min: 0, max: NO_LIMIT, of: &STAGE }),
    may("artifactStore", &ARTIFACT_STORE),
    may("artifactStores", &Shape::Map { max: NO_LIMIT, key: &REGION, value: &ARTIFACT_STORE }),
    may("version", &Shape::Integer { min: 1, max: i64::MAX }),
    may("executionMode", &Shape::OneOf(&["QUEUED", "SUPERSEDED", "PARALLEL"])),
    may("pipelineType", &Shape::OneOf(&["V1", "V2"])),
    may("variables", &Shape::List { min: 0, max: 50, of: &VARIABLE }),
    may("triggers", &Shape::List { min: 0, max: 50, of: &TRIGGER }),
]);

const TAGS: Shape = Shape::List {
    min: 0,
    max: NO_LIMIT,
    of: &Shape::Record(&[need("key", &text(1, 128)), need("value", &text(0, 256))]),
};

const ARN: Shape = pattern(Pattern::PipelineArn);

pub(crate) const CREATE_PIPELINE: Shape = Shape::Record(&[need("pipeline", &PIPELINE), may("tags", &TAGS)]);
pub(crate) const UPDATE_PIPELINE: Shape = Shape::Record(&[need("pipeline", &PIPELINE)]);
pub(crate) const GET_PIPELINE: Shape =
    Shape::Record(&[need("name", &NAME), may("version", &Shape::Integer { min: 1, max: i64::MAX })]);
/// `DeletePipeline` and `GetPipelineState`.
pub(crate) const PIPELINE_NAME: Shape = Shape::Record(&[need("name", &NAME)]);
pub(crate) const LIST_PIPELINES: Shape =
    Shape::Record(&[may("nextToken", &NEXT_TOKEN), may("maxResults", &Shape::Integer { min: 1, max: 1000 })]);

pub(crate) const START_EXECUTION: Shape = Shape::Record(&[
    need("name", &NAME),
    may(
        "variables",
        &Shape::List {
            min: 1,
            max: 50,
            of: &Shape::Record(&[need("name", &VARIABLE_NAME), need("value", &text(1, 1000))]),
        },
    ),
    may("clientRequestToken", &only(1, 128, "-")),
    may(
        "sourceRevisions",
        &Shape::List {
            min: 0,
            max: 50,
            of: &Shape::Record(&[
                need("actionName", &NAME),
                need(
                    "revisionType",
                    &Shape::OneOf(&["COMMIT_ID", "IMAGE_DIGEST", "S3_OBJECT_VERSION_ID", "S3_OBJECT_KEY"]),
                ),
                need("revisionValue", &REVISION),
            ]),
        },
    ),
]);
pub(crate) const STOP_EXECUTION: Shape = Shape::Record(&[
    need("pipelineName", &NAME),
    need("pipelineExecutionId", &UUID),
    may("abandon", &Shape::Bool),
    may("reason", &text(0, 200)),
]);
pub(crate) const GET_EXECUTION: Shape =
    Shape::Record(&[need("pipelineName", &NAME), need("pipelineExecutionId", &UUID)]);
pub(crate) const LIST_EXECUTIONS: Shape = Shape::Record(&[
    need("pipelineName", &NAME),
    may("maxResults", &MAX_RESULTS),
    may("nextToken", &NEXT_TOKEN),
    may("filter", &Shape::Record(&[may("succeededInStage", &Shape::Record(&[may("stageName", &NAME)]))])),
]);
pub(crate) const LIST_ACTIONS: Shape = Shape::Record(&[
    need("pipelineName", &NAME),
    may("maxResults", &MAX_RESULTS),
    may("nextToken", &NEXT_TOKEN),
    may(
        "filter",
        &Shape::Record(&[
            may("pipelineExecutionId", &UUID),
            may(
                "latestInPipelineExecution",
                &Shape::Record(&[
                    need("pipelineExecutionId", &UUID),
                    need("startTimeRange", &Shape::OneOf(&["Latest", "All"])),
                ]),
            ),
        ]),
    ),
]);
pub(crate) const RETRY_STAGE: Shape = Shape::Record(&[
    need("pipelineName", &NAME),
    need("stageName", &NAME),
    need("pipelineExecutionId", &UUID),
    need("retryMode", &RETRY_MODE),
]);
pub(crate) const ROLLBACK_STAGE: Shape =
    Shape::Record(&[need("pipelineName", &NAME), need("stageName", &NAME), need("targetPipelineExecutionId", &UUID)]);
pub(crate) const DISABLE_TRANSITION: Shape = Shape::Record(&[
    need("pipelineName", &NAME),
    need("stageName", &NAME),
    need("transitionType", &Shape::OneOf(&["Inbound", "Outbound"])),
    need("reason", &only(1, 300, "!@ ().*?-")),
]);
pub(crate) const ENABLE_TRANSITION: Shape = Shape::Record(&[
    need("pipelineName", &NAME),
    need("stageName", &NAME),
    need("transitionType", &Shape::OneOf(&["Inbound", "Outbound"])),
]);

pub(crate) const GET_JOB: Shape = Shape::Record(&[need("jobId", &UUID)]);
pub(crate) const PUT_JOB_SUCCESS: Shape = Shape::Record(&[
    need("jobId", &UUID),
    may(
        "currentRevision",
        &Shape::Record(&[
            need("revision", &REVISION),
            need("changeIdentifier", &text(1, 100)),
            may("created", &Shape::Time),
            may("revisionSummary", &SUMMARY),
        ]),
    ),
    may("continuationToken", &text(1, 2048)),
    may(
        "executionDetails",
        &Shape::Record(&[
            may("summary", &SUMMARY),
            may("externalExecutionId", &EXTERNAL_ID),
            may("percentComplete", &Shape::Integer { min: 0, max: 100 }),
        ]),
    ),
    may("outputVariables", &Shape::Map { max: NO_LIMIT, key: &only(1, NO_LIMIT, "@-_"), value: &ANY_TEXT }),
]);
pub(crate) const PUT_JOB_FAILURE: Shape = Shape::Record(&[
    need("jobId", &UUID),
    need(
        "failureDetails",
        &Shape::Record(&[
            need(
                "type",
                &Shape::OneOf(&[
                    "JobFailed",
                    "ConfigurationError",
                    "PermissionError",
                    "RevisionOutOfSync",
                    "RevisionUnavailable",
                    "SystemUnavailable",
                ]),
            ),
            need("message", &text(1, 5000)),
            may("externalExecutionId", &EXTERNAL_ID),
        ]),
    ),
]);
pub(crate) const PUT_APPROVAL_RESULT: Shape = Shape::Record(&[
    need("pipelineName", &NAME),
    need("stageName", &NAME),
    need("actionName", &NAME),
    need("token", &UUID),
    need(
        "result",
        &Shape::Record(&[need("summary", &text(0, 512)), need("status", &Shape::OneOf(&["Approved", "Rejected"]))]),
    ),
]);

pub(crate) const TAG_RESOURCE: Shape = Shape::Record(&[need("resourceArn", &ARN), need("tags", &TAGS)]);
pub(crate) const UNTAG_RESOURCE: Shape = Shape::Record(&[
    need("resourceArn", &ARN),
    need("tagKeys", &Shape::List { min: 0, max: NO_LIMIT, of: &text(1, 128) }),
]);
pub(crate) const LIST_TAGS: Shape =
    Shape::Record(&[need("resourceArn", &ARN), may("nextToken", &NEXT_TOKEN), may("maxResults", &MAX_RESULTS)]);

//! The closed list of what a rollback may do, each as a sentence and as a command.

use pipeline_model::{ExecutionId, PipelineName, StageName};

/// One call to one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// `RollbackStage`.
    RollBackStage {
        /// The pipeline.
        pipeline: PipelineName,
        /// The stage.
        stage: StageName,
        /// The execution whose release is to stand again.
        to: ExecutionId,
    },
    /// `StartPipelineExecution` with the revisions of an earlier execution: all stages run again.
    Redeploy {
        /// The pipeline.
        pipeline: PipelineName,
        /// The execution whose revisions these are.
        of: ExecutionId,
        /// Source actions and their revisions.
        revisions: Vec<(String, String)>,
        /// `clientRequestToken`: the same for every attempt, so that a second one starts nothing.
        token: String,
    },
    /// `DisableStageTransition`, inbound: no newer execution enters the stage.
    CloseTransition {
        /// The pipeline.
        pipeline: PipelineName,
        /// The stage.
        stage: StageName,
        /// Why, in the alphabet the call accepts.
        reason: String,
    },
    /// `EnableStageTransition`, inbound.
    OpenTransition {
        /// The pipeline.
        pipeline: PipelineName,
        /// The stage.
        stage: StageName,
    },
    /// CodeDeploy's `StopDeployment` with automatic rollback.
    StopDeployment {
        /// The deployment.
        deployment: String,
    },
    /// CodeDeploy's `CreateDeployment` with the revision that stood before `instead_of`.
    DeployPrevious {
        /// The application.
        application: String,
        /// The deployment group.
        group: String,
        /// The deployment that is to go.
        instead_of: String,
    },
    /// ECS's `StopServiceDeployment` with `ROLLBACK`.
    StopServiceDeployment {
        /// The service deployment's ARN.
        arn: String,
    },
    /// CloudFormation's `CancelUpdateStack`.
    CancelUpdate {
        /// The stack.
        stack: String,
        /// `ClientRequestToken`.
        token: String,
    },
    /// CloudFormation's `RollbackStack`.
    RollBackStack {
        /// The stack.
        stack: String,
        /// `ClientRequestToken`.
        token: String,
    },
    /// Lambda's `UpdateAlias`: all traffic to one version.
    PointAlias {
        /// The function.
        function: String,
        /// The alias.
        alias: String,
        /// The version that gets all traffic.
        version: String,
        /// The alias's revision that was seen: a change in between makes the call fail.
        revision_id: Option<String>,
    },
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carried {
    /// The service accepted it; the execution or deployment that came of it, if it has one.
    Done(Option<String>),
    /// The service refuses it for good: code and message.
    Impossible(String),
    /// We may not: code and message.
    Denied(String),
    /// The service refuses it for now: code and message.
    Later(String),
}

impl Step {
    /// The version that stands after it, where the target has versions.
    pub(crate) fn version(&self) -> Option<&str> {
        match self {
            Self::PointAlias { version, .. } => Some(version),
            _ => None,
        }
    }

    /// What the step does, as a sentence without its end: `roll stage Production of orders back to 11111111`.
    pub fn in_words(&self) -> String {
        match self {
            Self::RollBackStage { pipeline, stage, to } => {
                format!("roll stage {stage} of {pipeline} back to execution {}", to.short())
            }
            Self::Redeploy { pipeline, of, .. } => {
                format!("start {pipeline} again with the revisions of execution {}", of.short())
            }
            Self::CloseTransition { pipeline, stage, .. } => {
                format!("close the inbound transition of stage {stage} of {pipeline}")
            }
            Self::OpenTransition { pipeline, stage } => {
                format!("open the inbound transition of stage {stage} of {pipeline}")
            }
            Self::StopDeployment { deployment } => format!("stop deployment {deployment} and roll it back"),
            Self::DeployPrevious { application, group, instead_of } => {
                format!("deploy to group {group} of {application} what stood before deployment {instead_of}")
            }
            Self::StopServiceDeployment { arn } => {
                format!("stop service deployment {} and roll it back", arn.rsplit('/').next().unwrap_or(arn))
            }
            Self::CancelUpdate { stack, .. } => format!("cancel the update of stack {stack}"),
            Self::RollBackStack { stack, .. } => format!("roll stack {stack} back to its last stable state"),
            Self::PointAlias { function, alias, version, .. } => {
                format!("point alias {alias} of function {function} to version {version}")
            }
        }
    }

    /// The same by hand, as a line for the AWS CLI.
    pub fn command(&self) -> String {
        match self {
            Self::RollBackStage { pipeline, stage, to } => command(
                "codepipeline rollback-stage",
                &[
                    ("pipeline-name", pipeline.as_str()),
                    ("stage-name", stage.as_str()),
                    ("target-pipeline-execution-id", to.as_str()),
                ],
            ),
            Self::Redeploy { pipeline, revisions, .. } => {
                let start = command("codepipeline start-pipeline-execution", &[("name", pipeline.as_str())]);
                let overrides = revisions.iter().map(|(action, id)| source_revision(action, id));
                overrides.fold(format!("{start} --source-revisions"), |line, next| format!("{line} {next}"))
            }
            Self::CloseTransition { pipeline, stage, reason } => {
                transition("disable", pipeline, stage, &[("reason", reason.as_str())])
            }
            Self::OpenTransition { pipeline, stage } => transition("enable", pipeline, stage, &[]),
            Self::StopDeployment { deployment } => {
                format!(
                    "{} --auto-rollback-enabled",
                    command("deploy stop-deployment", &[("deployment-id", deployment)])
                )
            }
            Self::DeployPrevious { application, group, instead_of } => {
                let names = [("application-name", application.as_str()), ("deployment-group-name", group)];
                let shown = command("deploy get-deployment", &[("deployment-id", instead_of)]);
                let create = command("deploy create-deployment", &names);
                format!("{create} --revision \"$({shown} --query deploymentInfo.previousRevision --output json)\"")
            }
            Self::StopServiceDeployment { arn } => {
                command("ecs stop-service-deployment", &[("service-deployment-arn", arn), ("stop-type", "ROLLBACK")])
            }
            Self::CancelUpdate { stack, .. } => command("cloudformation cancel-update-stack", &[("stack-name", stack)]),
            Self::RollBackStack { stack, .. } => command("cloudformation rollback-stack", &[("stack-name", stack)]),
            Self::PointAlias { function, alias, version, .. } => {
                let update = [("function-name", function.as_str()), ("name", alias), ("function-version", version)];
                format!("{} --routing-config 'AdditionalVersionWeights={{}}'", command("lambda update-alias", &update))
            }
        }
    }
}

/// The type is read from the revision's form; the executor asks the pipeline for it instead.
fn source_revision(action: &str, id: &str) -> String {
    let is_commit = id.len() == 40 && id.chars().all(|letter| letter.is_ascii_hexdigit());
    let kind = match id {
        _ if is_commit => "COMMIT_ID",
        _ if id.starts_with("sha256:") => "IMAGE_DIGEST",
        _ => "S3_OBJECT_VERSION_ID",
    };
    quoted(&format!("actionName={action},revisionType={kind},revisionValue={id}"))
}

fn transition(verb: &str, pipeline: &PipelineName, stage: &StageName, more: &[(&str, &str)]) -> String {
    let mut options =
        vec![("pipeline-name", pipeline.as_str()), ("stage-name", stage.as_str()), ("transition-type", "Inbound")];
    options.extend(more);
    command(&format!("codepipeline {verb}-stage-transition"), &options)
}

/// A line for a shell: `aws`, the command, and its options. What is not a plain word is quoted, because it is run as it
/// is.
pub fn command(command: &str, options: &[(&str, &str)]) -> String {
    options.iter().fold(format!("aws {command}"), |line, (name, value)| format!("{line} --{name} {}", quoted(value)))
}

fn quoted(text: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-/:@+=,".contains(letter);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// How every reason of ours for closing a transition begins.
const OUR_REASON: &str = "Pipewarden rolls back because alarm ";

/// Why a transition is closed.
pub(crate) fn closing_reason(alarm: &str) -> String {
    transition_reason(&format!("{OUR_REASON}{alarm} is red"))
}

/// Whether it was us who closed a transition for this reason.
pub(crate) fn is_our_reason(reason: &str) -> bool {
    reason.starts_with(OUR_REASON)
}

/// The alphabet and length of a transition's `reason` (botocore's CodePipeline model: 1 to 300 of `[a-zA-Z0-9!@ \(\)\.\*\?\-]`).
fn transition_reason(text: &str) -> String {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "!@ ().*?-".contains(letter);
    text.chars().map(|letter| if fits(letter) { letter } else { '-' }).take(300).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_command_can_be_pasted_into_a_shell() {
        let step = Step::CloseTransition {
            pipeline: "orders".into(),
            stage: "Production".into(),
            reason: String::from("it's red (now)"),
        };
        assert_eq!(
            step.command(),
            r"aws codepipeline disable-stage-transition --pipeline-name orders --stage-name Production --transition-type Inbound --reason 'it'\''s red (now)'"
        );
    }

    proptest! {
        #[test]
        fn a_reason_is_always_one_that_codepipeline_accepts(text in "\\PC{1,400}") {
            let reason = transition_reason(&text);
            prop_assert!((1..=300).contains(&reason.len()));
            prop_assert!(reason.chars().all(|letter| letter.is_ascii_alphanumeric() || "!@ ().*?-".contains(letter)));
            prop_assert!(is_our_reason(&closing_reason(&text)));
        }
    }
}

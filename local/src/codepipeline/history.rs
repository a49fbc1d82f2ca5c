//! What happened: `GetPipelineExecution`, `ListPipelineExecutions`, `ListActionExecutions`.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::engine::Engine;
use super::error::{Answer, ApiError};
use super::events::epoch;
use super::paging::page;
use super::records::{
    Execution, ExecutionIndex, FoundRevision, Kind, PipelineIndex, PlacedArtifact, RunIndex, RunStatus, Status,
};

const PAGE: usize = 100;

impl Engine {
    /// `GetPipelineExecution`.
    pub(crate) fn get_pipeline_execution(&self, input: &Value) -> Answer {
        let pipeline = self.pipeline(input["pipelineName"].as_str().unwrap_or_default())?;
        let it = &self[self.execution(pipeline, input["pipelineExecutionId"].as_str().unwrap_or_default())?];
        let mut execution = common(it);
        execution.insert("pipelineName".to_owned(), json!(it.declaration.name));
        execution.insert("pipelineVersion".to_owned(), json!(it.version));
        execution.insert("artifactRevisions".to_owned(), it.revisions.iter().map(artifact_revision).collect());
        let variable = |(name, value): (&String, &String)| json!({ "name": name, "resolvedValue": value });
        execution.insert("variables".to_owned(), it.variables.iter().map(variable).collect());
        Ok(json!({ "pipelineExecution": execution }))
    }

    /// `ListPipelineExecutions`, newest first.
    pub(crate) fn list_pipeline_executions(&self, input: &Value) -> Answer {
        let pipeline = self.pipeline(input["pipelineName"].as_str().unwrap_or_default())?;
        let stage = match input["filter"]["succeededInStage"]["stageName"].as_str() {
            Some(name) => {
                let known = self.stage(pipeline, name);
                Some(known.map_err(|error| ApiError::validation(error.message))?)
            }
            None => None,
        };
        let wanted = |it: &ExecutionIndex| stage.is_none_or(|stage| self.is_rollback_candidate(pipeline, *it, stage));
        let items: Vec<_> = self.executions_of(pipeline).rev().filter(wanted).map(|it| &self[it]).collect();
        page("pipelineExecutionSummaries", input, PAGE, &items, |it| it.id.clone(), |it| summary(it))
    }

    /// The filter shows executions of the current structure that succeeded in the stage, rollbacks included.
    fn is_rollback_candidate(&self, pipeline: PipelineIndex, execution: ExecutionIndex, stage: usize) -> bool {
        let it = &self[execution];
        it.version == self[pipeline].version() && it.stages[stage].status == Some(Status::Succeeded)
    }

    /// `ListActionExecutions`, newest first.
    pub(crate) fn list_action_executions(&self, input: &Value) -> Answer {
        let pipeline = self.pipeline(input["pipelineName"].as_str().unwrap_or_default())?;
        let filter = &input["filter"];
        let latest = &filter["latestInPipelineExecution"];
        let execution = match (filter["pipelineExecutionId"].as_str(), latest["pipelineExecutionId"].as_str()) {
            (Some(_), Some(_)) => {
                return Err(ApiError::validation("Give pipelineExecutionId or latestInPipelineExecution, not both."));
            }
            (Some(id), None) | (None, Some(id)) => Some(self.execution(pipeline, id)?),
            (None, None) => None,
        };
        let mut seen = BTreeSet::new();
        let latest_only = latest["startTimeRange"] == "Latest";
        let executions: Vec<_> = execution.map_or_else(|| self.executions_of(pipeline).collect(), |one| vec![one]);
        let mut runs: Vec<_> = executions.into_iter().flat_map(|it| self[it].runs.iter().copied()).collect();
        runs.retain(|run| !self.declared(*run).is_rule());
        runs.sort_unstable_by_key(|run| Reverse(*run));
        runs.retain(|run| !latest_only || seen.insert((self[*run].stage, self[*run].action)));
        page("actionExecutionDetails", input, PAGE, &runs, |run| self[*run].id.clone(), |run| self.action_detail(*run))
    }

    fn action_detail(&self, run: RunIndex) -> Value {
        let it = &self[run];
        let execution = &self[it.execution];
        let mut detail = json!({
            "pipelineExecutionId": execution.id,
            "actionExecutionId": it.id,
            "pipelineVersion": execution.version,
            "stageName": execution.declaration.stages[it.stage].name,
            "actionName": self.declared(run).name,
            "startTime": epoch(it.started),
            "lastUpdateTime": epoch(it.updated),
            "status": it.status,
            "input": self.action_input(run),
            "output": self.action_output(run),
        });
        if let Some(by) = &it.updated_by {
            detail["updatedBy"] = json!(by);
        }
        detail
    }

    fn action_input(&self, run: RunIndex) -> Value {
        let it = &self[run];
        let declared = self.declared(run);
        let mut input = json!({
            "actionTypeId": declared.action_type_id,
            "configuration": declared.configuration,
            "resolvedConfiguration": it.configuration,
            "region": declared.region.as_ref().unwrap_or(&self.settings.region),
            "inputArtifacts": details(&it.inputs),
        });
        if let Some(role) = &declared.role_arn {
            input["roleArn"] = json!(role);
        }
        if let Some(namespace) = &declared.namespace {
            input["namespace"] = json!(namespace);
        }
        input
    }

    fn action_output(&self, run: RunIndex) -> Value {
        let it = &self[run];
        let outcome = &it.outcome;
        let mut result = Map::new();
        for (name, value) in [
            ("externalExecutionId", &outcome.external_id),
            ("externalExecutionSummary", &outcome.summary),
            ("externalExecutionUrl", &outcome.url),
        ] {
            if let Some(value) = value {
                result.insert(name.to_owned(), json!(value));
            }
        }
        if let Some(error) = &outcome.error {
            result.insert("errorDetails".to_owned(), error.detail());
        }
        let outputs = if it.status == RunStatus::Succeeded { it.outputs.as_slice() } else { &[] };
        json!({ "outputArtifacts": details(outputs), "executionResult": result, "outputVariables": it.variables })
    }
}

fn details(artifacts: &[PlacedArtifact]) -> Value {
    artifacts.iter().map(PlacedArtifact::detail).collect()
}

/// The members that `GetPipelineExecution` and `ListPipelineExecutions` share.
fn common(it: &Execution) -> Map<String, Value> {
    let mut members = Map::new();
    let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
    put("pipelineExecutionId", json!(it.id));
    put("status", json!(it.status));
    put("trigger", json!({ "triggerType": it.trigger.kind, "triggerDetail": it.trigger.detail }));
    put("executionMode", json!(it.mode()));
    match &it.kind {
        Kind::Standard => put("executionType", json!("STANDARD")),
        Kind::Rollback { target } => {
            put("rollbackMetadata", json!({ "rollbackTargetPipelineExecutionId": target }));
            put("executionType", json!("ROLLBACK"))
        }
    };
    members
}

fn summary(it: &Execution) -> Value {
    let mut summary = common(it);
    summary.insert("startTime".to_owned(), epoch(it.started));
    summary.insert("lastUpdateTime".to_owned(), epoch(it.updated));
    summary.insert("sourceRevisions".to_owned(), it.revisions.iter().map(source_revision).collect());
    if let Some(reason) = it.stop.as_ref().and_then(|stop| stop.reason.as_ref()) {
        summary.insert("stopTrigger".to_owned(), json!({ "reason": reason }));
    }
    Value::Object(summary)
}

fn source_revision(found: &FoundRevision) -> Value {
    let mut revision = json!({ "actionName": found.action, "revisionId": found.id });
    optional(&mut revision, "revisionSummary", found.summary.as_ref());
    optional(&mut revision, "revisionUrl", found.url.as_ref());
    revision
}

fn artifact_revision(found: &FoundRevision) -> Value {
    let mut revision = json!({ "revisionId": found.id, "created": epoch(found.created) });
    optional(&mut revision, "name", found.artifact.as_ref());
    optional(&mut revision, "revisionChangeIdentifier", found.change_id.as_ref());
    optional(&mut revision, "revisionSummary", found.summary.as_ref());
    optional(&mut revision, "revisionUrl", found.url.as_ref());
    revision
}

fn optional(object: &mut Value, name: &str, value: Option<&String>) {
    if let Some(value) = value {
        object[name] = json!(value);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::bench::{Bench, action, pipeline, plain, stage};

    fn ids(list: &Value) -> Vec<&str> {
        let summaries = list["pipelineExecutionSummaries"].as_array().unwrap();
        summaries.iter().map(|summary| summary["pipelineExecutionId"].as_str().unwrap()).collect()
    }

    #[test]
    fn executions_are_listed_newest_first_page_by_page() {
        let mut bench = Bench::with(&plain());
        let started = [bench.start(), bench.start(), bench.start()];
        let first = bench.call("ListPipelineExecutions", json!({"pipelineName": "p", "maxResults": 2})).unwrap();
        assert_eq!(ids(&first), [&started[2], &started[1]]);
        let next = json!({"pipelineName": "p", "maxResults": 2, "nextToken": first["nextToken"]});
        let second = bench.call("ListPipelineExecutions", next).unwrap();
        assert_eq!(ids(&second), [&started[0]]);
        assert!(second.get("nextToken").is_none());
    }

    #[test]
    fn the_stage_filter_shows_successes_of_the_current_structure() {
        let mut bench = Bench::scripted(&plain(), "pipelines: {p: {Build: {Compile: [{}, {outcome: failed}]}}}");
        let good = bench.start();
        bench.wait(5);
        bench.start();
        bench.wait(5);
        let filter = json!({"pipelineName": "p", "filter": {"succeededInStage": {"stageName": "Build"}}});
        let list = bench.call("ListPipelineExecutions", filter.clone()).unwrap();
        assert_eq!(ids(&list), [&good]);
        bench.call("UpdatePipeline", json!({"pipeline": plain()})).unwrap();
        let list = bench.call("ListPipelineExecutions", filter).unwrap();
        assert!(ids(&list).is_empty());
    }

    #[test]
    fn the_latest_filter_shows_each_action_once() {
        let mut bench = Bench::scripted(&plain(), "pipelines: {p: {Build: {Compile: [{outcome: failed}, {}]}}}");
        let id = bench.start();
        bench.wait(5);
        let retry = json!({"pipelineName": "p", "stageName": "Build", "pipelineExecutionId": id,
                           "retryMode": "FAILED_ACTIONS"});
        bench.call("RetryStageExecution", retry).unwrap();
        bench.wait(5);
        let mut statuses = |range: &str| {
            let filter = json!({"latestInPipelineExecution": {"pipelineExecutionId": id, "startTimeRange": range}});
            let list = bench.call("ListActionExecutions", json!({"pipelineName": "p", "filter": filter})).unwrap();
            let details = list["actionExecutionDetails"].as_array().unwrap().clone();
            details.iter().map(|detail| detail["status"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(statuses("Latest"), ["Succeeded", "Succeeded"]);
        assert_eq!(statuses("All"), ["Succeeded", "Failed", "Succeeded"]);
    }

    #[test]
    fn unknown_executions_are_not_found() {
        let mut bench = Bench::with(&plain());
        let id = "99999999-0000-4000-8000-000000000000";
        let get = json!({"pipelineName": "p", "pipelineExecutionId": id});
        assert_eq!(bench.refusal("GetPipelineExecution", get), "PipelineExecutionNotFoundException");
        let list = json!({"pipelineName": "p", "filter": {"pipelineExecutionId": id}});
        assert_eq!(bench.refusal("ListActionExecutions", list), "PipelineExecutionNotFoundException");
    }

    const DATE: &str = "2026-03-02T09:58:00Z";
    const COMMIT: &str = "pipelines: {p: {Source: {Checkout: [{revision: {id: 7f3c, message: Add a discount,
        author: {name: Alice, email: alice@example.com}, committed: 2026-03-02T09:58:00Z}}]}}}";

    #[test]
    fn a_connection_gives_its_commit_as_json_and_its_author_as_variables() {
        let mut declaration = plain();
        declaration["stages"][0]["actions"][0]["configuration"] =
            action("Source", "CodeStarSourceConnection", "x")["configuration"].take();
        declaration["stages"][0]["actions"][0]["actionTypeId"]["provider"] = json!("CodeStarSourceConnection");
        let mut bench = Bench::scripted(&declaration, COMMIT);
        let id = bench.start();
        bench.wait(5);
        let get = json!({"pipelineName": "p", "pipelineExecutionId": id});
        let execution = bench.call("GetPipelineExecution", get).unwrap()["pipelineExecution"].take();
        let revision = &execution["artifactRevisions"][0];
        let summary: Value = serde_json::from_str(revision["revisionSummary"].as_str().unwrap()).unwrap();
        assert_eq!(summary, json!({"ProviderType": "GitHub", "CommitMessage": "Add a discount"}));
        assert_eq!((&revision["revisionId"], &revision["created"]), (&json!("7f3c"), &json!(1_772_445_480.0)));
        let list = bench.call("ListActionExecutions", json!({"pipelineName": "p"})).unwrap();
        let variables = &list["actionExecutionDetails"][1]["output"]["outputVariables"];
        assert_eq!(variables["AuthorDisplayName"], "Alice");
        assert_eq!(variables["FullRepositoryName"], "example/orders");
        assert_eq!(variables["AuthorDate"], DATE);
    }

    /// Variables and revision of the one source action.
    fn source(provider: &str, configuration: &Value) -> (Value, Value) {
        let mut declaration = plain();
        let checkout = &mut declaration["stages"][0]["actions"][0];
        checkout["actionTypeId"]["provider"] = json!(provider);
        checkout["configuration"] = configuration.clone();
        let mut bench = Bench::scripted(&declaration, COMMIT);
        let id = bench.start();
        bench.wait(5);
        let list = bench.call("ListActionExecutions", json!({"pipelineName": "p"})).unwrap();
        let get = json!({"pipelineName": "p", "pipelineExecutionId": id});
        let mut execution = bench.call("GetPipelineExecution", get).unwrap();
        let variables = list["actionExecutionDetails"][1]["output"]["outputVariables"].clone();
        (variables, execution["pipelineExecution"]["artifactRevisions"][0].take())
    }

    #[test]
    fn every_source_tells_its_revision_and_when_it_was_made() {
        let repository = json!({"RepositoryName": "orders", "BranchName": "main"});
        let (variables, revision) = source("CodeCommit", &repository);
        assert_eq!(variables["CommitId"], "7f3c");
        assert_eq!((&variables["CommitterDate"], &variables["AuthorDate"]), (&json!(DATE), &json!(DATE)));
        assert_eq!(revision["created"], 1_772_445_480.0);

        let (variables, revision) = source("S3", &json!({"S3Bucket": "source", "S3ObjectKey": "app.zip"}));
        assert_eq!((&variables["VersionId"], &variables["ObjectKey"]), (&json!("7f3c"), &json!("app.zip")));
        assert_eq!(variables["ETag"].as_str().map(str::len), Some(32));
        assert!(variables.get("AuthorDate").is_none(), "an object has no author");
        assert_eq!((&revision["revisionId"], &revision["created"]), (&json!("7f3c"), &json!(1_772_445_480.0)));
    }

    #[test]
    fn other_sources_give_plain_text() {
        let mut bench =
            Bench::scripted(&pipeline("p", vec![stage("B", vec![action("Build", "CodeBuild", "C")])]), COMMIT);
        bench.start();
        bench.wait(5);
        let list = bench.call("ListPipelineExecutions", json!({"pipelineName": "p"})).unwrap();
        let revision = &list["pipelineExecutionSummaries"][0]["sourceRevisions"][0];
        assert_eq!(
            revision,
            &json!({"actionName": "Checkout", "revisionId": "7f3c", "revisionSummary": "Add a discount"})
        );
    }
}

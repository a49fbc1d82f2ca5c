//! `GetPipelineState`: the latest of every stage, and who waits in front of it.

use serde_json::{Map, Value, json};

use super::declaration::{Action, ExecutionMode, Stage};
use super::engine::Engine;
use super::error::Answer;
use super::events::epoch;
use super::records::{ErrorDetails, ExecutionIndex, Kind, PipelineIndex, Retries, RunIndex};

impl Engine {
    /// `GetPipelineState`.
    pub(crate) fn get_pipeline_state(&self, input: &Value) -> Answer {
        let index = self.pipeline(input["name"].as_str().unwrap_or_default())?;
        let pipeline = &self[index];
        let stages = pipeline.declaration.stages.iter();
        let states: Vec<Value> = stages.map(|stage| self.stage_state(index, stage)).collect();
        Ok(json!({
            "pipelineName": pipeline.name,
            "pipelineVersion": pipeline.version(),
            "stageStates": states,
            "created": epoch(pipeline.created),
            "updated": epoch(pipeline.updated),
        }))
    }

    fn stage_state(&self, pipeline: PipelineIndex, stage: &Stage) -> Value {
        let mut state = Map::new();
        let mut put = |name: &str, value: Value| state.insert(name.to_owned(), value);
        put("stageName", json!(stage.name));
        put("inboundTransitionState", self.inbound_transition_state(pipeline, &stage.name));
        // In PARALLEL mode there is no one latest execution, and the state shows none.
        let parallel = self[pipeline].declaration.execution_mode == ExecutionMode::Parallel;
        let latest = self[pipeline].latest_in_stage.get(&stage.name).copied().filter(|_| !parallel);
        // An execution of an older structure is shown as far as its stage still exists.
        let latest = latest.and_then(|it| Some((it, self[it].declaration.stage_index(&stage.name)?)));
        let actions = stage.actions.iter().map(|action| self.action_state(latest, action));
        put("actionStates", actions.collect());
        if let Some((execution, number)) = latest {
            if let Some(condition) = self.entry_condition_state(execution, number) {
                put("beforeEntryConditionState", condition);
            }
            put("latestExecution", self.stage_execution(execution, Some(number)));
            if let Some(metadata) = retry_metadata(&self[execution].stages[number].retries) {
                put("retryStageMetadata", metadata);
            }
        }
        let waiting = if parallel { Vec::new() } else { self.waiting(pipeline, &stage.name) };
        if let Some(newest) = waiting.last() {
            put("inboundExecution", self.stage_execution(*newest, None));
            put("inboundExecutions", waiting.iter().map(|it| self.stage_execution(*it, None)).collect());
        }
        Value::Object(state)
    }

    /// An execution inside a stage, or (without one) in front of it.
    fn stage_execution(&self, execution: ExecutionIndex, stage: Option<usize>) -> Value {
        let it = &self[execution];
        let status = stage.and_then(|stage| it.stages[stage].status).unwrap_or(it.status);
        let kind = if it.kind == Kind::Standard { "STANDARD" } else { "ROLLBACK" };
        json!({ "pipelineExecutionId": it.id, "status": status, "type": kind })
    }

    fn action_state(&self, latest: Option<(ExecutionIndex, usize)>, action: &Action) -> Value {
        let mut state = Map::from_iter([("actionName".to_owned(), json!(action.name))]);
        let run = latest.and_then(|(execution, stage)| {
            let it = &self[execution];
            let index = it.declaration.stages[stage].actions.iter().position(|known| known.name == action.name)?;
            it.stages[stage].runs.get(&index).copied()
        });
        let Some(run) = run else { return Value::Object(state) };
        state.insert("latestExecution".to_owned(), self.latest_run(run));
        if let Some(found) = &self[run].outcome.revision {
            let change = found.change_id.as_ref().unwrap_or(&found.id);
            let revision = json!({
                "revisionId": found.id,
                "revisionChangeId": change.chars().take(100).collect::<String>(),
                "created": epoch(found.created),
            });
            state.insert("currentRevision".to_owned(), revision);
            if let Some(url) = &found.url {
                state.insert("revisionUrl".to_owned(), json!(url));
            }
        }
        Value::Object(state)
    }

    pub(crate) fn latest_run(&self, run: RunIndex) -> Value {
        let it = &self[run];
        let mut latest = json!({
            "actionExecutionId": it.id,
            "status": it.status,
            "lastStatusChange": epoch(it.updated),
        });
        let token = it.approval_token.as_ref().filter(|_| it.in_progress());
        for (name, value) in [
            ("summary", it.outcome.summary.as_ref()),
            ("externalExecutionId", it.outcome.external_id.as_ref()),
            ("externalExecutionUrl", it.outcome.url.as_ref()),
            ("lastUpdatedBy", it.updated_by.as_ref()),
            ("token", token),
        ] {
            if let Some(value) = value {
                latest[name] = json!(value);
            }
        }
        if let Some(percent) = it.outcome.percent {
            latest["percentComplete"] = json!(percent);
        }
        if let Some(error) = &it.outcome.error {
            latest["errorDetails"] = error.detail();
        }
        latest
    }
}

impl ErrorDetails {
    /// As the API shows it; without a code there is a message only.
    pub(crate) fn detail(&self) -> Value {
        match &self.code {
            Some(code) => json!({ "code": code, "message": self.message }),
            None => json!({ "message": self.message }),
        }
    }
}

fn retry_metadata(retries: &Retries) -> Option<Value> {
    let mut metadata = json!({ "latestRetryTrigger": retries.latest? });
    for (name, count) in [("autoStageRetryAttempt", retries.automatic), ("manualStageRetryAttempt", retries.manual)] {
        if count > 0 {
            metadata[name] = json!(count);
        }
    }
    Some(metadata)
}

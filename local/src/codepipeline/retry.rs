//! `RetryStageExecution`, and the one retry a stage can be configured for.

use serde_json::{Value, json};

use super::declaration::{ExecutionMode, RetryMode};
use super::engine::Engine;
use super::error::{Answer, ApiError};
use super::records::{ExecutionIndex, PipelineIndex, Place, Retry, RetryTrigger, RunIndex, RunStatus, Status};

impl Engine {
    /// `RetryStageExecution`.
    pub(crate) fn retry_stage_execution(&mut self, input: &Value) -> Answer {
        let pipeline = self.pipeline(input["pipelineName"].as_str().unwrap_or_default())?;
        let name = input["stageName"].as_str().unwrap_or_default();
        let stage = self.stage(pipeline, name)?;
        let id = input["pipelineExecutionId"].as_str().unwrap_or_default();
        // The operation does not model PipelineExecutionNotFoundException.
        let execution = self.find_execution(pipeline, id).ok_or_else(|| not_latest(name))?;
        let mode = match input["retryMode"].as_str() {
            Some("ALL_ACTIONS") => RetryMode::AllActions,
            _ => RetryMode::FailedActions,
        };
        self.check_retryable(pipeline, execution, stage, mode)?;
        self.check_concurrency(pipeline)?;
        self.retry(execution, stage, Retry { mode, trigger: RetryTrigger::ManualStageRetry });
        Ok(json!({ "pipelineExecutionId": id }))
    }

    fn check_retryable(
        &self,
        pipeline: PipelineIndex,
        execution: ExecutionIndex,
        stage: usize,
        mode: RetryMode,
    ) -> Result<(), ApiError> {
        let it = &self[execution];
        if it.version != self[pipeline].version() {
            return Err(not_retryable("the pipeline structure has changed since the stage ran"));
        }
        let name = &it.declaration.stages[stage].name;
        let is_latest = self[pipeline].latest_in_stage.get(name) == Some(&execution);
        let was_there = it.stages[stage].status.is_some();
        if was_there && !is_latest && it.mode() != ExecutionMode::Parallel {
            return Err(not_latest(name));
        }
        if !matches!(it.stages[stage].status, Some(Status::Failed | Status::Stopped)) {
            return Err(not_retryable("the stage has not failed in this execution"));
        }
        let unsuccessful = |run: &RunIndex| matches!(self[*run].status, RunStatus::Failed | RunStatus::Abandoned);
        if mode == RetryMode::FailedActions && !it.stages[stage].runs.values().any(unsuccessful) {
            return Err(not_retryable("the stage contains no failed actions"));
        }
        if mode == RetryMode::AllActions && self.actions_in_progress(execution, stage) > 0 {
            return Err(not_retryable("the stage still has actions in progress"));
        }
        Ok(())
    }

    /// Runs failed or all actions of a stage again, under the same execution id.
    pub(crate) fn retry(&mut self, execution: ExecutionIndex, stage: usize, retry: Retry) {
        let now = self.now;
        let keep = |engine: &Self, run: RunIndex| {
            retry.mode == RetryMode::FailedActions
                && matches!(engine[run].status, RunStatus::Succeeded | RunStatus::InProgress)
        };
        let kept = self[execution].stages[stage].runs.iter().map(|(action, run)| (*action, *run));
        let kept = kept.filter(|(_, run)| keep(self, *run)).collect();
        let it = &mut self[execution];
        it.status = Status::InProgress;
        it.place = Place::Inside(stage);
        it.updated = now;
        it.attempt += 1;
        it.stop = None;
        let run = &mut it.stages[stage];
        run.status = Some(Status::InProgress);
        run.told = true;
        run.runs = kept;
        run.retries.at = Some(now);
        run.retries.latest = Some(retry.trigger);
        match retry.trigger {
            RetryTrigger::AutomatedStageRetry => run.retries.automatic += 1,
            RetryTrigger::ManualStageRetry => run.retries.manual += 1,
        }
        self.emit_pipeline(execution, "RESUMED");
        self.emit_stage(execution, stage, "RESUMED");
        self.start_ready_actions(execution, stage);
    }
}

fn not_retryable(why: &str) -> ApiError {
    ApiError::new("StageNotRetryableException", format!("Unable to retry: {why}."))
}

fn not_latest(stage: &str) -> ApiError {
    ApiError::new(
        "NotLatestPipelineExecutionException",
        format!("The execution is not the latest one in stage '{stage}'."),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::bench::{Bench, action, pipeline, plain, stage};

    fn retry(stage: &str, id: &str, mode: &str) -> Value {
        json!({"pipelineName": "p", "stageName": stage, "pipelineExecutionId": id, "retryMode": mode})
    }

    fn two_builds() -> Value {
        let both = vec![action("Build", "CodeBuild", "Compile"), action("Test", "CodeBuild", "Check")];
        pipeline("p", vec![stage("Build", both)])
    }

    /// `Check` fails once, `Compile` succeeds.
    fn failed() -> (Bench, String) {
        let script = "pipelines: {p: {Build: {Check: [{outcome: failed, duration: 2s}, {}]}}}";
        let mut bench = Bench::scripted(&two_builds(), script);
        let id = bench.start();
        bench.wait(10);
        bench.told();
        (bench, id)
    }

    #[test]
    fn failed_actions_alone_run_again_under_the_same_id_with_the_next_attempt() {
        let (mut bench, id) = failed();
        bench.call("RetryStageExecution", retry("Build", &id, "FAILED_ACTIONS")).unwrap();
        assert_eq!(bench.events[1]["detail"]["pipeline-execution-attempt"], json!(2.0));
        assert_eq!(bench.told(), ["pipeline RESUMED", "Build RESUMED", "Build/Check STARTED"]);
        bench.wait(5);
        assert_eq!(bench.told(), ["Build/Check SUCCEEDED", "Build SUCCEEDED", "pipeline SUCCEEDED"]);
        let metadata = json!({"manualStageRetryAttempt": 1, "latestRetryTrigger": "ManualStageRetry"});
        assert_eq!(bench.state(1)["retryStageMetadata"], metadata);
    }

    #[test]
    fn all_actions_run_again_if_asked() {
        let (mut bench, id) = failed();
        bench.call("RetryStageExecution", retry("Build", &id, "ALL_ACTIONS")).unwrap();
        assert_eq!(bench.told()[2..], ["Build/Compile STARTED", "Build/Check STARTED"]);
    }

    #[test]
    fn a_stage_that_succeeded_or_runs_cannot_be_retried() {
        let (mut bench, id) = failed();
        assert_eq!(
            bench.refusal("RetryStageExecution", retry("Source", &id, "ALL_ACTIONS")),
            "StageNotRetryableException"
        );
        bench.call("RetryStageExecution", retry("Build", &id, "ALL_ACTIONS")).unwrap();
        assert_eq!(
            bench.refusal("RetryStageExecution", retry("Build", &id, "ALL_ACTIONS")),
            "StageNotRetryableException"
        );
    }

    #[test]
    fn all_actions_cannot_be_retried_while_one_runs_but_failed_ones_can() {
        let script = "pipelines: {p: {Build: {Check: [{outcome: failed}, {}], Compile: [{duration: 60s}]}}}";
        let mut bench = Bench::scripted(&two_builds(), script);
        let id = bench.start();
        bench.wait(5);
        assert_eq!(
            bench.refusal("RetryStageExecution", retry("Build", &id, "ALL_ACTIONS")),
            "StageNotRetryableException"
        );
        bench.call("RetryStageExecution", retry("Build", &id, "FAILED_ACTIONS")).unwrap();
        bench.wait(100);
        assert_eq!(bench.status(&id), "Succeeded");
    }

    #[test]
    fn an_older_execution_cannot_be_retried_once_a_newer_one_was_in_the_stage() {
        let (mut bench, first) = failed();
        bench.start();
        bench.wait(10);
        let code = bench.refusal("RetryStageExecution", retry("Build", &first, "FAILED_ACTIONS"));
        assert_eq!(code, "NotLatestPipelineExecutionException");
    }

    #[test]
    fn nothing_is_retried_after_the_structure_changed() {
        let (mut bench, id) = failed();
        bench.call("UpdatePipeline", json!({"pipeline": two_builds()})).unwrap();
        let code = bench.refusal("RetryStageExecution", retry("Build", &id, "FAILED_ACTIONS"));
        assert_eq!(code, "StageNotRetryableException");
    }

    #[test]
    fn a_stopped_execution_can_be_retried() {
        let mut bench = Bench::scripted(&plain(), "pipelines: {p: {Build: {Compile: [{duration: 60s}, {}]}}}");
        let id = bench.start();
        bench.wait(5);
        let stop = json!({"pipelineName": "p", "pipelineExecutionId": id, "abandon": true});
        bench.call("StopPipelineExecution", stop).unwrap();
        bench.call("RetryStageExecution", retry("Build", &id, "FAILED_ACTIONS")).unwrap();
        bench.wait(5);
        assert_eq!(bench.status(&id), "Succeeded");
    }
}

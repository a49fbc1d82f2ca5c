//! `StopPipelineExecution`: wait for running actions, or abandon them.

use serde_json::{Value, json};

use super::engine::Engine;
use super::error::{Answer, ApiError};
use super::records::{ExecutionIndex, Place, RunIndex, Status, StopRequest};

impl Engine {
    /// `StopPipelineExecution`.
    pub(crate) fn stop_pipeline_execution(&mut self, input: &Value) -> Answer {
        let pipeline = self.pipeline(input["pipelineName"].as_str().unwrap_or_default())?;
        let id = input["pipelineExecutionId"].as_str().unwrap_or_default();
        let abandon = input["abandon"].as_bool().unwrap_or_default();
        // The operation does not model PipelineExecutionNotFoundException.
        let execution = self.find_execution(pipeline, id).ok_or_else(not_stoppable)?;
        match (self[execution].status, self[execution].stop.as_ref()) {
            (Status::InProgress, _) => {}
            (Status::Stopping, Some(earlier)) if abandon && !earlier.abandon => {}
            (Status::Stopping, _) => return Err(already_stopping()),
            _ => return Err(not_stoppable()),
        }
        let already_stopping = self[execution].status == Status::Stopping;
        let reason = input["reason"].as_str().filter(|reason| !reason.is_empty()).map(str::to_owned);
        let earlier = self[execution].stop.take();
        let reason = reason.or_else(|| earlier.and_then(|earlier| earlier.reason));
        self[execution].stop = Some(StopRequest { abandon, reason });
        if !already_stopping {
            self.begin_stopping(execution);
        }
        self.go_on_stopping(execution, abandon);
        Ok(json!({ "pipelineExecutionId": id }))
    }

    fn begin_stopping(&mut self, execution: ExecutionIndex) {
        self[execution].status = Status::Stopping;
        self[execution].updated = self.now;
        self.emit_pipeline(execution, "STOPPING");
        if let Place::Inside(stage) = self[execution].place {
            self[execution].stages[stage].status = Some(Status::Stopping);
            self.emit_stage(execution, stage, "STOPPING");
        }
    }

    fn go_on_stopping(&mut self, execution: ExecutionIndex, abandon: bool) {
        match self[execution].place {
            Place::Inside(stage) => {
                if abandon {
                    for run in self.runs_in_progress(execution, stage) {
                        self.abandon_run(run, "ABANDONED");
                    }
                }
                if self.actions_in_progress(execution, stage) == 0 {
                    self.stage_stopped(execution, stage);
                }
            }
            Place::Waiting(_) | Place::Gone => self.end(execution, Status::Stopped, "STOPPED"),
        }
    }

    /// The last action of a stopping stage has ended. The stage is free for the next execution.
    pub(crate) fn stage_stopped(&mut self, execution: ExecutionIndex, stage: usize) {
        self[execution].stages[stage].status = Some(Status::Stopped);
        self.emit_stage(execution, stage, "STOPPED");
        self.end(execution, Status::Stopped, "STOPPED");
        self.leave(execution, stage);
    }

    pub(crate) fn runs_in_progress(&self, execution: ExecutionIndex, stage: usize) -> Vec<RunIndex> {
        let runs = self[execution].stages[stage].runs.values().copied();
        runs.filter(|run| self[*run].in_progress()).collect()
    }
}

fn not_stoppable() -> ApiError {
    ApiError::new(
        "PipelineExecutionNotStoppableException",
        "The pipeline execution does not exist or is not in progress.",
    )
}

fn already_stopping() -> ApiError {
    ApiError::new("DuplicatedStopRequestException", "The pipeline execution is already in a Stopping state.")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::bench::{Bench, plain};

    const SLOW: &str = "pipelines: {p: {Build: {Compile: [{duration: 60s}]}}}";

    fn running() -> (Bench, String) {
        let mut bench = Bench::scripted(&plain(), SLOW);
        let id = bench.start();
        bench.wait(5);
        bench.told();
        (bench, id)
    }

    fn stop(id: &str, abandon: bool) -> Value {
        json!({"pipelineName": "p", "pipelineExecutionId": id, "abandon": abandon, "reason": "Wrong branch"})
    }

    #[test]
    fn stopping_waits_for_running_actions() {
        let (mut bench, id) = running();
        bench.call("StopPipelineExecution", stop(&id, false)).unwrap();
        assert_eq!(bench.events[0]["detail"]["stop-execution-comments"], "Wrong branch");
        assert_eq!(bench.told(), ["pipeline STOPPING", "Build STOPPING"]);
        assert_eq!(bench.status(&id), "Stopping");
        bench.wait(60);
        assert_eq!(bench.told(), ["Build/Compile SUCCEEDED", "Build STOPPED", "pipeline STOPPED"]);
        let list = bench.call("ListPipelineExecutions", json!({"pipelineName": "p"})).unwrap();
        let summary = &list["pipelineExecutionSummaries"][0];
        assert_eq!(
            (&summary["status"], &summary["stopTrigger"]),
            (&json!("Stopped"), &json!({"reason": "Wrong branch"}))
        );
    }

    #[test]
    fn abandoning_leaves_running_actions_alone() {
        let (mut bench, id) = running();
        bench.call("StopPipelineExecution", stop(&id, true)).unwrap();
        let story =
            ["pipeline STOPPING", "Build STOPPING", "Build/Compile ABANDONED", "Build STOPPED", "pipeline STOPPED"];
        assert_eq!(bench.told(), story);
        assert_eq!(bench.state(1)["actionStates"][0]["latestExecution"]["status"], "Abandoned");
        bench.wait(100);
        assert!(bench.told().is_empty());
    }

    #[test]
    fn waiting_twice_is_a_duplicate_but_abandoning_after_waiting_is_not() {
        let (mut bench, id) = running();
        bench.call("StopPipelineExecution", stop(&id, false)).unwrap();
        assert_eq!(bench.refusal("StopPipelineExecution", stop(&id, false)), "DuplicatedStopRequestException");
        bench.call("StopPipelineExecution", stop(&id, true)).unwrap();
        assert_eq!(bench.status(&id), "Stopped");
    }

    #[test]
    fn what_has_ended_or_never_was_cannot_be_stopped() {
        let (mut bench, id) = running();
        bench.wait(100);
        assert_eq!(bench.refusal("StopPipelineExecution", stop(&id, true)), "PipelineExecutionNotStoppableException");
        let nobody = "99999999-0000-4000-8000-000000000000";
        assert_eq!(
            bench.refusal("StopPipelineExecution", stop(nobody, true)),
            "PipelineExecutionNotStoppableException"
        );
    }

    #[test]
    fn stopping_frees_the_stage_for_the_next_execution() {
        let (mut bench, first) = running();
        let second = bench.start();
        bench.wait(5);
        bench.call("StopPipelineExecution", stop(&first, true)).unwrap();
        assert_eq!(bench.state(1)["latestExecution"]["pipelineExecutionId"], json!(second));
    }

    #[test]
    fn an_execution_waiting_between_stages_stops_at_once() {
        let (mut bench, _) = running();
        let second = bench.start();
        bench.wait(5);
        bench.told();
        bench.call("StopPipelineExecution", stop(&second, false)).unwrap();
        assert_eq!(bench.told(), ["pipeline STOPPING", "pipeline STOPPED"]);
    }
}

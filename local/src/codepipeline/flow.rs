//! How executions move: waiting in front of a stage, entering it, leaving it, being superseded.
//!
//! A stage holds one execution at a time, except in PARALLEL mode. In SUPERSEDED mode one execution waits
//! in front of a stage, the newest; in QUEUED mode all wait in the order they started.

use super::declaration::{ExecutionMode, FailureResult, RetryMode};
use super::engine::Engine;
use super::records::{ExecutionIndex, Kind, PipelineIndex, Place, Retry, RetryTrigger, RunIndex, RunStatus, Status};

/// Actions of one execution in PARALLEL mode that run at the same time (limits page). What becomes of a sixth is not
/// documented; here it waits.
const ACTIONS_AT_ONCE: usize = 5;

impl Engine {
    /// Puts an execution in front of a stage and lets in whoever may enter.
    pub(crate) fn arrive(&mut self, execution: ExecutionIndex, stage: usize) {
        self[execution].place = Place::Waiting(stage);
        let name = self[execution].declaration.stages[stage].name.clone();
        self.admit(self[execution].pipeline, &name);
    }

    /// Lets waiting executions into a stage as far as mode, lock and transitions allow.
    pub(crate) fn admit(&mut self, pipeline: PipelineIndex, stage: &str) {
        let waiting = self.waiting(pipeline, stage);
        let (parallel, in_turn): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|it| self[*it].mode() == ExecutionMode::Parallel);
        for execution in parallel {
            self.enter_if_open(execution);
        }
        let mut next = in_turn.first().copied();
        if self[pipeline].declaration.execution_mode == ExecutionMode::Superseded {
            next = in_turn.last().copied();
            for older in in_turn.into_iter().rev().skip(1) {
                self.end(older, Status::Superseded, "SUPERSEDED");
            }
        }
        if let Some(next) = next.filter(|_| !self.is_locked(pipeline, stage)) {
            self.enter_if_open(next);
        }
    }

    /// Executions in front of a stage, oldest first.
    pub(crate) fn waiting(&self, pipeline: PipelineIndex, stage: &str) -> Vec<ExecutionIndex> {
        let is_there = |it: &ExecutionIndex| match self[*it].place {
            Place::Waiting(number) => self[*it].declaration.stages[number].name == stage,
            _ => false,
        };
        self.executions_of(pipeline).filter(is_there).collect()
    }

    /// Whether an execution is inside a stage, be it only for an action that outlived the stage's failure.
    /// Executions in PARALLEL mode lock nothing.
    pub(crate) fn is_locked(&self, pipeline: PipelineIndex, stage: &str) -> bool {
        self.executions_of(pipeline).any(|it| match self[it].place {
            Place::Inside(number) => {
                self[it].mode() != ExecutionMode::Parallel && self[it].declaration.stages[number].name == stage
            }
            _ => false,
        })
    }

    fn enter_if_open(&mut self, execution: ExecutionIndex) {
        let it = &self[execution];
        let Place::Waiting(stage) = it.place else { return };
        if self.transition_is_open(it.pipeline, &it.declaration, stage) {
            self.enter(execution, stage);
        }
    }

    /// Lets the next one into a stage that an execution has left.
    pub(crate) fn leave(&mut self, execution: ExecutionIndex, stage: usize) {
        let name = self[execution].declaration.stages[stage].name.clone();
        self.admit(self[execution].pipeline, &name);
    }

    /// Starts a stage for an execution. Transitions and locks have been looked at.
    pub(crate) fn enter(&mut self, execution: ExecutionIndex, stage: usize) {
        let now = self.now;
        let it = &mut self[execution];
        it.place = Place::Inside(stage);
        it.updated = now;
        let run = &mut it.stages[stage];
        run.status = Some(Status::InProgress);
        run.started = Some(now);
        let (pipeline, name) = (it.pipeline, it.declaration.stages[stage].name.clone());
        self[pipeline].latest_in_stage.insert(name, execution);
        self.start_ready_actions(execution, stage);
    }

    /// Starts the actions whose turn it is, or ends the stage if none is left.
    pub(crate) fn start_ready_actions(&mut self, execution: ExecutionIndex, stage: usize) {
        if !self.entry_is_granted(execution, stage) {
            return;
        }
        let it = &self[execution];
        let actions = &it.declaration.stages[stage].actions;
        let runs = &it.stages[stage].runs;
        let missing: Vec<usize> = (0..actions.len()).filter(|action| !runs.contains_key(action)).collect();
        let Some(turn) = missing.iter().map(|action| actions[*action].run_order).min() else {
            if runs.values().all(|run| self[*run].status == RunStatus::Succeeded) {
                self.stage_succeeded(execution, stage);
            }
            return;
        };
        let unfinished = |(action, run): (&usize, &RunIndex)| {
            actions.get(*action).is_some_and(|action| action.run_order < turn)
                && self[*run].status != RunStatus::Succeeded
        };
        if runs.iter().any(unfinished) {
            return;
        }
        let ready: Vec<usize> = missing.into_iter().filter(|action| actions[*action].run_order == turn).collect();
        let attempt = self[execution].attempt;
        for action in ready.into_iter().take(self.room_for_actions(execution, stage)) {
            self.start_action(execution, stage, action);
            // An action that cannot even start has failed the stage, which may be in its next attempt already.
            let it = &self[execution];
            if it.stages[stage].status != Some(Status::InProgress) || it.attempt != attempt {
                return;
            }
        }
    }

    fn room_for_actions(&self, execution: ExecutionIndex, stage: usize) -> usize {
        match self[execution].mode() {
            ExecutionMode::Parallel => ACTIONS_AT_ONCE.saturating_sub(self.actions_in_progress(execution, stage)),
            ExecutionMode::Queued | ExecutionMode::Superseded => usize::MAX,
        }
    }

    /// Reacts to the end of an action.
    pub(crate) fn action_ended(&mut self, execution: ExecutionIndex, stage: usize, succeeded: bool) {
        match self[execution].stages[stage].status {
            Some(Status::InProgress) if !succeeded && self.skips(execution, stage) => self.skip(execution, stage),
            Some(Status::InProgress) if !succeeded => self.stage_failed(execution, stage),
            Some(Status::InProgress) => self.start_ready_actions(execution, stage),
            Some(Status::Stopping) if self.actions_in_progress(execution, stage) == 0 => {
                self.stage_stopped(execution, stage);
            }
            Some(Status::Failed) => self.settle(execution, stage),
            _ => {}
        }
    }

    pub(crate) fn actions_in_progress(&self, execution: ExecutionIndex, stage: usize) -> usize {
        self[execution].stages[stage].runs.values().filter(|run| self[**run].in_progress()).count()
    }

    fn stage_succeeded(&mut self, execution: ExecutionIndex, stage: usize) {
        self[execution].stages[stage].status = Some(Status::Succeeded);
        self[execution].updated = self.now;
        self.emit_stage(execution, stage, "SUCCEEDED");
        self.go_on(execution, stage);
    }

    /// Leaves a stage for the next one, or ends well.
    pub(crate) fn go_on(&mut self, execution: ExecutionIndex, stage: usize) {
        let is_last = stage + 1 == self[execution].stages.len();
        // Whether a rollback goes on to later stages is not documented; it runs the one it was asked for.
        if is_last || self[execution].kind != Kind::Standard {
            self.end(execution, Status::Succeeded, "SUCCEEDED");
        } else {
            self.arrive(execution, stage + 1);
        }
        self.leave(execution, stage);
    }

    /// The first failing action fails stage and execution at once; its neighbours run on.
    fn stage_failed(&mut self, execution: ExecutionIndex, stage: usize) {
        self[execution].stages[stage].status = Some(Status::Failed);
        self[execution].stages[stage].settled = false;
        self.emit_stage(execution, stage, "FAILED");
        self[execution].status = Status::Failed;
        self[execution].updated = self.now;
        self.emit_pipeline(execution, "FAILED");
        self.settle(execution, stage);
    }

    /// Once no action runs any more: retries, rolls back or frees the failed stage.
    fn settle(&mut self, execution: ExecutionIndex, stage: usize) {
        if self[execution].stages[stage].settled || self.actions_in_progress(execution, stage) > 0 {
            return;
        }
        self[execution].stages[stage].settled = true;
        let declaration = self[execution].declaration.clone();
        let reaction = declaration.stages[stage].on_failure.as_ref();
        match reaction.and_then(|reaction| reaction.result) {
            Some(FailureResult::Retry) if self[execution].stages[stage].retries.automatic == 0 => {
                let configured = reaction.and_then(|reaction| reaction.retry_configuration.as_ref()?.retry_mode);
                let mode = configured.unwrap_or(RetryMode::FailedActions);
                self.retry(execution, stage, Retry { mode, trigger: RetryTrigger::AutomatedStageRetry });
            }
            result => {
                self[execution].place = Place::Gone;
                if result == Some(FailureResult::Rollback) {
                    self.roll_back_automatically(execution, stage);
                }
                self.leave(execution, stage);
            }
        }
    }

    /// Ends an execution for good.
    pub(crate) fn end(&mut self, execution: ExecutionIndex, status: Status, state: &str) {
        self[execution].status = status;
        self[execution].place = Place::Gone;
        self[execution].updated = self.now;
        self.emit_pipeline(execution, state);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::bench::{Bench, action, pipeline, plain, stage};

    const FAILING_BUILD: &str = "pipelines: {p: {Build: {Compile: [{outcome: failed}]}}}";

    fn three_stages() -> serde_json::Value {
        let deploy = action("Deploy", "CodeDeploy", "Ship");
        pipeline("p", vec![stage("Build", vec![action("Build", "CodeBuild", "Compile")]), stage("Prod", vec![deploy])])
    }

    fn with_mode(mode: &str) -> serde_json::Value {
        let mut declaration = three_stages();
        declaration["executionMode"] = json!(mode);
        declaration
    }

    #[test]
    fn stages_run_in_order_and_tell_their_story() {
        let mut bench = Bench::with(&plain());
        let id = bench.start();
        bench.wait(10);
        let story = [
            "pipeline STARTED",
            "Source STARTED",
            "Source/Checkout STARTED",
            "Source/Checkout SUCCEEDED",
            "Source SUCCEEDED",
            "Build STARTED",
            "Build/Compile STARTED",
            "Build/Compile SUCCEEDED",
            "Build SUCCEEDED",
            "pipeline SUCCEEDED",
        ];
        assert_eq!(bench.told(), story);
        assert_eq!(bench.status(&id), "Succeeded");
    }

    #[test]
    fn actions_of_one_run_order_run_together_and_the_next_order_waits_for_all() {
        let mut late = action("Test", "CodeBuild", "After");
        late["runOrder"] = json!(2);
        let both = vec![late, action("Build", "CodeBuild", "Slow"), action("Build", "CodeBuild", "Quick")];
        let script = "pipelines: {p: {Build: {Slow: [{duration: 5s}]}}}";
        let mut bench = Bench::scripted(&pipeline("p", vec![stage("Build", both)]), script);
        bench.start();
        bench.wait(2);
        assert_eq!(bench.told()[6..], ["Build/Slow STARTED", "Build/Quick STARTED", "Build/Quick SUCCEEDED"]);
        bench.wait(4);
        assert_eq!(bench.told()[..2], ["Build/Slow SUCCEEDED", "Build/After STARTED"]);
    }

    #[test]
    fn the_first_failing_action_fails_stage_and_pipeline_while_its_neighbour_runs_on() {
        let both = vec![action("Build", "CodeBuild", "Compile"), action("Build", "CodeBuild", "Slow")];
        let script = "pipelines: {p: {Build: {Compile: [{outcome: failed}], Slow: [{duration: 9s}]}}}";
        let mut bench = Bench::scripted(&pipeline("p", vec![stage("Build", both)]), script);
        let id = bench.start();
        bench.wait(3);
        assert_eq!(bench.told()[8..], ["Build/Compile FAILED", "Build FAILED", "pipeline FAILED"]);
        assert_eq!(bench.status(&id), "Failed");
        bench.wait(10);
        assert_eq!(bench.told(), ["Build/Slow SUCCEEDED"]);
    }

    #[test]
    fn a_stage_whose_failure_is_not_over_is_closed_to_the_next_execution() {
        let both = vec![action("Build", "CodeBuild", "Compile"), action("Build", "CodeBuild", "Slow")];
        let script = "pipelines: {p: {Build: {Compile: [{outcome: failed}, {}], Slow: [{duration: 9s}]}}}";
        let mut bench = Bench::scripted(&pipeline("p", vec![stage("Build", both)]), script);
        bench.start();
        bench.wait(3);
        let second = bench.start();
        bench.wait(3);
        assert_eq!(bench.state(1)["inboundExecution"]["pipelineExecutionId"], json!(second));
        bench.wait(20);
        assert_eq!(bench.status(&second), "Succeeded");
    }

    #[test]
    fn a_waiting_execution_is_superseded_by_a_newer_one() {
        let mut bench = Bench::scripted(&three_stages(), "pipelines: {p: {Build: {Compile: [{duration: 60s}]}}}");
        let first = bench.start();
        bench.wait(2);
        let second = bench.start();
        bench.wait(2);
        let third = bench.start();
        bench.told();
        bench.wait(2);
        assert!(bench.told().contains(&"pipeline SUPERSEDED".to_owned()));
        assert_eq!([&first, &second, &third].map(|id| bench.status(id)), ["InProgress", "Superseded", "InProgress"]);
        bench.wait(200);
        assert_eq!([&first, &third].map(|id| bench.status(id)), ["Succeeded", "Succeeded"]);
    }

    #[test]
    fn in_superseded_mode_two_executions_are_in_different_stages() {
        let mut bench = Bench::scripted(&three_stages(), "pipelines: {p: {Prod: {Ship: [{duration: 60s}]}}}");
        let first = bench.start();
        bench.wait(3);
        let second = bench.start();
        bench.wait(1);
        assert_eq!(bench.state(2)["latestExecution"]["pipelineExecutionId"], json!(first));
        assert_eq!(bench.state(1)["latestExecution"]["pipelineExecutionId"], json!(second));
    }

    #[test]
    fn queued_executions_all_run_in_the_order_they_started() {
        let mut bench = Bench::scripted(&with_mode("QUEUED"), "pipelines: {p: {Build: {Compile: [{duration: 60s}]}}}");
        let ids = [bench.start(), bench.start(), bench.start()];
        bench.wait(90);
        let waiting = bench.state(1)["inboundExecutions"].take();
        assert_eq!(waiting[0]["pipelineExecutionId"], json!(ids[2]));
        bench.wait(500);
        assert_eq!(ids.map(|id| bench.status(&id)), ["Succeeded", "Succeeded", "Succeeded"]);
    }

    #[test]
    fn parallel_executions_do_not_wait_and_leave_the_state_empty() {
        let script = "pipelines: {p: {Build: {Compile: [{duration: 60s}]}}}";
        let mut bench = Bench::scripted(&with_mode("PARALLEL"), script);
        let ids = [bench.start(), bench.start()];
        bench.wait(70);
        assert_eq!(ids.map(|id| bench.status(&id)), ["Succeeded", "Succeeded"]);
        assert!(bench.state(1).get("latestExecution").is_none());
        assert!(bench.state(1)["actionStates"][0].get("latestExecution").is_none());
    }

    #[test]
    fn only_queued_and_parallel_pipelines_are_limited_to_fifty_executions() {
        for (mode, refused) in [("QUEUED", true), ("PARALLEL", true), ("SUPERSEDED", false)] {
            let mut bench = Bench::with(&with_mode(mode));
            for _ in 0..50 {
                bench.start();
            }
            let more = bench.call("StartPipelineExecution", json!({"name": "p"}));
            let code = more.err().map(|error| error.code);
            assert_eq!(code, refused.then_some("ConcurrentPipelineExecutionsLimitExceededException"), "{mode}");
        }
    }

    #[test]
    fn an_action_that_cannot_start_fails_the_stage_before_its_neighbours_start() {
        let mut gate = action("Invoke", "Lambda", "Gate");
        gate["namespace"] = json!("Gate");
        let mut lost = action("Build", "CodeBuild", "Lost");
        lost["configuration"]["ProjectName"] = json!("#{Gate.nothing}");
        let mut after = stage("Build", vec![lost, action("Build", "CodeBuild", "Neighbour")]);
        after["onFailure"] = json!({"result": "RETRY"});
        let mut bench = Bench::with(&pipeline("p", vec![stage("Gate", vec![gate]), after]));
        let id = bench.start();
        bench.wait(2);
        bench.told();
        let job = bench.last_job();
        bench.call("PutJobSuccessResult", json!({"jobId": job})).unwrap();
        let told = bench.told();
        assert_eq!(told.iter().filter(|line| *line == "Build/Lost FAILED").count(), 2);
        assert!(!told.iter().any(|line| line.starts_with("Build/Neighbour")), "{told:?}");
        assert_eq!(bench.status(&id), "Failed");
    }

    #[test]
    fn a_stage_configured_to_retry_does_so_once() {
        let mut declaration = plain();
        declaration["stages"][1]["onFailure"] =
            json!({"result": "RETRY", "retryConfiguration": {"retryMode": "ALL_ACTIONS"}});
        let mut bench = Bench::scripted(&declaration, FAILING_BUILD);
        let id = bench.start();
        bench.wait(2);
        assert_eq!(
            bench.told()[7..],
            [
                "Build/Compile FAILED",
                "Build FAILED",
                "pipeline FAILED",
                "pipeline RESUMED",
                "Build RESUMED",
                "Build/Compile STARTED"
            ]
        );
        bench.wait(10);
        assert_eq!(bench.told(), ["Build/Compile FAILED", "Build FAILED", "pipeline FAILED"]);
        assert_eq!(bench.status(&id), "Failed");
        let metadata = json!({"autoStageRetryAttempt": 1, "latestRetryTrigger": "AutomatedStageRetry"});
        assert_eq!(bench.state(1)["retryStageMetadata"], metadata);
    }
}

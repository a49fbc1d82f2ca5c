//! `RollbackStage`, and the rollback a stage can be configured for.

use serde_json::{Value, json};

use super::declaration::{Action, ExecutionMode, PipelineType};
use super::engine::Engine;
use super::error::{Answer, ApiError};
use super::records::{ExecutionIndex, Kind, PipelineIndex, Status, Trigger};
use super::start::Inputs;

impl Engine {
    /// `RollbackStage`.
    pub(crate) fn rollback_stage(&mut self, input: &Value) -> Answer {
        let pipeline = self.pipeline(input["pipelineName"].as_str().unwrap_or_default())?;
        let stage = self.stage(pipeline, input["stageName"].as_str().unwrap_or_default())?;
        let id = input["targetPipelineExecutionId"].as_str().unwrap_or_default();
        let target = self.execution(pipeline, id)?;
        self.check_rollback(pipeline, stage, target)?;
        let trigger = Trigger::new("ManualRollback", self.settings.caller.clone());
        let execution = self.roll_back(pipeline, stage, target, trigger);
        Ok(json!({ "pipelineExecutionId": self[execution].id }))
    }

    fn check_rollback(&self, pipeline: PipelineIndex, stage: usize, target: ExecutionIndex) -> Result<(), ApiError> {
        let declaration = &self[pipeline].declaration;
        let name = &declaration.stages[stage].name;
        if declaration.pipeline_type() == PipelineType::V1 {
            return Err(unable("Stage rollback is a feature of pipeline type V2."));
        }
        if declaration.execution_mode == ExecutionMode::Parallel {
            return Err(unable("Stage rollback is not available in PARALLEL mode."));
        }
        if declaration.stages[stage].actions.iter().any(Action::is_source) {
            return Err(unable("A source stage cannot be rolled back."));
        }
        if self[target].version != self[pipeline].version() {
            return Err(ApiError::new(
                "PipelineExecutionOutdatedException",
                "The target execution ran with an older structure of the pipeline.",
            ));
        }
        if self[target].kind != Kind::Standard {
            return Err(unable("The target execution is itself a rollback."));
        }
        if self[target].stages[stage].status != Some(Status::Succeeded) {
            return Err(unable(&format!("The target execution has not succeeded in stage '{name}'.")));
        }
        if self.is_locked(pipeline, name) {
            return Err(unable(&format!("Stage '{name}' is currently running.")));
        }
        Ok(())
    }

    /// Rolls a failed stage back to its most recent success in this structure, if there is one.
    pub(crate) fn roll_back_automatically(&mut self, failed: ExecutionIndex, stage: usize) {
        let (pipeline, version) = (self[failed].pipeline, self[failed].version);
        // A rollback that fails is not rolled back again.
        if self[failed].kind != Kind::Standard {
            return;
        }
        let is_target = |it: &ExecutionIndex| {
            let it = &self[*it];
            it.version == version && it.kind == Kind::Standard && it.stages[stage].status == Some(Status::Succeeded)
        };
        let target = self.executions_of(pipeline).rev().find(is_target);
        if let Some(target) = target {
            let detail = json!({ "failedPipelineExecutionId": self[failed].id }).to_string();
            self.roll_back(pipeline, stage, target, Trigger::new("AutomatedRollback", detail));
        }
    }

    /// A new execution of one stage with variables, outputs, artifacts and revisions of the target.
    fn roll_back(
        &mut self,
        pipeline: PipelineIndex,
        stage: usize,
        target: ExecutionIndex,
        trigger: Trigger,
    ) -> ExecutionIndex {
        let kind = Kind::Rollback { target: self[target].id.clone() };
        let inputs = Inputs { variables: self[target].variables.clone(), ..Inputs::default() };
        let execution = self.record_execution(pipeline, trigger, kind, inputs);
        let (outputs, artifacts) = (self[target].outputs.clone(), self[target].artifacts.clone());
        let revisions = self[target].revisions.clone();
        let it = &mut self[execution];
        (it.outputs, it.artifacts, it.revisions) = (outputs, artifacts, revisions);
        self.emit_pipeline(execution, "STARTED");
        self.enter(execution, stage);
        execution
    }
}

fn unable(why: &str) -> ApiError {
    ApiError::new("UnableToRollbackStageException", why)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::bench::{Bench, action, pipeline, plain, stage};

    fn back(stage: &str, target: &str) -> Value {
        json!({"pipelineName": "p", "stageName": stage, "targetPipelineExecutionId": target})
    }

    fn refusal(declaration: &Value, stage: &str) -> &'static str {
        let mut bench = Bench::with(declaration);
        let target = bench.start();
        bench.wait(20);
        bench.refusal("RollbackStage", back(stage, &target))
    }

    fn released() -> (Bench, String) {
        let mut bench = Bench::with(&plain());
        let id = bench.start();
        bench.wait(20);
        bench.told();
        (bench, id)
    }

    #[test]
    fn a_rollback_is_a_new_execution_of_that_stage_with_the_targets_artifacts() {
        let (mut bench, target) = released();
        let answer = bench.call("RollbackStage", back("Build", &target)).unwrap();
        let id = answer["pipelineExecutionId"].as_str().unwrap().to_owned();
        assert_ne!(id, target);
        bench.wait(5);
        let inputs = bench.events[2]["detail"]["input-artifacts"].clone();
        assert_eq!(inputs[0]["s3location"]["key"], "p/SourceArti/Obj0001");
        let story = [
            "pipeline STARTED",
            "Build STARTED",
            "Build/Compile STARTED",
            "Build/Compile SUCCEEDED",
            "Build SUCCEEDED",
            "pipeline SUCCEEDED",
        ];
        assert_eq!(bench.told(), story);
        let input = json!({"pipelineName": "p", "pipelineExecutionId": id});
        let execution = bench.call("GetPipelineExecution", input).unwrap()["pipelineExecution"].take();
        assert_eq!(execution["executionType"], "ROLLBACK");
        assert_eq!(execution["trigger"]["triggerType"], "ManualRollback");
        assert_eq!(execution["rollbackMetadata"], json!({"rollbackTargetPipelineExecutionId": target}));
    }

    #[test]
    fn a_source_stage_is_not_rolled_back() {
        assert_eq!(refusal(&plain(), "Source"), "UnableToRollbackStageException");
    }

    #[test]
    fn nothing_is_rolled_back_in_parallel_mode() {
        let mut declaration = plain();
        declaration["executionMode"] = json!("PARALLEL");
        assert_eq!(refusal(&declaration, "Build"), "UnableToRollbackStageException");
    }

    #[test]
    fn nothing_is_rolled_back_in_a_v1_pipeline() {
        let mut declaration = plain();
        declaration["pipelineType"] = json!("V1");
        assert_eq!(refusal(&declaration, "Build"), "UnableToRollbackStageException");
    }

    #[test]
    fn a_target_of_an_older_structure_is_outdated() {
        let (mut bench, target) = released();
        bench.call("UpdatePipeline", json!({"pipeline": plain()})).unwrap();
        assert_eq!(bench.refusal("RollbackStage", back("Build", &target)), "PipelineExecutionOutdatedException");
    }

    #[test]
    fn a_rollback_is_no_target() {
        let (mut bench, target) = released();
        let answer = bench.call("RollbackStage", back("Build", &target)).unwrap();
        bench.wait(5);
        let rollback = answer["pipelineExecutionId"].as_str().unwrap().to_owned();
        assert_eq!(bench.refusal("RollbackStage", back("Build", &rollback)), "UnableToRollbackStageException");
    }

    #[test]
    fn a_target_that_failed_in_the_stage_is_refused() {
        let mut bench = Bench::scripted(&plain(), "pipelines: {p: {Build: {Compile: [{outcome: failed}]}}}");
        let target = bench.start();
        bench.wait(20);
        assert_eq!(bench.refusal("RollbackStage", back("Build", &target)), "UnableToRollbackStageException");
    }

    #[test]
    fn a_running_stage_is_not_rolled_back() {
        let mut bench = Bench::scripted(&plain(), "pipelines: {p: {Build: {Compile: [{}, {duration: 60s}]}}}");
        let target = bench.start();
        bench.wait(5);
        bench.start();
        bench.wait(5);
        assert_eq!(bench.refusal("RollbackStage", back("Build", &target)), "UnableToRollbackStageException");
    }

    #[test]
    fn unknown_targets_and_stages_have_their_own_errors() {
        let (mut bench, target) = released();
        let nobody = "99999999-0000-4000-8000-000000000000";
        assert_eq!(bench.refusal("RollbackStage", back("Build", nobody)), "PipelineExecutionNotFoundException");
        assert_eq!(bench.refusal("RollbackStage", back("Nowhere", &target)), "StageNotFoundException");
    }

    fn automatic() -> Value {
        let mut prod = stage("Prod", vec![action("Deploy", "CodeDeploy", "Ship")]);
        prod["onFailure"] = json!({"result": "ROLLBACK"});
        pipeline("p", vec![prod])
    }

    #[test]
    fn a_failed_stage_rolls_itself_back_to_its_last_success() {
        let script = "pipelines: {p: {Prod: {Ship: [{}, {outcome: failed}, {}]}}}";
        let mut bench = Bench::scripted(&automatic(), script);
        let good = bench.start();
        bench.wait(10);
        let bad = bench.start();
        bench.wait(10);
        let list = bench.call("ListPipelineExecutions", json!({"pipelineName": "p"})).unwrap();
        let newest = &list["pipelineExecutionSummaries"][0];
        assert_eq!(newest["status"], "Succeeded");
        assert_eq!(newest["rollbackMetadata"]["rollbackTargetPipelineExecutionId"], json!(good));
        assert_eq!(newest["trigger"]["triggerType"], "AutomatedRollback");
        let detail = newest["trigger"]["triggerDetail"].as_str().unwrap();
        assert_eq!(serde_json::from_str::<Value>(detail).unwrap(), json!({"failedPipelineExecutionId": bad}));
        assert_eq!(bench.status(&bad), "Failed");
    }

    #[test]
    fn without_an_earlier_success_nothing_is_rolled_back() {
        let mut bench = Bench::scripted(&automatic(), "pipelines: {p: {Prod: {Ship: [{outcome: failed}]}}}");
        bench.start();
        bench.wait(10);
        let list = bench.call("ListPipelineExecutions", json!({"pipelineName": "p"})).unwrap();
        assert_eq!(list["pipelineExecutionSummaries"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn a_rollback_that_fails_is_not_rolled_back_again() {
        let script = "pipelines: {p: {Prod: {Ship: [{}, {outcome: failed}]}}}";
        let mut bench = Bench::scripted(&automatic(), script);
        bench.start();
        bench.wait(10);
        bench.start();
        bench.wait(30);
        let list = bench.call("ListPipelineExecutions", json!({"pipelineName": "p"})).unwrap();
        assert_eq!(list["pipelineExecutionSummaries"].as_array().unwrap().len(), 3);
    }
}

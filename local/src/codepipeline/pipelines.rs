//! Creating, reading, changing and deleting pipelines.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::declaration::{Declaration, ExecutionMode, as_returned};
use super::engine::Engine;
use super::error::{Answer, ApiError};
use super::events::epoch;
use super::paging::page;
use super::records::{ExecutionIndex, Pipeline, PipelineIndex, Place, RunStatus, Status, Trigger};
use super::start::{self, Inputs};
use super::structure;
use super::tags;

const PAGE: usize = 1000;

impl Engine {
    /// `CreatePipeline`. As at AWS, the new pipeline runs at once.
    pub(crate) fn create_pipeline(&mut self, input: &Value) -> Answer {
        let (declaration, returned) = self.declare(&input["pipeline"], 1)?;
        let name = declaration.name.clone();
        if self.names.contains_key(&name) {
            let message = format!("A pipeline with the name '{name}' already exists.");
            return Err(ApiError::new("PipelineNameInUseException", message));
        }
        let most = self.settings.most_pipelines;
        if self.names.len() >= most {
            let message = format!("This account has at most {most} pipelines per Region.");
            return Err(ApiError::new("LimitExceededException", message));
        }
        let mut tags = BTreeMap::new();
        tags::add(&mut tags, &input["tags"])?;
        let pipeline = PipelineIndex(self.pipelines.len());
        let answer = json!({ "pipeline": returned, "tags": tags::list(&tags) });
        self.pipelines.push(Pipeline {
            name: name.clone(),
            declaration: Arc::new(declaration),
            versions: vec![returned],
            created: self.now,
            updated: self.now,
            tags,
            executions: Vec::new(),
            transitions: BTreeMap::new(),
            latest_in_stage: BTreeMap::new(),
            start_tokens: BTreeMap::new(),
            plays: BTreeMap::new(),
        });
        self.names.insert(name, pipeline);
        self.start_created(pipeline);
        Ok(answer)
    }

    /// A variable without a default leaves nothing to start with.
    fn start_created(&mut self, pipeline: PipelineIndex) {
        let variables = start::variables(&self[pipeline].declaration, &Value::Null);
        if let (true, Ok(variables)) = (self.settings.start_on_create, variables) {
            let trigger = Trigger::new("CreatePipeline", self.settings.caller.clone());
            self.start(pipeline, trigger, Inputs { variables, ..Inputs::default() });
        }
    }

    /// `GetPipeline`.
    pub(crate) fn get_pipeline(&self, input: &Value) -> Answer {
        let pipeline = &self[self.pipeline(input["name"].as_str().unwrap_or_default())?];
        let version = input["version"].as_u64().unwrap_or(pipeline.version().into());
        let wanted = usize::try_from(version).ok().and_then(|version| pipeline.versions.get(version.checked_sub(1)?));
        let Some(declaration) = wanted else {
            let message = format!("Pipeline '{}' has no version {version}.", pipeline.name);
            return Err(ApiError::new("PipelineVersionNotFoundException", message));
        };
        let metadata = json!({
            "pipelineArn": self.settings.pipeline_arn(&pipeline.name),
            "created": epoch(pipeline.created),
            "updated": epoch(pipeline.updated),
        });
        Ok(json!({ "pipeline": declaration, "metadata": metadata }))
    }

    /// `UpdatePipeline`: the next version. What runs is cancelled, except in PARALLEL mode.
    pub(crate) fn update_pipeline(&mut self, input: &Value) -> Answer {
        let name = input["pipeline"]["name"].as_str().unwrap_or_default();
        // The operation does not model PipelineNotFoundException.
        let Some(pipeline) = self.names.get(name).copied() else {
            let message = format!("There is no pipeline '{name}' to update.");
            return Err(ApiError::new("InvalidStructureException", message));
        };
        let (declaration, returned) = self.declare(&input["pipeline"], self[pipeline].version() + 1)?;
        let running: Vec<ExecutionIndex> = self.executions_of(pipeline).collect();
        for execution in running {
            if self[execution].mode() != ExecutionMode::Parallel {
                self.cancel(execution);
            }
        }
        let now = self.now;
        let it = &mut self[pipeline];
        it.declaration = Arc::new(declaration);
        it.versions.push(returned.clone());
        it.updated = now;
        Ok(json!({ "pipeline": returned }))
    }

    /// `DeletePipeline`. Deleting what is not there succeeds. Nothing is told of executions that vanish.
    pub(crate) fn delete_pipeline(&mut self, input: &Value) -> Answer {
        if let Some(pipeline) = self.names.remove(input["name"].as_str().unwrap_or_default()) {
            let runs: Vec<_> = self.running.iter().copied().collect();
            for run in runs {
                if self[self[run].execution].pipeline == pipeline {
                    self.close_run(run, RunStatus::Abandoned);
                }
            }
        }
        Ok(Value::Null)
    }

    /// `ListPipelines`, by name.
    pub(crate) fn list_pipelines(&self, input: &Value) -> Answer {
        let summary = |pipeline: &&Pipeline| {
            json!({
                "name": pipeline.name,
                "version": pipeline.version(),
                "pipelineType": pipeline.declaration.pipeline_type(),
                "executionMode": pipeline.declaration.execution_mode,
                "created": epoch(pipeline.created),
                "updated": epoch(pipeline.updated),
            })
        };
        let pipelines: Vec<&Pipeline> = self.names.values().map(|index| &self[*index]).collect();
        page("pipelines", input, PAGE, &pipelines, |pipeline| pipeline.name.clone(), summary)
    }

    fn declare(&self, raw: &Value, version: u32) -> Result<(Declaration, Value), ApiError> {
        let declaration = Declaration::parse(raw).map_err(|error| {
            ApiError::new("InvalidStructureException", format!("The declaration is not valid: {error}."))
        })?;
        structure::check(&declaration, &self.settings.region)?;
        let returned = as_returned(raw, &declaration, version);
        Ok((declaration, returned))
    }

    fn cancel(&mut self, execution: ExecutionIndex) {
        let is_running = self[execution].status.is_running();
        if let Place::Inside(stage) = self[execution].place {
            for run in self.runs_in_progress(execution, stage) {
                self.abandon_run(run, "CANCELED");
            }
            self[execution].place = Place::Gone;
            if is_running {
                self[execution].stages[stage].status = Some(Status::Cancelled);
                self.emit_stage(execution, stage, "CANCELED");
            }
        }
        if is_running {
            self.end(execution, Status::Cancelled, "CANCELED");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::bench::{Bench, plain};
    use super::super::config::Config;

    fn parallel() -> Value {
        let mut declaration = plain();
        declaration["executionMode"] = json!("PARALLEL");
        declaration
    }

    #[test]
    fn a_new_pipeline_runs_at_once() {
        let mut bench = Bench::empty(Config::default());
        let answer = bench.call("CreatePipeline", json!({"pipeline": plain()})).unwrap();
        assert_eq!(answer["pipeline"]["version"], 1);
        assert_eq!(bench.events[0]["detail"]["execution-trigger"]["trigger-type"], "CreatePipeline");
    }

    #[test]
    fn a_name_is_used_once() {
        let mut bench = Bench::with(&plain());
        assert_eq!(bench.refusal("CreatePipeline", json!({"pipeline": plain()})), "PipelineNameInUseException");
    }

    #[test]
    fn an_update_is_a_new_version_and_cancels_what_runs() {
        let mut bench = Bench::scripted(&plain(), "pipelines: {p: {Build: {Compile: [{duration: 60s}]}}}");
        let id = bench.start();
        bench.wait(5);
        bench.told();
        let answer = bench.call("UpdatePipeline", json!({"pipeline": plain()})).unwrap();
        assert_eq!(answer["pipeline"]["version"], 2);
        assert_eq!(bench.told(), ["Build/Compile CANCELED", "Build CANCELED", "pipeline CANCELED"]);
        assert_eq!(bench.status(&id), "Cancelled");
        bench.start();
        assert_eq!(bench.events[0]["detail"]["version"].to_string(), "2.0");
    }

    #[test]
    fn an_update_leaves_parallel_executions_alone() {
        let mut bench = Bench::with(&parallel());
        let id = bench.start();
        bench.call("UpdatePipeline", json!({"pipeline": parallel()})).unwrap();
        bench.wait(10);
        assert_eq!(bench.status(&id), "Succeeded");
    }

    #[test]
    fn every_version_can_be_read_with_its_defaults_filled_in() {
        let mut bench = Bench::with(&plain());
        bench.call("UpdatePipeline", json!({"pipeline": parallel()})).unwrap();
        let first = bench.call("GetPipeline", json!({"name": "p", "version": 1})).unwrap();
        assert_eq!(first["pipeline"]["executionMode"], "SUPERSEDED");
        assert_eq!(first["pipeline"]["stages"][1]["actions"][0]["runOrder"], 1);
        let current = bench.call("GetPipeline", json!({"name": "p"})).unwrap();
        assert_eq!(current["pipeline"]["version"], 2);
        assert_eq!(current["metadata"]["pipelineArn"], "arn:aws:codepipeline:us-east-1:111122223333:p");
        let code = bench.refusal("GetPipeline", json!({"name": "p", "version": 3}));
        assert_eq!(code, "PipelineVersionNotFoundException");
    }

    #[test]
    fn a_deleted_pipeline_is_gone_with_its_history_and_says_nothing() {
        let mut bench = Bench::with(&plain());
        bench.start();
        bench.told();
        bench.call("DeletePipeline", json!({"name": "p"})).unwrap();
        bench.call("DeletePipeline", json!({"name": "p"})).unwrap();
        bench.wait(10);
        assert!(bench.told().is_empty());
        assert_eq!(bench.refusal("GetPipelineState", json!({"name": "p"})), "PipelineNotFoundException");
        bench.call("CreatePipeline", json!({"pipeline": plain()})).unwrap();
        let list = bench.call("ListPipelineExecutions", json!({"pipelineName": "p"})).unwrap();
        assert_eq!(list["pipelineExecutionSummaries"], json!([]));
    }

    #[test]
    fn pipelines_are_listed_by_name() {
        let mut bench = Bench::with(&plain());
        let mut other = parallel();
        other["name"] = json!("a");
        bench.call("CreatePipeline", json!({"pipeline": other})).unwrap();
        let list = bench.call("ListPipelines", json!({"maxResults": 1})).unwrap();
        assert_eq!(list["pipelines"][0]["name"], "a");
        let rest = bench.call("ListPipelines", json!({"nextToken": list["nextToken"]})).unwrap();
        assert_eq!((&rest["pipelines"][0]["name"], &rest["pipelines"][0]["pipelineType"]), (&json!("p"), &json!("V2")));
    }
}

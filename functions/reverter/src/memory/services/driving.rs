//! What pipelines and people do in the world without the reverter.

use std::time::Duration;

use jiff::Timestamp;
use pipeline_model::{ExecutionId, PipelineName, StageName};
use rollback_plans::Carried;
use rollback_plans::targets::{ExecutionSeen, RunStatus, StageRun};

use super::MemoryServices;
use super::pipelines::source;
use super::stages::{Execution, Pipeline, Run};

impl MemoryServices {
    /// Creates a pipeline with these stages; the first one is that of its one source action, `Source`.
    pub fn create_pipeline(&self, pipeline: &str, stages: &[&str]) {
        let stages = stages.iter().map(|stage| StageName::from(*stage)).collect();
        let created = Pipeline { stages, ..Pipeline::default() };
        self.content.borrow_mut().pipelines.all.insert(pipeline.into(), created);
    }

    /// Deletes a pipeline.
    pub fn delete_pipeline(&self, pipeline: &str) {
        self.content.borrow_mut().pipelines.all.remove(&PipelineName::from(pipeline));
    }

    /// Somebody edits the pipeline, which makes all executions before outdated.
    pub fn edit_pipeline(&self, pipeline: &str) {
        self.change(pipeline, |pipeline, _| pipeline.structure += 1);
    }

    /// The pipeline's mode becomes PARALLEL.
    pub fn make_parallel(&self, pipeline: &str) {
        self.change(pipeline, |pipeline, _| pipeline.is_parallel = true);
    }

    /// An execution begins, made of one revision with the execution's name.
    pub fn start(&self, pipeline: &str, execution: &str) {
        self.change(pipeline, |pipeline, now| {
            pipeline.executions.push(Execution {
                id: execution.into(),
                started: now,
                structure: pipeline.structure,
                restores: None,
                sources: vec![source("Source", execution)],
                runs: std::collections::BTreeMap::new(),
            });
        });
    }

    /// An execution enters a stage, unless its inbound transition is closed or another one runs there. A second time is
    /// a retry.
    pub fn enter(&self, pipeline: &str, execution: &str, stage: &str) -> bool {
        let stage = StageName::from(stage);
        self.change(pipeline, |pipeline, now| {
            let enters = pipeline.lets_in(&stage, now);
            let execution = pipeline.executions.iter_mut().find(|it| it.id.as_str() == execution);
            if let Some(execution) = execution.filter(|_| enters) {
                execution.runs.insert(stage, Run { began: now, end: None });
            }
            enters
        })
    }

    /// An execution's run in a stage ends now.
    pub fn leave(&self, pipeline: &str, execution: &str, stage: &str, status: RunStatus) {
        self.change(pipeline, |pipeline, now| {
            let execution = pipeline.executions.iter_mut().find(|it| it.id.as_str() == execution);
            let run = execution.and_then(|execution| execution.runs.get_mut(&StageName::from(stage)));
            if let Some(run) = run {
                run.end = Some((now, status));
            }
        });
    }

    /// An execution goes through all stages and succeeds, all at this moment.
    pub fn release(&self, pipeline: &str, execution: &str) {
        self.start(pipeline, execution);
        let stages = self.change(pipeline, |pipeline, _| pipeline.stages.clone());
        for stage in stages {
            self.enter(pipeline, execution, stage.as_str());
            self.leave(pipeline, execution, stage.as_str(), RunStatus::Succeeded);
        }
    }

    /// What is started to go back takes so long in its stage and ends like this; else a minute, and it succeeds.
    pub fn rollbacks_end(&self, after: Duration, status: RunStatus) {
        let pipelines = &mut self.content.borrow_mut().pipelines;
        (pipelines.takes, pipelines.ends) = (after, status);
    }

    /// What is started anew ends in this stage, counted from one, as [`Self::rollbacks_end`] says.
    pub fn redeployments_reach(&self, stage: usize) {
        self.content.borrow_mut().pipelines.reaches = stage;
    }

    /// Somebody else rolls a stage back: a person, or CodePipeline itself.
    pub fn roll_back_by_hand(&self, pipeline: &str, stage: &str, to: &str) -> Carried {
        let now = self.clock.now();
        self.content.borrow_mut().pipelines.roll_back(&pipeline.into(), &stage.into(), &to.into(), now)
    }

    /// What ran in a stage last.
    pub fn in_stage(&self, pipeline: &str, stage: &str) -> Option<StageRun> {
        self.change(pipeline, |pipeline, now| pipeline.current(&stage.into(), now))
    }

    /// All executions of a pipeline, newest first.
    pub fn executions(&self, pipeline: &str) -> Vec<ExecutionSeen> {
        self.change(pipeline, |pipeline, now| pipeline.all(now))
    }

    /// The release that stands in a stage: what succeeded there last, and of a rollback what it restored.
    pub fn release_in(&self, pipeline: &str, stage: &str) -> Option<ExecutionId> {
        let succeeded = self.change(pipeline, |pipeline, now| pipeline.succeeded(&stage.into(), now));
        let newest = succeeded.into_iter().next()?;
        Some(newest.restores.unwrap_or(newest.execution))
    }

    /// Somebody closes the inbound transition of a stage.
    pub fn close_by_hand(&self, pipeline: &str, stage: &str, reason: &str) {
        self.change(pipeline, |pipeline, _| pipeline.closed.insert(stage.into(), reason.to_owned()));
    }

    /// Somebody opens the inbound transition of a stage.
    pub fn open_by_hand(&self, pipeline: &str, stage: &str) {
        self.change(pipeline, |pipeline, _| pipeline.closed.remove(&StageName::from(stage)));
    }

    /// Why the inbound transition of a stage is closed, if it is.
    pub fn closed_because(&self, pipeline: &str, stage: &str) -> Option<String> {
        self.change(pipeline, |pipeline, _| pipeline.closed.get(&StageName::from(stage)).cloned())
    }

    /// Whether the inbound transition of a stage is closed.
    pub fn is_closed(&self, pipeline: &str, stage: &str) -> bool {
        self.closed_because(pipeline, stage).is_some()
    }

    /// # Panics
    /// When there is no such pipeline, which is a fault of the test.
    fn change<T>(&self, pipeline: &str, change: impl FnOnce(&mut Pipeline, Timestamp) -> T) -> T {
        let mut content = self.content.borrow_mut();
        let found = content.pipelines.all.get_mut(&PipelineName::from(pipeline));
        change(found.expect("a pipeline that was created"), self.clock.now())
    }
}

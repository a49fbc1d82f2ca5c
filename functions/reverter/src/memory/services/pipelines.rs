//! The pipelines of the world, and how CodePipeline answers what is asked and asked for.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use pipeline_model::{ExecutionId, PipelineName, Revision, StageName};
use rollback_plans::targets::{ExecutionSeen, RunStatus, SourceRevision, StageSeen};
use rollback_plans::{Carried, Step};

use super::stages::{Execution, Pipeline, Run};

/// All pipelines of the account.
#[derive(Debug)]
pub(super) struct Pipelines {
    pub(super) all: BTreeMap<PipelineName, Pipeline>,
    /// How long what we start takes in a stage.
    pub(super) takes: Duration,
    /// How what we start ends in a stage.
    pub(super) ends: RunStatus,
    /// How many stages what we start anew comes to.
    pub(super) reaches: usize,
    started: usize,
}

impl Default for Pipelines {
    fn default() -> Self {
        Self {
            all: BTreeMap::new(),
            takes: Duration::from_secs(60),
            ends: RunStatus::Succeeded,
            reaches: usize::MAX,
            started: 0,
        }
    }
}

impl Pipelines {
    /// `GetPipelineState` of one stage.
    pub(super) fn state(
        &self,
        pipeline: &PipelineName,
        stage: &StageName,
        now: Timestamp,
    ) -> Result<StageSeen, String> {
        let Some(pipeline) = self.all.get(pipeline) else { return Err(no_pipeline(pipeline)) };
        if pipeline.is_parallel {
            return Ok(StageSeen::default());
        }
        if !pipeline.stages.contains(stage) {
            return Err(no_stage(stage));
        }
        let (current, closed) = (pipeline.current(stage, now), pipeline.closed.get(stage).cloned());
        Ok(StageSeen { current, closed, ..StageSeen::default() })
    }

    /// `ListPipelineExecutions` with `succeededInStage`.
    pub(super) fn succeeded(&self, pipeline: &PipelineName, stage: &StageName, now: Timestamp) -> Vec<ExecutionSeen> {
        self.all.get(pipeline).map(|pipeline| pipeline.succeeded(stage, now)).unwrap_or_default()
    }

    /// `ListPipelineExecutions`.
    pub(super) fn all(&self, pipeline: &PipelineName, now: Timestamp) -> Vec<ExecutionSeen> {
        self.all.get(pipeline).map(|pipeline| pipeline.all(now)).unwrap_or_default()
    }

    /// Carries a step out, if it is one of CodePipeline's.
    pub(super) fn obey(&mut self, step: &Step, now: Timestamp) -> Option<Carried> {
        Some(match step {
            Step::RollBackStage { pipeline, stage, to } => self.roll_back(pipeline, stage, to, now),
            Step::Redeploy { pipeline, revisions, token, .. } => self.start(pipeline, revisions, token, now),
            Step::CloseTransition { pipeline, stage, reason } => {
                self.open_or_close(pipeline, stage, Some(reason.as_str()))
            }
            Step::OpenTransition { pipeline, stage } => self.open_or_close(pipeline, stage, None),
            _ => return None,
        })
    }

    /// `RollbackStage`, with its rules in the order of how specific the refusal is.
    pub(super) fn roll_back(
        &mut self,
        pipeline: &PipelineName,
        stage: &StageName,
        to: &ExecutionId,
        now: Timestamp,
    ) -> Carried {
        let id = self.next_id();
        let run = self.run_from(now);
        let Some(found) = self.all.get_mut(pipeline) else { return Carried::Impossible(no_pipeline(pipeline)) };
        match found.may_roll_back(stage, to, now) {
            Err(refusal) => Carried::Impossible(refusal),
            Ok(sources) => {
                found.executions.push(Execution {
                    id: id.clone(),
                    started: now,
                    structure: found.structure,
                    restores: Some(to.clone()),
                    sources,
                    runs: BTreeMap::from([(stage.clone(), run)]),
                });
                Carried::Done(Some(id.as_str().to_owned()))
            }
        }
    }

    /// `StartPipelineExecution`: what runs through the stages it comes to in no time, and a second one with its token starts nothing.
    fn start(
        &mut self,
        pipeline: &PipelineName,
        revisions: &[(String, String)],
        token: &str,
        now: Timestamp,
    ) -> Carried {
        let id = self.next_id();
        let run = self.run_from(now);
        let Some(found) = self.all.get_mut(pipeline) else { return Carried::Impossible(no_pipeline(pipeline)) };
        if let Some(id) = found.tokens.get(token) {
            return Carried::Done(Some(id.as_str().to_owned()));
        }
        found.tokens.insert(token.to_owned(), id.clone());
        let sources = revisions.iter().map(|(action, revision)| source(action, revision)).collect();
        let reached = found.stages.iter().take(self.reaches);
        let runs = reached.map(|stage| (stage.clone(), run.clone())).collect();
        let structure = found.structure;
        found.executions.push(Execution { id: id.clone(), started: now, structure, restores: None, sources, runs });
        Carried::Done(Some(id.as_str().to_owned()))
    }

    /// Closes for a reason, whatever the reason was before, or opens.
    fn open_or_close(&mut self, pipeline: &PipelineName, stage: &StageName, closing: Option<&str>) -> Carried {
        let Some(found) = self.all.get_mut(pipeline) else { return Carried::Impossible(no_pipeline(pipeline)) };
        if !found.stages.contains(stage) {
            return Carried::Impossible(no_stage(stage));
        }
        match closing {
            Some(reason) => found.closed.insert(stage.clone(), reason.to_owned()),
            None => found.closed.remove(stage),
        };
        Carried::Done(None)
    }

    fn run_from(&self, now: Timestamp) -> Run {
        Run { began: now, end: Some((now + self.takes, self.ends.clone())) }
    }

    fn next_id(&mut self) -> ExecutionId {
        self.started += 1;
        ExecutionId::new(format!("{:08x}-0000-4000-8000-0000000000bb", self.started))
    }
}

pub(super) fn source(action: &str, revision: &str) -> SourceRevision {
    let revision = Revision { id: revision.to_owned(), summary: Some(format!("Change {revision}")), url: None };
    SourceRevision { action: action.to_owned(), revision }
}

fn no_pipeline(pipeline: &PipelineName) -> String {
    format!("PipelineNotFoundException: there is no pipeline {pipeline}")
}

pub(super) fn no_stage(stage: &StageName) -> String {
    format!("StageNotFoundException: there is no stage {stage}")
}

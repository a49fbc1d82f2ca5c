//! One pipeline of the world: its stages, its executions, and the rules by which a stage goes back.

use std::collections::BTreeMap;

use jiff::Timestamp;
use pipeline_model::{ExecutionId, StageName};
use rollback_plans::targets::{ExecutionSeen, RunStatus, SourceRevision, StageRun};

use super::pipelines::no_stage;

/// A pipeline.
#[derive(Debug, Default)]
pub(super) struct Pipeline {
    pub(super) stages: Vec<StageName>,
    /// Grows with every edit.
    pub(super) structure: u32,
    pub(super) is_parallel: bool,
    /// Oldest first.
    pub(super) executions: Vec<Execution>,
    /// Stages whose inbound transition is closed, and why.
    pub(super) closed: BTreeMap<StageName, String>,
    /// What was started with which client request token.
    pub(super) tokens: BTreeMap<String, ExecutionId>,
}

/// An execution; one that restores another is a rollback.
#[derive(Debug)]
pub(super) struct Execution {
    pub(super) id: ExecutionId,
    pub(super) started: Timestamp,
    pub(super) structure: u32,
    pub(super) restores: Option<ExecutionId>,
    pub(super) sources: Vec<SourceRevision>,
    pub(super) runs: BTreeMap<StageName, Run>,
}

/// What an execution did in a stage.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) began: Timestamp,
    /// When it ends and how; it may lie ahead.
    pub(super) end: Option<(Timestamp, RunStatus)>,
}

impl Run {
    fn status(&self, now: Timestamp) -> RunStatus {
        match &self.end {
            Some((at, status)) if *at <= now => status.clone(),
            _ => RunStatus::Running,
        }
    }

    fn changed(&self, now: Timestamp) -> Timestamp {
        self.end.as_ref().map(|(at, _)| *at).filter(|at| *at <= now).unwrap_or(self.began)
    }
}

impl Execution {
    fn status(&self, stage: &StageName, now: Timestamp) -> Option<RunStatus> {
        self.runs.get(stage).map(|run| run.status(now))
    }
}

impl Pipeline {
    /// What entered the stage last.
    pub(super) fn current(&self, stage: &StageName, now: Timestamp) -> Option<StageRun> {
        let entered = self.executions.iter().filter_map(|execution| Some((execution, execution.runs.get(stage)?)));
        let (execution, run) = entered.max_by_key(|(_, run)| run.began)?;
        Some(StageRun {
            execution: execution.id.clone(),
            status: run.status(now),
            is_rollback: execution.restores.is_some(),
            changed: Some(run.changed(now)),
        })
    }

    /// What succeeded in the stage in the current structure, newest first.
    pub(super) fn succeeded(&self, stage: &StageName, now: Timestamp) -> Vec<ExecutionSeen> {
        let succeeded = |it: &&Execution| it.status(stage, now) == Some(RunStatus::Succeeded);
        let current = self.executions.iter().filter(|it| it.structure == self.structure);
        current.filter(succeeded).rev().map(|it| self.seen(it, now)).collect()
    }

    /// All executions, newest first.
    pub(super) fn all(&self, now: Timestamp) -> Vec<ExecutionSeen> {
        self.executions.iter().rev().map(|it| self.seen(it, now)).collect()
    }

    fn seen(&self, execution: &Execution, now: Timestamp) -> ExecutionSeen {
        ExecutionSeen {
            execution: execution.id.clone(),
            is_rollback: execution.restores.is_some(),
            restores: execution.restores.clone(),
            started: Some(execution.started),
            is_parallel: self.is_parallel,
            status: self.status(execution, now),
            sources: execution.sources.clone(),
        }
    }

    /// How far the whole execution came.
    fn status(&self, execution: &Execution, now: Timestamp) -> RunStatus {
        let last = execution.runs.keys().next().filter(|_| execution.restores.is_some()).or(self.stages.last());
        if last.and_then(|stage| execution.status(stage, now)) == Some(RunStatus::Succeeded) {
            return RunStatus::Succeeded;
        }
        let mut ended = execution.runs.values().map(|run| run.status(now));
        ended.find(|status| matches!(status, RunStatus::Ended(_))).unwrap_or(RunStatus::Running)
    }

    /// What the stage would be made of again, or why it cannot go back, in CodePipeline's words.
    pub(super) fn may_roll_back(
        &self,
        stage: &StageName,
        to: &ExecutionId,
        now: Timestamp,
    ) -> Result<Vec<SourceRevision>, String> {
        if !self.stages.contains(stage) {
            return Err(no_stage(stage));
        }
        if self.is_parallel || self.stages.first() == Some(stage) {
            return Err(String::from("ValidationException: this stage cannot be rolled back"));
        }
        let Some(target) = self.executions.iter().find(|it| it.id == *to) else {
            return Err(format!("PipelineExecutionNotFoundException: there is no execution {to}"));
        };
        if self.current(stage, now).is_some_and(|run| run.status == RunStatus::Running) {
            return Err(String::from("UnableToRollbackStageException: the stage is currently running"));
        }
        if target.restores.is_some() || target.status(stage, now) != Some(RunStatus::Succeeded) {
            return Err(format!("UnableToRollbackStageException: {to} is no execution to go back to"));
        }
        if target.structure != self.structure {
            return Err(format!("PipelineExecutionOutdatedException: {to} is outdated"));
        }
        Ok(target.sources.clone())
    }

    /// Whether an execution may enter the stage now.
    pub(super) fn lets_in(&self, stage: &StageName, now: Timestamp) -> bool {
        let is_busy = self.current(stage, now).is_some_and(|run| run.status == RunStatus::Running);
        !self.closed.contains_key(stage) && (self.is_parallel || !is_busy)
    }
}

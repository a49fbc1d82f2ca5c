//! A stage of a pipeline: `GetPipelineState` and `ListPipelineExecutions`.

use jiff::Timestamp;
use pipeline_model::{ExecutionId, Revision};

use super::Look;
use crate::book::MOST_REMEMBERED;
use crate::windows::Outlook;
use crate::{Fate, Past, Pledge, Refusal, Release, Standing, Step, Target, Way};

/// Most targets tried: each is a call, and who has three outdated ones has changed the pipeline.
const MOST_CANDIDATES: usize = 3;
/// As many are needed while nobody knows which of them the book says were thrown out.
const ENOUGH: usize = MOST_CANDIDATES + MOST_REMEMBERED;

/// `status` of an execution that a newer one has overtaken: what comes to the stage is newer.
const SUPERSEDED: &str = "Superseded";

/// What was seen of a stage.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StageSeen {
    /// What ran in the stage last; nothing for a pipeline in PARALLEL mode, whose state is empty.
    pub current: Option<StageRun>,
    /// Why its inbound transition is closed (`disabledReason`); `None` while it is open.
    pub closed: Option<String>,
    /// Executions that succeeded in the stage, in the current structure of the pipeline, newest first.
    pub succeeded: Vec<ExecutionSeen>,
    /// All executions, newest first; `None` until somebody has asked for them.
    pub all: Option<Vec<ExecutionSeen>>,
}

/// What ran in a stage last.
#[derive(Debug, Clone, PartialEq)]
pub struct StageRun {
    /// The execution.
    pub execution: ExecutionId,
    /// How far it came.
    pub status: RunStatus,
    /// `type` is `ROLLBACK`.
    pub is_rollback: bool,
    /// The latest `lastStatusChange` of the stage's actions.
    pub changed: Option<Timestamp>,
}

/// How far an execution came in a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunStatus {
    /// `InProgress` or `Stopping`.
    Running,
    /// `Succeeded`.
    Succeeded,
    /// Anything else, in CodePipeline's word for it.
    Ended(String),
}

/// One execution of a pipeline.
#[derive(Debug, Clone, PartialEq)]
pub struct ExecutionSeen {
    /// The execution.
    pub execution: ExecutionId,
    /// `executionType` is `ROLLBACK`.
    pub is_rollback: bool,
    /// `rollbackTargetPipelineExecutionId`.
    pub restores: Option<ExecutionId>,
    /// When it began.
    pub started: Option<Timestamp>,
    /// `executionMode` is `PARALLEL`.
    pub is_parallel: bool,
    /// How far the whole execution came.
    pub status: RunStatus,
    /// What it was made of.
    pub sources: Vec<SourceRevision>,
}

/// What a source action read.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceRevision {
    /// The source action.
    pub action: String,
    /// The revision.
    pub revision: Revision,
}

impl ExecutionSeen {
    fn revision(&self) -> Option<Revision> {
        self.sources.first().map(|source| source.revision.clone())
    }
}

impl StageSeen {
    /// Whether these executions, the newest of those that succeeded in the stage, are all that can be needed: the current
    /// one and as many as are tried, whatever was thrown out. Nothing goes back from what did not succeed, nor from a
    /// rollback.
    pub fn is_enough(current: Option<&StageRun>, found: &[ExecutionSeen]) -> bool {
        let goes_back = |run: &&StageRun| run.status == RunStatus::Succeeded && !run.is_rollback;
        let Some(run) = current.filter(goes_back) else { return true };
        found.iter().any(|it| it.execution == run.execution)
            && stood_before(found, run.execution.as_str()).filter(|it| !it.is_parallel).count() >= ENOUGH
    }

    fn of(&self, id: &ExecutionId) -> Option<&ExecutionSeen> {
        self.succeeded.iter().chain(self.all.iter().flatten()).find(|execution| execution.execution == *id)
    }

    /// What stood in the stage before the current execution, newest first.
    ///
    /// Where a rollback stood, its target stood: what came between the two was found to be bad, by us or by a person.
    /// CodePipeline lists executions by their beginning: a rollback that began after the current execution stood before it
    /// all the same, while that one waited.
    fn candidates<'a>(&'a self, outlook: &'a Outlook<'_>) -> impl Iterator<Item = &'a ExecutionSeen> {
        stood_before(&self.succeeded, &outlook.release.id)
            .filter(|it| !outlook.was_thrown_out(&it.execution) && !it.is_parallel)
    }

    /// All of these, as many as can be needed whatever the book says.
    pub(crate) fn all_ways_back(&self, outlook: &Outlook<'_>) -> Vec<ExecutionId> {
        self.candidates(outlook).take(ENOUGH).map(|it| it.execution.clone()).collect()
    }

    /// The last release that went through the whole pipeline, whatever the pipeline's structure was then.
    fn redeployable<'a>(&'a self, outlook: &'a Outlook<'_>) -> Option<&'a ExecutionSeen> {
        let all = self.all.as_deref().unwrap_or_default();
        stood_before(all, &outlook.release.id).find(|it| {
            !outlook.was_thrown_out(&it.execution) && it.status == RunStatus::Succeeded && !it.sources.is_empty()
        })
    }

    /// All rollbacks of the pipeline, newest first.
    pub(crate) fn rollbacks(&self) -> impl Iterator<Item = Release> {
        self.all.iter().flatten().filter(|execution| execution.is_rollback).map(|rollback| Release {
            id: rollback.execution.as_str().to_owned(),
            began: rollback.started,
            restores: rollback.restores.clone(),
            ..Release::default()
        })
    }

    /// Whether a rollback is one of this stage, as far as can be told: it stands or succeeded here, or restores what the
    /// pledge wanted back, or what else it could lead to.
    pub(crate) fn is_of_this_stage(&self, rollback: &Release, pledge: &Pledge) -> bool {
        let is_it = |id: &ExecutionId| id.as_str() == rollback.id;
        self.current.as_ref().is_some_and(|run| is_it(&run.execution))
            || self.succeeded.iter().any(|it| is_it(&it.execution))
            || rollback.restores.is_some() && rollback.restores == pledge.target_execution
            || rollback.restores.as_ref().is_some_and(|target| pledge.candidates.contains(target))
    }

    /// An execution made of exactly the revisions that a pledge wanted back: a redeployment looks like any release.
    pub(crate) fn redeployment_of(&self, pledge: &Pledge) -> Option<Release> {
        let wanted = pledge.redeployment.as_ref()?;
        let is_wanted = |source: &SourceRevision| {
            wanted.revisions.iter().any(|(action, id)| *action == source.action && *id == source.revision.id)
        };
        let fits = |it: &&ExecutionSeen| {
            !it.is_rollback
                && it.execution.as_str() != pledge.release
                && !it.sources.is_empty()
                && it.sources.iter().all(is_wanted)
                && it.started.is_some_and(|started| pledge.can_have_begun(started))
        };
        let execution = self.all.iter().flatten().find(fits)?;
        Some(Release {
            id: execution.execution.as_str().to_owned(),
            began: execution.started,
            restores: Some(wanted.of.clone()),
            ..Release::default()
        })
    }

    /// What became of a rollback that has not come to the stage: a pipeline that was started anew may take its time, and may
    /// fail before it comes there, which only the list of all executions tells.
    fn on_its_way(&self, started: Option<&str>) -> Fate {
        let found = self.all.iter().flatten().find(|it| Some(it.execution.as_str()) == started);
        match found.map(|it| &it.status) {
            Some(RunStatus::Ended(word)) if word == SUPERSEDED => Fate::Over,
            Some(RunStatus::Ended(word)) => Fate::Failed(word.clone()),
            _ => Fate::Runs,
        }
    }

    /// What ran here last, if it is no rollback.
    pub(crate) fn release(&self) -> Option<Release> {
        match self.standing() {
            Standing::Running(release) | Standing::Deployed(release) | Standing::Broken(release, _) => Some(release),
            Standing::Never | Standing::Stoppable(_) | Standing::RolledBack(_) => None,
        }
    }

    /// Whether a rollback was under way here at that moment, as far as can be told: one that runs is in no list that says
    /// when it began.
    pub(crate) fn goes_back_at(&self, moment: Timestamp) -> bool {
        let Some(run) = self.current.as_ref().filter(|run| run.is_rollback) else { return false };
        let began = self.of(&run.execution).and_then(|execution| execution.started);
        let is_over = run.status != RunStatus::Running && run.changed.is_some_and(|changed| changed < moment);
        !is_over && began.is_none_or(|began| began <= moment)
    }

    /// Whether the list of all executions would open one more way: the last one, if CodePipeline refuses the others.
    pub(crate) fn wants_all(&self, outlook: &Outlook<'_>) -> bool {
        outlook.limits.redeploys && self.all.is_none()
    }
}

/// Of `executions`, newest first, what may have stood before the current one and was thrown out by no rollback.
fn stood_before<'a>(executions: &'a [ExecutionSeen], current: &str) -> impl Iterator<Item = &'a ExecutionSeen> {
    // A list that does not hold what succeeded last is behind: then all in it is older.
    let current = executions.iter().position(|it| it.execution.as_str() == current);
    let mut restored: Option<&ExecutionId> = None;
    let stood = executions.iter().enumerate().filter(move |(place, it)| {
        if current == Some(*place) || restored.is_some_and(|target| *target != it.execution) {
            return false;
        }
        restored = it.restores.as_ref().filter(|_| it.is_rollback);
        !it.is_rollback && current.is_none_or(|current| current < *place)
    });
    stood.map(|(_, it)| it)
}

impl Look for StageSeen {
    fn standing(&self) -> Standing {
        let Some(run) = &self.current else { return Standing::Never };
        let known = self.of(&run.execution);
        let release = Release {
            id: run.execution.as_str().to_owned(),
            began: known.and_then(|execution| execution.started),
            ended: run.changed.filter(|_| run.status == RunStatus::Succeeded),
            revision: known.and_then(ExecutionSeen::revision),
            restores: known.and_then(|execution| execution.restores.clone()),
        };
        match &run.status {
            _ if run.is_rollback => Standing::RolledBack(release),
            RunStatus::Running => Standing::Running(release),
            RunStatus::Succeeded => Standing::Deployed(release),
            RunStatus::Ended(word) => Standing::Broken(release, word.clone()),
        }
    }

    /// Only what entered the stage last is shown there: what is covered by something newer needs nobody any more.
    fn fate(&self, past: &Past) -> Fate {
        let Some(run) = &self.current else { return Fate::Over };
        let is_ours = past.started.as_deref() == Some(run.execution.as_str());
        match &run.status {
            _ if !is_ours && run.execution.as_str() == past.pledge.release => self.on_its_way(past.started.as_deref()),
            RunStatus::Running if is_ours => Fate::Runs,
            RunStatus::Ended(word) if is_ours => Fate::Failed(word.clone()),
            _ => Fate::Over,
        }
    }

    /// See [`crate::untold()`].
    fn came_of(&self, _: &Pledge) -> Option<Release> {
        None
    }

    fn ways(&self, outlook: &Outlook<'_>) -> Result<Vec<Way>, Refusal> {
        let Target::Stage { pipeline, stage } = outlook.target else { return Err(Refusal::NoWayBack) };
        let back = |to: &ExecutionSeen| Way {
            step: Step::RollBackStage { pipeline: pipeline.clone(), stage: stage.clone(), to: to.execution.clone() },
            to: to.revision(),
            target_execution: Some(to.execution.clone()),
        };
        let mut ways: Vec<Way> = self.candidates(outlook).take(MOST_CANDIDATES).map(back).collect();
        if outlook.limits.redeploys {
            ways.extend(self.redeployable(outlook).map(|of| Way {
                step: Step::Redeploy {
                    pipeline: pipeline.clone(),
                    of: of.execution.clone(),
                    revisions: of.sources.iter().map(|it| (it.action.clone(), it.revision.id.clone())).collect(),
                    token: outlook.token(),
                },
                to: of.revision(),
                target_execution: Some(of.execution.clone()),
            }));
        }
        if ways.is_empty() { Err(Refusal::NoWayBack) } else { Ok(ways) }
    }
}

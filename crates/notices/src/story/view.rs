//! What the story looks like from outside: where it stands, its stages in order, who it waits for.

use jiff::{SignedDuration, Timestamp};
use pipeline_model::{ActionState, ExecutionId, ExecutionState, PipelineArn, StageName, StageState};

use super::{ActionPath, StageStory, Story};
use crate::history::Broken;
use crate::lattice::Course;

/// An approval waits seven days unless its action says otherwise (CodePipeline limits page).
const DEFAULT_APPROVAL_MINUTES: i64 = 7 * 24 * 60;

/// Seconds by which two of AWS's clocks may differ.
const SKEW: i64 = 60;

/// Where an execution stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    Started,
    Running(StageName),
    /// A stage has succeeded and the next one has not begun.
    Passed(StageName),
    /// A failed stage runs once more.
    Retrying(StageName),
    Waiting(Vec<Pending>),
    /// An action has failed and others of its stage still run.
    Failing(StageName),
    Failed(Option<StageName>),
    Succeeded,
    Stopping,
    Stopped,
    Canceled,
    Superseded,
    Unknown(String),
    /// The visit to a gate with this identity says it best: it holds the release or has stopped it, or nothing else is
    /// known.
    Gate(String),
    /// The scan with this identity says it best: it has stopped the release, or nothing else is known.
    Scan(String),
    /// The decision with this identity says it best: the release was rolled back or is to be, or nothing else is known.
    Rollback(String),
}

/// An approval that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pending {
    pub(crate) path: ActionPath,
    pub(crate) attempt: u32,
    pub(crate) since: Timestamp,
    pub(crate) expires: Timestamp,
}

/// How a stage looks in the row of stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    Ahead,
    Running,
    Waiting,
    Succeeded,
    Failed,
    /// Stopped, canceled or of a state this version does not know.
    Other,
}

/// A stage in the row of stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step<'a> {
    pub(crate) name: &'a StageName,
    pub(crate) mark: Mark,
    /// From when to when, once it has ended.
    pub(crate) span: Option<(Timestamp, Timestamp)>,
}

impl Story {
    /// The latest structure version any event named.
    pub fn structure_version(&self) -> Option<u32> {
        self.structure_version
    }

    /// Nothing more will come unless somebody retries.
    pub fn is_over(&self) -> bool {
        let latest = self.attempt();
        self.run.as_ref().is_some_and(|run| run.is_over() && run.attempt == latest)
    }

    /// The latest attempt succeeded.
    pub(crate) fn succeeded(&self) -> bool {
        self.is_over() && self.run.as_ref().is_some_and(|run| run.state == ExecutionState::Succeeded)
    }

    /// The states AWS sent that this version does not know, to be counted.
    pub fn unknown_states(&self) -> Vec<String> {
        let run = self.run.iter().filter_map(|run| match &run.state {
            ExecutionState::Unknown(text) => Some(text.clone()),
            _ => None,
        });
        let stages = self.stages.values().filter_map(|stage| match &stage.course.as_ref()?.state {
            StageState::Unknown(text) => Some(text.clone()),
            _ => None,
        });
        let actions = self.stages.values().flat_map(|stage| stage.actions.values());
        let actions = actions.filter_map(|action| match &action.course.state {
            ActionState::Unknown(text) => Some(text.clone()),
            _ => None,
        });
        run.chain(stages).chain(actions).collect()
    }

    /// The pipeline.
    pub fn pipeline(&self) -> &PipelineArn {
        &self.pipeline
    }

    /// The execution.
    pub fn execution(&self) -> &ExecutionId {
        &self.execution
    }

    /// Nothing has told of the execution itself: neither an event nor CodePipeline.
    pub fn is_unheard_of(&self) -> bool {
        self.run.is_none() && self.stages.is_empty()
    }

    /// The latest known change.
    pub fn last_change(&self) -> Option<Timestamp> {
        let stages = self.stages.values().filter_map(|stage| stage.course.as_ref().map(|course| course.at));
        let actions = self.stages.values().flat_map(|stage| stage.actions.values()).map(|action| action.course.at);
        self.run.iter().map(|run| run.at).chain(stages).chain(actions).max()
    }

    /// The first sign of an attempt.
    pub(crate) fn attempt_began(&self, attempt: u32) -> Option<Timestamp> {
        let run = self.run.iter().filter(|run| run.attempt == attempt).map(|run| run.started.unwrap_or(run.at));
        let stages = self.stages.values().filter_map(|stage| stage.course.as_ref());
        let stages =
            stages.filter(|course| course.attempt == attempt).map(|course| course.started.unwrap_or(course.at));
        let actions = self.stages.values().flat_map(|stage| stage.actions.values()).map(|action| &action.course);
        let actions = actions.filter(|course| course.attempt.max(1) == attempt);
        let actions = actions.map(|course| course.started.unwrap_or(course.at));
        let whole = self.began.filter(|_| attempt == 1);
        run.chain(stages).chain(actions).chain(whole).min()
    }

    /// A release that was rolled back is that before anything else, unless it fails or waits elsewhere.
    pub(crate) fn standing(&self) -> Standing {
        let course = self.course();
        let decided = match &course {
            _ if self.is_unheard_of() => self.rollbacks.leading(),
            Standing::Failing(_)
            | Standing::Failed(_)
            | Standing::Waiting(_)
            | Standing::Gate(_)
            | Standing::Scan(_)
            | Standing::Stopping => None,
            _ => self.rollbacks.carried_out(),
        };
        let first = if self.is_unheard_of() { self.known_of_first() } else { None };
        match (decided, first) {
            (Some(identity), _) => Standing::Rollback(identity.to_owned()),
            (None, Some(first)) => first,
            (None, None) => course,
        }
    }

    /// What its success has put right. A release that was rolled back has put nothing right.
    pub(crate) fn has_fixed(&self) -> Option<&Broken> {
        self.fixed.get(&self.attempt()).filter(|_| self.rollbacks.done_at().is_none())
    }

    /// Where the execution itself stands, whatever was decided about its release.
    pub(crate) fn course(&self) -> Standing {
        let attempt = self.attempt();
        if let Some(run) = self.run.as_ref().filter(|run| run.attempt == attempt) {
            match &run.state {
                ExecutionState::Succeeded => return Standing::Succeeded,
                ExecutionState::Failed => return Standing::Failed(self.failed_stage(attempt)),
                ExecutionState::Stopped => return Standing::Stopped,
                ExecutionState::Stopping => return Standing::Stopping,
                ExecutionState::Canceled => return Standing::Canceled,
                ExecutionState::Superseded => return Standing::Superseded,
                ExecutionState::Unknown(text) => return Standing::Unknown(text.clone()),
                ExecutionState::Started | ExecutionState::Resumed => {}
            }
        }
        match (self.failed_stage(attempt), self.pending()) {
            (Some(stage), _) => Standing::Failing(stage),
            (None, pending) if pending.is_empty() => self.stands_at().unwrap_or_else(|| self.moving(attempt)),
            (None, pending) => Standing::Waiting(pending),
        }
    }

    /// Where an execution stands that nothing holds up.
    fn moving(&self, attempt: u32) -> Standing {
        let steps = self.steps();
        let at = |mark: Mark| steps.iter().rev().find(|step| step.mark == mark).map(|step| step.name.clone());
        let retried = attempt.checked_sub(1).and_then(|before| self.failed_stage(before));
        let retried =
            retried.filter(|stage| steps.iter().any(|step| step.name == stage && step.mark != Mark::Succeeded));
        match (retried, at(Mark::Running), at(Mark::Succeeded)) {
            (Some(stage), ..) => Standing::Retrying(stage),
            (_, Some(stage), _) => Standing::Running(stage),
            (.., Some(stage)) => Standing::Passed(stage),
            _ => Standing::Started,
        }
    }

    /// The approvals that wait now.
    pub(crate) fn pending(&self) -> Vec<Pending> {
        if self.is_over() {
            return Vec::new();
        }
        let mut pending = Vec::new();
        for (stage, story) in &self.stages {
            for (name, action) in story.actions.iter().filter(|(_, action)| action.waits()) {
                let path = ActionPath { stage: stage.clone(), action: name.clone() };
                let since = action.course.started.unwrap_or(action.course.at);
                let expires = self.approval_expiry(&path, since);
                let attempt = if action.course.attempt == 0 { self.attempt() } else { action.course.attempt };
                if !self.went_past(stage, attempt, since) {
                    pending.push(Pending { path, attempt, since, expires });
                }
            }
        }
        pending
    }

    /// When an approval that began then ends unanswered.
    pub(crate) fn approval_expiry(&self, path: &ActionPath, since: Timestamp) -> Timestamp {
        let note = self.approvals.get(path);
        let minutes = note.and_then(|note| note.timeout_minutes).map_or(DEFAULT_APPROVAL_MINUTES, i64::from);
        let computed = since.saturating_add(SignedDuration::from_mins(minutes)).unwrap_or(Timestamp::MAX);
        let asked =
            note.and_then(|note| note.asked.as_ref()).filter(|asked| asked.at.as_second() >= since.as_second() - SKEW);
        asked.and_then(|asked| asked.expires).unwrap_or(computed)
    }

    /// The answer to an approval was lost if its stage is over, or another stage began after the approval did.
    fn went_past(&self, stage: &StageName, attempt: u32, since: Timestamp) -> bool {
        let is_over = |story: &StageStory| {
            story.course.as_ref().is_some_and(|course| course.is_over() && course.attempt >= attempt)
        };
        // Events tell seconds where start times tell milliseconds.
        let later = |story: &StageStory| story.began().is_some_and(|began| began.as_second() > since.as_second());
        self.stages.iter().any(|(name, story)| if name == stage { is_over(story) } else { later(story) })
    }

    /// The stages in order: first those of the structure, then any other by its start.
    pub(super) fn stages_in_order(&self) -> Vec<(&StageName, Option<&StageStory>)> {
        let mut others: Vec<_> = self.stages.iter().filter(|(name, _)| !self.order.contains(name)).collect();
        others.sort_by_key(|(_, stage)| stage.started());
        let known = self.order.iter().map(|name| (name, self.stages.get(name)));
        known.chain(others.into_iter().map(|(name, stage)| (name, Some(stage)))).collect()
    }

    /// The row of stages. A stage that seems to run although a later one has begun has succeeded, and its event is lost.
    pub(crate) fn steps(&self) -> Vec<Step<'_>> {
        let stages = self.stages_in_order();
        let furthest = stages.iter().rposition(|(_, stage)| stage.is_some());
        let failed = self.failed_stage(self.attempt());
        let held: Vec<_> = self.at_gates().into_iter().filter_map(|(_, visit)| visit.place.stage.as_ref()).collect();
        let step = |(at, (name, stage)): (usize, &(&'_ StageName, Option<&StageStory>))| {
            let mark = match stage.map_or(Mark::Ahead, StageStory::mark) {
                Mark::Running | Mark::Waiting if furthest > Some(at) || self.succeeded() => Mark::Succeeded,
                Mark::Running | Mark::Waiting if self.is_over() && failed.as_ref() == Some(*name) => Mark::Failed,
                Mark::Running | Mark::Waiting if self.is_over() => Mark::Other,
                Mark::Running if held.contains(name) => Mark::Waiting,
                mark => mark,
            };
            (at, mark)
        };
        let marks: Vec<_> = stages.iter().enumerate().map(step).collect();
        let span = |at: usize| stages[at].1.and_then(StageStory::span);
        marks.into_iter().map(|(at, mark)| Step { name: stages[at].0, mark, span: span(at) }).collect()
    }

    pub(crate) fn failed_stage(&self, attempt: u32) -> Option<StageName> {
        let failure = self.failures.get(&attempt)?;
        failure.stage.clone().or_else(|| failure.actions.keys().next().map(|path| path.stage.clone()))
    }

    /// How many actions failed in an attempt; those of an attempt that was retried are known by name only up to a bound.
    pub(crate) fn failed_actions(&self, attempt: u32) -> usize {
        let actions = self.stages.values().flat_map(|stage| stage.actions.values()).map(|action| &action.course);
        let failed = actions.filter(|course| course.attempt == attempt && course.state == ActionState::Failed).count();
        failed.max(self.failures.get(&attempt).map_or(0, |failure| failure.actions.len()))
    }
}

impl StageStory {
    /// When the stage began, or at least when it was first heard of: for order.
    fn started(&self) -> Option<Timestamp> {
        self.began().or(self.course.as_ref().map(|course| course.at))
    }

    /// When the stage began, where anybody said so.
    pub(super) fn began(&self) -> Option<Timestamp> {
        let attempt = self.course.as_ref().map(|course| course.attempt);
        let own = |course: &&Course<ActionState>| attempt.is_none_or(|attempt| course.attempt == attempt);
        let actions =
            || self.actions.values().map(|action| &action.course).filter(own).filter_map(|course| course.started).min();
        self.course.as_ref().and_then(|course| course.started).or_else(actions)
    }

    /// From when to when, once it has ended and both are known.
    pub(crate) fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let course = self.course.as_ref().filter(|course| course.is_over())?;
        Some((self.began()?, course.at))
    }

    fn mark(&self) -> Mark {
        let mut open = self.actions.values().filter(|action| !action.course.is_over()).peekable();
        let open_mark =
            if open.peek().is_some() && open.all(|action| action.waits()) { Mark::Waiting } else { Mark::Running };
        match self.course.as_ref().map(|course| &course.state) {
            Some(StageState::Succeeded) => Mark::Succeeded,
            Some(StageState::Failed) => Mark::Failed,
            Some(StageState::Canceled | StageState::Stopped | StageState::Unknown(_)) => Mark::Other,
            Some(StageState::Started | StageState::Resumed | StageState::Stopping) => open_mark,
            None if self.actions.values().any(|action| action.course.state == ActionState::Failed) => Mark::Failed,
            None => open_mark,
        }
    }
}

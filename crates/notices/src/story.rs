//! Everything known of one execution, joined from events and facts in whatever order they come.

pub(crate) mod bounds;
mod join;
mod learn;
mod parts;
mod repair;
mod stops;
#[cfg(test)]
mod tests;
mod view;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use pipeline_model::{
    ActionChange, ActionState, ApprovalRequest, Change, Decision, ExecutionId, ExecutionState, PipelineArn,
    PipelineEvent, StageName, StageState, Trigger,
};
use serde::{Deserialize, Serialize};

use crate::facts::Commit;
use crate::gate::Gates;
use crate::history::Broken;
use crate::lattice::{Course, earliest, readable};
use crate::rollback::Rollbacks;
use crate::scan::Scans;
use parts::{ApprovalNote, Asked};

pub(crate) use parts::{ActionPath, ActionStory, FailedAction, Failure, Origin, Role, Said, StageStory, kept};
pub(crate) use view::{Mark, Pending, Standing, Step};

/// One execution, as far as it is known.
///
/// The fields with events in them form a lattice: absorbing is commutative, associative and idempotent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Story {
    pub(crate) pipeline: PipelineArn,
    pub(crate) execution: ExecutionId,
    pub(crate) structure_version: Option<u32>,
    pub(crate) run: Option<Course<ExecutionState>>,
    /// The first attempt's start.
    pub(crate) began: Option<Timestamp>,
    pub(crate) origin: Option<Origin>,
    pub(crate) stop_comment: Option<String>,
    #[serde(default)]
    pub(crate) stages: BTreeMap<StageName, StageStory>,
    /// What failed, by attempt: a retry does not wipe it out.
    #[serde(default)]
    pub(crate) failures: BTreeMap<u32, Failure>,
    /// The order of the stages, once the structure is known.
    #[serde(default)]
    pub(crate) order: Vec<StageName>,
    #[serde(default)]
    pub(crate) approvals: BTreeMap<ActionPath, ApprovalNote>,
    pub(crate) commit: Option<Commit>,
    pub(crate) rollback_target: Option<ExecutionId>,
    /// What the success of an attempt has put right, by attempt.
    #[serde(default)]
    pub(crate) fixed: BTreeMap<u32, Broken>,
    /// Events were lost and the state was read from CodePipeline instead.
    #[serde(default)]
    pub(crate) repaired: bool,
    #[serde(default, skip_serializing_if = "Rollbacks::is_empty")]
    pub(crate) rollbacks: Rollbacks,
    #[serde(default, skip_serializing_if = "Gates::is_empty")]
    pub(crate) gates: Gates,
    #[serde(default, skip_serializing_if = "Scans::is_empty")]
    pub(crate) scans: Scans,
    /// The execution was heard of only when this was decided about it, and the rest was read from CodePipeline: what
    /// happened long before was told long ago.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) recalled: Option<Timestamp>,
    #[serde(default)]
    learned: Learned,
}

/// Which facts were fetched already.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
struct Learned {
    structure: bool,
    execution: bool,
    failures: BTreeSet<u32>,
}

/// What the story would like to know from the API; each is asked for once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wants {
    /// The stages in order and what approvals ask: `GetPipeline`.
    pub structure: bool,
    /// The commit: `GetPipelineExecution`, once a source has been read.
    pub execution: bool,
    /// What the actions said: for the commit's author, and for a failure whose reason did not arrive.
    pub actions: bool,
}

impl Story {
    /// The story of an execution nothing is known of yet.
    pub fn new(pipeline: PipelineArn, execution: ExecutionId) -> Self {
        Self {
            pipeline,
            execution,
            structure_version: None,
            run: None,
            began: None,
            origin: None,
            stop_comment: None,
            stages: BTreeMap::new(),
            failures: BTreeMap::new(),
            order: Vec::new(),
            approvals: BTreeMap::new(),
            commit: None,
            rollback_target: None,
            fixed: BTreeMap::new(),
            repaired: false,
            rollbacks: Rollbacks::default(),
            gates: Gates::default(),
            scans: Scans::default(),
            recalled: None,
            learned: Learned::default(),
        }
    }

    /// Takes in an event of this execution.
    pub fn absorb(&mut self, event: &PipelineEvent) {
        let attempt = event.attempt.unwrap_or(1).max(1);
        self.structure_version = self.structure_version.max(event.structure_version);
        match &event.change {
            Change::Execution { state, trigger, stop_comment } => {
                self.absorb_execution(event, attempt, state);
                self.absorb_trigger(trigger.as_ref());
                self.stop_comment = self.stop_comment.take().max(kept(stop_comment.as_deref(), bounds::TEXT));
            }
            Change::Stage { stage, state, retried } => {
                let started = match state {
                    StageState::Resumed => Some(event.time),
                    StageState::Started => event.started.or(*retried).or(Some(event.time)),
                    _ => event.started.or(*retried),
                };
                self.join_stage(stage, Course { attempt, state: readable(state), at: event.time, started });
            }
            Change::Action(change) => self.absorb_action(event, attempt, change),
        }
    }

    /// Takes in an approval's SNS message, which was sent at `at`.
    pub fn absorb_approval(&mut self, request: &ApprovalRequest, at: Timestamp) {
        let path = ActionPath { stage: request.stage.clone(), action: request.action.clone() };
        let note = self.approvals.entry(path.clone()).or_default();
        note.asked = note.asked.take().max(Some(Asked::new(request, at)));
        // The message names no attempt. Attempt 0 gives way to whatever an event says, in either order.
        let course = Course { attempt: 0, state: ActionState::Started, at, started: Some(at) };
        let said = Said { provider: String::from("Manual"), ..Said::default() };
        self.join_action(path, ActionStory { course, role: Role::Approval, said });
    }

    /// Takes in what was decided about this execution's release: at a gate, by a scan, or about rolling it back.
    pub fn absorb_decision(&mut self, decision: &Decision) {
        self.rollbacks.absorb(decision);
        self.gates.absorb(decision);
        self.scans.absorb(decision);
    }

    /// The latest attempt anything is known of.
    pub(crate) fn attempt(&self) -> u32 {
        let run = self.run.iter().map(|run| run.attempt);
        let stages = self.stages.values().filter_map(|stage| Some(stage.course.as_ref()?.attempt));
        let actions = self.stages.values().flat_map(|stage| stage.actions.values()).map(|action| action.course.attempt);
        run.chain(stages).chain(actions).max().unwrap_or(1).max(1)
    }

    fn absorb_execution(&mut self, event: &PipelineEvent, attempt: u32, state: &ExecutionState) {
        let begins = matches!(state, ExecutionState::Started).then_some(event.time);
        self.began = earliest(self.began, event.started.or(begins));
        let started = match state {
            ExecutionState::Resumed => Some(event.time),
            // The execution's own start is also the start of its first attempt, and of no other.
            _ if attempt == 1 => event.started,
            _ => None,
        };
        self.join_run(Course { attempt, state: readable(state), at: event.time, started });
    }

    fn absorb_trigger(&mut self, trigger: Option<&Trigger>) {
        let word = |text: &Option<String>| kept(text.as_deref(), bounds::LINE);
        let origin = match trigger {
            None => return,
            Some(Trigger::Typed { kind, detail }) => {
                Origin::Typed { kind: crate::text::keep_line(kind, bounds::WORD), detail: word(detail) }
            }
            Some(Trigger::Git { commit, message, author, repository, branch, tag, .. }) => {
                if let Some(id) = commit.clone() {
                    self.learn_trigger(Commit { id, message: message.clone(), author: author.clone(), url: None });
                }
                let (branch, tag) = (word(branch), word(tag));
                Origin::Git { branch, tag, repository: word(repository), author: word(author) }
            }
        };
        // A Git trigger says more than a typed one, and compares as greater.
        self.origin = self.origin.take().max(Some(origin));
    }

    fn absorb_action(&mut self, event: &PipelineEvent, attempt: u32, change: &ActionChange) {
        let started = event.started.or_else(|| (change.state == ActionState::Started).then_some(event.time));
        let path = ActionPath { stage: change.stage.clone(), action: change.action.clone() };
        let course = Course { attempt, state: readable(&change.state), at: event.time, started };
        let (role, said) = (Role::of(&change.kind), Said::new(&change.kind, change.result.as_ref()));
        self.join_action(path, ActionStory { course, role, said });
    }
}

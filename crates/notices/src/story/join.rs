//! Joins one report into the story: commutative, associative, idempotent.

use std::collections::BTreeMap;

use jiff::Timestamp;
use pipeline_model::{ActionState, ExecutionState, StageName, StageState};

use super::{ActionPath, ActionStory, FailedAction, Failure, Role, Said, Story, bounds};
use crate::lattice::{Course, earliest};
use crate::text;

impl Story {
    pub(super) fn join_run(&mut self, course: Course<ExecutionState>) {
        if course.state == ExecutionState::Failed {
            self.failure(course.attempt, course.at);
        }
        match &mut self.run {
            Some(run) => {
                run.join(course);
            }
            None => self.run = Some(course),
        }
        self.trim();
    }

    pub(super) fn join_stage(&mut self, stage: &StageName, course: Course<StageState>) {
        if course.state == StageState::Failed {
            let failure = self.failure(course.attempt, course.at);
            failure.stage = failure.stage.take().max(Some(stage.clone()));
        }
        let known = self.stages.entry(stage.clone()).or_default();
        match &mut known.course {
            Some(known) => {
                known.join(course);
            }
            None => known.course = Some(course),
        }
        self.trim();
    }

    pub(super) fn join_action(&mut self, path: ActionPath, mut action: ActionStory) {
        if action.course.state == ActionState::Failed {
            self.join_failed_action(&path, &action);
        }
        action.said.summary = action.said.summary.map(|summary| text::keep(&summary, bounds::LINE));
        let actions = &mut self.stages.entry(path.stage).or_default().actions;
        match actions.get_mut(&path.action) {
            Some(known) => known.join(action),
            None => {
                actions.insert(path.action, action);
            }
        }
        self.trim();
    }

    fn join_failed_action(&mut self, path: &ActionPath, action: &ActionStory) {
        let course = &action.course;
        let failure = self.failure(course.attempt, course.at);
        let failed = failure.actions.entry(path.clone()).or_insert_with(|| FailedAction {
            approval: false,
            started: None,
            at: course.at,
            said: Said::default(),
        });
        failed.approval |= action.role == Role::Approval;
        failed.started = earliest(failed.started, course.started);
        failed.at = failed.at.min(course.at);
        failed.said.join(action.said.clone());
    }

    fn failure(&mut self, attempt: u32, at: Timestamp) -> &mut Failure {
        let failure =
            self.failures.entry(attempt).or_insert_with(|| Failure { at, stage: None, actions: BTreeMap::new() });
        failure.at = failure.at.min(at);
        failure
    }
}

impl ActionStory {
    fn join(&mut self, other: Self) {
        self.role = self.role.max(other.role);
        let (before, reported) = (self.course.clone(), other.course.clone());
        if self.course.join(other.course) {
            self.said = other.said;
        } else if before.is_same_report(&reported) {
            self.said.join(other.said);
        }
    }
}

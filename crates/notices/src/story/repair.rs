//! The state that lost events would have told, read from the API's list of action runs.

use std::collections::BTreeMap;

use pipeline_model::{ActionState, ExecutionState, StageState};

use super::{ActionPath, ActionStory, Role, Said, StageStory, Story};
use crate::facts::{ActionFacts, ExecutionFacts};
use crate::lattice::{Course, earliest, readable};

impl Story {
    /// Learns what the actions said, and the commit's author. The list may hold the runs of all attempts.
    pub fn learn_actions(&mut self, actions: &[ActionFacts]) {
        let attempt = self.attempt();
        if self.failures.contains_key(&attempt) {
            self.learned.failures.insert(attempt);
        }
        for (attempt, facts) in self.runs_by_attempt(actions) {
            self.learn_action(attempt, facts);
        }
        self.learn_author(actions);
    }

    /// Takes the state from the API where events were lost, or are long forgotten. Says whether the execution's end had
    /// been missed.
    pub fn repair(&mut self, facts: &ExecutionFacts, actions: &[ActionFacts]) -> bool {
        if self.is_unheard_of() {
            let gate_or_scan = earliest(self.gates.first_at(), self.scans.first_at());
            self.recalled = earliest(self.rollbacks.first_at(), gate_or_scan);
        }
        self.learn_execution(facts);
        let Some(state) = facts.state.as_ref().map(readable).filter(|_| !self.is_over()) else { return false };
        self.learn_actions(actions);
        let began = actions.iter().filter_map(|facts| facts.started).min();
        self.began = self.began.or(began);
        let ended = actions.iter().filter_map(|facts| facts.updated.or(facts.started)).max();
        let Some(at) = ended.or(self.last_change()).or(self.began) else { return false };
        let course = Course { attempt: self.attempt(), state, at, started: None };
        if !course.is_over() {
            return false;
        }
        self.repair_stages(&course.state);
        self.join_run(course);
        self.repaired = self.recalled.is_none();
        self.repaired
    }

    /// The API's runs carry no attempt. A run belongs to the latest attempt if it began after that attempt did; an
    /// earlier run of the same action belongs to an earlier attempt.
    fn runs_by_attempt<'a>(&self, actions: &'a [ActionFacts]) -> Vec<(u32, &'a ActionFacts)> {
        let mut by_path: BTreeMap<_, Vec<&ActionFacts>> = BTreeMap::new();
        for facts in actions {
            by_path.entry((&facts.stage, &facts.action)).or_default().push(facts);
        }
        let mut found = Vec::new();
        for mut runs in by_path.into_values() {
            runs.sort_by_key(|facts| facts.started.or(facts.updated));
            let mut later = u32::MAX;
            for facts in runs.into_iter().rev() {
                let attempt = self.attempt_of(facts).min(later.saturating_sub(1));
                if attempt > 0 {
                    found.push((attempt, facts));
                }
                later = attempt;
            }
        }
        found
    }

    fn attempt_of(&self, facts: &ActionFacts) -> u32 {
        let (latest, Some(started)) = (self.attempt(), facts.started.or(facts.updated)) else { return 0 };
        // Events tell seconds where the API tells milliseconds.
        if latest == 1 || self.attempt_began(latest).is_some_and(|began| began.as_second() <= started.as_second()) {
            return latest;
        }
        let over = self.failures.range(..latest).filter(|(_, failure)| failure.at.as_second() < started.as_second());
        over.map(|(attempt, _)| attempt + 1).max().unwrap_or(1).min(latest - 1)
    }

    fn learn_action(&mut self, attempt: u32, facts: &ActionFacts) {
        let Some(at) = facts.updated.or(facts.started) else { return };
        let path = ActionPath { stage: facts.stage.clone(), action: facts.action.clone() };
        let known = self.stages.get(&path.stage).and_then(|stage| stage.actions.get(&path.action));
        let same = |known: &&ActionStory| known.course.attempt == attempt && known.course.state == facts.state;
        let at = known.filter(same).map_or(at, |known| known.course.at);
        let course = Course { attempt, state: readable(&facts.state), at, started: facts.started };
        let (role, said) = (Role::of(&facts.kind), Said::new(&facts.kind, facts.result.as_ref()));
        self.join_action(path, ActionStory { course, role, said });
    }

    fn repair_stages(&mut self, end: &ExecutionState) {
        let last = self.stages_in_order().into_iter().rev().find_map(|(name, stage)| stage.map(|_| name.clone()));
        let repaired: Vec<_> = self
            .stages
            .iter()
            .filter_map(|(name, stage)| {
                let course = stage.ended_by_its_actions(end, last.as_ref() == Some(name))?;
                Some((name.clone(), course))
            })
            .collect();
        for (name, course) in repaired {
            self.join_stage(&name, course);
        }
    }
}

impl StageStory {
    /// How the stage must have ended, given what its actions did in its latest attempt.
    fn ended_by_its_actions(&self, end: &ExecutionState, is_last: bool) -> Option<Course<StageState>> {
        let attempt = self
            .actions
            .values()
            .map(|action| action.course.attempt)
            .chain(self.course.iter().map(|course| course.attempt))
            .max()?;
        let latest: Vec<_> = self.actions.values().filter(|action| action.course.attempt == attempt).collect();
        let at = latest.iter().map(|action| action.course.at).max()?;
        let state = if latest.iter().any(|action| action.course.state == ActionState::Failed) {
            StageState::Failed
        } else if *end == ExecutionState::Succeeded || !is_last {
            StageState::Succeeded
        } else {
            return None;
        };
        let started = latest.iter().filter_map(|action| action.course.started).fold(None, |a, b| earliest(a, Some(b)));
        Some(Course { attempt, state, at, started })
    }
}

//! What really happened to the stage and the alarms. No reverter reads or writes it.

use std::collections::{BTreeMap, BTreeSet};

use pipeline_model::{AlarmState, RollbackOutcome};

/// Everything in milliseconds since the story began.
#[derive(Debug, Default)]
pub(super) struct Chronicle {
    /// What entered the stage, releases and rollbacks.
    pub(super) entered: Vec<(i64, String)>,
    /// When a release began.
    pub(super) started: BTreeMap<String, i64>,
    /// When it had succeeded in the stage.
    pub(super) succeeded: BTreeMap<String, i64>,
    /// Releases that are passed over, although they stood. Those that began before a rollback and came to the stage after
    /// it: CodePipeline lists executions by their beginning, so nobody can tell them from what the rollback threw out.
    /// And those that a robot tried to roll back in vain.
    pub(super) doubtful: BTreeSet<String>,
    /// The structure of the pipeline when an execution began.
    pub(super) structures: BTreeMap<String, u32>,
    pub(super) structure: u32,
    pub(super) edits: Vec<i64>,
    /// Rollbacks that began.
    pub(super) rollbacks: Vec<Rollback>,
    /// Deployments of the service, oldest first.
    pub(super) deployments: Vec<Deployment>,
    /// When a robot stopped one.
    pub(super) stops: Vec<i64>,
    /// Changes of alarms for which a robot acted: the alarm, and since when it was red.
    pub(super) acts: BTreeSet<(usize, i64)>,
    /// What stood, each on what it replaced; the last one stands.
    pub(super) lineage: Vec<String>,
    /// By alarm: from when on it had which state.
    pub(super) alarms: Vec<Vec<(i64, AlarmState)>>,
    /// Since when the transition into the stage is as it is, and who closed it.
    pub(super) transition: (i64, Option<By>),
    /// How often a person closed it.
    pub(super) closed_by_people: usize,
    /// What was published.
    pub(super) told: Vec<Told>,
    /// When a target was claimed.
    pub(super) claims: Vec<i64>,
    /// When a call was made to fail or a process to die.
    pub(super) faults: Vec<i64>,
    /// Events and messages that were given up.
    pub(super) dead: usize,
    /// Steps that changed anything, rollbacks or others.
    pub(super) steps: usize,
}

/// Who rolled back, or closed the transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Robot,
    Person,
    Pipeline,
}

/// A rollback that took effect.
#[derive(Debug, Clone)]
pub(super) struct Rollback {
    pub(super) at: i64,
    pub(super) by: By,
    pub(super) id: String,
    /// What stood when it took effect.
    pub(super) from: String,
    /// What stood when whoever did it looked.
    pub(super) seen: String,
    pub(super) to: String,
}

/// A deployment of the service that the stage deploys to.
#[derive(Debug, Clone)]
pub(super) struct Deployment {
    pub(super) arn: String,
    /// The release or rollback that began it.
    pub(super) driver: String,
    pub(super) is_stopped: bool,
}

/// A decision that was published.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) at: i64,
    pub(super) outcome: RollbackOutcome,
    /// It is about the stage.
    pub(super) is_stage: bool,
    pub(super) key: String,
    pub(super) alarm: String,
    pub(super) red_since: i64,
    pub(super) rollback: Option<String>,
    pub(super) cleared: Option<i64>,
}

/// A time in which an alarm was red.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Red {
    pub(super) from: i64,
    pub(super) to: i64,
}

impl Chronicle {
    /// What entered the stage last.
    pub(super) fn current(&self) -> Option<&str> {
        self.entered.last().map(|(_, id)| id.as_str())
    }

    pub(super) fn is_rollback(&self, id: &str) -> bool {
        self.rollbacks.iter().any(|rollback| rollback.id == id)
    }

    /// The release whose revisions stand.
    pub(super) fn standing(&self) -> Option<&str> {
        self.lineage.last().map(String::as_str)
    }

    pub(super) fn by_robots(&self) -> impl Iterator<Item = &Rollback> {
        self.rollbacks.iter().filter(|rollback| rollback.by == By::Robot)
    }

    pub(super) fn enters(&mut self, release: &str, at: i64) {
        self.entered.push((at, release.to_owned()));
        if self.rollbacks.last().is_some_and(|last| last.at >= self.started[release]) {
            self.doubtful.insert(release.to_owned());
        }
    }

    /// What ended in the stage and succeeded.
    pub(super) fn succeeds(&mut self, id: &str, at: i64) {
        self.succeeded.insert(id.to_owned(), at);
        let Some(target) = self.rollbacks.iter().find(|it| it.id == id).map(|it| it.to.clone()) else {
            return self.lineage.push(id.to_owned());
        };
        match self.lineage.iter().position(|it| *it == target) {
            Some(place) => self.lineage.truncate(place + 1),
            None => self.lineage.push(target),
        }
    }

    /// Releases somebody rolled back, or a robot tried to.
    pub(super) fn thrown_out(&self) -> BTreeSet<&str> {
        let counts = |it: &&Rollback| it.by == By::Robot || self.succeeded.contains_key(&it.id);
        self.rollbacks.iter().filter(counts).flat_map(|it| [it.from.as_str(), it.seen.as_str()]).collect()
    }

    /// Where one may go back to from what stands: what stood before it, in the current structure.
    pub(super) fn ways_back(&self) -> Vec<&str> {
        let thrown_out = self.thrown_out();
        let is_way = |id: &&str| self.structures[*id] == self.structure && !thrown_out.contains(id);
        let ways: Vec<&str> = self.lineage.iter().rev().skip(1).map(String::as_str).filter(is_way).collect();
        let first = ways.iter().position(|id| !self.is_doubtful(id)).map_or(ways.len(), |first| first + 1);
        ways[..first].to_vec()
    }

    /// What stands below, newest first, whatever became of it.
    pub(super) fn below(&self) -> Vec<String> {
        self.lineage.iter().rev().skip(1).cloned().collect()
    }

    /// It stood, and is passed over: see [`Self::doubtful`]. So is what was thrown out by a rollback that is taken for ours.
    pub(super) fn is_doubtful(&self, release: &str) -> bool {
        let is_told = |it: &Rollback| self.told.iter().any(|told| told.rollback.as_ref() == Some(&it.id));
        self.doubtful.contains(release) || self.rollbacks.iter().any(|it| it.from == release && is_told(it))
    }

    /// Whether the alarm was red when a release began or when it stood, as far as that counts: a red of more than a watch
    /// before it stood is none of its business, and no data hides what was before it for no longer than that. `after` is
    /// how many milliseconds after those moments it must have been red already.
    pub(super) fn was_red_before(&self, alarm: usize, release: &str, watch: i64, after: i64) -> bool {
        let stood = self.succeeded[release];
        let began = self.started.get(release).copied().unwrap_or(stood).max(stood - watch);
        [began, stood].into_iter().any(|moment| self.was_red_at(alarm, moment + after, began - watch))
    }

    fn was_red_at(&self, alarm: usize, moment: i64, known_since: i64) -> bool {
        let turns = &self.alarms[alarm];
        let first = turns.iter().rposition(|(since, _)| *since < known_since).unwrap_or_default();
        let until = turns.partition_point(|(since, _)| *since < moment);
        let mut newest_first = turns[first.min(until)..until].iter().rev().map(|(_, state)| state);
        newest_first.find(|state| **state != AlarmState::InsufficientData) == Some(&AlarmState::Alarm)
    }

    /// The times in which an alarm was red; the last one may go on.
    pub(super) fn reds(&self, alarm: usize) -> Vec<Red> {
        let turns = &self.alarms[alarm];
        let is_red = |turn: &&(i64, AlarmState)| turn.1 == AlarmState::Alarm;
        let end = |place: usize| turns[place..].iter().find(|turn| !is_red(turn)).map_or(i64::MAX, |(at, _)| *at);
        let red = turns.iter().enumerate().filter(|(_, turn)| is_red(turn));
        red.map(|(place, (from, _))| Red { from: *from, to: end(place) }).collect()
    }
}

//! One execution: the join of its facts, and marks of what was measured.

use jiff::fmt::serde::timestamp::millisecond;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::marks::{Mark, Marks};
use super::stages::{StageSet, Stages};
use crate::fact::{Fact, StageResult, What};

/// What is known of one execution. Every field is a join: first or last moments, greatest values, sets.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Execution {
    /// When it began, at the earliest.
    #[serde(rename = "s", with = "millisecond::optional", default, skip_serializing_if = "Option::is_none")]
    pub(crate) started: Option<Timestamp>,
    /// When it failed first.
    #[serde(rename = "f", with = "millisecond::optional", default, skip_serializing_if = "Option::is_none")]
    pub(crate) failed: Option<Timestamp>,
    /// When it failed last, if it failed more than once.
    #[serde(rename = "l", with = "millisecond::optional", default, skip_serializing_if = "Option::is_none")]
    pub(crate) failed_again: Option<Timestamp>,
    /// When it succeeded.
    #[serde(rename = "g", with = "millisecond::optional", default, skip_serializing_if = "Option::is_none")]
    pub(crate) succeeded: Option<Timestamp>,
    /// When it was last stopped, canceled or superseded.
    #[serde(rename = "d", with = "millisecond::optional", default, skip_serializing_if = "Option::is_none")]
    pub(crate) dropped: Option<Timestamp>,
    /// When it was first rolled back.
    #[serde(rename = "b", with = "millisecond::optional", default, skip_serializing_if = "Option::is_none")]
    pub(crate) rolled_back: Option<Timestamp>,
    /// The last thing that happened, where that is after all other moments here.
    #[serde(rename = "a", with = "millisecond::optional", default, skip_serializing_if = "Option::is_none")]
    pub(crate) touched: Option<Timestamp>,
    /// What is not newer may have been counted before it was forgotten.
    #[serde(rename = "n", with = "millisecond::optional", default, skip_serializing_if = "Option::is_none")]
    pub(crate) heard_after: Option<Timestamp>,
    /// The newest commit, until the lead time is measured.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub(crate) commit: Option<Commit>,
    /// When it was deployed, until the lead time is measured.
    #[serde(rename = "p", with = "millisecond::optional", default, skip_serializing_if = "Option::is_none")]
    pub(crate) deployed: Option<Timestamp>,
    /// How stages ended that deploy, or may deploy, until that is counted.
    #[serde(rename = "e", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) ends: Vec<StageEnd>,
    /// The stages whose durations were measured.
    #[serde(rename = "t", default, skip_serializing_if = "StageSet::is_empty")]
    pub(crate) timed_stages: StageSet,
    /// The approvals, gates, scans and rollbacks that were counted.
    #[serde(rename = "k", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) keys: Vec<u32>,
    /// What is known by a yes, and what was measured.
    #[serde(rename = "m", default, skip_serializing_if = "Marks::is_empty")]
    pub(crate) marks: Marks,
}

/// The time of a commit and its revision; a later one is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Commit(#[serde(with = "millisecond::required")] pub(crate) Timestamp, pub(crate) Option<u32>);

/// When a stage first ended so: its number, the moment, the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StageEnd(
    pub(crate) u8,
    #[serde(with = "millisecond::required")] pub(crate) Timestamp,
    pub(crate) StageResult,
);

/// What an execution counts as; a change of it changes the rates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Standing {
    /// It is in the denominator: it succeeded or failed, and is not a rollback.
    pub(crate) rated: bool,
    /// It succeeded.
    pub(crate) green: bool,
    /// Its duration is known.
    pub(crate) timed: bool,
    /// It ended in any way.
    pub(crate) over: bool,
}

/// What one execution can name at most of each list; a real one names a few.
const LONGEST_LIST: usize = 64;

/// Lists follow events within seconds. What they do not tell after so long is gone, or will never be told.
const LISTS_SETTLE: SignedDuration = SignedDuration::from_hours(1);

impl Standing {
    pub(crate) fn of(execution: &Execution) -> Self {
        let green = execution.succeeded.is_some();
        Self {
            rated: execution.rated_at().is_some(),
            green,
            timed: green && execution.started.is_some(),
            over: execution.first_end().or(execution.dropped).is_some(),
        }
    }
}

impl Execution {
    /// When it first succeeded or failed: its place among the others, which a retry does not change.
    pub(crate) fn first_end(&self) -> Option<Timestamp> {
        earliest(self.succeeded, self.failed)
    }

    /// When it failed last.
    pub(crate) fn last_failure(&self) -> Option<Timestamp> {
        self.failed_again.max(self.failed)
    }

    /// When it first succeeded or failed, if it counts in the rates.
    pub(crate) fn rated_at(&self) -> Option<Timestamp> {
        self.first_end().filter(|_| self.is_release())
    }

    pub(crate) fn is_rollback(&self) -> bool {
        self.marks.has(Mark::Rollback)
    }

    /// No rollback, as far as anybody could tell. Nothing is measured before that is known.
    pub(crate) fn is_release(&self) -> bool {
        !self.is_rollback() && (self.marks.has(Mark::Standard) || self.marks.has(Mark::KindAsked))
    }

    /// The moments at which it turned its pipeline red.
    pub(crate) fn reds(&self) -> impl Iterator<Item = Timestamp> {
        [self.failed, self.failed_again, self.rolled_back].into_iter().flatten()
    }

    /// The last moment anything is known to have happened to it.
    pub(crate) fn last_activity(&self) -> Option<Timestamp> {
        self.moments().chain(self.touched).max()
    }

    /// When the last of these stages succeeded, if all of them did.
    pub(crate) fn passed(&self, deploys: StageSet) -> Option<Timestamp> {
        let passed = |end: &&StageEnd| end.2 == StageResult::Succeeded && deploys.has(end.0);
        let all: StageSet = self.ends.iter().filter(passed).map(|end| end.0).collect();
        let last = self.ends.iter().filter(passed).map(|end| end.1).max();
        last.filter(|_| all == deploys)
    }

    /// When the first of these stages failed.
    pub(crate) fn failed_in(&self, deploys: StageSet) -> Option<Timestamp> {
        let failed = |end: &&StageEnd| end.2 == StageResult::Failed && deploys.has(end.0);
        self.ends.iter().filter(failed).map(|end| end.1).min()
    }

    /// CodePipeline should be asked: once after each end, for what lay between, and for the kind and the commit of what
    /// was deployed before its end.
    pub(crate) fn asks(&self, deploys: Option<StageSet>) -> bool {
        let passed = !self.marks.has(Mark::Deployed) && deploys.is_some_and(|set| self.passed(set).is_some());
        let counts = passed || self.rolled_back.is_some() || deploys.is_some_and(|set| self.failed_in(set).is_some());
        let deployed = self.deployed.is_some() || (passed && !self.is_rollback());
        self.has_unseen_end()
            || (deployed && self.commit.is_none() && !self.marks.has(Mark::WithoutCommit))
            || (counts && !self.is_rollback() && !self.is_release())
    }

    /// Whether nothing more is to be had by looking again: all was seen; or it runs, and is looked at again when it ends;
    /// or it has been quiet for so long that CodePipeline's lists will not change.
    pub(crate) fn is_settled_by(&self, look: &Fact) -> bool {
        let is_quiet = |last: Timestamp| look.at.duration_since(last) >= LISTS_SETTLE;
        match look.what {
            What::LookedAt => true,
            What::LookedAtInPart => self.first_end().is_none() || self.last_activity().is_none_or(is_quiet),
            _ => false,
        }
    }

    /// It ended, and CodePipeline was not asked for everything since.
    pub(crate) fn has_unseen_end(&self) -> bool {
        match (self.succeeded, self.failed) {
            (Some(_), _) => !self.marks.has(Mark::LookedAtGreen),
            (None, Some(_)) => !self.marks.has(Mark::LookedAtRed),
            (None, None) => false,
        }
    }

    /// Stages of it ended, and which of them deploy is not known.
    pub(crate) fn waits_for_structure(&self, stages: &Stages) -> bool {
        !self.ends.is_empty() && self.first_end().is_some() && stages.is_unknown()
    }

    pub(super) fn fail(&mut self, at: Timestamp) {
        let first = earliest(self.failed, Some(at));
        let last = self.failed_again.max(self.failed).max(Some(at));
        self.failed = first;
        self.failed_again = last.filter(|_| last > first);
    }

    pub(super) fn end_stage(&mut self, stage: u8, at: Timestamp, result: StageResult) {
        let known = self.ends.iter_mut().find(|end| end.0 == stage && end.2 == result);
        if let Some(end) = known {
            end.1 = end.1.min(at);
        } else if self.ends.len() < LONGEST_LIST {
            self.ends.push(StageEnd(stage, at, result));
            self.ends.sort_by_key(|end| (end.0, end.2 == StageResult::Failed));
        }
    }

    /// Remembers that something was counted; says whether it is new. What is beyond the list's length is not counted.
    pub(crate) fn count(&mut self, key: u32) -> bool {
        match self.keys.binary_search(&key) {
            Err(place) if self.keys.len() < LONGEST_LIST => {
                self.keys.insert(place, key);
                true
            }
            _ => false,
        }
    }

    /// Remembers the last activity, where no other moment here tells it.
    pub(super) fn touch(&mut self, last: Option<Timestamp>) {
        self.touched = last.filter(|_| last > self.moments().max());
    }

    fn moments(&self) -> impl Iterator<Item = Timestamp> {
        // Without stage ends: those are dropped once they are counted.
        self.reds().chain([self.started, self.succeeded, self.dropped].into_iter().flatten())
    }
}

/// The earlier of two moments, where either may be unknown.
pub(crate) fn earliest(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

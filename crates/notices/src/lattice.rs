//! One course of events, joined from reports that may come twice, late or in any order.

use std::fmt;

use jiff::Timestamp;
use pipeline_model::{ActionState, ExecutionState, StageState};
use serde::{Deserialize, Serialize};

use crate::text;

/// How far a state has come: a later phase is never undone by an earlier one of the same attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Begun, or something this version does not know.
    Open,
    /// A stop was asked for.
    Stopping,
    /// Nothing more will come in this attempt.
    Over,
}

/// A state that knows its phase.
pub(crate) trait State: Clone + PartialEq + fmt::Display + From<String> {
    /// How far this state has come.
    fn phase(&self) -> Phase;
}

impl State for ExecutionState {
    fn phase(&self) -> Phase {
        match self {
            Self::Started | Self::Resumed | Self::Unknown(_) => Phase::Open,
            Self::Stopping => Phase::Stopping,
            Self::Succeeded | Self::Failed | Self::Canceled | Self::Stopped | Self::Superseded => Phase::Over,
        }
    }
}

impl State for StageState {
    fn phase(&self) -> Phase {
        match self {
            Self::Started | Self::Resumed | Self::Unknown(_) => Phase::Open,
            Self::Stopping => Phase::Stopping,
            Self::Succeeded | Self::Failed | Self::Canceled | Self::Stopped => Phase::Over,
        }
    }
}

impl State for ActionState {
    fn phase(&self) -> Phase {
        match self {
            Self::Started | Self::Unknown(_) => Phase::Open,
            Self::Succeeded | Self::Failed | Self::Canceled | Self::Abandoned => Phase::Over,
        }
    }
}

/// A state whose text can be shown and stored, whatever AWS or somebody in its name wrote there.
pub(crate) fn readable<S: State>(state: &S) -> S {
    S::from(text::keep_line(&state.to_string(), LONGEST_STATE))
}

/// Bytes of a state's text; AWS's longest has ten.
const LONGEST_STATE: usize = 40;

/// The furthest state known of an execution, a stage or an action.
///
/// Joining is commutative, associative and idempotent: the greatest of (attempt, phase, time, text) wins, and the
/// start is the earliest one reported for the winning attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Course<S> {
    /// Counts the retries; part of what makes a report new.
    pub(crate) attempt: u32,
    /// The furthest state.
    pub(crate) state: S,
    /// When that state was reached.
    pub(crate) at: Timestamp,
    /// When this attempt began, where somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) started: Option<Timestamp>,
}

impl<S: State> Course<S> {
    /// Joins another report into this one; says whether the other's state won.
    pub(crate) fn join(&mut self, other: Self) -> bool {
        let started = match self.attempt.cmp(&other.attempt) {
            std::cmp::Ordering::Less => other.started,
            std::cmp::Ordering::Equal => earliest(self.started, other.started),
            std::cmp::Ordering::Greater => self.started,
        };
        let wins = self.key() < other.key();
        if wins {
            *self = other;
        }
        self.started = started;
        wins
    }

    /// Nothing more will come in this attempt.
    pub(crate) fn is_over(&self) -> bool {
        self.state.phase() == Phase::Over
    }

    /// Tells of the same state at the same time.
    pub(crate) fn is_same_report(&self, other: &Self) -> bool {
        self.key() == other.key()
    }

    fn key(&self) -> (u32, Phase, Timestamp, String) {
        (self.attempt, self.state.phase(), self.at, self.state.to_string())
    }
}

/// The earlier of two moments, where either may be unknown.
pub(crate) fn earliest(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn report() -> impl Strategy<Value = Course<StageState>> {
        let states = ["STARTED", "SUCCEEDED", "FAILED", "RESUMED", "STOPPING", "STOPPED", "PAUSED"];
        (1_u32..4, proptest::sample::select(states.to_vec()), 0_i64..5, proptest::option::of(0_i64..5)).prop_map(
            |(attempt, state, at, started)| Course {
                attempt,
                state: StageState::from(state.to_owned()),
                at: Timestamp::from_second(at).unwrap(),
                started: started.map(|second| Timestamp::from_second(second).unwrap()),
            },
        )
    }

    fn joined(reports: &[Course<StageState>]) -> Course<StageState> {
        let mut course = reports[0].clone();
        for report in &reports[1..] {
            course.join(report.clone());
        }
        course
    }

    proptest! {
        #[test]
        fn any_order_and_any_duplicates_end_the_same(
            (reports, shuffled) in proptest::collection::vec(report(), 1..8)
                .prop_flat_map(|reports| (Just(reports.clone()), Just(reports).prop_shuffle())),
        ) {
            let mut twice = shuffled.clone();
            twice.extend(shuffled);
            prop_assert_eq!(joined(&reports), joined(&twice));
        }

        #[test]
        fn what_is_over_is_undone_only_by_a_later_attempt(course in report(), other in report()) {
            let mut after = course.clone();
            after.join(other);
            prop_assert!(!course.is_over() || after.is_over() || after.attempt > course.attempt);
        }
    }
}

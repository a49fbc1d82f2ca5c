//! What is known of an execution by a yes, and what was already measured of it: one bit each.

use serde::{Deserialize, Serialize};

/// A bit of [`Marks`]. The numbers are stored: never change one, never use one again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Known not to be a rollback.
    Standard = 0,
    /// Known to be a rollback.
    Rollback = 1,
    /// CodePipeline was asked for its kind.
    KindAsked = 2,
    /// Its end and its stages were compared with CodePipeline's lists.
    Compared = 3,
    /// It is known which stage failed.
    StageFailed = 4,
    /// Counted in the success rate over all pipelines.
    Counted = 5,
    /// Its duration was measured, or found to be negative.
    Timed = 6,
    /// Counted as a deployment.
    Deployed = 7,
    /// Counted as a failed deployment.
    DeploymentFailed = 8,
    /// Its lead time was measured, or its revision had been deployed before.
    LeadTimed = 9,
    /// Counted as a deployment without a lead time.
    WithoutCommit = 10,
    /// Its success ended a red time that was measured.
    Restored = 11,
    /// CodePipeline was asked for everything after its last failure.
    LookedAtRed = 12,
    /// CodePipeline was asked for everything after its success.
    LookedAtGreen = 13,
}

/// A set of [`Mark`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Marks(u16);

impl Marks {
    pub(crate) fn has(self, mark: Mark) -> bool {
        self.0 & Self::bit(mark) != 0
    }

    /// Adds a mark; says whether it is new.
    pub(crate) fn add(&mut self, mark: Mark) -> bool {
        let new = !self.has(mark);
        self.0 |= Self::bit(mark);
        new
    }

    pub(crate) fn remove(&mut self, mark: Mark) {
        self.0 &= !Self::bit(mark);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0 == 0
    }

    fn bit(mark: Mark) -> u16 {
        1 << mark as u16
    }
}

//! How far an automatic rollback may go.

use jiff::SignedDuration;
use thiserror::Error;

/// How far an automatic rollback may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How long after a deployment an alarm is taken for its doing.
    pub watch: SignedDuration,
    /// How long after a rollback the same target is left alone.
    pub cooldown: SignedDuration,
    /// The most rollbacks of one target within 24 hours: 1 to [`Limits::MOST_PER_DAY`].
    pub per_day: u8,
    /// How long a running stage is waited for, from the moment the alarm went red.
    pub patience: SignedDuration,
    /// Whether to start the pipeline anew with the last good revisions where a stage cannot be rolled back.
    pub redeploys: bool,
    /// Whether to close the stage's inbound transition until the alarm is OK again.
    pub closes_transition: bool,
}

/// A number of rollbacks that nobody can want.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0} automatic rollbacks a day are not allowed; allow 1 to {max}", max = Limits::MOST_PER_DAY)]
pub struct TooMany(u8);

impl Limits {
    /// The hard cap: what goes wrong three times a day needs a person.
    pub const MOST_PER_DAY: u8 = 3;

    /// Limits with `per_day` checked.
    ///
    /// # Errors
    /// When `per_day` is zero or above the hard cap.
    pub fn with_per_day(self, per_day: u8) -> Result<Self, TooMany> {
        if (1..=Self::MOST_PER_DAY).contains(&per_day) { Ok(Self { per_day, ..self }) } else { Err(TooMany(per_day)) }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            watch: SignedDuration::from_mins(60),
            cooldown: SignedDuration::from_mins(60),
            per_day: 1,
            patience: SignedDuration::from_mins(30),
            redeploys: false,
            closes_transition: false,
        }
    }
}

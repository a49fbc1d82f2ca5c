//! Everything a decision rests on.

use jiff::Timestamp;
use serde::Deserialize;

use crate::{Alarm, Book, Limits, Seen, Target};

/// Whether a rollback is to be done or only reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Roll back.
    #[default]
    Act,
    /// Say what would be done.
    Observe,
}

/// Another target that the same alarm protects.
#[derive(Debug, Clone)]
pub struct Sibling {
    /// The target.
    pub target: Target,
    /// What is remembered of it.
    pub book: Book,
    /// What stands there; `None` until somebody has looked.
    pub seen: Option<Seen>,
}

/// One alarm, one target, and what is known of both.
#[derive(Debug, Clone)]
pub struct Case<'a> {
    /// The alarm.
    pub alarm: &'a Alarm,
    /// What it protects.
    pub target: &'a Target,
    /// What stands there.
    pub seen: &'a Seen,
    /// What is remembered of it; `None` until somebody has read or claimed it.
    pub book: Option<&'a Book>,
    /// The other targets that the same alarm protects.
    pub siblings: &'a [Sibling],
    /// Whether to act.
    pub mode: Mode,
    /// How far a rollback may go.
    pub limits: &'a Limits,
    /// The time.
    pub now: Timestamp,
}

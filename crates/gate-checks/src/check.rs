//! What a check is: what it must know, and what it makes of it.

use std::fmt;

use jiff::Timestamp;

use crate::{Facts, Place, Question, Unanswered};

/// One condition of a gate. A check is the checked form of what stands below its key in a policy: it derives
/// `Deserialize`, so that what cannot be meant is refused, with its place, before a gate is ever asked.
pub(crate) trait Check: fmt::Debug + Send + Sync {
    /// What must be fetched before it can be measured. Equal questions of several checks are asked once.
    fn questions(&self, place: &Place, now: Timestamp) -> Vec<Question> {
        let _ = (place, now);
        Vec::new()
    }

    /// What is the case now, by answers to questions as of [`Facts::asked`]. How often and for how long it must be the case is not the check's business.
    ///
    /// # Errors
    /// What could not be asked; it counts as an error, and never as a pass.
    fn measure(&self, place: &Place, facts: &Facts, now: Timestamp) -> Result<Measurement, Unanswered>;
}

/// What one look at the facts gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Measurement {
    pub(crate) measured: Measured,
    /// One sentence with its numbers, without the full stop: `2 of 3 alarms are OK; orders-5xx is in ALARM`.
    pub(crate) says: String,
    /// When it will be otherwise, where that is known.
    pub(crate) until: Option<Timestamp>,
}

/// The kinds of measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measured {
    /// It is as it must be.
    Pass,
    /// It is not so yet, and nothing is wrong: a window is closed, an analysis is running.
    Wait,
    /// The facts allow no decision: too few points.
    Inconclusive,
    /// It is not as it must be.
    Fail,
    /// There is nothing to look at; the policy says what that means.
    NoData,
}

impl Measurement {
    pub(crate) fn pass(says: impl Into<String>) -> Self {
        Self::new(Measured::Pass, says)
    }

    pub(crate) fn wait(says: impl Into<String>, until: Option<Timestamp>) -> Self {
        Self { until, ..Self::new(Measured::Wait, says) }
    }

    pub(crate) fn inconclusive(says: impl Into<String>) -> Self {
        Self::new(Measured::Inconclusive, says)
    }

    pub(crate) fn fail(says: impl Into<String>) -> Self {
        Self::new(Measured::Fail, says)
    }

    pub(crate) fn no_data(says: impl Into<String>) -> Self {
        Self::new(Measured::NoData, says)
    }

    /// Passes if `holds`, else fails.
    pub(crate) fn of(holds: bool, says: impl Into<String>) -> Self {
        Self::new(if holds { Measured::Pass } else { Measured::Fail }, says)
    }

    fn new(measured: Measured, says: impl Into<String>) -> Self {
        Self { measured, says: says.into(), until: None }
    }
}

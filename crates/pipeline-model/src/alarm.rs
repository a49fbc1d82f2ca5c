//! A CloudWatch alarm's change of state, in each of the shapes it arrives in.

mod place;
#[cfg(test)]
mod tests;
mod wire;

use jiff::Timestamp;
use serde_json::Value;
use thiserror::Error;

use crate::state::states;
use crate::{AlarmArn, ArnError};

/// What was received where an alarm was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlarmEvent {
    /// An alarm changed its state.
    Change(Box<AlarmChange>),
    /// Anything else, to be ignored.
    Other {
        /// What it is, in words that complete "ignored: ".
        what: String,
    },
}

/// An alarm changed its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmChange {
    /// Which alarm.
    pub alarm: AlarmArn,
    /// The state it has now.
    pub state: AlarmState,
    /// Since when, to the millisecond; if that cannot be read, when it was sent, to the second.
    pub at: Timestamp,
    /// The state it had before; a new alarm has none.
    pub previous: Option<PreviousState>,
    /// Why, in CloudWatch's words, or in those of the person who set the state.
    pub reason: Option<String>,
    /// What it watches.
    pub kind: AlarmKind,
    /// What keeps it from acting: `Alarm`, `WaitPeriod` or `ExtensionPeriod` of a composite alarm, or a mute rule's ARN.
    pub suppressed_by: Option<String>,
}

/// The state an alarm had before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviousState {
    /// The state.
    pub state: AlarmState,
    /// Since when it had it; SNS does not say.
    pub since: Option<Timestamp>,
}

/// What an alarm watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlarmKind {
    /// One metric.
    Metric,
    /// An expression over metrics.
    MetricMath,
    /// A metric and the band it is expected in.
    Anomaly,
    /// A Metrics Insights query, often of many time series.
    Insights,
    /// Other alarms.
    Composite,
    /// A query of logs.
    Log,
    /// Something this version does not know.
    Unknown,
}

states! {
    /// `StateValue` of an alarm.
    AlarmState {
        /// All is well.
        Ok = "OK",
        /// The threshold is breached.
        Alarm = "ALARM",
        /// There is not enough data to tell.
        InsufficientData = "INSUFFICIENT_DATA",
    }
}

/// What claims to be an alarm's change of state cannot be read. Each names the field by its path.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AlarmError {
    /// A field is absent, null or empty.
    #[error("not a readable alarm: `{0}` is missing")]
    Missing(String),
    /// A field holds something else.
    #[error("not a readable alarm: `{path}` is `{found}`, expected {expected}")]
    Unexpected {
        /// Which field.
        path: String,
        /// What it holds.
        found: String,
        /// What it should hold.
        expected: &'static str,
    },
    /// A field does not hold an alarm's ARN.
    #[error("not a readable alarm: `{path}`: {problem}")]
    Arn {
        /// Which field.
        path: String,
        /// What it holds instead.
        problem: ArnError,
    },
}

impl AlarmEvent {
    /// Reads what EventBridge, a Lambda action of an alarm, or SNS invokes a function with.
    ///
    /// SNS may bring several messages, in theory none. Sources: CloudWatch user guide, cloudwatch-and-eventbridge and
    /// alarms-and-actions-Lambda.
    ///
    /// # Errors
    /// When something claims to be an alarm's change of state and has no ARN, state or time that can be read.
    pub fn parse(value: &Value) -> Result<Vec<Self>, AlarmError> {
        wire::parse(value)
    }
}

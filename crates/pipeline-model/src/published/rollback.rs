//! What is said of a rollback: done, refused, failed or only observed, with the evidence.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::state::states;
use crate::{ExecutionId, time};

/// `Rollback Decided`: all that is known of it, in the names of its JSON. Only the outcome is always there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Rollback {
    /// Whether it was done.
    pub outcome: RollbackOutcome,
    /// What was to be rolled back, as the alarm's tag writes it: `orders/Production`, `ecs:c1/orders`.
    pub target: Option<String>,
    /// The execution that was started to roll back.
    #[serde(rename = "rollback-execution-id")]
    pub rollback_execution: Option<ExecutionId>,
    /// The execution whose release stands again.
    #[serde(rename = "target-execution-id")]
    pub target_execution: Option<ExecutionId>,
    /// Why it was refused, as a stable code.
    pub refusal: Option<String>,
    /// The name of the alarm that asked for it.
    pub alarm: Option<String>,
    /// Why the alarm changed, in CloudWatch's words.
    pub alarm_reason: Option<String>,
    /// The alarm's page in the console, where the partition has a public one.
    pub alarm_url: Option<String>,
    /// Since when the alarm is red.
    #[serde(default, deserialize_with = "time::lenient")]
    pub red_since: Option<Timestamp>,
    /// What stood when the alarm went red.
    pub from: Option<Revision>,
    /// What stands again.
    pub to: Option<Revision>,
    /// What was done, or would be done, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<String>,
    /// What a person can run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
    /// Since when the alarm is quiet again: set when a rollback is told once more, to say that it helped, or that the alarm
    /// is quiet although it failed.
    #[serde(default, deserialize_with = "time::lenient")]
    pub cleared_at: Option<Timestamp>,
}

impl Rollback {
    /// A rollback of which nothing is known but how it ended.
    pub fn new(outcome: RollbackOutcome) -> Self {
        Self {
            outcome,
            target: None,
            rollback_execution: None,
            target_execution: None,
            refusal: None,
            alarm: None,
            alarm_reason: None,
            alarm_url: None,
            red_since: None,
            from: None,
            to: None,
            steps: Vec::new(),
            commands: Vec::new(),
            cleared_at: None,
        }
    }
}

/// What a release consists of: a commit, an object's version, a task definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// Its whole id, such as a commit's hash.
    pub id: String,
    /// What its author says of it, such as a commit's message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Where a person can look at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

states! {
    /// What became of a rollback.
    RollbackOutcome {
        /// It was done.
        Done = "done",
        /// Policy forbade it.
        Refused = "refused",
        /// It was tried and did not work.
        Failed = "failed",
        /// It would have been done, had the mode not been `observe`.
        Observed = "observed",
    }
}

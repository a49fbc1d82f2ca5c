//! What our own functions publish: gates decided, scans completed, rollbacks and approvals decided.

mod gate;
mod rollback;
mod scan;
#[cfg(test)]
mod tests;
mod wire;

use jiff::Timestamp;
use serde_json::Value;
use thiserror::Error;

use crate::state::states;
use crate::{ActionName, ExecutionId, PipelineArn, StageName, UnknownEvent};

pub use gate::{Gate, GateCheck};
pub use rollback::{Revision, Rollback, RollbackOutcome};
pub use scan::{FindingCounts, FindingSeverity, Scan, ScanCoverage, ScanFinding, ScanGap, ScanOutcome};

/// Anything with source `pipewarden`.
#[derive(Debug, Clone, PartialEq)]
pub enum Published {
    /// One of the four detail types, in a version this program reads.
    Decision(Box<Decision>),
    /// Another detail type, or another version of one.
    Unknown(UnknownEvent),
}

/// One of our functions has decided something.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Names this delivery.
    pub id: String,
    /// When it was decided.
    pub time: Timestamp,
    /// The region of the function that decided.
    pub region: String,
    /// The account of the function that decided.
    pub account: String,
    /// Names the decision itself, the same however often it is published: a release's wait at a gate from its first visit
    /// to the decision, an action that scans, an incident, an approval action.
    pub key: Option<String>,
    /// The pipeline; absent for a CodeDeploy or ECS hook and for a target outside of any pipeline.
    pub pipeline: Option<PipelineArn>,
    /// The execution that was gated, scanned or approved; the one that stood in the stage when a rollback was decided.
    pub execution: Option<ExecutionId>,
    /// The stage.
    pub stage: Option<StageName>,
    /// The action.
    pub action: Option<ActionName>,
    /// A sentence for people.
    pub reason: Option<String>,
    /// What was decided.
    pub what: Decided,
}

/// What was decided, by detail type.
#[derive(Debug, Clone, PartialEq)]
pub enum Decided {
    /// `Gate Decided`.
    Gate(Box<Gate>),
    /// `Scan Completed`.
    Scan(Box<Scan>),
    /// `Rollback Decided`.
    Rollback(Box<Rollback>),
    /// `Approval Decided`.
    Approval {
        /// What was answered.
        outcome: ApprovalOutcome,
        /// Who answered.
        by: Option<String>,
        /// How long the release waited for the answer.
        waited_seconds: Option<f64>,
    },
}

states! {
    /// How a gate or scan ended; what comes later in this list is worse.
    Verdict {
        /// The release goes on.
        Pass = "pass",
        /// Not yet decided.
        Wait = "wait",
        /// Nothing that was measured allows a decision.
        Inconclusive = "inconclusive",
        /// A check could not be made.
        Error = "error",
        /// The release must not go on.
        Fail = "fail",
    }
}

states! {
    /// What was answered to an approval.
    ApprovalOutcome {
        /// The release goes on.
        Approved = "approved",
        /// The release must not go on.
        Rejected = "rejected",
    }
}

/// The bytes are not an event of ours.
#[derive(Debug, Error)]
pub enum PublishedError {
    /// Not JSON, or a required field is missing or of a wrong type.
    #[error("not an event of Pipewarden: {0}")]
    Shape(#[from] serde_json::Error),
    /// JSON, with a time that is none.
    #[error("not an event of Pipewarden: `time` is `{0}`, expected a time such as 2026-03-02T10:00:05Z")]
    Time(String),
}

impl Published {
    /// The `source` of every event our functions publish.
    pub const SOURCE: &'static str = "pipewarden";

    /// Reads an EventBridge envelope with one of our details.
    ///
    /// # Errors
    /// When the bytes are not JSON, or the time, or the verdict or outcome of a known detail type is missing.
    pub fn parse(bytes: &[u8]) -> Result<Self, PublishedError> {
        wire::parse(bytes)
    }
}

impl Decision {
    /// The `detail-type` to publish under.
    pub fn detail_type(&self) -> &'static str {
        wire::detail_type(&self.what)
    }

    /// The `detail` to publish.
    pub fn detail(&self) -> Value {
        wire::detail(self)
    }

    /// The whole envelope, as EventBridge delivers it: what [`Published::parse`] reads back is the same value.
    pub fn to_json(&self) -> Value {
        wire::envelope(self)
    }
}

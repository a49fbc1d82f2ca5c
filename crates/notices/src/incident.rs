//! What was decided about something no known execution stands for: a rollback of a service, a stack, an alias, a stage
//! never deployed to; a gate of a deployment; a scan whose action names no execution.

use pipeline_model::{Decided, Decision, PipelineArn};
use serde::{Deserialize, Serialize};

use crate::gate::Gates;
use crate::moment::{self, Moment};
use crate::remembered::incident_key;
use crate::rollback::Rollbacks;
use crate::scan::Scans;
use crate::story::{bounds, kept};

/// One incident, as far as it is known.
///
/// Like [`crate::Story`] it is a join: the order of decisions, and how often they come, does not matter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    pub(crate) key: String,
    /// What was to be rolled back, deployed or scanned, as the alarm's tag, the gate or the artifact is called.
    pub(crate) target: Option<String>,
    pub(crate) pipeline: Option<PipelineArn>,
    #[serde(default)]
    pub(crate) rollbacks: Rollbacks,
    #[serde(default, skip_serializing_if = "Gates::is_empty")]
    pub(crate) gates: Gates,
    #[serde(default, skip_serializing_if = "Scans::is_empty")]
    pub(crate) scans: Scans,
}

impl Incident {
    /// The incident a decision is about; nothing, if the decision says nothing this version knows.
    pub fn of(decision: &Decision) -> Option<Self> {
        let key = incident_key(decision);
        let (rollbacks, gates, scans) = (Rollbacks::default(), Gates::default(), Scans::default());
        let mut incident = Self { key, target: None, pipeline: None, rollbacks, gates, scans };
        incident.absorb(decision);
        incident.is_told_of().then_some(incident)
    }

    /// Something was decided. Every incident begins with that, and a stored one without it is none.
    pub(crate) fn is_told_of(&self) -> bool {
        !self.rollbacks.is_empty() || !self.gates.is_empty() || !self.scans.is_empty()
    }

    /// What tells it from others.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Takes in a decision about this incident.
    pub fn absorb(&mut self, decision: &Decision) {
        let target = match &decision.what {
            Decided::Rollback(rollback) => rollback.target.clone(),
            Decided::Gate(gate) => gate.target.clone(),
            Decided::Scan(scan) => Some(scan.artifacts.join(", ")),
            Decided::Approval { .. } => None,
        };
        self.target = self.target.take().max(kept(target.as_deref(), bounds::LINE));
        self.pipeline = self.pipeline.take().max(decision.pipeline.clone());
        self.rollbacks.absorb(decision);
        self.gates.absorb(decision);
        self.scans.absorb(decision);
    }

    /// Everything worth telling so far.
    pub(crate) fn moments(&self) -> Vec<Moment> {
        let moments = self.rollbacks.moments(1).chain(self.gates.moments_of_a_hook());
        moment::in_order(moments.chain(self.scans.moments_of_no_execution()).collect())
    }

    /// What patterns for pipelines in the settings are compared with: the pipeline, else the target as its tag writes it.
    pub(crate) fn name(&self) -> &str {
        let pipeline = self.pipeline.as_ref().map(|arn| arn.pipeline.as_str());
        pipeline.or(self.target.as_deref()).unwrap_or("")
    }
}

//! A rollback of something no known execution stands for: a service, a stack, an alias, a stage never deployed to.

use pipeline_model::{Decided, Decision, PipelineArn};
use serde::{Deserialize, Serialize};

use crate::rollback::{Rollbacks, incident_key};
use crate::story::{bounds, kept};

/// One incident, as far as it is known.
///
/// Like [`crate::Story`] it is a join: the order of decisions, and how often they come, does not matter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    pub(crate) key: String,
    /// What was to be rolled back, as the alarm's tag writes it.
    pub(crate) target: Option<String>,
    pub(crate) pipeline: Option<PipelineArn>,
    #[serde(default)]
    pub(crate) rollbacks: Rollbacks,
}

impl Incident {
    /// The incident a decision is about; nothing, if the decision says nothing this version knows of a rollback.
    pub fn of(decision: &Decision) -> Option<Self> {
        let key = incident_key(decision);
        let mut incident = Self { key, target: None, pipeline: None, rollbacks: Rollbacks::default() };
        incident.absorb(decision);
        incident.is_told_of().then_some(incident)
    }

    /// Something was decided. Every incident begins with that, and a stored one without it is none.
    pub(crate) fn is_told_of(&self) -> bool {
        !self.rollbacks.is_empty()
    }

    /// What tells it from others.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Takes in a decision about this incident.
    pub fn absorb(&mut self, decision: &Decision) {
        if let Decided::Rollback(rollback) = &decision.what {
            self.target = self.target.take().max(kept(rollback.target.as_deref(), bounds::LINE));
        }
        self.pipeline = self.pipeline.take().max(decision.pipeline.clone());
        self.rollbacks.absorb(decision);
    }

    /// What patterns for pipelines in the settings are compared with: the pipeline, else the target as its tag writes it.
    pub(crate) fn name(&self) -> &str {
        let pipeline = self.pipeline.as_ref().map(|arn| arn.pipeline.as_str());
        pipeline.or(self.target.as_deref()).unwrap_or("")
    }
}

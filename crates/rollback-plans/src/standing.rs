//! What stands at a target, and the ways back from it.

use jiff::Timestamp;
use pipeline_model::{ExecutionId, Revision};

use crate::Step;

/// What stands at a target.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// Nothing was ever deployed there.
    Never,
    /// A deployment is under way that can only be waited for.
    Running(Release),
    /// A deployment is under way that can be stopped.
    Stoppable(Release),
    /// A deployment has succeeded.
    Deployed(Release),
    /// The last deployment did not succeed; the text is the service's word for it.
    Broken(Release, String),
    /// What stands is itself a rollback, done or under way.
    RolledBack(Release),
}

impl Standing {
    /// The deployment, if there is one.
    pub fn release(&self) -> Option<&Release> {
        match self {
            Self::Never => None,
            Self::Running(release)
            | Self::Stoppable(release)
            | Self::Deployed(release)
            | Self::Broken(release, _)
            | Self::RolledBack(release) => Some(release),
        }
    }
}

/// One deployment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Release {
    /// What its service calls it: an execution id, a deployment id, a stack's last update, a version.
    pub id: String,
    /// When it began, if that is known.
    pub began: Option<Timestamp>,
    /// When it had succeeded, if that is known.
    pub ended: Option<Timestamp>,
    /// The commit, if that is known.
    pub revision: Option<Revision>,
    /// For a rollback of a stage: the execution whose release stands again.
    pub restores: Option<ExecutionId>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Names the incident: one release that is to go, at one target.
    pub incident: String,
    /// What is to go.
    pub release: Release,
    /// What is done before, and may fail without harm.
    pub before: Option<Step>,
    /// What is to be said besides the steps, a sentence each.
    pub remarks: Vec<String>,
    /// Ways back, the best one first; the next is tried when one turns out to be impossible.
    pub ways: Vec<Way>,
    /// What a person can run instead.
    pub commands: Vec<String>,
}

/// One way back.
#[derive(Debug, Clone, PartialEq)]
pub struct Way {
    /// The step.
    pub step: Step,
    /// What stands after it.
    pub to: Option<Revision>,
    /// The execution whose release stands after it.
    pub target_execution: Option<ExecutionId>,
}

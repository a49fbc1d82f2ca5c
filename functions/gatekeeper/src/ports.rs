//! What the gatekeeper needs from the outside, each as narrow as its use.

use gate_checks::{Facts, Question};
use jiff::Timestamp;
use lambda_kit::Deadline;
use lambda_kit::jobs::{Put, PutProblem};

use crate::Secrets;

/// Answers what a gate's checks ask.
#[expect(async_fn_in_trait, reason = "used with static dispatch on one thread only")]
pub trait Inquiry {
    /// Asks everything at once. A question that could not be asked is a fact too, so nothing here fails; what is not
    /// answered by `deadline` is given up. `secrets` are what requests may name.
    async fn ask(&self, questions: Vec<Question>, secrets: &Secrets, deadline: &Deadline) -> Facts;
}

/// What is remembered of each waiting gate, and who visits it.
///
/// Every change is one atomic call. Expiries are the store's own: what nobody has touched for two days is gone.
#[expect(async_fn_in_trait, reason = "used with static dispatch on one thread only")]
pub trait Shelf {
    /// Makes this visit ours: nobody has made it or a later one, or the lease of whoever made it, for the same job, has
    /// ended. `first` is stored at once, where nothing needs to be read first.
    async fn claim(&self, visit: &Visit, first: Option<&str>) -> anyhow::Result<Claimed>;

    /// Stores what is to be remembered, if the visit is still ours.
    async fn save(&self, visit: &Visit, kept: &str) -> anyhow::Result<Written>;
}

/// One visit of a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// Names the gate.
    pub key: String,
    /// Which visit it is; the first one is number 0.
    pub number: u32,
    /// What it is for: a job, or one call of a hook.
    pub job: String,
    /// Names whoever makes it; nobody else has the same.
    pub worker: String,
    /// Now.
    pub now: Timestamp,
    /// When the lease ends, and the same job may be worked on anew.
    pub until: Timestamp,
}

/// The answer to [`Shelf::claim`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// Ours, with what is remembered.
    Mine(Option<String>),
    /// Somebody else makes this visit, or has made it.
    Others,
}

/// Whether a write found what it expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is stored.
    Yes,
    /// Somebody else has claimed the visit since; nothing changed.
    Lost,
}

/// CodeDeploy's deployments and their lifecycle hooks.
#[expect(async_fn_in_trait, reason = "used with static dispatch on one thread only")]
pub trait Deployments {
    /// What is deployed where (`GetDeployment`).
    async fn look(&self, deployment: &str) -> anyhow::Result<Deployment>;

    /// Answers a hook (`PutLifecycleEventHookExecutionStatus`), in one attempt. One that was answered before stays as it is.
    async fn answer(&self, hook: &Hook, succeeded: bool) -> Result<Put, PutProblem>;
}

/// A deployment, as far as it says which policy is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// The application.
    pub application: String,
    /// The deployment group.
    pub group: String,
}

/// One call of a CodeDeploy lifecycle hook.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Hook {
    /// The deployment.
    pub deployment_id: String,
    /// Names this call, and is opaque.
    pub lifecycle_event_hook_execution_id: String,
}

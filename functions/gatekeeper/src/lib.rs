//! A release waits at the gate until it is safe.
//!
//! A pipeline's action, a stage's rule or a deployment's hook asks; what its policy wants to know is fetched together,
//! `gate-checks` judges, and the release passes, waits or stops. Whoever asks gets one answer, and what could not be seen
//! is never a pass.

mod doors;
#[cfg(any(test, feature = "testing"))]
pub mod memory;
pub mod outside;
mod policies;
pub mod ports;
mod report;
mod secrets;
mod token;
mod visit;

use lambda_kit::jobs::Jobs;
use lambda_kit::laters::Laters;
use lambda_kit::metrics::Metrics;
use lambda_kit::publishing::Bus;
use lambda_kit::settings::ParameterStore;
use lambda_kit::start::{Handler, Invocation};
use lambda_kit::{Clock, Failure, Home};
use serde_json::value::RawValue;

use ports::{Deployments, Inquiry, Shelf};

pub use doors::{HookReply, Reply};
pub use policies::Policies;
pub use secrets::Secrets;

/// What a gatekeeper reaches.
pub trait Outside {
    /// Whoever answers what checks ask.
    type Inquiry: Inquiry;
    /// The state table.
    type Shelf: Shelf;
    /// CodePipeline's jobs.
    type Jobs: Jobs;
    /// CodeDeploy's hooks.
    type Deployments: Deployments;
    /// The queue to itself.
    type Laters: Laters;
    /// The event bus.
    type Bus: Bus;
    /// Where policies and settings are kept.
    type Parameters: ParameterStore;
}

/// The gatekeeper with its outside.
pub struct Gatekeeper<O: Outside> {
    /// Whoever answers what checks ask.
    pub inquiry: O::Inquiry,
    /// The state table.
    pub shelf: O::Shelf,
    /// CodePipeline's jobs.
    pub jobs: O::Jobs,
    /// CodeDeploy's hooks.
    pub deployments: O::Deployments,
    /// The queue to itself.
    pub laters: O::Laters,
    /// The event bus.
    pub bus: O::Bus,
    /// What teams and operators wrote.
    pub policies: Policies<O::Parameters>,
    /// Where it runs.
    pub home: Home,
    /// The time.
    pub clock: Clock,
    /// The gatekeeper's own metrics.
    pub metrics: Metrics,
}

/// The event is taken as text, so that whatever is wrong with it is found where its job can still be answered.
impl<O: Outside> Handler for Gatekeeper<O> {
    type Event = Box<RawValue>;
    type Reply = Reply;

    async fn handle(&self, event: Box<RawValue>, invocation: Invocation) -> Result<Reply, Failure> {
        self.open(event.get(), &invocation).await
    }
}

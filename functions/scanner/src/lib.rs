//! What is about to ship is scanned before it does.
//!
//! A pipeline's action names a policy. Its input artifacts are read from S3 with the credentials of its job, by their
//! directories and then batch by batch, several downloads ahead of the threads that unpack and look; nothing is written to
//! disk, and `room` says how much memory that takes. `artifact-scan` finds, accounts for every byte and judges. The report
//! goes where the policy and the action want it, `Scan Completed` is published, and then the job is answered: what could
//! not be read is never a pass.
//!
//! A scan that outlasts an invocation is remembered in the state table, and CodePipeline brings the next job with a token.
//! The result is the same as in one go.

mod job;
mod kept;
#[cfg(any(test, feature = "testing"))]
pub mod memory;
pub mod outside;
mod policies;
pub mod ports;
mod report;
mod room;
mod scan;
mod stop;
mod terms;
#[cfg(test)]
mod tests;
mod token;
mod visit;

use lambda_kit::jobs::Jobs;
use lambda_kit::metrics::Metrics;
use lambda_kit::publishing::Bus;
use lambda_kit::settings::ParameterStore;
use lambda_kit::start::{Handler, Invocation};
use lambda_kit::{Clock, Failure, Home};
use serde_json::value::RawValue;

use ports::{Shelf, Store};

pub use policies::{PARAMETERS, POLICIES, Policies};
pub use room::Room;
pub use terms::RuleCache;

/// What a scanner reaches.
pub trait Outside {
    /// Artifacts, reports and what policies name.
    type Store: Store;
    /// The state table.
    type Shelf: Shelf;
    /// CodePipeline's jobs.
    type Jobs: Jobs;
    /// The event bus.
    type Bus: Bus;
    /// Where policies and settings are kept.
    type Parameters: ParameterStore;
}

/// The scanner with its outside.
pub struct Scanner<O: Outside> {
    /// Artifacts, reports and what policies name.
    pub store: O::Store,
    /// The state table.
    pub shelf: O::Shelf,
    /// CodePipeline's jobs.
    pub jobs: O::Jobs,
    /// The event bus.
    pub bus: O::Bus,
    /// What teams and operators wrote.
    pub policies: Policies<O::Parameters>,
    /// The rules that looked last.
    pub rules: RuleCache,
    /// The one bucket, besides those of artifacts, that it reaches.
    pub bucket: Option<String>,
    /// How much memory and how many threads it may use.
    pub room: Room,
    /// Where it runs.
    pub home: Home,
    /// The time.
    pub clock: Clock,
    /// The scanner's own metrics.
    pub metrics: Metrics,
}

/// The event is taken as text, so that whatever is wrong with it is found where its job can still be answered.
impl<O: Outside> Handler for Scanner<O> {
    type Event = Box<RawValue>;
    type Reply = String;

    async fn handle(&self, event: Box<RawValue>, invocation: Invocation) -> Result<String, Failure> {
        self.job(event.get(), &invocation).await
    }
}

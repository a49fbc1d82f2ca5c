//! Doubles of the outside for tests: they keep everything in memory, and fail or crash on demand.

mod code_deploy;
mod inquiry;
mod shelf;

use std::time::Duration;

use jiff::Timestamp;
use lambda_kit::doubles::{self, Calls, MemorySettings, RecordingBus, RecordingJobs, World};
use lambda_kit::metrics::Metrics;
use lambda_kit::{Clock, Home};

use crate::{Gatekeeper, Outside, Policies, Reply};

pub use code_deploy::MemoryDeployments;
pub use inquiry::{Fault, MemoryInquiry};
pub use lambda_kit::doubles::{Later, MemoryLaters};
pub use shelf::MemoryShelf;

/// An action that asks a gate.
pub type Pipeline = doubles::Pipeline<Memory>;

/// What became of one delivery.
pub type Delivered = doubles::Delivered<Reply>;

/// A world with all that a gatekeeper reaches. Clones share everything.
#[derive(Debug, Clone)]
pub struct Memory {
    /// What checks ask.
    pub inquiry: MemoryInquiry,
    /// The state table.
    pub shelf: MemoryShelf,
    /// CodePipeline's jobs.
    pub jobs: RecordingJobs,
    /// CodeDeploy's hooks.
    pub deployments: MemoryDeployments,
    /// The queue to oneself.
    pub laters: MemoryLaters,
    /// The event bus.
    pub bus: RecordingBus,
    /// Policies and settings, as the parameter store keeps them.
    pub settings: MemorySettings,
    /// The time.
    pub clock: Clock,
    /// The gatekeeper's own metrics, added up.
    pub metrics: Metrics,
    calls: Calls,
}

/// What a gatekeeper reaches in tests.
#[derive(Debug, Clone, Copy)]
pub struct InMemory;

impl Outside for InMemory {
    type Inquiry = MemoryInquiry;
    type Shelf = MemoryShelf;
    type Jobs = RecordingJobs;
    type Deployments = MemoryDeployments;
    type Laters = MemoryLaters;
    type Bus = RecordingBus;
    type Parameters = MemorySettings;
}

impl Memory {
    /// An empty world at a given time, which moves only when told.
    pub fn at(now: Timestamp) -> Self {
        Self::with(Clock::stopped_at(now))
    }

    /// An empty world with a clock of its own.
    pub fn with(clock: Clock) -> Self {
        let calls = Calls::default();
        Self {
            inquiry: MemoryInquiry::with(calls.for_one_double()),
            shelf: MemoryShelf::with(calls.for_one_double()),
            jobs: RecordingJobs::with(calls.for_one_double()),
            deployments: MemoryDeployments::with(calls.for_one_double()),
            laters: MemoryLaters::with(calls.for_one_double(), clock.clone()),
            bus: RecordingBus::with(calls.for_one_double()),
            settings: MemorySettings::with(calls.for_one_double()),
            clock,
            metrics: Metrics::adding_up(),
            calls,
        }
    }
}

impl World for Memory {
    type Function = Gatekeeper<InMemory>;
    const TIMEOUT: Duration = Duration::from_secs(60);

    fn start(&self) -> Gatekeeper<InMemory> {
        let (clock, metrics) = (self.clock.clone(), self.metrics.clone());
        Gatekeeper {
            inquiry: self.inquiry.clone(),
            shelf: self.shelf.clone(),
            jobs: self.jobs.clone(),
            deployments: self.deployments.clone(),
            laters: self.laters.clone(),
            bus: self.bus.clone(),
            policies: Policies::new(self.settings.clone(), "/pipewarden", clock.clone(), metrics.clone()),
            home: Home { region: String::from("us-east-1"), account: String::from("111122223333") },
            clock,
            metrics,
        }
    }

    fn jobs(&self) -> &RecordingJobs {
        &self.jobs
    }

    fn clock(&self) -> &Clock {
        &self.clock
    }

    fn counted(&self) -> &Calls {
        &self.calls
    }
}

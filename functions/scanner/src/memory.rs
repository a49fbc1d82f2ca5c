//! Doubles of the outside for tests: they keep everything in memory, and fail or crash on demand.

mod artifact;
mod shelf;
mod store;

use std::time::Duration;

use jiff::Timestamp;
use lambda_kit::doubles::{self, Calls, MemorySettings, RecordingBus, RecordingJobs, World};
use lambda_kit::metrics::Metrics;
use lambda_kit::{Clock, Home};

use crate::{Outside, Policies, Room, RuleCache, Scanner};

pub use artifact::{leak, secret, zipped};
pub use shelf::MemoryShelf;
pub use store::{Fault, MemoryStore, Put};

thread_local! {
    /// It takes long to get the rules ready without optimisation, so the processes of a test share them.
    static RULES: RuleCache = RuleCache::default();
}

/// The bucket for baselines, rules and reports.
pub const BUCKET: &str = "scans";

/// An action that has artifacts scanned.
pub type Pipeline = doubles::Pipeline<Memory>;

/// A world with all that a scanner reaches. Clones share everything.
#[derive(Debug, Clone)]
pub struct Memory {
    /// Artifacts, reports and what policies name.
    pub store: MemoryStore,
    /// The state table.
    pub shelf: MemoryShelf,
    /// CodePipeline's jobs.
    pub jobs: RecordingJobs,
    /// The event bus.
    pub bus: RecordingBus,
    /// Policies and settings, as the parameter store keeps them.
    pub settings: MemorySettings,
    /// The time.
    pub clock: Clock,
    /// The scanner's own metrics, added up.
    pub metrics: Metrics,
    /// How much memory and how many threads the scanner may use.
    pub room: Room,
    calls: Calls,
}

/// What a scanner reaches in tests.
#[derive(Debug, Clone, Copy)]
pub struct InMemory;

impl Outside for InMemory {
    type Store = MemoryStore;
    type Shelf = MemoryShelf;
    type Jobs = RecordingJobs;
    type Bus = RecordingBus;
    type Parameters = MemorySettings;
}

impl Memory {
    /// An empty world at a given time, which moves only when told.
    pub fn at(now: Timestamp) -> Self {
        let (clock, calls) = (Clock::stopped_at(now), Calls::default());
        Self {
            store: MemoryStore::with(calls.for_one_double(), clock.clone()),
            shelf: MemoryShelf::with(calls.for_one_double()),
            jobs: RecordingJobs::with(calls.for_one_double()),
            bus: RecordingBus::with(calls.for_one_double()),
            settings: MemorySettings::with(calls.for_one_double()),
            clock,
            metrics: Metrics::adding_up(),
            room: Room::of_megabytes(1_769),
            calls,
        }
    }
}

impl World for Memory {
    type Function = Scanner<InMemory>;
    const TIMEOUT: Duration = Duration::from_secs(900);

    fn start(&self) -> Scanner<InMemory> {
        let (clock, metrics) = (self.clock.clone(), self.metrics.clone());
        Scanner {
            store: self.store.clone(),
            shelf: self.shelf.clone(),
            jobs: self.jobs.clone(),
            bus: self.bus.clone(),
            policies: Policies::new(self.settings.clone(), "/pipewarden", clock.clone(), metrics.clone()),
            rules: RULES.with(Clone::clone),
            bucket: Some(BUCKET.to_owned()),
            room: self.room.clone(),
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

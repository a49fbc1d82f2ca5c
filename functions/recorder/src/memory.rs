//! Doubles of the recorder's outside for tests: they keep everything in memory, remember what was asked of them, and
//! fail or crash on demand.

mod ledger;
mod measurements;
mod releases;

use jiff::Timestamp;
use lambda_kit::Clock;
use lambda_kit::doubles::{Calls, MemorySettings, Moment, RecordingBacklog};
use lambda_kit::metrics::Metrics;

pub use ledger::MemoryLedger;
pub use measurements::{Fault, RecordingMeasurements};
pub use releases::ScriptedReleases;

/// The whole outside of one recorder. Clones share everything.
#[derive(Debug, Clone)]
pub struct Memory {
    /// The state table.
    pub ledger: MemoryLedger,
    /// CloudWatch.
    pub measurements: RecordingMeasurements,
    /// What CodePipeline knows.
    pub releases: ScriptedReleases,
    /// The queues.
    pub backlog: RecordingBacklog,
    /// Settings, as the parameter store keeps them.
    pub settings: MemorySettings,
    /// The time.
    pub clock: Clock,
    /// The recorder's own metrics, added up.
    pub metrics: Metrics,
    calls: Calls,
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
            ledger: MemoryLedger::with(calls.for_one_double()),
            measurements: RecordingMeasurements::with(calls.for_one_double()),
            releases: ScriptedReleases::with(calls.for_one_double()),
            backlog: RecordingBacklog::with(calls.for_one_double(), clock.clone()),
            settings: MemorySettings::with(calls.for_one_double()),
            clock,
            metrics: Metrics::adding_up(),
            calls,
        }
    }

    /// Runs `work` until it ends or crashes; `None` means that it crashed and nothing after that call happened.
    pub async fn run<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.calls.run(work).await
    }

    /// Kills whoever makes the `number`-th call from now (1 is the next) to any of the doubles, once.
    pub fn crash_at(&self, number: usize, moment: Moment) {
        self.calls.crash_at(number, moment);
    }

    /// How many calls were made to all doubles.
    pub fn calls(&self) -> usize {
        self.calls.count()
    }
}

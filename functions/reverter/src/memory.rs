//! Doubles of the reverter's outside for tests: a small world that keeps everything in memory, answers as AWS does, and
//! fails or crashes on demand.

mod alarms;
mod books;
mod services;

use jiff::Timestamp;
use lambda_kit::Clock;
use lambda_kit::doubles::{Calls, MemorySettings, Moment, RecordingBus};
use lambda_kit::metrics::Metrics;

use crate::Outside;

pub use alarms::MemoryAlarms;
pub use books::MemoryBooks;
pub use lambda_kit::doubles::{Later, MemoryLaters};
pub use services::{Act, MemoryServices};

/// The whole outside of reverters: several may share one world, each by a clone. Clones share everything.
#[derive(Debug, Clone)]
pub struct Memory {
    /// CloudWatch.
    pub alarms: MemoryAlarms,
    /// The services that deploy.
    pub services: MemoryServices,
    /// The state table.
    pub books: MemoryBooks,
    /// The queue to oneself.
    pub laters: MemoryLaters,
    /// The event bus.
    pub bus: RecordingBus,
    /// Settings, as the parameter store keeps them.
    pub settings: MemorySettings,
    /// The time.
    pub clock: Clock,
    /// The reverter's own metrics, added up.
    pub metrics: Metrics,
    calls: Calls,
}

/// What a reverter reaches in tests.
#[derive(Debug, Clone, Copy)]
pub struct InMemory;

impl Outside for InMemory {
    type Alarms = MemoryAlarms;
    type Releases = MemoryServices;
    type Executor = MemoryServices;
    type Books = MemoryBooks;
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
            alarms: MemoryAlarms::with(calls.for_one_double(), clock.clone()),
            services: MemoryServices::with(calls.for_one_double(), clock.clone()),
            books: MemoryBooks::with(calls.for_one_double()),
            laters: MemoryLaters::with(calls.for_one_double(), clock.clone()),
            bus: RecordingBus::with(calls.for_one_double()),
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

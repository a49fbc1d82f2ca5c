//! Doubles of the outside for tests: they keep everything in memory, remember what was asked of them, and fail on demand.
//!
//! ```
//! # use notifier::memory::{Memory, Moment};
//! # use notifier::ports::{Backlog, Item, Stored, Table};
//! # let now = jiff::Timestamp::UNIX_EPOCH;
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let world = Memory::at(now);
//! world.crash_at(2, Moment::Before);
//! let outcome = world
//!     .run(async {
//!         world.table.store("key", &Item::default(), None, now).await.unwrap();
//!         world.backlog.bury("body", "code", "reason").await.unwrap();
//!     })
//!     .await;
//! assert!(outcome.is_none(), "the second call killed it");
//! assert_eq!(world.table.items().len(), 1);
//! assert_eq!(world.backlog.buried(), []);
//! # });
//! ```

mod outbox;
mod releases;
mod table;

use jiff::Timestamp;
use lambda_kit::Clock;

pub use lambda_kit::doubles::{Buried, Delayed, MemorySettings, Moment, RecordingBacklog, Reminder};
pub use outbox::{RecordingOutbox, Sent};
pub use releases::ScriptedReleases;
pub use table::MemoryTable;

use lambda_kit::doubles::Calls;

/// The whole outside of one notifier. Clones share everything.
#[derive(Debug, Clone)]
pub struct Memory {
    /// The state table.
    pub table: MemoryTable,
    /// What CodePipeline knows.
    pub releases: ScriptedReleases,
    /// Where messages go.
    pub outbox: RecordingOutbox,
    /// The queues.
    pub backlog: RecordingBacklog,
    /// Settings and credentials, as the parameter store keeps them.
    pub settings: MemorySettings,
    /// The time, which moves only when told.
    pub clock: Clock,
    calls: Calls,
}

impl Memory {
    /// An empty world at a given time.
    pub fn at(now: Timestamp) -> Self {
        Self::with(Clock::stopped_at(now))
    }

    /// An empty world with a clock of its own, for tests that wait for real or pause tokio's time.
    pub fn with(clock: Clock) -> Self {
        let calls = Calls::default();
        Self {
            table: MemoryTable::with(calls.for_one_double()),
            releases: ScriptedReleases::with(calls.for_one_double()),
            outbox: RecordingOutbox::with(calls.for_one_double(), clock.clone()),
            backlog: RecordingBacklog::with(calls.for_one_double(), clock.clone()),
            settings: MemorySettings::with(calls.for_one_double()),
            clock,
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

    /// How many calls were made to all doubles. A test that crashes at each of them in turn has tried every point
    /// where state can be left behind.
    pub fn calls(&self) -> usize {
        self.calls.count()
    }
}

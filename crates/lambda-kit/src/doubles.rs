//! Doubles for tests of the functions: they keep everything in memory, remember what was asked of them, and fail or
//! crash on demand. The rehearsal server answers real AWS clients on loopback.

mod backlog;
mod bus;
mod calls;
pub mod cloudwatch;
mod jobs;
mod laters;
mod logged;
mod losing;
mod pipeline;
pub mod rehearsal;
mod settings;

pub use backlog::{Buried, Delayed, RecordingBacklog, Reminder};
pub use bus::RecordingBus;
pub use calls::{Calls, Moment};
pub use jobs::{Mishap, RecordingJobs};
pub use laters::{Later, MemoryLaters};
pub use logged::Logged;
pub use losing::LosingAnswers;
pub use pipeline::{Delivered, Pipeline, World};
pub use settings::MemorySettings;

//! What every function shares: start-up, one HTTP client, settings, time, batches, failures.
#![doc = include_str!("../README.md")]

pub mod aws;
pub mod backlog;
pub mod batch;
mod clock;
mod deadline;
#[cfg(any(test, feature = "testing"))]
pub mod doubles;
pub mod environment;
mod failure;
mod home;
pub mod http;
pub mod jobs;
pub mod laters;
mod logging;
pub mod metrics;
mod on_demand;
mod panic;
pub mod publishing;
pub mod settings;
mod ssm;
pub mod start;
mod warm_up;

pub use clock::Clock;
pub use deadline::{Deadline, Elapsed};
pub use failure::{Failure, OrFail};
pub use home::Home;
pub use on_demand::OnDemand;
pub use panic::DISCREET_THREAD;
pub use ssm::SsmParameters;
pub use warm_up::WarmUp;

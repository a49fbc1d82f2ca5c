//! What the engine asks of the outside, and what the outside tells the engine.

use std::path::PathBuf;

use serde_json::Value;

use super::ports::{Problem, S3Location};
use super::records::RunIndex;

/// Something to be done outside. The shell does it and reports with a [`Signal`] where one is due.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Publish an event envelope. Order matters.
    Publish(Value),
    /// Invoke a function; a failure is reported.
    Invoke { job: String, function: String, event: Value },
    /// Zip a folder (or nothing) and store it; the end is reported.
    Store { run: RunIndex, folder: Option<PathBuf>, at: S3Location, encryption_key: Option<String> },
    /// Publish an approval message; a failure is reported.
    Notify { run: RunIndex, topic: String, subject: String, message: String },
}

/// News from outside.
#[derive(Debug)]
pub(crate) enum Signal {
    /// A function could not be invoked.
    NotInvoked { job: String, problem: Problem },
    /// One artifact of a run was stored, or not.
    Stored { run: RunIndex, result: Result<(), Problem> },
    /// The approval message could not be published.
    NotNotified { run: RunIndex, problem: Problem },
}

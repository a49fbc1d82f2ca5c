//! What the engine asks of the outside, and what the outside tells the engine.

use std::path::PathBuf;

use serde_json::Value;

use super::config::Credentials;
use super::ports::{ArtifactScope, Problem, S3Location};
use super::records::RunIndex;
use crate::script::Files;

/// Something to be done outside. The shell does it and reports with a [`Signal`] where one is due.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Publish an event envelope. Order matters.
    Publish(Value),
    /// Invoke a function with credentials for these artifacts; a failure is reported, and which credentials they are.
    Invoke { job: String, function: String, event: Value, scope: ArtifactScope },
    /// Zip a folder, some files or nothing, and store it; the end is reported.
    Store { run: RunIndex, folder: Option<PathBuf>, files: Files, at: S3Location, encryption_key: Option<String> },
    /// Look whether a function has uploaded an artifact; what is found is reported.
    Find { run: RunIndex, artifact: String, at: S3Location },
    /// Publish an approval message; a failure is reported.
    Notify { run: RunIndex, topic: String, subject: String, message: String },
}

/// News from outside.
#[derive(Debug)]
pub(crate) enum Signal {
    /// A function could not be invoked.
    NotInvoked { job: String, problem: Problem },
    /// A job has credentials of its own.
    SessionOpened { job: String, credentials: Credentials },
    /// One artifact of a run was stored or found, or not.
    Stored { run: RunIndex, result: Result<(), Problem> },
    /// The approval message could not be published.
    NotNotified { run: RunIndex, problem: Problem },
}

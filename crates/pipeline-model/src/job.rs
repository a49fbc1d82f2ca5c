//! A job of CodePipeline: what it hands a function of an Invoke action or a `LambdaInvoke` rule.

mod id;
mod reading;
#[cfg(test)]
mod tests;

use thiserror::Error;

use crate::Secret;

pub use id::{JobId, JobIdError};

/// One job. It must be answered once, by its id, within 20 minutes.
///
/// Source: CodePipeline user guide, action-reference-Lambda. The event names no pipeline, stage, action or execution; who
/// needs them has them written into `UserParameters`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Names the job. A continuation is another job.
    pub id: JobId,
    /// The account of the pipeline.
    pub account: Option<String>,
    /// `UserParameters` of the action, at most 1,000 characters; a rule may have ten times as many.
    pub user_parameters: Option<String>,
    /// What an earlier job of the same action was answered with, at most 2,048 characters.
    pub continuation_token: Option<String>,
    /// What the action reads; empty for a rule without artifacts.
    pub inputs: Vec<JobArtifact>,
    /// What the action must upload, at most five.
    pub outputs: Vec<JobArtifact>,
    /// A session that reads the inputs and writes the outputs, and nothing else.
    pub credentials: Option<Secret<ArtifactCredentials>>,
    /// With what the artifacts are encrypted, if the artifact store has a key of the customer's.
    pub encryption_key: Option<EncryptionKey>,
}

/// An input or output of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobArtifact {
    /// As the pipeline calls it.
    pub name: String,
    /// Where it lies; `None` for a kind of place that did not exist when this was written.
    pub location: Option<S3Location>,
    /// The revision it was made of, if CodePipeline says.
    pub revision: Option<String>,
}

/// An object in S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Location {
    /// The artifact bucket.
    pub bucket: String,
    /// The object's key.
    pub key: String,
}

/// A session for the artifact bucket. It has no `Debug`, so it is printed by nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct ArtifactCredentials {
    /// The id of the access key.
    pub access_key_id: String,
    /// The secret of the access key.
    pub secret_access_key: String,
    /// The token of the session.
    pub session_token: String,
}

/// A key of AWS KMS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncryptionKey {
    /// Its ARN, id or alias.
    pub id: String,
}

/// The event is not a job that can be read. No value from the event is in it: one of them may be a credential.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("not a job of CodePipeline's: {problem}")]
pub struct JobError {
    job: Option<JobId>,
    problem: String,
}

impl JobError {
    /// The job that must be answered all the same, if that much could be read.
    pub fn job(&self) -> Option<&JobId> {
        self.job.as_ref()
    }
}

impl Job {
    /// Reads the event of a Lambda function.
    ///
    /// Only the id is required. What AWS may leave out or add is tolerated; what is there must be of the right type.
    ///
    /// # Errors
    /// When the event is not JSON, has no job with an id, or something of it is of another type than AWS documents.
    pub fn parse(event: &str) -> Result<Self, JobError> {
        reading::job(event)
    }
}

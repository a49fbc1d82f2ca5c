//! The id of a job, as `PutJobSuccessResult` takes it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A UUID in lower case. CodePipeline refuses any other text (botocore's `JobId`), so there is no other value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct JobId(String);

/// The text is not the id of a job. It is not shown: where an id should be, anything may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the id of a job is a UUID in lower case, such as 11111111-abcd-1111-abcd-111111abcdef")]
pub struct JobIdError;

impl JobId {
    /// The id of the job in an event, whatever else is wrong with it. Nothing else of the event is kept.
    pub fn of_event(event: &str) -> Option<Self> {
        let Outer { job } = serde_json::from_str(event).ok()?;
        Some(job.id)
    }

    /// The id as AWS writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What stands beside the id is skipped, not stored.
#[derive(Deserialize)]
struct Outer {
    #[serde(rename = "CodePipeline.job")]
    job: Inner,
}

#[derive(Deserialize)]
struct Inner {
    id: JobId,
}

impl FromStr for JobId {
    type Err = JobIdError;

    fn from_str(text: &str) -> Result<Self, JobIdError> {
        let groups: Vec<&str> = text.split('-').collect();
        let is_hex = |group: &&str| group.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
        if lengths == [8, 4, 4, 4, 12] && groups.iter().all(is_hex) {
            Ok(Self(text.to_owned()))
        } else {
            Err(JobIdError)
        }
    }
}

impl TryFrom<String> for JobId {
    type Error = JobIdError;

    fn try_from(text: String) -> Result<Self, JobIdError> {
        text.parse()
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

//! Answering jobs of CodePipeline: each exactly once, whatever happens to the work.

mod answer;
mod answering;
mod code_pipeline;
mod insisting;
mod request;
mod seal;
mod variables;
mod words;

use std::fmt;

use anyhow::Error;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use pipeline_model::JobId;

use crate::aws::failed;

pub use answer::{Answer, FailureKind};
pub use answering::{Answered, answer, answer_always};
pub use code_pipeline::CodePipelineJobs;
pub use insisting::insist;
pub use request::{Asked, Request, RequestError};
pub use seal::{Seal, SealError};
pub use variables::Variables;
pub use words::{ContinuationToken, ExternalId, Message, Percent, Summary, TokenError, Words};

/// Where jobs are answered.
#[expect(async_fn_in_trait, reason = "used with static dispatch on one thread only")]
pub trait Jobs {
    /// Answers a job, in one attempt. After a [`PutProblem::Passing`] it may be answered all the same.
    async fn put(&self, job: &JobId, answer: &Answer) -> Result<Put, PutProblem>;
}

/// What became of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// The job has this answer now.
    Accepted,
    /// The job takes no answer any more, and what it was told stays.
    AlreadyAnswered(Gone),
}

/// Why a job takes no answer any more: it has one, it was given up, or its time was over. Both names are AWS's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// `InvalidJobStateException`.
    InvalidJobState,
    /// `JobNotFoundException`.
    JobNotFound,
}

/// The answer was not taken, as far as is known.
#[derive(Debug)]
pub enum PutProblem {
    /// A throttle, a fault of the service or no answer from it: the same call may succeed.
    Passing(Error),
    /// The output variables are too large; the rest of the answer may be taken.
    VariablesTooLarge(Error),
    /// The same call fails again.
    Refused(Error),
}

impl PutProblem {
    /// What a failed call means for whoever has something to report.
    pub fn of<E>(call: &str, error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let passes = may_pass(&error);
        let is_too_large = error.code() == Some("OutputVariablesSizeExceededException");
        let cause = failed(call, error);
        match (passes, is_too_large) {
            (true, _) => Self::Passing(cause),
            (false, true) => Self::VariablesTooLarge(cause),
            (false, false) => Self::Refused(cause),
        }
    }
}

impl fmt::Display for PutProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Passing(cause) | Self::VariablesTooLarge(cause) | Self::Refused(cause)) = self;
        write!(formatter, "{cause:#}")
    }
}

/// A refusal stays what it is, except for a throttle or a fault; without an answer nothing was refused.
fn may_pass<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    match error {
        SdkError::ConstructionFailure(_) => false,
        SdkError::ServiceError(refusal) => {
            let status = refusal.raw().status().as_u16();
            let throttled = ["Throttl", "TooManyRequests", "RequestLimitExceeded", "SlowDown"];
            let code = error.code().unwrap_or_default();
            status >= 500 || status == 429 || throttled.iter().any(|word| code.contains(word))
        }
        _ => true,
    }
}

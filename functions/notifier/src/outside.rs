//! The real outside: DynamoDB, CodePipeline, SQS, SNS and HTTP, behind the ports.

mod backlog;
mod outbox;
#[cfg(test)]
mod rehearsal;
mod releases;
mod table;

use std::fmt;

use anyhow::{Error, anyhow};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

pub use backlog::Queues;
pub use outbox::{Courier, web_address};
pub use releases::{CodePipeline, Home};
#[cfg(any(test, feature = "testing"))]
pub(crate) use table::fits;
pub use table::{DynamoTable, LARGEST_DOCUMENT};

/// An AWS call that failed, with AWS's words and, where it is known, what to do about it.
fn failed<E, R>(attempt: impl fmt::Display, error: SdkError<E, R>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: fmt::Debug + 'static,
{
    let advice = error.code().and_then(advice);
    let cause = lambda_kit::aws::failure(attempt, error).into_cause();
    match advice {
        Some(advice) => anyhow!("{cause:#}; {advice}"),
        None => cause,
    }
}

fn advice(code: &str) -> Option<&'static str> {
    let is = |parts: &[&str]| parts.iter().any(|part| code.contains(part));
    if is(&["AccessDenied", "AuthorizationError", "UnrecognizedClient"]) {
        Some("the function's role must allow this call")
    } else if is(&["ResourceNotFound", "QueueDoesNotExist", "NonExistentQueue"]) {
        Some("it is gone or the variable that names it is wrong: deploy the stack again")
    } else if is(&["Throttl", "ThroughputExceeded", "RequestLimitExceeded", "TooManyRequests"]) {
        Some("AWS limits the rate of such calls, so try again later")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_a_person_can_mend_says_how() {
        assert_eq!(advice("AccessDeniedException"), Some("the function's role must allow this call"));
        assert!(advice("AWS.SimpleQueueService.NonExistentQueue").is_some_and(|words| words.contains("deploy")));
        assert!(advice("ThrottlingException").is_some_and(|words| words.contains("later")));
        assert_eq!(advice("InternalServerError"), None);
    }
}

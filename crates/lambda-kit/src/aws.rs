//! One configuration for every AWS client, and the SDK's errors as failures.

use std::fmt;
use std::time::Duration;

use anyhow::{Error, anyhow};
use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, SdkConfig};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::DateTime;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::Timestamp;

use crate::{Failure, http};

/// Longest single attempt of a call, from connecting to the last byte.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(4);
/// Longest call with all its attempts: the SDK sets no limit of its own, and one hung call would use up an invocation.
pub const OPERATION_TIMEOUT: Duration = Duration::from_secs(10);

/// Errors that say the request itself is wrong, in the words of the services used here.
const INVALID_REQUEST: [&str; 5] =
    ["ValidationException", "ValidationError", "InvalidParameter", "InvalidParameterValue", "SerializationException"];

/// Reads region, endpoints (`AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_<SERVICE>`) and `AWS_USE_FIPS_ENDPOINT`
/// from the environment, once for all clients.
///
/// Credentials and region come from the environment alone, which is where Lambda puts them; the rest of the default
/// chains (profiles, web identity, containers, instances) could only slow down or surprise a function.
///
/// Of a stalled stream [`ATTEMPT_TIMEOUT`] is the end. The SDK's own protection would wrap every body in a stream, and
/// what is a stream cannot be sent again when a pooled connection turns out to be closed.
pub async fn config(client: reqwest::Client, name: &'static str) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(http::CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    aws_config::defaults(BehaviorVersion::latest())
        .app_name(AppName::new(name).expect("a function's name is a valid application name"))
        .region(EnvironmentVariableRegionProvider::new())
        .credentials_provider(EnvironmentVariableCredentialsProvider::new())
        .http_client(http::sdk_http_client(client))
        .retry_config(RetryConfig::standard())
        .timeout_config(timeouts)
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .load()
        .await
}

/// What became of an AWS call that failed: `attempt` says which call.
///
/// Permanent when the request could not be built or the service calls it invalid. Everything else may pass,
/// a missing permission too: the role can be corrected while the queue keeps the event.
pub fn failure<E, R>(attempt: impl fmt::Display, error: SdkError<E, R>) -> Failure
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: fmt::Debug + 'static,
{
    let (code, message) = error.as_service_error().map_or((None, None), |service| (service.code(), service.message()));
    let cause = match code {
        Some(code) => anyhow!("{attempt}: {code}: {}", message.unwrap_or("no message")),
        None => anyhow!("{attempt}: {}", DisplayErrorContext(&error)),
    };
    let invalid = code.is_some_and(|code| INVALID_REQUEST.contains(&code));
    if invalid || matches!(error, SdkError::ConstructionFailure(_)) {
        Failure::permanent(cause)
    } else {
        Failure::retry(cause)
    }
}

/// An AWS call that failed, with AWS's words and, where it is known, what to do about it.
pub fn failed<E, R>(attempt: impl fmt::Display, error: SdkError<E, R>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: fmt::Debug + 'static,
{
    let advice = error.code().and_then(advice);
    let cause = failure(attempt, error).into_cause();
    match advice {
        Some(advice) => anyhow!("{cause:#}; {advice}"),
        None => cause,
    }
}

/// What a person can do about an error with this code.
pub(crate) fn advice(code: &str) -> Option<&'static str> {
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

/// Whether a failed call surely had no effect: the service answered that it refuses, or could not be reached at all.
///
/// A timeout, a connection that broke and an answer that cannot be read say nothing about what the service did.
pub fn was_never_taken<E, R>(error: &SdkError<E, R>) -> bool {
    match error {
        SdkError::ConstructionFailure(_) | SdkError::ServiceError(_) => true,
        SdkError::DispatchFailure(failure) => failure.as_connector_error().is_some_and(http::was_never_sent),
        _ => false,
    }
}

/// A time of the SDK; `None` for one that is not in any year people know.
pub fn timestamp(time: DateTime) -> Option<Timestamp> {
    Timestamp::new(time.secs(), i32::try_from(time.subsec_nanos()).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::testing::{Act, Server, config};

    async fn refused(answer: &'static str) -> Failure {
        let server = Server::playing([Act::Reply("400 Bad Request", answer)]).await;
        let client = aws_sdk_ssm::Client::new(&config(&server));
        failure("GetParameter a", client.get_parameter().name("a").send().await.expect_err("a refusal"))
    }

    #[tokio::test]
    async fn an_invalid_request_stays_invalid() {
        let failure = refused(r#"{"__type":"ValidationException","message":"1 validation error detected"}"#).await;
        assert!(failure.is_permanent());
        assert_eq!(failure.to_string(), "GetParameter a: ValidationException: 1 validation error detected");
    }

    #[tokio::test]
    async fn a_missing_permission_can_be_granted_while_the_event_waits() {
        let failure = refused(r#"{"__type":"AccessDeniedException","message":"not authorized"}"#).await;
        assert!(!failure.is_permanent());
    }

    #[tokio::test]
    async fn a_failure_without_an_answer_tells_its_causes() {
        let mut nobody = Server::playing([]).await;
        nobody.address.set_port(1);
        let client = aws_sdk_ssm::Client::new(&config(&nobody));
        let failure = failure("GetParameter a", client.get_parameter().name("a").send().await.expect_err("an outage"));
        assert!(!failure.is_permanent());
        assert!(failure.to_string().contains("Connection refused"), "{failure}");
    }

    #[test]
    fn an_error_a_person_can_mend_says_how() {
        assert_eq!(advice("AccessDeniedException"), Some("the function's role must allow this call"));
        assert!(advice("AWS.SimpleQueueService.NonExistentQueue").is_some_and(|words| words.contains("deploy")));
        assert!(advice("ThrottlingException").is_some_and(|words| words.contains("later")));
        assert_eq!(advice("InternalServerError"), None);
    }

    #[tokio::test]
    async fn only_what_was_refused_or_never_sent_surely_had_no_effect() {
        let asked = async |server: &Server| {
            let limits = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_millis(200)).build();
            let config =
                config(server).to_builder().retry_config(RetryConfig::disabled()).timeout_config(limits).build();
            let client = aws_sdk_ssm::Client::new(&config);
            was_never_taken(&client.get_parameter().name("a").send().await.expect_err("a failure"))
        };
        let mut nobody = Server::playing([]).await;
        nobody.address.set_port(1);
        assert!(asked(&nobody).await);
        let refusal = r#"{"__type":"ThrottlingException","message":"slow down"}"#;
        assert!(asked(&Server::playing([Act::Reply("400 Bad Request", refusal)]).await).await);
        for act in [Act::Hang, Act::Reset, Act::Stall] {
            assert!(!asked(&Server::playing([act.clone()]).await).await, "{act:?}");
        }
    }
}

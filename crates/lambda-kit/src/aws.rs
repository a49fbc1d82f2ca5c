//! One configuration for every AWS client, and the SDK's errors as failures.

use std::fmt;
use std::str::{FromStr, ParseBoolError};
use std::time::Duration;

use anyhow::{Error, anyhow};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::DateTime;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::app_name::AppName;
use aws_types::region::Region;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use jiff::Timestamp;

use crate::environment::{EnvironmentError, Reading, Variables};
use crate::{Failure, http};

pub use aws_types::SdkConfig;

/// Longest single attempt of a call, from connecting to the last byte.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(4);
/// Longest call with all its attempts: the SDK sets no limit of its own, and one hung call would use up an invocation.
pub const OPERATION_TIMEOUT: Duration = Duration::from_secs(10);

/// Errors that say the request itself is wrong, in the words of the services used here.
const INVALID_REQUEST: [&str; 5] =
    ["ValidationException", "ValidationError", "InvalidParameter", "InvalidParameterValue", "SerializationException"];

/// Region, credentials, endpoints (`AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_<SERVICE>`, or neither with
/// `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS`), `AWS_USE_FIPS_ENDPOINT` and `AWS_USE_DUALSTACK_ENDPOINT` come from the
/// environment, which is where Lambda puts them.
///
/// The crate `aws-config` is not used: it would link what looks for them elsewhere (profiles, web identity, containers,
/// instances), which could only slow down or surprise a function.
///
/// Of a stalled stream [`ATTEMPT_TIMEOUT`] is the end. The SDK's own protection would wrap every body in a stream, and
/// what is a stream cannot be sent again when a pooled connection turns out to be closed.
///
/// # Errors
/// When region or credentials are missing, or a variable cannot be read.
pub fn config(
    variables: &Variables,
    client: reqwest::Client,
    name: &'static str,
) -> Result<SdkConfig, EnvironmentError> {
    let mut wanted = variables.reading();
    let region = wanted.optional("AWS_DEFAULT_REGION").filter(|_| variables.get("AWS_REGION").is_none());
    let region = region.unwrap_or_else(|| wanted.required("AWS_REGION"));
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(http::CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .app_name(AppName::new(name).expect("a function's name is a valid application name"))
        .region(Region::new(region))
        .credentials_provider(SharedCredentialsProvider::new(credentials(&mut wanted)))
        .use_fips(is_on(&mut wanted, "AWS_USE_FIPS_ENDPOINT"))
        .use_dual_stack(is_on(&mut wanted, "AWS_USE_DUALSTACK_ENDPOINT"))
        .http_client(http::sdk_http_client(client))
        .retry_config(RetryConfig::standard())
        .timeout_config(timeouts)
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if !is_on(&mut wanted, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") {
        config.set_endpoint_url(wanted.optional("AWS_ENDPOINT_URL"));
        config.set_service_config(Some(OfService(variables.clone())));
    }
    wanted.finish()?;
    Ok(config.build())
}

/// `true` or `false` in letters of any case, as AWS's tools take them; off where nothing is said.
fn is_on(wanted: &mut Reading<'_>, name: &str) -> bool {
    wanted.parsed::<Switch>(name, "false").0
}

struct Switch(bool);

impl FromStr for Switch {
    type Err = ParseBoolError;

    fn from_str(text: &str) -> Result<Self, ParseBoolError> {
        text.to_ascii_lowercase().parse().map(Self)
    }
}

fn credentials(wanted: &mut Reading<'_>) -> Credentials {
    let (id, secret) = (wanted.required("AWS_ACCESS_KEY_ID"), wanted.required("AWS_SECRET_ACCESS_KEY"));
    Credentials::new(id, secret, wanted.optional("AWS_SESSION_TOKEN"), None, "environment")
}

/// Variables that end in the name of a service, such as `AWS_ENDPOINT_URL_DYNAMODB`.
#[derive(Debug)]
struct OfService(Variables);

impl LoadServiceConfig for OfService {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().replace([' ', '-'], "_").to_ascii_uppercase();
        self.0.get(&format!("{}_{service}", key.env())).map(str::to_owned)
    }
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

//! Calls that change something: sent once, and their refusals sorted by what can still be done.

use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use lambda_kit::Clock;
use lambda_kit::aws::{failed, was_never_taken};
use rollback_plans::Carried;

use crate::ports::Unclear;

/// Waits between attempts, half of each at random.
const WAITS: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(800)];

/// How AWS says that the caller is too fast. A request that is throttled is never carried out.
const THROTTLED: [&str; 8] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "LimitExceededException",
    "SlowDown",
];

/// Refusals that pass: something else is under way, or our credentials have just been replaced.
const FOR_NOW: [&str; 7] = [
    "ConflictException",
    "ResourceConflictException",
    "ConcurrentPipelineExecutionsLimitExceededException",
    "DeploymentLimitExceededException",
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
];

/// How AWS says that our role may not.
const DENIED: [&str; 3] = ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation"];

/// The SDK tries again without an answer, too. A service that knows no client token would then act twice, or refuse
/// because of what it has itself done.
pub(super) fn never_again() -> RetryConfig {
    RetryConfig::disabled()
}

/// Sends a request that [`never_again`] holds for, anew only if nobody can have taken it: after a throttle, or where no
/// connection came about.
pub(super) async fn once<T, E, F>(clock: &Clock, send: impl Fn() -> F) -> Result<T, SdkError<E, HttpResponse>>
where
    E: ProvideErrorMetadata,
    F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
{
    for wait in WAITS {
        match send().await {
            Err(error) if is_throttled(&error) || was_never_sent(&error) => {
                clock.sleep(wait.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
            }
            answer => return answer,
        }
    }
    send().await
}

fn is_throttled<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    error.code().is_some_and(|code| THROTTLED.contains(&code))
}

fn was_never_sent<E>(error: &SdkError<E, HttpResponse>) -> bool {
    matches!(error, SdkError::DispatchFailure(_)) && was_never_taken(error)
}

/// What a failed call that was to change something means for the step.
///
/// # Errors
/// When it leaves open whether the service acted: no answer, a broken one, or one of a fault on the service's side.
pub(super) fn refused<E>(call: &str, error: SdkError<E, HttpResponse>) -> Result<Carried, Unclear>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let is_fault = error.raw_response().is_some_and(|response| response.status().as_u16() >= 500);
    match words(&error) {
        Some(words) if is_throttled(&error) => Ok(Carried::Later(words)),
        Some(words) if !is_fault => {
            let is_one_of = |codes: &[&str]| error.code().is_some_and(|code| codes.contains(&code));
            Ok(match words {
                words if is_one_of(&FOR_NOW) => Carried::Later(words),
                words if is_one_of(&DENIED) => Carried::Denied(words),
                words => Carried::Impossible(words),
            })
        }
        _ if was_never_sent(&error) => Ok(Carried::Later(told(call, error))),
        _ if matches!(error, SdkError::ConstructionFailure(_)) => Ok(Carried::Impossible(told(call, error))),
        _ => Err(Unclear(told(call, error))),
    }
}

/// What a failed call that was only to read something means for the step: nothing was done.
pub(super) fn not_read<E>(call: &str, error: SdkError<E, HttpResponse>) -> Carried
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    refused(call, error).unwrap_or_else(|Unclear(why)| Carried::Later(why))
}

/// Code and message of an answer that has a code.
pub(super) fn words<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Option<String> {
    let service = error.as_service_error()?;
    Some(format!("{}: {}", service.code()?, service.message().unwrap_or("no message")))
}

fn told<E>(call: &str, error: SdkError<E, HttpResponse>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    format!("{:#}", failed(call, error))
}

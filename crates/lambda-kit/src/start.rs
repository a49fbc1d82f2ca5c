//! Runs a function: logs, one kit of clients, the Lambda loop, and an answer to every event.

use std::convert::Infallible;
use std::fmt;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::aws::SdkConfig;
use crate::environment::{EnvironmentError, Variables};
use crate::panic::{Panicked, caught};
use crate::{Clock, Deadline, Failure, aws, http, logging};

/// Kept back from Lambda's deadline, so that a failure is still reported and the process lives on.
const MARGIN: Duration = Duration::from_millis(200);

/// What every function is given, made once per process.
#[derive(Clone, Debug)]
pub struct Kit {
    /// The environment as it was at start-up.
    pub variables: Variables,
    /// The one HTTP client.
    pub http: reqwest::Client,
    /// What AWS clients are made of; they share the HTTP client.
    pub aws: SdkConfig,
    /// The time.
    pub clock: Clock,
    /// The name the function was deployed under.
    pub function_name: String,
}

/// One invocation, apart from its event.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// Lambda's id of it, which is also in every log line.
    pub request_id: String,
    /// When it must have ended.
    pub deadline: Deadline,
}

/// A function.
pub trait Handler {
    /// What it takes. An event that does not parse is a permanent failure.
    type Event: DeserializeOwned;
    /// What it answers.
    type Reply: Serialize;

    /// Deals with one event. It is dropped shortly before the deadline.
    fn handle(&self, event: Self::Event, invocation: Invocation) -> impl Future<Output = Result<Self::Reply, Failure>>;
}

/// Runs until Lambda ends the process. `name` is how the function calls itself to AWS services.
///
/// When `prepare` fails, start-up still succeeds: the reason is logged, and every event fails with it.
/// Lambda would otherwise start the process over and over, and the reason would be found only by digging.
pub fn run<H: Handler>(name: &'static str, prepare: impl AsyncFnOnce(Kit) -> Result<H>) -> ExitCode {
    let variables = Variables::from_process();
    logging::start(&variables);
    std::panic::set_hook(Box::new(crate::panic::log));
    match serve(name, variables, prepare) {
        Ok(never) => match never {},
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// One thread is enough: Lambda hands a process one event at a time.
fn serve<H: Handler>(
    name: &'static str,
    variables: Variables,
    prepare: impl AsyncFnOnce(Kit) -> Result<H>,
) -> Result<Infallible> {
    let function_name = lambda_variables(&variables).context("this program is started by AWS Lambda")?;
    let clock = Clock::system();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let kit = kit(name, variables, clock.clone(), function_name);
        let prepared = match kit {
            Ok(kit) => prepare(kit).await,
            Err(error) => Err(error),
        };
        let prepared = prepared.map_err(|error| format!("{error:#}"));
        if let Err(reason) = &prepared {
            tracing::error!("every event will fail: {reason}");
        }
        let function = service_fn(|event| answer(&prepared, event, &clock));
        lambda_runtime::run(function).await.map_err(anyhow::Error::from_boxed)?;
        anyhow::bail!("the Lambda runtime ended")
    })
}

/// Without these the Lambda runtime panics, which tells nobody what to do.
fn lambda_variables(variables: &Variables) -> Result<String, EnvironmentError> {
    let mut reading = variables.reading();
    let name = reading.required("AWS_LAMBDA_FUNCTION_NAME");
    reading.required("AWS_LAMBDA_FUNCTION_VERSION");
    reading.required("AWS_LAMBDA_RUNTIME_API");
    let _megabytes: u32 = reading.parsed("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128");
    reading.required("AWS_LAMBDA_FUNCTION_MEMORY_SIZE");
    reading.finish().map(|()| name)
}

fn kit(name: &'static str, variables: Variables, clock: Clock, function_name: String) -> Result<Kit> {
    let http = http::client(&variables)?;
    let aws = aws::config(&variables, http.clone(), name)?;
    Ok(Kit { variables, http, aws, clock, function_name })
}

/// The event comes as text and is read once, into what the function takes.
async fn answer<H: Handler>(
    prepared: &Result<H, String>,
    event: LambdaEvent<Box<RawValue>>,
    clock: &Clock,
) -> Result<H::Reply, Unanswered> {
    let handler = prepared.as_ref().map_err(|reason| Unanswered::new("Configuration", reason))?;
    let (event, context) = event.into_parts();
    let deadline = Deadline::of(&context, clock);
    let invocation = Invocation { request_id: context.request_id, deadline: deadline.clone() };
    let event = serde_json::from_str(event.get()).map_err(|error| {
        Unanswered::from(Failure::permanent(error).context("the event is not of the kind this function takes"))
    })?;
    // In a box, because it is tens of kilobytes, and each future around it would move it once more.
    // The Lambda runtime catches panics too, but reports them under the name of a Rust type.
    let work = caught(Box::pin(handler.handle(event, invocation)));
    match deadline.with_margin(MARGIN).limit(work).await {
        Ok(outcome) => outcome?.map_err(Unanswered::from),
        Err(elapsed) => Err(Failure::retry(elapsed).into()),
    }
}

/// An event without a reply, under one of four stable names: `Configuration`, `Panic`, `Permanent`, `Retry`.
struct Unanswered(Diagnostic);

impl Unanswered {
    fn new(error_type: &str, message: &str) -> Self {
        Self(Diagnostic { error_type: error_type.to_owned(), error_message: message.to_owned() })
    }
}

impl From<Failure> for Unanswered {
    fn from(failure: Failure) -> Self {
        Self(failure.into())
    }
}

impl From<Panicked> for Unanswered {
    fn from(panicked: Panicked) -> Self {
        Self::new("Panic", &panicked.to_string())
    }
}

impl From<Unanswered> for Diagnostic {
    fn from(unanswered: Unanswered) -> Self {
        unanswered.0
    }
}

/// The runtime logs this.
impl fmt::Debug for Unanswered {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.0.error_type, self.0.error_message)
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;
    use jiff::Timestamp;
    use lambda_runtime::Context;
    use serde_json::value::to_raw_value;
    use serde_json::{Value, json};

    use super::*;

    /// Does what the event says.
    struct Obedient;

    impl Handler for Obedient {
        type Event = String;
        type Reply = String;

        async fn handle(&self, event: String, invocation: Invocation) -> Result<String, Failure> {
            match event.as_str() {
                "panic" => panic!("a fault"),
                "hang" => std::future::pending().await,
                "fail" => Err(Failure::permanent(anyhow!("refused"))),
                _ => Ok(invocation.request_id),
            }
        }
    }

    async fn answered(prepared: &Result<Obedient, String>, event: Value) -> Result<String, String> {
        let clock = Clock::stopped_at(Timestamp::UNIX_EPOCH);
        let mut context = Context::default();
        context.request_id = "r-1".to_owned();
        context.deadline = 1_000;
        let event = to_raw_value(&event).expect("a JSON value");
        answer(prepared, LambdaEvent::new(event, context), &clock).await.map_err(|unanswered| format!("{unanswered:?}"))
    }

    #[tokio::test]
    async fn a_broken_configuration_fails_each_event_with_one_sentence() {
        let broken = Err("the function is not configured: TABLE_NAME is missing or empty".to_owned());
        for _ in 0..2 {
            assert_eq!(
                answered(&broken, json!("anything")).await,
                Err("Configuration: the function is not configured: TABLE_NAME is missing or empty".to_owned())
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn every_way_to_fail_has_a_stable_name() {
        let cases = [
            ("panic", "Panic: the function stopped at a fault of its own; its log says where"),
            ("hang", "Retry: the time left for this invocation is used up"),
            ("fail", "Permanent: refused"),
        ];
        for (event, expected) in cases {
            assert_eq!(answered(&Ok(Obedient), json!(event)).await, Err(expected.to_owned()));
        }
    }

    #[tokio::test]
    async fn an_event_of_another_kind_is_a_permanent_failure() {
        let error = answered(&Ok(Obedient), json!({ "Records": [] })).await.expect_err("not a text");
        assert!(error.starts_with("Permanent: the event is not of the kind this function takes: "), "{error}");
    }

    #[tokio::test]
    async fn an_event_is_answered() {
        assert_eq!(answered(&Ok(Obedient), json!("hello")).await, Ok("r-1".to_owned()));
    }

    #[test]
    fn outside_lambda_the_program_says_what_is_missing() {
        let error = lambda_variables(&Variables::default()).expect_err("nothing is set").to_string();
        assert!(error.contains("AWS_LAMBDA_RUNTIME_API is missing or empty"), "{error}");
    }
}

//! Lambda's record of a failed invocation: who waits for an answer, and what the function died of.

#[cfg(test)]
mod tests;

use std::fmt;

use pipeline_model::JobId;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::Hook;
use crate::cause::Cause;

/// What is kept of a record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) waiting: Waiting,
    pub(crate) death: Death,
}

/// Who waits for an answer of the function that died.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// An action or rule of CodePipeline.
    Job(JobId),
    /// A deployment of CodeDeploy.
    Hook(Hook),
    /// A deployment of Amazon ECS.
    EcsHook,
    /// The event is of another kind, or cannot be read.
    Nobody,
}

/// What died, and of what.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Death {
    /// The name of the function; empty if the record does not say.
    pub(crate) function: String,
    /// Lambda's id of the invocation, which is in the function's log; empty if the record does not say.
    pub(crate) request: String,
    pub(crate) cause: Cause,
}

impl Record {
    /// Reads what can be read: a record nobody understands is one where nobody waits.
    pub(crate) fn read(text: &str) -> Self {
        let Wire { context, event, response } = read(Some(text));
        let Context { request_id, function_arn, condition } = read(context.map(RawValue::get));
        let Response { error_type, error_message } = read(response.map(RawValue::get));
        let waiting = event.map_or(Waiting::Nobody, |event| Waiting::of(event.get()));
        let cause = Cause::of(&condition, &error_type, &error_message);
        let death = Death { function: function_name(&function_arn), request: uuid(request_id), cause };
        Self { waiting, death }
    }
}

impl Waiting {
    fn of(event: &str) -> Self {
        if let Some(job) = JobId::of_event(event) {
            return Self::Job(job);
        }
        match serde_json::from_str::<Hook>(event) {
            Ok(hook) if !hook.deployment.is_empty() && !hook.execution.is_empty() => Self::Hook(hook),
            _ if serde_json::from_str::<EcsEvent>(event).is_ok() => Self::EcsHook,
            _ => Self::Nobody,
        }
    }

    /// For the log.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Job(_) => "job",
            Self::Hook(_) => "codedeploy-hook",
            Self::EcsHook => "ecs-hook",
            Self::Nobody => "nobody",
        }
    }
}

/// What the action shows: what happened, where, and what to do.
impl fmt::Display for Death {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { function, request, cause } = self;
        let name = if function.is_empty() { "The function" } else { function };
        write!(formatter, "{name} {cause}. It gave no answer, so the release does not go on. {}.", cause.remedy())?;
        if !function.is_empty() && cause.is_in_the_log() {
            let request = if request.is_empty() { String::new() } else { format!(", request {request}") };
            write!(formatter, " Its log is /aws/lambda/{function}{request}.")?;
        }
        Ok(())
    }
}

/// The parts of a record as they stand in the text: the event holds credentials and is not copied.
#[derive(Default, Deserialize)]
struct Wire<'a> {
    #[serde(rename = "requestContext", borrow, default)]
    context: Option<&'a RawValue>,
    #[serde(rename = "requestPayload", borrow, default)]
    event: Option<&'a RawValue>,
    #[serde(rename = "responsePayload", borrow, default)]
    response: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Context {
    request_id: String,
    function_arn: String,
    condition: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Response {
    error_type: String,
    error_message: String,
}

/// An event of a lifecycle hook of Amazon ECS has both.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EcsEvent {
    #[serde(rename = "lifecycleStage")]
    _lifecycle_stage: IgnoredAny,
    #[serde(rename = "resourceArn")]
    _resource_arn: IgnoredAny,
}

/// Nothing, where a part is missing or of another shape.
fn read<'a, T: Default + Deserialize<'a>>(text: Option<&'a str>) -> T {
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// The seventh part of `arn:aws:lambda:us-east-1:111122223333:function:name:$LATEST`; nothing that is not a name.
fn function_name(arn: &str) -> String {
    let name = arn.split(':').nth(6).unwrap_or_default();
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    if name.len() <= 140 && name.chars().all(is_plain) { name.to_owned() } else { String::new() }
}

/// The text if it looks like an id of Lambda's, which is public; else nothing.
fn uuid(text: String) -> String {
    let is_plain = |letter: char| letter.is_ascii_hexdigit() || letter == '-';
    if text.len() == 36 && text.chars().all(is_plain) { text } else { String::new() }
}

//! What lies in the queue: events of CodePipeline and of our own functions, approvals' SNS messages, and reminders.

use jiff::Timestamp;
use pipeline_model::{
    ApprovalRequest, Decision, Event, ExecutionId, PipelineArn, PipelineEvent, Published, UnknownEvent,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One record's content.
#[derive(Debug)]
pub(crate) enum Letter {
    /// An execution, a stage or an action changed.
    Event(Box<PipelineEvent>),
    /// One of our own functions has decided something.
    Decision(Box<Decision>),
    /// An event of a kind this version does not know.
    Unknown(UnknownEvent),
    /// An approval was asked for, and when.
    Approval(ApprovalRequest, Timestamp),
    /// It is time to look whether events of an execution were lost.
    Reminder(Reminder),
}

/// The notifier's message to itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reminder {
    pub(crate) look_after: PipelineArn,
    pub(crate) execution_id: ExecutionId,
    /// Tells this reminder from others of the same execution.
    pub(crate) due: Timestamp,
}

impl Reminder {
    pub(crate) fn to_body(&self) -> String {
        serde_json::json!(self).to_string()
    }
}

/// The envelope SNS puts around a message on its way to SQS.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SnsEnvelope {
    #[serde(default)]
    timestamp: String,
    message: String,
}

/// Reads a record's body. The sentence of an error goes to the dead-letter queue with it.
pub(crate) fn read(body: &str, received: Timestamp) -> Result<Letter, String> {
    let value: Value = serde_json::from_str(body).map_err(|error| format!("the record is not JSON: {error}"))?;
    if value.get("detail-type").is_some() {
        return if value["source"] == Published::SOURCE { published(body) } else { event(body) };
    }
    if value.get("lookAfter").is_some() {
        let reminder =
            serde_json::from_value(value).map_err(|error| format!("not a reminder of the notifier's: {error}"))?;
        return Ok(Letter::Reminder(reminder));
    }
    if value.get("TopicArn").is_some() {
        let envelope: SnsEnvelope =
            serde_json::from_value(value).map_err(|error| format!("not an SNS envelope: {error}"))?;
        let request = ApprovalRequest::parse(&envelope.message).map_err(|error| error.to_string())?;
        return Ok(Letter::Approval(request, envelope.timestamp.parse().unwrap_or(received)));
    }
    let request = ApprovalRequest::parse(body).map_err(|_| {
        String::from("the record is neither an EventBridge event, nor an approval's SNS message, nor a reminder")
    })?;
    Ok(Letter::Approval(request, received))
}

fn event(body: &str) -> Result<Letter, String> {
    match Event::parse(body.as_bytes()).map_err(|error| error.to_string())? {
        Event::Pipeline(event) => Ok(Letter::Event(event)),
        Event::Unknown(event) => Ok(Letter::Unknown(event)),
    }
}

fn published(body: &str) -> Result<Letter, String> {
    match Published::parse(body.as_bytes()).map_err(|error| error.to_string())? {
        Published::Decision(decision) => Ok(Letter::Decision(decision)),
        Published::Unknown(event) => Ok(Letter::Unknown(event)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_nobody_is_refused_in_words() {
        for (body, said) in [
            ("", "not JSON"),
            ("{}", "neither an EventBridge event"),
            ("[1]", "neither an EventBridge event"),
            (
                r#"{"detail-type":"CodePipeline Stage Execution State Change","source":"aws.codepipeline"}"#,
                "missing field `time`",
            ),
            (
                r#"{"detail-type":"Rollback Decided","source":"pipewarden","time":"2026-03-02T10:00:00Z","detail":{"version":1}}"#,
                "missing field `outcome`",
            ),
            (r#"{"TopicArn":"t","Message":"hello"}"#, "not a CodePipeline approval message"),
            (r#"{"lookAfter":"x"}"#, "not a reminder"),
        ] {
            let error = read(body, Timestamp::UNIX_EPOCH).unwrap_err();
            assert!(error.contains(said), "{body}: {error}");
        }
    }

    #[test]
    fn a_reminder_comes_back_as_it_was_sent() {
        let look_after = PipelineArn::new("us-east-1", "111122223333", "orders".into());
        let reminder = Reminder { look_after, execution_id: "e1".into(), due: Timestamp::UNIX_EPOCH };
        let Ok(Letter::Reminder(read)) = read(&reminder.to_body(), Timestamp::UNIX_EPOCH) else { panic!("a reminder") };
        assert_eq!(read, reminder);
    }
}

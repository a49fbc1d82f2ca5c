//! The queue a function is fed from and its dead-letter queue: bury what can never succeed, let the rest come again.

use std::time::Duration;

use anyhow::Result;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::MessageAttributeValue;
use jiff::Timestamp;

use crate::OnDemand;
use crate::aws::failed;
use crate::batch::Record;
use crate::metrics::{Metrics, Sample, Unit};

/// The queue a function is fed from, and its dead-letter queue.
#[expect(async_fn_in_trait, reason = "used with static dispatch on one thread only")]
pub trait Backlog {
    /// Puts a record where a person will find it, with the reason as message attributes `ERROR_CODE` and
    /// `ERROR_MESSAGE`.
    async fn bury(&self, body: &str, code: &str, reason: &str) -> Result<()>;

    /// Lets a record that is handed back come again after `delay` instead of the queue's visibility timeout.
    async fn delay(&self, receipt_handle: &str, delay: Duration) -> Result<()>;

    /// Sends the function a message that arrives after `delay` (at most 15 minutes, SQS's limit).
    async fn remind(&self, body: &str, delay: Duration) -> Result<()>;
}

/// Lets a record come again after this time instead of the queue's visibility timeout, and says how old it is by now.
///
/// SQS's own `ApproximateAgeOfOldestMessage` leaves out what was received more than three times, which is after half a
/// minute here, so an alarm on lateness needs the metric `RecordAge`.
pub async fn hand_back(backlog: &impl Backlog, metrics: &Metrics, now: Timestamp, record: &Record, after: Duration) {
    if let Some(sent_at) = record.sent_at {
        let value = now.duration_since(sent_at).as_secs_f64().max(0.0);
        metrics.emit(&Sample { at: now, name: "RecordAge", unit: Unit::Seconds, value, properties: Vec::new() });
    }
    let Some(receipt) = &record.receipt_handle else { return };
    if let Err(error) = backlog.delay(receipt, after).await {
        tracing::warn!(record.id, error = format!("{error:#}"), "the record comes again after the visibility timeout");
    }
}

/// Puts a record where a person will find it, and counts it as `RecordsBuried`. If that fails, it is to be handed back.
pub async fn bury(
    backlog: &impl Backlog,
    metrics: &Metrics,
    now: Timestamp,
    record: &Record,
    (code, reason): (&str, &str),
) -> bool {
    metrics.count(now, "RecordsBuried", 1);
    tracing::error!(record.id, error.code = code, error = reason, "the record goes to the dead-letter queue");
    let buried = backlog.bury(&record.body, code, reason).await;
    if let Err(error) = &buried {
        tracing::error!(record.id, error = format!("{error:#}"), "the dead-letter queue did not take the record");
    }
    buried.is_ok()
}

/// 5 s, doubled with each receive, 15 minutes at most: an outage of half an hour costs about ten tries.
pub fn backoff(receives: u32) -> Duration {
    Duration::from_secs(5 << receives.saturating_sub(1).min(8)).min(Duration::from_secs(900))
}

/// SQS counts its twelve hours from when the record was received; the longest invocation is taken off them.
const LONGEST_WAIT: Duration = Duration::from_secs(12 * 60 * 60 - 15 * 60);

/// SQS's longest `DelaySeconds`.
const LONGEST_DELAY: Duration = Duration::from_secs(15 * 60);

/// Longest reason in bytes. Attributes count towards the size of a message, and the record must still fit.
const LONGEST_REASON: usize = 1024;

/// The two queues in SQS.
///
/// A record so large that it does not fit with its reason cannot be buried; SQS moves it by itself, without a reason,
/// after the last receive its redrive policy allows.
#[derive(Debug, Clone)]
pub struct Queues {
    client: OnDemand<Client>,
    own: String,
    dead_letters: String,
}

impl Queues {
    /// The queue the function is fed from, and the one for what it could not deal with, by their URLs.
    pub fn new(client: impl Into<OnDemand<Client>>, own: impl Into<String>, dead_letters: impl Into<String>) -> Self {
        Self { client: client.into(), own: own.into(), dead_letters: dead_letters.into() }
    }
}

impl Backlog for Queues {
    async fn bury(&self, body: &str, code: &str, reason: &str) -> Result<()> {
        let request = self.client.send_message().queue_url(&self.dead_letters).message_body(body);
        let request = request
            .message_attributes("ERROR_CODE", attribute(code)?)
            .message_attributes("ERROR_MESSAGE", attribute(reason)?);
        request.send().await.map_err(|error| failed("SendMessage to the dead-letter queue", error))?;
        Ok(())
    }

    async fn delay(&self, receipt_handle: &str, delay: Duration) -> Result<()> {
        let seconds = whole_seconds(delay.min(LONGEST_WAIT)).max(1);
        let request = self.client.change_message_visibility().queue_url(&self.own).receipt_handle(receipt_handle);
        let request = request.visibility_timeout(seconds);
        request.send().await.map_err(|error| failed("ChangeMessageVisibility in the function's queue", error))?;
        Ok(())
    }

    async fn remind(&self, body: &str, delay: Duration) -> Result<()> {
        let request = self.client.send_message().queue_url(&self.own).message_body(body);
        let request = request.delay_seconds(whole_seconds(delay.min(LONGEST_DELAY)));
        request.send().await.map_err(|error| failed("SendMessage to the function's queue", error))?;
        Ok(())
    }
}

/// SQS refuses empty attributes and control characters.
fn attribute(text: &str) -> Result<MessageAttributeValue> {
    let refused = |character: char| character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}');
    let clean = text.replace(refused, " ");
    let cut = clean[..clean.floor_char_boundary(LONGEST_REASON)].trim();
    let value = if cut.is_empty() { "unknown" } else { cut };
    Ok(MessageAttributeValue::builder().data_type("String").string_value(value).build()?)
}

fn whole_seconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_nanos().div_ceil(1_000_000_000)).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::doubles::rehearsal::{Answer, Server};

    async fn queues(answers: impl IntoIterator<Item = Answer>) -> (Queues, Server) {
        let server = Server::giving(answers).await;
        let url = |name| format!("{}/111122223333/{name}", server.url);
        let queues = Queues::new(Client::new(&server.aws()), url("notifier"), url("dead-letters"));
        (queues, server)
    }

    fn sent() -> Answer {
        Answer::json(200, &json!({ "MessageId": "5fea7756-0ea4-451a-a703-a558b933e274" }))
    }

    #[tokio::test]
    async fn a_buried_record_carries_its_reason_as_attributes() {
        let (queues, server) = queues([sent()]).await;
        queues.bury("{\"id\":1}", "channel-not-found", "Slack knows no #ops.\nInvite the app.").await.unwrap();
        let request = server.requests().remove(0);
        assert!(request.body["QueueUrl"].as_str().is_some_and(|url| url.ends_with("/dead-letters")));
        assert_eq!(request.body["MessageBody"], "{\"id\":1}");
        let attributes = &request.body["MessageAttributes"];
        assert_eq!(attributes["ERROR_CODE"], json!({ "DataType": "String", "StringValue": "channel-not-found" }));
        assert_eq!(attributes["ERROR_MESSAGE"]["StringValue"], "Slack knows no #ops. Invite the app.");
    }

    #[tokio::test]
    async fn a_reason_sqs_would_refuse_is_made_acceptable() {
        let value = |reason: &str| attribute(reason).unwrap().string_value.unwrap();
        assert_eq!(value(" \u{0}"), "unknown");
        assert_eq!(value("a\u{0}b\u{fffe}c"), "a b c");
        let long = value(&"é".repeat(2_000));
        assert_eq!(long.len(), LONGEST_REASON);
    }

    #[tokio::test]
    async fn waits_are_whole_seconds_within_the_limits_of_sqs() {
        let visible = |millis| async move {
            let (queues, server) = queues([Answer::json(200, &json!({}))]).await;
            queues.delay("handle", Duration::from_millis(millis)).await.unwrap();
            server.requests().remove(0).body["VisibilityTimeout"].clone()
        };
        assert_eq!(visible(0).await, 1);
        assert_eq!(visible(1_001).await, 2);
        assert_eq!(visible(u64::MAX).await, 42_300);
    }

    #[tokio::test]
    async fn a_reminder_comes_after_a_quarter_of_an_hour_at_most() {
        let delay = |seconds| async move {
            let (queues, server) = queues([sent()]).await;
            queues.remind("{}", Duration::from_secs(seconds)).await.unwrap();
            let body: Value = server.requests().remove(0).body;
            assert!(body["QueueUrl"].as_str().is_some_and(|url| url.ends_with("/notifier")));
            body["DelaySeconds"].clone()
        };
        assert_eq!(delay(30).await, 30);
        assert_eq!(delay(86_400).await, 900);
    }

    #[tokio::test]
    async fn a_missing_permission_is_named() {
        let refusal = json!({ "__type": "com.amazonaws.sqs#AccessDeniedException", "message": "not authorized" });
        let (queues, _server) = queues([Answer::json(403, &refusal)]).await;
        let error = format!("{:#}", queues.remind("{}", Duration::ZERO).await.unwrap_err());
        assert!(error.starts_with("SendMessage to the function's queue: AccessDeniedException: "), "{error}");
        assert!(error.ends_with("the function's role must allow this call"), "{error}");
    }
}

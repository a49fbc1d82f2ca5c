//! SQS batches: whatever was not finished is handed back.

use std::collections::BTreeSet;

use anyhow::anyhow;
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use jiff::Timestamp;

use crate::Failure;

/// One message of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The message id, by which Lambda knows the message in the reply.
    pub id: String,
    /// The body as sent.
    pub body: String,
    /// For changing the message's visibility, that is, when it comes again.
    pub receipt_handle: Option<String>,
    /// How often the message has been handed out, this time included.
    pub receives: u32,
    /// When the message entered the queue.
    pub sent_at: Option<Timestamp>,
}

/// The messages of one invocation and what became of them.
///
/// A message counts as failed until [`Batch::done`] says otherwise, so a forgotten one, one cut off by the deadline
/// and one after an early return all come back. The order of a standard queue means nothing and is not kept.
#[derive(Clone, Debug)]
pub struct Batch {
    records: Vec<Record>,
    done: BTreeSet<String>,
}

impl Batch {
    /// Takes the event apart.
    ///
    /// # Errors
    /// A message without an id fails the whole batch: Lambda could not be told that it failed, and would delete it.
    pub fn new(event: SqsEvent) -> Result<Self, Failure> {
        let records: Result<_, _> = event.records.into_iter().map(record).collect();
        Ok(Self { records: records?, done: BTreeSet::new() })
    }

    /// The messages, in the order they came.
    pub fn records(&self) -> Vec<Record> {
        self.records.clone()
    }

    /// Nothing more needs to happen with this message; Lambda may delete it.
    pub fn done(&mut self, id: &str) {
        self.done.insert(id.to_owned());
    }

    /// The reply: the ids of all messages that are not done, each once.
    pub fn reply(&self) -> SqsBatchResponse {
        let ids: BTreeSet<_> = self.records.iter().map(|record| &record.id).collect();
        let failed = ids.into_iter().filter(|id| !self.done.contains(*id));
        let mut reply = SqsBatchResponse::default();
        reply.batch_item_failures = failed.map(failure).collect();
        reply
    }
}

fn failure(id: &String) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    failure.item_identifier.clone_from(id);
    failure
}

fn record(message: SqsMessage) -> Result<Record, Failure> {
    let attribute = |name: &str| message.attributes.get(name);
    let receives = attribute("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1);
    let sent_at = attribute("SentTimestamp").and_then(|millis| Timestamp::from_millisecond(millis.parse().ok()?).ok());
    let id = message.message_id.filter(|id| !id.is_empty());
    Ok(Record {
        id: id
            .ok_or_else(|| Failure::permanent(anyhow!("an SQS record has no messageId, so the whole batch fails")))?,
        body: message.body.unwrap_or_default(),
        receipt_handle: message.receipt_handle,
        receives,
        sent_at,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn event(ids: &[String]) -> SqsEvent {
        let records: Vec<_> = ids.iter().map(|id| json!({ "messageId": id, "body": "{}" })).collect();
        serde_json::from_value(json!({ "Records": records })).expect("an SQS event")
    }

    fn failed(batch: &Batch) -> Vec<String> {
        batch.reply().batch_item_failures.into_iter().map(|item| item.item_identifier).collect()
    }

    #[test]
    fn a_record_without_id_fails_the_whole_batch() {
        for message in [json!({ "body": "{}" }), json!({ "messageId": "", "body": "{}" })] {
            let good = json!({ "messageId": "1", "body": "{}" });
            let event = serde_json::from_value(json!({ "Records": [good, message] })).expect("an SQS event");
            assert!(Batch::new(event).expect_err("no id").is_permanent());
        }
    }

    #[test]
    fn a_record_carries_what_is_known_about_its_delivery() {
        let event = json!({ "Records": [{
            "messageId": "m-1", "body": "text", "receiptHandle": "r-1",
            "attributes": { "ApproximateReceiveCount": "3", "SentTimestamp": "1772445600000" },
        }]});
        let batch = Batch::new(serde_json::from_value(event).expect("an SQS event")).expect("a batch");
        let [record] = batch.records().try_into().expect("one record");
        assert_eq!((record.receives, record.receipt_handle.as_deref()), (3, Some("r-1")));
        assert_eq!(record.sent_at, Timestamp::from_millisecond(1_772_445_600_000).ok());
    }

    #[test]
    fn the_reply_has_the_shape_lambda_reads() {
        let batch = Batch::new(event(&["m-1".to_owned()])).expect("a batch");
        let reply = serde_json::to_value(batch.reply()).expect("JSON");
        assert_eq!(reply, json!({ "batchItemFailures": [{ "itemIdentifier": "m-1" }] }));
    }

    proptest! {
        #[test]
        fn exactly_the_records_not_done_come_back_once_each(
            ids in prop::collection::vec("[a-e]{1,2}", 0..10), done in prop::collection::vec("[a-f]{1,2}", 0..10),
        ) {
            let mut batch = Batch::new(event(&ids)).expect("a batch");
            done.iter().for_each(|id| batch.done(id));
            let mut expected: Vec<_> = ids.into_iter().filter(|id| !done.contains(id)).collect();
            expected.sort();
            expected.dedup();
            prop_assert_eq!(failed(&batch), expected);
        }
    }
}

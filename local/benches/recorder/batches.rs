//! Batches as Lambda takes them from the queue: what arrives within the window, at most so many records.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::rules::Rules;
use crate::story::{Asked, Telling, Told};

/// One invocation: an SQS event, how many records it holds, and when it is.
#[derive(Clone)]
pub(crate) struct Batch {
    pub(crate) json: String,
    pub(crate) events: usize,
    at: Timestamp,
}

/// Batches, and what CodePipeline answers about the executions in them, by their ids.
pub(crate) struct Tale {
    pub(crate) batches: Vec<Batch>,
    pub(crate) asked: HashMap<String, Asked>,
}

impl Tale {
    pub(crate) fn of(tellings: impl IntoIterator<Item = Telling>) -> Result<Self> {
        let rules = Rules::read()?;
        let (mut told, mut asked) = (Vec::new(), HashMap::new());
        for telling in tellings {
            told.extend(telling.events);
            asked.insert(telling.execution, telling.asked);
        }
        Ok(Self { batches: grouped(told, &rules), asked })
    }
}

/// Groups events by when they arrive. A window begins with the first record in it.
fn grouped(mut told: Vec<Told>, rules: &Rules) -> Vec<Batch> {
    let window = SignedDuration::try_from(rules.window).unwrap_or(SignedDuration::MAX);
    told.sort_by_key(|event| event.at);
    let mut groups: Vec<(Timestamp, Vec<Told>)> = Vec::new();
    for event in told {
        match groups.last_mut() {
            Some((began, group)) if event.at.duration_since(*began) < window && group.len() < rules.batch_size => {
                group.push(event)
            }
            _ => groups.push((event.at, vec![event])),
        }
    }
    let invoked = |(number, (began, group)): (usize, (Timestamp, Vec<Told>))| batch(number, began + window, &group);
    groups.into_iter().enumerate().map(invoked).collect()
}

/// How often a function reads something that may become so old, when it is invoked with these batches and has read
/// nothing for long.
pub(crate) fn reads(batches: &[Batch], age: Duration) -> usize {
    let is_old = |read: Option<Timestamp>, now: Timestamp| {
        read.is_none_or(|read| now.duration_since(read).unsigned_abs() >= age)
    };
    let (reads, _) = batches.iter().fold((0, None), |(reads, read), batch| match is_old(read, batch.at) {
        true => (reads + 1, Some(batch.at)),
        false => (reads, read),
    });
    reads
}

pub(crate) fn events(batches: &[Batch]) -> usize {
    batches.iter().map(|batch| batch.events).sum()
}

fn batch(number: usize, at: Timestamp, group: &[Told]) -> Batch {
    let records: Vec<Value> = group.iter().enumerate().map(|(at, event)| record(number, at, event)).collect();
    Batch { json: json!({ "Records": records }).to_string(), events: group.len(), at }
}

fn record(number: usize, at: usize, event: &Told) -> Value {
    json!({
        "messageId": format!("{number:08x}-0000-4000-8000-{at:012x}"),
        "receiptHandle": format!("AQEBexample+{number}-{at}=="),
        "body": event.body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": event.at.as_millisecond().to_string(),
            "SenderId": "AIDA-EXAMPLE",
            "ApproximateFirstReceiveTimestamp": event.at.as_millisecond().to_string(),
        },
        "messageAttributes": {},
        "md5OfBody": "67e86959638cc543c1e3e51635957d43",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:111122223333:pipewarden-recorder",
        "awsRegion": "us-east-1",
    })
}

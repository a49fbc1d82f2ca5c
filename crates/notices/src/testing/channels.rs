//! Channels that answer like the real ones, and remember what they were sent.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::outgoing::{Outgoing, Reply};
use crate::record::{Delivery, Record};
use crate::route::Desk;

/// More deliveries than this in a row mean that something is sent for ever.
const ENDLESS: usize = 500;

/// Every channel at once. What is not listed in `replies` succeeds.
#[derive(Debug, Default)]
pub(crate) struct Channels {
    /// What an address answers instead of success.
    pub(crate) replies: BTreeMap<String, Reply>,
    /// What arrived, oldest first.
    pub(crate) sent: Vec<Delivery>,
    posts: usize,
}

impl Channels {
    /// Channels of which one always answers the same.
    pub(crate) fn where_one_answers(address: &str, reply: Reply) -> Self {
        Self { replies: BTreeMap::from([(address.to_owned(), reply)]), ..Self::default() }
    }

    /// Sends until there is nothing left to send, and tells it in lines: `slack:C0123456 post: orders started`.
    pub(crate) fn deliver(&mut self, record: &mut Record, desk: &Desk, now: Timestamp) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(delivery) = record.next(desk, now, &BTreeSet::new()) {
            assert!(lines.len() < ENDLESS, "sent for ever: {:#?}", &lines[ENDLESS - 10..]);
            let answer = match &delivery.outgoing {
                Ok(outgoing) => delivery.read(&self.reply(&delivery, outgoing)),
                Err(missing) => crate::Answer::Refused(missing.to_string()),
            };
            lines.push(line(&delivery));
            record.note(&delivery, &answer, now);
            self.sent.push(delivery);
        }
        lines
    }

    fn reply(&mut self, delivery: &Delivery, outgoing: &Outgoing) -> Reply {
        if let Some(reply) = self.replies.get(&delivery.address.to_string()) {
            return reply.clone();
        }
        let body = match outgoing {
            Outgoing::Sns { .. } => return Reply::Published,
            Outgoing::Http { bearer: None, .. } => String::from("ok"),
            Outgoing::Http { body, .. } => {
                self.posts += 1;
                let ts = body.get("ts").cloned().unwrap_or_else(|| json!(format!("1772445600.{:06}", self.posts)));
                json!({"ok": true, "channel": "C0123456", "ts": ts}).to_string()
            }
        };
        Reply::Http { status: 200, retry_after: None, body }
    }
}

/// What Slack says when it refuses.
pub(crate) fn refusal(error: &str) -> Reply {
    let body = json!({"ok": false, "error": error}).to_string();
    Reply::Http { status: 200, retry_after: None, body }
}

fn line(delivery: &Delivery) -> String {
    let (address, kind) = (&delivery.address, delivery.kind.as_str());
    let loud = match &delivery.outgoing {
        Ok(Outgoing::Http { body, .. }) if body["reply_broadcast"] == true => " to all",
        _ => "",
    };
    match &delivery.outgoing {
        Ok(outgoing) => format!("{address} {kind}{loud}: {}", headline(outgoing)),
        Err(missing) => format!("{address} {kind}: {missing}"),
    }
}

/// The first line people see, without the addresses of links.
fn headline(outgoing: &Outgoing) -> String {
    let text = match outgoing {
        Outgoing::Sns { subject, .. } => subject.clone(),
        Outgoing::Http { body, .. } => body["text"].as_str().unwrap_or_default().to_owned(),
    };
    let mut words = String::new();
    for part in text.lines().next().unwrap_or_default().split('<') {
        match part.split_once('>') {
            Some((link, rest)) => {
                words.push_str(link.split_once('|').map_or("", |(_, label)| label));
                words.push_str(rest);
            }
            None => words.push_str(part),
        }
    }
    words.replace('*', "")
}

/// A request as JSON, without its secrets, for snapshots.
pub(crate) fn rendered(delivery: &Delivery) -> Value {
    match &delivery.outgoing {
        Ok(Outgoing::Http { body, .. }) => body.clone(),
        Ok(Outgoing::Sns { subject, messages }) => {
            let json: Value = serde_json::from_str(&messages["sqs"]).unwrap();
            json!({"subject": subject, "email": messages["email"].lines().collect::<Vec<_>>(), "sms": messages["sms"], "json": json})
        }
        Err(missing) => json!({"missing": missing.to_string()}),
    }
}

//! A channel of Slack: what was said in it, and when.

use jiff::Timestamp;
use notices::Outgoing;
use serde_json::{Value, json};

use crate::stage::words;

/// One channel.
#[derive(Debug, Default)]
pub(super) struct Slack {
    messages: Vec<Message>,
    pub(super) sent_at: Vec<Timestamp>,
}

/// A message of the channel, with what was ever said as it or below it.
#[derive(Debug)]
pub(super) struct Message {
    execution: String,
    ts: String,
    /// What it shows now.
    pub(super) text: String,
    /// As it was posted, and its replies.
    said: Vec<String>,
}

impl Slack {
    /// Takes a request and answers it. Says of which execution something was posted, if anything was.
    pub(super) fn take(&mut self, outgoing: &Outgoing) -> (Value, Option<String>) {
        let Outgoing::Http { body, .. } = outgoing else { return (Value::Null, None) };
        let text = words(outgoing);
        let named = |key: &str| body[key].as_str().map(str::to_owned);
        if let Some(ts) = named("ts") {
            let Some(message) = self.messages.iter_mut().find(|message| message.ts == ts) else {
                return (json!({ "ok": false, "error": "message_not_found" }), None);
            };
            message.text = text;
            return (json!({ "ok": true, "channel": "C0000000001", "ts": ts }), None);
        }
        if let Some(thread) = named("thread_ts") {
            let Some(message) = self.messages.iter_mut().find(|message| message.ts == thread) else {
                return (json!({ "ok": false, "error": "thread_not_found" }), None);
            };
            message.said.push(text);
            return (json!({ "ok": true, "channel": "C0000000001", "ts": "0.0" }), Some(message.execution.clone()));
        }
        let execution = execution_in(&text);
        let ts = format!("1772445600.{:06}", self.messages.len() + 1);
        let message = Message { execution: execution.clone(), ts: ts.clone(), text: text.clone(), said: vec![text] };
        self.messages.push(message);
        (json!({ "ok": true, "channel": "C0000000001", "ts": ts }), Some(execution))
    }

    /// Without those that were sent in an emergency, with the table gone, and say so.
    pub(super) fn messages_of(&self, execution: &str) -> Vec<&Message> {
        let told_from_the_table = |message: &&Message| !message.text.contains("so this may be a repeat");
        self.messages.iter().filter(|message| message.execution == execution).filter(told_from_the_table).collect()
    }

    /// How often one of these was said about an execution, in a message as it was posted or in a reply.
    pub(super) fn tellings(&self, execution: &str, any: &[&str]) -> usize {
        let said = self.messages_of(execution).into_iter().flat_map(|message| &message.said);
        said.filter(|text| any.iter().any(|words| text.contains(words))).count()
    }
}

/// The headline links the execution.
fn execution_in(text: &str) -> String {
    let after = text.split("/executions/").nth(1).expect("the headline links the execution");
    after.split('/').next().unwrap_or_default().to_owned()
}

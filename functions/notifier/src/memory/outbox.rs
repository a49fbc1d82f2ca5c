//! Where messages go in tests: they are kept, and answered as Slack and SNS would.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;
use lambda_kit::Clock;
use notices::{Outgoing, Reply};
use serde_json::{Value, json};

use crate::ports::Outbox;
use lambda_kit::doubles::Calls;

/// The channel id Slack answers with when a message names a channel in words.
const CHANNEL: &str = "C0000000001";

/// Answers well unless told otherwise. Clones share everything.
#[derive(Debug, Clone)]
pub struct RecordingOutbox {
    calls: Calls,
    clock: Clock,
    content: Rc<RefCell<Content>>,
}

#[derive(Debug, Default)]
struct Content {
    sent: Vec<Sent>,
    replies: VecDeque<Reply>,
    takes: Duration,
    messages: u32,
}

/// One message that reached its channel, whatever the channel answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    /// When.
    pub at: Timestamp,
    /// How long the sender would have waited.
    pub timeout: Duration,
    /// The message.
    pub outgoing: Outgoing,
    /// The answer.
    pub reply: Reply,
}

impl Sent {
    /// The last part of the URL: `chat.postMessage` and so on; empty for SNS.
    pub fn method(&self) -> &str {
        match &self.outgoing {
            Outgoing::Http { url, .. } => url.reveal().rsplit('/').next().unwrap_or_default(),
            Outgoing::Sns { .. } => "",
        }
    }

    /// The JSON body; null for SNS.
    pub fn body(&self) -> &Value {
        match &self.outgoing {
            Outgoing::Http { body, .. } => body,
            Outgoing::Sns { .. } => &Value::Null,
        }
    }

    /// The message id in Slack's answer, where it has one.
    pub fn ts(&self) -> Option<String> {
        let Reply::Http { body, .. } = &self.reply else { return None };
        let answer: Value = serde_json::from_str(body).ok()?;
        answer["ts"].as_str().map(str::to_owned)
    }
}

impl RecordingOutbox {
    pub(super) fn with(calls: Calls, clock: Clock) -> Self {
        Self { calls, clock, content: Rc::default() }
    }

    /// Answers the next message with no answer ahead of it with `reply`. What is not prepared is answered well.
    pub fn reply_with(&self, reply: Reply) {
        self.content.borrow_mut().replies.push_back(reply);
    }

    /// Answers the next message with an HTTP status and body.
    pub fn reply_http(&self, status: u16, body: &str) {
        self.reply_with(Reply::Http { status, retry_after: None, body: body.to_owned() });
    }

    /// Answers the next message with 429 and a `Retry-After` in seconds.
    pub fn reply_too_many(&self, retry_after: u64) {
        let body = json!({ "ok": false, "error": "ratelimited" }).to_string();
        self.reply_with(Reply::Http { status: 429, retry_after: Some(retry_after.to_string()), body });
    }

    /// Every answer takes this long from now on: the clock moves by it, and a sender with less patience gets none,
    /// although the message has arrived.
    pub fn takes(&self, duration: Duration) {
        self.content.borrow_mut().takes = duration;
    }

    /// Everything that was sent, in order.
    pub fn sent(&self) -> Vec<Sent> {
        self.content.borrow().sent.clone()
    }

    /// Everything that was sent since the last look.
    pub fn take_sent(&self) -> Vec<Sent> {
        std::mem::take(&mut self.content.borrow_mut().sent)
    }

    fn record(&self, outgoing: &Outgoing, timeout: Duration) -> Reply {
        let at = self.clock.now();
        let mut content = self.content.borrow_mut();
        let prepared = content.replies.pop_front();
        let reply = prepared.unwrap_or_else(|| content.good_reply(outgoing, at));
        let reply = if content.takes > timeout { Reply::Unreachable("no answer in time".to_owned()) } else { reply };
        if !content.takes.is_zero() {
            self.clock.advance(content.takes.min(timeout));
        }
        content.sent.push(Sent { at, timeout, outgoing: outgoing.clone(), reply: reply.clone() });
        reply
    }
}

impl Content {
    fn good_reply(&mut self, outgoing: &Outgoing, at: Timestamp) -> Reply {
        let body = match outgoing {
            Outgoing::Sns { .. } => return Reply::Published,
            Outgoing::Http { bearer: None, .. } => "ok".to_owned(),
            Outgoing::Http { body, .. } => {
                let channel = body["channel"].as_str().filter(|channel| channel.starts_with('C')).unwrap_or(CHANNEL);
                let ts = body["ts"].as_str().map_or_else(|| self.next_ts(at), str::to_owned);
                json!({ "ok": true, "channel": channel, "ts": ts }).to_string()
            }
        };
        Reply::Http { status: 200, retry_after: None, body }
    }

    /// Seconds and a number that grows with each message.
    fn next_ts(&mut self, at: Timestamp) -> String {
        self.messages += 1;
        format!("{}.{:06}", at.as_second(), self.messages * 100)
    }
}

impl Outbox for RecordingOutbox {
    async fn send(&self, outgoing: &Outgoing, timeout: Duration) -> Reply {
        let sending = self.calls.make(|| Ok(self.record(outgoing, timeout)));
        sending.await.unwrap_or_else(|error| Reply::Unreachable(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipeline_model::Secret;

    const START: i64 = 1_772_445_600;

    fn outbox() -> RecordingOutbox {
        let clock = Clock::stopped_at(Timestamp::from_second(START).unwrap());
        RecordingOutbox::with(Calls::default(), clock)
    }

    fn post(body: Value) -> Outgoing {
        let url = Secret::new("https://slack.com/api/chat.postMessage".to_owned());
        Outgoing::Http { url, bearer: Some(Secret::new("fake".to_owned())), body }
    }

    #[tokio::test]
    async fn each_new_message_has_a_greater_id_and_an_edit_keeps_its_own() {
        let outbox = outbox();
        for body in [json!({ "channel": "#ops" }), json!({ "channel": "C2" }), json!({ "ts": "1.2" })] {
            outbox.send(&post(body), Duration::from_secs(3)).await;
        }
        let sent = outbox.sent();
        let ids: Vec<_> = sent.iter().filter_map(Sent::ts).collect();
        assert_eq!(ids, ["1772445600.000100", "1772445600.000200", "1.2"]);
        assert_eq!(sent[0].method(), "chat.postMessage");
    }

    #[tokio::test]
    async fn prepared_replies_come_first_and_in_order() {
        let outbox = outbox();
        outbox.reply_too_many(30);
        outbox.reply_http(500, "down");
        let reply = outbox.send(&post(json!({})), Duration::from_secs(3)).await;
        assert!(matches!(reply, Reply::Http { status: 429, retry_after: Some(wait), .. } if wait == "30"));
        let reply = outbox.send(&post(json!({})), Duration::from_secs(3)).await;
        assert!(matches!(reply, Reply::Http { status: 500, .. }));
        let reply = outbox.send(&post(json!({})), Duration::from_secs(3)).await;
        assert!(matches!(reply, Reply::Http { status: 200, .. }));
    }

    #[tokio::test]
    async fn a_slow_channel_moves_the_clock_and_outlasts_the_sender() {
        let outbox = outbox();
        outbox.takes(Duration::from_secs(5));
        let reply = outbox.send(&post(json!({})), Duration::from_secs(3)).await;
        assert!(matches!(reply, Reply::Unreachable(_)));
        assert_eq!((outbox.sent().len(), outbox.clock.now().as_second()), (1, START + 3));
    }
}

//! A notifier on stage: its handler is given SQS batches, and everything around it is a double that can be asked.

mod letters;
mod slack;

use std::cell::Cell;
use std::pin::Pin;
use std::time::Duration;

use aws_lambda_events::sqs::SqsEvent;
use jiff::{SignedDuration, Timestamp};
use lambda_kit::Deadline;
use lambda_kit::metrics::Metrics;
use lambda_kit::settings::{Parsed, Settings};
use lambda_kit::start::{Handler, Invocation};
use notices::{Outgoing, Reply};
use notifier::memory::{
    Memory, MemorySettings, MemoryTable, RecordingBacklog, RecordingOutbox, ScriptedReleases, Sent,
};
use notifier::ports::Outbox;
use notifier::{Desks, Notifier};
use serde_json::{Value, json};

pub(crate) use letters::{Letters, approval_message, in_an_sns_envelope};
pub(crate) use slack::{Courier, OverHttp, aws};

/// The channel the bot speaks in.
pub(crate) const CHANNEL: &str = "C0000000001";
/// What the function has on Lambda.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) type Played<O> = Notifier<MemoryTable, ScriptedReleases, O, RecordingBacklog, MemorySettings>;

/// A notifier and its world. Without settings, a bot token is stored and the bot speaks in [`CHANNEL`].
pub(crate) struct Stage<O> {
    pub(crate) world: Memory,
    pub(crate) notifier: Played<O>,
    pub(crate) numbers: Cell<u32>,
}

/// When the stories begin.
pub(crate) fn start() -> Timestamp {
    "2026-03-02T10:00:00Z".parse().unwrap()
}

impl Stage<RecordingOutbox> {
    pub(crate) fn new() -> Self {
        let world = Memory::at(start());
        let outbox = world.outbox.clone();
        Self::with(world, outbox, "https://slack.example.com/api")
    }

    /// What reached Slack since the last look.
    pub(crate) fn slack(&self) -> Vec<Sent> {
        self.world.outbox.take_sent().into_iter().filter(|sent| !sent.method().is_empty()).collect()
    }
}

impl<O: Outbox> Stage<O> {
    pub(crate) fn with(world: Memory, outbox: O, slack_api: &str) -> Self {
        world.settings.set("slack/bot-token", &["xoxb", "example"].join("-"));
        let notifier = notifier(&world, outbox, slack_api);
        Self { world, notifier, numbers: Cell::new(0) }
    }

    /// Gives records to the handler for the first time and says which of them came back, by their place.
    pub(crate) async fn receive(&self, bodies: &[String]) -> Vec<usize> {
        self.receive_again(1, bodies).await
    }

    /// Gives one event to the handler and expects it to be dealt with.
    pub(crate) async fn hear(&self, body: &Value) {
        assert_eq!(self.receive(&[body.to_string()]).await, [0; 0], "the record came back: {body}");
    }

    /// Gives records to the handler for the `receives`-th time.
    pub(crate) async fn receive_again(&self, receives: u32, bodies: &[String]) -> Vec<usize> {
        self.invoke(receives, bodies, TIMEOUT).await.expect("no crash was asked for")
    }

    /// One invocation with this much time; `None` if it crashed.
    pub(crate) async fn invoke(&self, receives: u32, bodies: &[String], time: Duration) -> Option<Vec<usize>> {
        let first = self.numbers.replace(self.numbers.get() + 1) * 100;
        let ids: Vec<String> = (0..bodies.len()).map(|at| format!("m-{}", first as usize + at)).collect();
        let event = batch(&ids, bodies, receives, self.world.clock.now());
        let deadline = Deadline::after(&self.world.clock, time);
        let invocation = Invocation { request_id: "r-1".to_owned(), deadline };
        // As a trait object, or the compiler's limit on nested types is reached.
        let handled: Pin<Box<dyn Future<Output = _>>> = Box::pin(self.notifier.handle(event, invocation));
        let reply = self.world.run(handled).await?.expect("a batch with ids is handled");
        let failed = |item: &aws_lambda_events::sqs::BatchItemFailure| {
            ids.iter().position(|id| *id == item.item_identifier).expect("only ids of the batch are named")
        };
        Some(reply.batch_item_failures.iter().map(failed).collect())
    }

    /// Lets time pass, and gives the handler the reminders that are due by then.
    pub(crate) async fn let_pass(&self, time: SignedDuration) {
        self.world.clock.advance(time.unsigned_abs());
        let due = self.world.backlog.take_due();
        if !due.is_empty() {
            assert_eq!(self.receive(&due).await, [0; 0]);
        }
    }

    /// The delays that were asked for, in seconds.
    pub(crate) fn delays(&self) -> Vec<u64> {
        self.world.backlog.delayed().iter().map(|delayed| delayed.delay.as_secs()).collect()
    }
}

/// A process of its own: it shares the world and no memory of what it read there.
pub(crate) fn notifier<O: Outbox>(world: &Memory, outbox: O, slack_api: &str) -> Played<O> {
    let settings = Settings::new(world.settings.clone(), "/pipewarden", world.clock.clone());
    let metrics = Metrics::new("Pipewarden", "pipewarden-notifier");
    Notifier {
        table: world.table.clone(),
        releases: world.releases.clone(),
        outbox,
        backlog: world.backlog.clone(),
        desks: Desks::new(
            settings,
            Parsed::new(metrics.clone(), world.clock.clone()),
            slack_api,
            Some(CHANNEL.to_owned()),
        ),
        clock: world.clock.clone(),
        metrics,
    }
}

/// An SQS batch as Lambda delivers it.
pub(crate) fn batch(ids: &[String], bodies: &[String], receives: u32, sent: Timestamp) -> SqsEvent {
    let record = |(id, body): (&String, &String)| {
        json!({
            "messageId": id, "receiptHandle": id, "body": body, "eventSource": "aws:sqs", "awsRegion": "us-east-1",
            "attributes": {
                "ApproximateReceiveCount": receives.to_string(),
                "SentTimestamp": sent.as_millisecond().to_string(),
            },
        })
    };
    let records: Vec<Value> = ids.iter().zip(bodies).map(record).collect();
    serde_json::from_value(json!({ "Records": records })).expect("an SQS event")
}

/// Every text of a Slack request or an SNS message, one per line.
pub(crate) fn words(outgoing: &Outgoing) -> String {
    match outgoing {
        Outgoing::Http { body, .. } => {
            let mut lines = Vec::new();
            collect(body, &mut lines);
            lines.join("\n")
        }
        Outgoing::Sns { subject, messages } => format!("{subject}\n{}", messages["default"]),
    }
}

fn collect(value: &Value, lines: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            let text = map.get("text").and_then(Value::as_str).or(map.get("fallback").and_then(Value::as_str));
            lines.extend(text.map(str::to_owned));
            map.values().filter(|value| !value.is_string()).for_each(|value| collect(value, lines));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, lines)),
        _ => {}
    }
}

/// A way out where Slack can be down while SNS is up.
#[derive(Clone)]
pub(crate) struct Outage {
    pub(crate) inner: RecordingOutbox,
    pub(crate) down: std::rc::Rc<Cell<bool>>,
    pub(crate) tries: std::rc::Rc<Cell<u32>>,
}

impl Outage {
    pub(crate) fn of(world: &Memory) -> Self {
        Self { inner: world.outbox.clone(), down: Default::default(), tries: Default::default() }
    }
}

impl Outbox for Outage {
    async fn send(&self, outgoing: &Outgoing, timeout: Duration) -> Reply {
        if self.down.get() && matches!(outgoing, Outgoing::Http { .. }) {
            self.tries.set(self.tries.get() + 1);
            return Reply::Unreachable("slack.example.com did not answer".to_owned());
        }
        self.inner.send(outgoing, timeout).await
    }
}

//! Slack is slow, full, down or has shut its door: cases 29, 30, 31 and 34.

use std::time::Duration;

use notifier::memory::{RecordingOutbox, Sent};
use notifier::ports::Backlog;
use serde_json::Value;

use crate::stage::{CHANNEL, Letters, Outage, Stage, words};

type Memorised = Stage<RecordingOutbox>;

fn bodies(events: &[Value]) -> Vec<String> {
    events.iter().map(Value::to_string).collect()
}

fn emails(sent: &[Sent]) -> Vec<String> {
    sent.iter().filter(|sent| sent.method().is_empty()).map(|sent| words(&sent.outgoing)).collect()
}

/// Case 29.
#[tokio::test]
async fn a_short_retry_after_is_sat_out() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    stage.world.outbox.reply_too_many(7);
    stage.hear(&orders.run("STARTED", 0)).await;
    let sent = stage.slack();
    assert_eq!(sent.len(), 2, "refused once, then sent");
    assert!(sent[1].at.duration_since(sent[0].at).as_secs() >= 7, "{} and {}", sent[0].at, sent[1].at);
}

/// Case 29.
#[tokio::test]
async fn a_long_retry_after_hands_the_record_back_for_that_long_and_everybody_holds_off() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    stage.world.outbox.reply_too_many(45);
    assert_eq!(stage.receive(&[orders.run("STARTED", 0).to_string()]).await, [0]);
    assert_eq!(stage.delays(), [45]);
    assert_eq!(stage.slack().len(), 1);

    let other = Letters::of("2").run("STARTED", 0).to_string();
    assert_eq!(stage.receive(std::slice::from_ref(&other)).await, [0]);
    assert_eq!(stage.slack(), [], "the channel is shut for other executions, too");
    assert_eq!(stage.delays()[1], 45, "and they come again when it opens");

    stage.world.clock.advance(Duration::from_secs(45));
    assert_eq!(stage.receive_again(2, &[orders.run("STARTED", 0).to_string(), other]).await, [0; 0]);
    assert_eq!(stage.slack().len(), 2);
}

/// Case 29: Slack may say so again and again.
#[tokio::test]
async fn an_endless_row_of_refusals_ends_the_invocation_and_not_the_record() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    (0..100).for_each(|_| stage.world.outbox.reply_too_many(1));
    assert_eq!(stage.receive(&[orders.run("STARTED", 0).to_string()]).await, [0]);
    assert!(stage.slack().len() <= 5);
    assert_eq!(stage.world.backlog.buried(), []);
}

/// Case 29: one message per second and channel, whoever sends.
#[tokio::test]
async fn messages_to_one_channel_are_a_second_apart() {
    let stage = Stage::new();
    for number in 0..6 {
        let orders = Letters::of(&number.to_string());
        assert_eq!(stage.receive(&bodies(&orders.failure())).await, [0; 0]);
    }
    let sent = stage.slack();
    let gaps = sent.windows(2).map(|pair| pair[1].at.duration_since(pair[0].at).as_millis());
    assert!(gaps.clone().all(|gap| gap >= 1_000), "{:?}", gaps.collect::<Vec<_>>());
}

/// SQS in a few lines: hands out what is visible, ten at a time, and takes back what is not done.
struct Queue {
    records: Vec<Waiting>,
}

struct Waiting {
    body: String,
    receives: u32,
    visible: jiff::Timestamp,
}

impl Queue {
    fn put(&mut self, body: String, now: jiff::Timestamp) {
        self.records.push(Waiting { body, receives: 0, visible: now });
    }

    /// One round over all that is visible. Returns the most receives any record has had.
    async fn drain(&mut self, stage: &Stage<Outage>) {
        let now = stage.world.clock.now();
        let (mut ready, rest): (Vec<_>, Vec<_>) = self.records.drain(..).partition(|record| record.visible <= now);
        self.records = rest;
        while !ready.is_empty() {
            let mut batch: Vec<_> = ready.drain(..ready.len().min(10)).collect();
            batch.iter_mut().for_each(|record| record.receives += 1);
            let receives = batch.iter().map(|record| record.receives).max().unwrap();
            let bodies: Vec<_> = batch.iter().map(|record| record.body.clone()).collect();
            let asked = stage.world.backlog.delayed().len();
            let failed = stage.receive_again(receives, &bodies).await;
            let delays = stage.world.backlog.delayed().split_off(asked);
            assert_eq!(delays.len(), failed.len(), "what comes back says when");
            for (place, delay) in failed.into_iter().zip(delays) {
                let visible = stage.world.clock.now() + delay.delay;
                let Waiting { body, receives, .. } = &batch[place];
                self.records.push(Waiting { body: body.clone(), receives: *receives, visible });
            }
        }
    }
}

/// Case 30.
#[tokio::test]
async fn half_an_hour_without_slack_loses_nothing_and_ends_with_one_message_for_each_release() {
    let world = notifier::memory::Memory::at(crate::stage::start());
    let outage = Outage::of(&world);
    let stage = Stage::with(world, outage.clone(), "https://slack.example.com/api");
    let mut queue = Queue { records: Vec::new() };
    outage.down.set(true);
    for minute in 0..30 {
        for number in 0..3 {
            let mut orders = Letters::of(&format!("{}", minute * 3 + number));
            orders.began = stage.world.clock.now();
            orders.failure().iter().for_each(|event| queue.put(event.to_string(), orders.began));
        }
        queue.drain(&stage).await;
        let next = orders_minute(minute + 1);
        let now = stage.world.clock.now();
        stage.world.clock.advance(next.duration_since(now).unsigned_abs());
    }
    let during = outage.inner.take_sent();
    assert_eq!(emails(&during).len(), 90, "the notice topic hears of every failure while Slack is down");
    assert!(during.iter().all(|sent| sent.method().is_empty()));
    assert!(outage.tries.get() < 120, "{} tries at a closed door", outage.tries.get());
    assert!(queue.records.iter().all(|record| record.receives < 30), "the queue allows sixty receives");

    outage.down.set(false);
    while !queue.records.is_empty() {
        let next = queue.records.iter().map(|record| record.visible).min().unwrap();
        let wait = next.duration_since(stage.world.clock.now());
        stage.world.clock.advance(wait.max(jiff::SignedDuration::ZERO).unsigned_abs());
        queue.drain(&stage).await;
    }
    let after = outage.inner.take_sent();
    let messages = after.iter().filter(|sent| sent.method() == "chat.postMessage");
    assert_eq!(messages.count(), 90, "one message each, in its final state");
    assert!(after.iter().all(|sent| words(&sent.outgoing).contains("failed in")));
    assert_eq!(emails(&after), [""; 0], "nothing is repeated where it was told");
    assert_eq!(stage.world.backlog.buried(), []);
}

/// Case 30: in one invocation a closed door is tried once, however many releases want through it.
#[tokio::test]
async fn a_batch_of_releases_tries_a_channel_that_is_down_once_and_tells_the_topic_of_all() {
    let world = notifier::memory::Memory::at(crate::stage::start());
    let outage = Outage::of(&world);
    let stage = Stage::with(world, outage.clone(), "https://slack.example.com/api");
    outage.down.set(true);
    let failed = |number: u8| Letters::of(&number.to_string()).run("FAILED", 60).to_string();
    let batch: Vec<String> = (0..10).map(failed).collect();
    let before = stage.world.clock.now();
    assert_eq!(stage.receive(&batch).await.len(), 10);
    assert_eq!(outage.tries.get(), 1);
    assert_eq!(emails(&outage.inner.take_sent()).len(), 10);
    assert_eq!(stage.world.clock.now(), before, "nobody waits for what is known to be shut");
}

fn orders_minute(minute: i64) -> jiff::Timestamp {
    crate::stage::start() + jiff::SignedDuration::from_mins(minute)
}

fn refused(stage: &Memorised, error: &str) {
    stage.world.outbox.reply_http(200, &format!(r#"{{"ok":false,"error":"{error}"}}"#));
}

/// Case 31.
#[tokio::test]
async fn a_refusing_channel_costs_one_dead_letter_and_the_topic_tells_in_its_place() {
    for error in ["is_archived", "not_in_channel", "channel_not_found", "restricted_action", "invalid_blocks"] {
        let (stage, orders) = (Stage::new(), Letters::of("1"));
        refused(&stage, error);
        assert_eq!(stage.receive(&bodies(&orders.failure())).await, [0; 0]);
        let sent = stage.world.outbox.take_sent();
        assert_eq!(sent.iter().filter(|sent| !sent.method().is_empty()).count(), 1, "{error}: asked once");
        assert!(emails(&sent).iter().any(|email| email.contains("failed in")), "{error}");
        let buried = stage.world.backlog.buried();
        assert_eq!(buried.len(), 1, "{error}");
        assert_eq!(buried[0].reason, format!("slack:{CHANNEL}: {error}"));
        stage.hear(&orders.stage("Deploy", "STARTED", 70)).await;
        assert_eq!(stage.slack(), [], "{error}: left alone");
    }
}

/// Case 31.
#[tokio::test]
async fn a_channel_that_goes_on_refusing_is_asked_now_and_then_and_buries_nothing_more() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    for hour in 0..5 {
        refused(&stage, "is_archived");
        stage.hear(&orders.stage(&format!("Stage{hour}"), "SUCCEEDED", hour * 3_600)).await;
        assert_eq!(stage.slack().len(), 1, "somebody may have opened it again");
        stage.world.clock.advance(Duration::from_secs(3_600));
    }
    assert_eq!(stage.world.backlog.buried().len(), 1);
    stage.hear(&orders.run("SUCCEEDED", 5 * 3_600)).await;
    let sent = stage.slack();
    assert!(sent.iter().any(|sent| words(&sent.outgoing).contains("succeeded")), "and then it is told");
}

/// Case 31: what went to the dead-letter queue can be sent again from there.
#[tokio::test]
async fn a_dead_letter_sent_again_tells_what_is_untold() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    refused(&stage, "is_archived");
    assert_eq!(stage.receive(&bodies(&orders.failure())).await, [0; 0]);
    stage.slack();
    stage.world.clock.advance(Duration::from_secs(3_600));
    let buried = stage.world.backlog.buried().remove(0);
    assert_eq!(stage.receive(&[buried.body]).await, [0; 0]);
    assert!(stage.slack().iter().any(|sent| words(&sent.outgoing).contains("failed in")));
}

/// Case 31.
#[tokio::test]
async fn one_closed_channel_does_not_block_another() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    stage.world.settings.set("settings", "routes: [{ channels: ['slack:C0000000001', 'slack:C0000000002'] }]");
    refused(&stage, "is_archived");
    assert_eq!(stage.receive(&bodies(&orders.failure())).await, [0; 0]);
    let sent = stage.slack();
    let told = |channel: &str| sent.iter().filter(|sent| sent.body()["channel"] == channel).count();
    assert_eq!((told("C0000000001"), told("C0000000002")), (1, 1));
}

/// Case 31: when even the dead-letter queue is shut, the record stays where it is.
#[tokio::test]
async fn what_cannot_be_buried_comes_back() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    refused(&stage, "is_archived");
    stage.world.backlog.remind("", Duration::ZERO).await.unwrap();
    let event = orders.run("SUCCEEDED", 60).to_string();
    stage.world.backlog.fail_next(1);
    assert_eq!(stage.receive(std::slice::from_ref(&event)).await, [0]);
    assert_eq!(stage.receive_again(2, &[event]).await, [0; 0]);
    assert_eq!(stage.slack().len(), 2);
}

/// A Slack-like answer without the message's id would otherwise be posted again for ever.
#[tokio::test]
async fn an_answer_that_names_no_message_does_not_lead_to_a_flood() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    (0..50).for_each(|_| stage.world.outbox.reply_http(200, r#"{"ok":true}"#));
    stage.hear(&orders.run("STARTED", 0)).await;
    stage.hear(&orders.run("SUCCEEDED", 60)).await;
    assert_eq!(stage.slack().len(), 1);
}

/// Case 31: a message somebody deleted is posted anew, and not for ever.
#[tokio::test]
async fn a_deleted_message_is_posted_anew_a_few_times_at_most() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    stage.hear(&orders.run("STARTED", 0)).await;
    stage.slack();
    (0..50).for_each(|_| refused(&stage, "message_not_found"));
    stage.hear(&orders.run("SUCCEEDED", 60)).await;
    stage.hear(&orders.run("SUCCEEDED", 60)).await;
    assert!(stage.slack().len() < 10);
    assert_eq!(stage.world.backlog.buried().len(), 1, "what vanishes for good is set aside, once");
}

/// Case 31: in a workspace that allows edits for a while only, a long release stays one message.
#[tokio::test]
async fn a_message_too_old_to_be_edited_is_kept_and_its_thread_tells_the_rest() {
    for error in ["edit_window_closed", "cant_update_message"] {
        let (stage, orders) = (Stage::new(), Letters::of("1"));
        stage.hear(&orders.run("STARTED", 0)).await;
        let first = stage.slack().remove(0).ts();
        refused(&stage, error);
        stage.hear(&orders.stage("Source", "SUCCEEDED", 30)).await;
        stage.hear(&orders.stage("Build", "STARTED", 31)).await;
        stage.hear(&orders.run("SUCCEEDED", 60)).await;
        let sent = stage.slack();
        let methods: Vec<_> = sent.iter().map(Sent::method).collect();
        assert_eq!(methods, ["chat.update", "chat.postMessage", "chat.postMessage"], "{error}");
        for (reply, said) in sent[1..].iter().zip(["*Source* succeeded", "succeeded in 1 min"]) {
            assert_eq!(reply.body()["thread_ts"].as_str(), first.as_deref(), "{error}");
            assert!(words(&reply.outgoing).contains(said), "{error}: {}", words(&reply.outgoing));
        }
        assert_eq!(stage.world.backlog.buried(), [], "{error}");
    }
}

/// Case 34.
#[tokio::test]
async fn a_rotated_token_is_read_anew_and_the_message_sent_with_it() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    stage.hear(&orders.run("STARTED", 0)).await;
    stage.slack();
    stage.world.clock.advance(Duration::from_secs(10));
    stage.world.settings.set("slack/bot-token", "rotated");
    refused(&stage, "token_revoked");
    stage.hear(&orders.run("SUCCEEDED", 60)).await;
    let sent = stage.slack();
    let token = |sent: &Sent| match &sent.outgoing {
        notices::Outgoing::Http { bearer, .. } => bearer.as_ref().unwrap().reveal().clone(),
        notices::Outgoing::Sns { .. } => String::new(),
    };
    assert_eq!(sent.len(), 2);
    assert_ne!(token(&sent[0]), "rotated");
    assert_eq!(token(&sent[1]), "rotated");
    assert_eq!(stage.world.backlog.buried(), []);
}

/// Case 34.
#[tokio::test]
async fn a_token_that_stays_refused_is_tried_twice_and_then_left_to_a_person() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    (0..2).for_each(|_| refused(&stage, "invalid_auth"));
    assert_eq!(stage.receive(&bodies(&orders.failure())).await, [0; 0]);
    let sent = stage.world.outbox.take_sent();
    assert_eq!(sent.iter().filter(|sent| !sent.method().is_empty()).count(), 2);
    assert!(emails(&sent).iter().any(|email| email.contains("failed in")));
    assert_eq!(stage.world.backlog.buried().len(), 1);
}

//! The notifier dies at each of its calls, and whoever comes next goes on: cases 7 and 8.

use std::time::Duration;

use notifier::memory::{Moment, RecordingOutbox, Sent};
use serde_json::Value;

use crate::stage::{Letters, Stage, TIMEOUT, notifier, words};

/// Longer than any lease: SQS hands a record out again after six minutes.
const VISIBILITY: Duration = Duration::from_secs(360);

fn story() -> Vec<String> {
    let orders = Letters::of("1");
    let mut events = orders.failure();
    events.insert(1, orders.stage("Source", "SUCCEEDED", 30));
    events.iter().map(Value::to_string).collect()
}

/// The notifier dies at one call of its first invocation; a new one gets the records again.
async fn after_a_crash(call: usize, moment: Moment) -> Option<Vec<Sent>> {
    let mut stage: Stage<RecordingOutbox> = Stage::new();
    stage.world.crash_at(call, moment);
    if stage.invoke(1, &story(), TIMEOUT).await.is_some() {
        return None;
    }
    stage.world.clock.advance(VISIBILITY);
    stage.notifier = notifier(&stage.world, stage.world.outbox.clone(), "https://slack.example.com/api");
    assert_eq!(stage.receive_again(2, &story()).await, [0; 0], "call {call}, {moment:?}: a record is left");
    let item = stage.world.table.item(&Letters::of("1").key()).expect("the execution is remembered");
    let now = stage.world.clock.now();
    assert!(item.leased_until.is_none_or(|until| until < now), "call {call}, {moment:?}: a lease is left");
    Some(stage.world.outbox.take_sent())
}

fn check(sent: &[Sent], call: usize, moment: Moment) {
    let place = format!("call {call}, {moment:?}");
    let posts: Vec<_> = sent.iter().filter(|sent| sent.method() == "chat.postMessage").collect();
    let messages: Vec<_> = posts.iter().filter(|sent| sent.body()["thread_ts"].is_null()).collect();
    assert!((1..=2).contains(&messages.len()), "{place}: {} messages", messages.len());
    let last = messages.last().unwrap();
    let mut edits =
        sent.iter().filter(|sent| sent.method() == "chat.update" && sent.body()["ts"] == last.ts().as_deref().unwrap());
    let shown = edits.next_back().map_or_else(|| words(&last.outgoing), |edit| words(&edit.outgoing));
    assert!(shown.contains("failed in"), "{place}: {shown}");
    let replies = posts.len() - messages.len();
    assert!(replies <= 2, "{place}: {replies} replies");
    assert!(messages.len() + replies <= 3, "{place}: more than one repeat");
    let emails = sent.iter().filter(|sent| sent.method().is_empty()).count();
    assert!((1..=2).contains(&emails), "{place}: {emails} e-mails");
}

/// Cases 7 and 8.
#[tokio::test]
async fn a_crash_at_any_call_loses_nothing_and_repeats_one_message_at_most() {
    for moment in [Moment::Before, Moment::After] {
        let mut call = 0;
        loop {
            call += 1;
            let Some(sent) = after_a_crash(call, moment).await else { break };
            check(&sent, call, moment);
        }
        assert!(call > 10, "the story takes more calls than {call}");
    }
}

/// Case 8.
#[tokio::test]
async fn what_another_one_is_sending_waits_for_its_lease_and_is_taken_over_after_it() {
    let mut stage: Stage<RecordingOutbox> = Stage::new();
    // Settings, load, facts, reminder and the write with the lease come first; then it dies before it sends.
    let calls_to_the_post = calls_before_the_post().await;
    stage.world.crash_at(calls_to_the_post, Moment::Before);
    assert_eq!(stage.invoke(1, &story(), TIMEOUT).await, None);
    assert_eq!(stage.slack(), []);
    let leased = stage.world.table.item(&Letters::of("1").key()).unwrap().leased_until.expect("a lease with an end");
    assert!(leased > stage.world.clock.now());
    stage.notifier = notifier(&stage.world, stage.world.outbox.clone(), "https://slack.example.com/api");
    // Up to its last second the other one may be writing down what it sent.
    let last_second = TIMEOUT - Duration::from_secs(1);
    for wait in [Duration::ZERO, last_second] {
        stage.world.clock.advance(wait);
        assert_eq!(stage.receive_again(2, &story()).await, [0, 1, 2, 3, 4], "after {wait:?} the lease still holds");
        assert_eq!(stage.slack(), []);
    }
    stage.world.clock.advance(Duration::from_secs(2));
    assert_eq!(stage.receive_again(3, &story()).await, [0; 0]);
    let messages = stage
        .slack()
        .into_iter()
        .filter(|sent| sent.body()["thread_ts"].is_null() && sent.method() == "chat.postMessage");
    assert_eq!(messages.count(), 1);
}

/// The number of the call that sends the first message.
async fn calls_before_the_post() -> usize {
    for call in 1.. {
        let stage: Stage<RecordingOutbox> = Stage::new();
        stage.world.crash_at(call, Moment::After);
        stage.invoke(1, &story(), TIMEOUT).await;
        if !stage.slack().is_empty() {
            return call;
        }
    }
    unreachable!("the story is told")
}

/// Case 9, as far as leases go: no time left is no time, and not an unknown time.
#[tokio::test]
async fn without_time_left_nothing_is_begun_and_no_lease_is_left() {
    for time in [Duration::ZERO, Duration::from_millis(700), Duration::from_secs(4)] {
        let stage: Stage<RecordingOutbox> = Stage::new();
        assert_eq!(stage.invoke(1, &story(), time).await, Some(vec![0, 1, 2, 3, 4]));
        assert_eq!(stage.slack(), []);
        assert!(stage.world.table.items().values().all(|item| item.leased_until.is_none()));
        assert_eq!(stage.receive_again(2, &story()).await, [0; 0]);
    }
}

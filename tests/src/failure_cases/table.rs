//! The state table is throttled, contended or gone: case 38.

use std::time::Duration;

use notifier::memory::{RecordingOutbox, Sent};
use notifier::ports::Item;
use serde_json::Value;

use crate::stage::{Letters, Stage, words};

fn bodies(events: &[Value]) -> Vec<String> {
    events.iter().map(Value::to_string).collect()
}

fn messages(sent: &[Sent]) -> usize {
    sent.iter().filter(|sent| sent.method() == "chat.postMessage" && sent.body()["thread_ts"].is_null()).count()
}

/// Case 38.
#[tokio::test]
async fn a_throttled_table_hands_the_record_back_and_the_next_time_tells_it_once() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    stage.world.table.fail_next(1);
    let event = orders.run("STARTED", 0).to_string();
    assert_eq!(stage.receive(std::slice::from_ref(&event)).await, [0]);
    assert_eq!(stage.delays(), [5]);
    assert_eq!(stage.slack(), []);
    assert_eq!(stage.receive_again(2, &[event]).await, [0; 0]);
    assert_eq!(messages(&stage.slack()), 1);
}

/// Case 38.
#[tokio::test]
async fn lost_writes_are_read_again_and_written_again() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    stage.world.table.lose_next(5);
    assert_eq!(stage.receive(&bodies(&orders.failure())).await, [0; 0]);
    assert_eq!(messages(&stage.slack()), 1);
    assert_eq!(stage.world.backlog.reminders(), []);
}

/// Case 38: what somebody else learnt between our reading and our writing is not lost.
#[tokio::test]
async fn a_write_that_loses_takes_in_what_the_winner_wrote() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    stage.hear(&orders.run("STARTED", 0)).await;
    stage.slack();
    let other = Stage::new();
    other.hear(&orders.stage("Build", "SUCCEEDED", 60)).await;
    let theirs = other.world.table.item(&orders.key()).unwrap();
    let key = orders.key();
    stage.world.table.interfere(move |table| {
        let revision = table.item(&key).unwrap().revision + 1;
        table.put(&key, Item { revision, ..theirs });
    });
    stage.hear(&orders.stage("Deploy", "STARTED", 70)).await;
    let shown = stage.slack().iter().map(|sent| words(&sent.outgoing)).collect::<String>();
    assert!(shown.contains("Build") && shown.contains("Deploy"), "{shown}");
}

/// Case 38: whose lease is gone stops sending, and what is left is said by whoever gets the record next.
#[tokio::test]
async fn who_was_overtaken_stops_and_leaves_the_rest_to_the_next() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    let key = orders.key();
    stage.world.table.interfere(|_| {});
    stage.world.table.interfere(move |table| {
        let item = table.item(&key).unwrap();
        table.put(&key, Item { revision: item.revision + 1, leased_until: None, ..item });
    });
    let events = bodies(&[orders.run("STARTED", 0), orders.stage("Source", "SUCCEEDED", 30)]);
    assert_eq!(stage.receive(&events).await, [0, 1]);
    assert_eq!(stage.slack().len(), 1, "the message, and nothing after it");
    assert_eq!(stage.receive_again(2, &events).await, [0; 0]);
    let sent = stage.slack();
    assert_eq!((messages(&sent), sent.len()), (0, 1), "the reply, and the message not again");
}

/// Case 38: two batches about one execution at the same time.
#[tokio::test]
async fn two_batches_at_once_lead_to_one_message_in_its_final_state() {
    let orders = Letters::of("1");
    let events = bodies(&orders.failure());
    for split in 0..=events.len() {
        let stage = Stage::new();
        let notifier =
            crate::stage::notifier(&stage.world, stage.world.outbox.clone(), "https://slack.example.com/api");
        let other: Stage<RecordingOutbox> = Stage { notifier, world: stage.world.clone(), numbers: 50.into() };
        let (one, two) = (&events[..split], &events[split..]);
        let (first, second) = tokio::join!(stage.receive(one), other.receive(two));
        stage.world.clock.advance(Duration::from_secs(60));
        let left: Vec<_> =
            first.iter().map(|at| one[*at].clone()).chain(second.iter().map(|at| two[*at].clone())).collect();
        assert_eq!(stage.receive_again(2, &left).await, [0; 0]);
        let sent = stage.slack();
        assert_eq!(messages(&sent), 1, "split at {split}");
        let main = |sent: &&Sent| sent.body()["thread_ts"].is_null();
        let shown = words(&sent.iter().rfind(main).unwrap().outgoing);
        assert!(shown.contains("failed in") && shown.contains("3 tests failed"), "split at {split}: {shown}");
    }
}

/// Case 38: what nobody can remember is told when it is urgent, and says that it may be a repeat.
#[tokio::test]
async fn with_the_table_gone_the_third_receive_tells_what_is_urgent() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    let events = bodies(&orders.failure());
    stage.world.table.fail_next(1_000);
    for receives in 1..6 {
        assert_eq!(stage.receive_again(receives, &events).await.len(), events.len(), "nothing is given up");
        let sent = stage.world.outbox.take_sent();
        if receives == 3 {
            assert_eq!(sent.len(), 2, "Slack and the topic");
            assert!(sent.iter().all(|sent| words(&sent.outgoing).contains("this may be a repeat")));
        } else {
            assert_eq!(sent, [], "receive {receives}");
        }
    }
    stage.world.table.fail_next(0);
    stage.world.clock.advance(Duration::from_secs(60));
    assert_eq!(stage.receive_again(6, &events).await, [0; 0]);
    assert_eq!(messages(&stage.slack()), 1);
}

/// Case 38.
#[tokio::test]
async fn with_the_table_gone_what_is_not_urgent_waits() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    stage.world.table.fail_next(1_000);
    for receives in 1..6 {
        assert_eq!(stage.receive_again(receives, &[orders.run("STARTED", 0).to_string()]).await, [0]);
    }
    assert_eq!(stage.world.outbox.take_sent(), []);
}

/// Case 38: what stands in the table and cannot be read costs a repeated message and no lost one.
#[tokio::test]
async fn a_record_of_another_version_begins_anew() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    let stored = Item { document: r#"{"version":99}"#.to_owned(), revision: 7, ..Item::default() };
    stage.world.table.put(&orders.key(), stored);
    stage.hear(&orders.run("STARTED", 0)).await;
    assert_eq!(messages(&stage.slack()), 1);
    assert!(stage.world.table.item(&orders.key()).unwrap().revision > 7);
}

/// Case 51, as far as messages go: they become poorer, and go out.
#[tokio::test]
async fn without_an_answer_of_codepipeline_the_message_goes_out_all_the_same() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    stage.world.releases.fail_next(1_000);
    assert_eq!(stage.receive(&bodies(&orders.failure())).await, [0; 0]);
    assert_eq!(messages(&stage.slack()), 1);
}

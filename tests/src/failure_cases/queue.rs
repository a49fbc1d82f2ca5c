//! Poison, mixed batches and approvals that come on two ways: cases 36 and 37.

use proptest::prelude::*;
use serde_json::json;

use crate::stage::{Letters, Outage, Stage, TIMEOUT, approval_message, batch, in_an_sns_envelope, start, words};

/// Case 36.
#[tokio::test]
async fn a_poisonous_record_goes_to_the_dead_letter_queue_with_its_reason_and_the_others_go_on() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    let poison =
        ["", "{", "[1]", "null", "\u{0}", r#"{"detail-type":7}"#, r#"{"lookAfter":"arn"}"#, r#"{"TopicArn":1}"#];
    let mut bodies: Vec<String> = poison.iter().map(|body| (*body).to_owned()).collect();
    bodies.insert(3, orders.run("STARTED", 0).to_string());
    assert_eq!(stage.receive(&bodies).await, [0; 0]);
    assert_eq!(stage.slack().len(), 1);
    let buried = stage.world.backlog.buried();
    assert_eq!(buried.iter().map(|record| record.body.as_str()).collect::<Vec<_>>(), poison);
    assert!(buried.iter().all(|record| record.code == "unreadable" && !record.reason.is_empty()), "{buried:?}");
}

/// Case 36.
#[tokio::test]
async fn poison_the_dead_letter_queue_does_not_take_comes_back() {
    let stage = Stage::new();
    stage.world.backlog.fail_next(1);
    assert_eq!(stage.receive(&["poison".to_owned()]).await, [0]);
    assert_eq!(stage.receive_again(2, &["poison".to_owned()]).await, [0; 0]);
    assert_eq!(stage.world.backlog.buried().len(), 1);
}

/// Case 37.
#[tokio::test]
async fn a_record_without_an_id_fails_the_whole_batch() {
    use lambda_kit::Deadline;
    use lambda_kit::start::{Handler, Invocation};

    let stage = Stage::new();
    let event = Letters::of("1").run("STARTED", 0).to_string();
    let event = batch(&["m-1".to_owned(), String::new()], &[event.clone(), event], 1, start());
    let deadline = Deadline::after(&stage.world.clock, TIMEOUT);
    assert!(stage.notifier.handle(event, Invocation { request_id: "r-1".to_owned(), deadline }).await.is_err());
    assert_eq!(stage.slack(), []);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// For a channel that takes it.
    Good,
    /// The same as another one of the batch.
    Duplicate,
    /// Not an event.
    Poison,
    /// An event of a kind that is new.
    New,
    /// For a channel that is down.
    Down,
}

const KINDS: [Kind; 5] = [Kind::Good, Kind::Duplicate, Kind::Poison, Kind::New, Kind::Down];

fn body(kind: Kind, place: usize) -> String {
    let good = |place: usize| Letters::of(&place.to_string()).run("STARTED", 0);
    match kind {
        Kind::Good => good(place).to_string(),
        Kind::Duplicate => good(0).to_string(),
        Kind::Poison => format!("poison {place}"),
        Kind::New => {
            let mut event = good(place);
            event["detail-type"] = json!("CodePipeline Artifact Moved");
            event.to_string()
        }
        Kind::Down => Letters::of(&place.to_string()).pipeline("down").run("STARTED", 0).to_string(),
    }
}

/// Case 37: a webhook is for the pipeline that is down, the bot's channel for the others.
const ROUTES: &str = "routes: [{ pipelines: [down], channels: [webhook], outcomes: [started] }, { pipelines: [orders], channels: ['slack:C0000000001'] }]";

#[tokio::main(flavor = "current_thread")]
async fn failed_of(kinds: &[Kind]) -> (Vec<usize>, usize, usize) {
    let world = notifier::memory::Memory::at(start());
    let stage = Stage::with(world.clone(), Closed(Outage::of(&world)), "https://slack.example.com/api");
    world.settings.set("settings", ROUTES);
    world.settings.set("slack/webhook-url", "https://hooks.slack.example.com/down");
    let bodies: Vec<String> = kinds.iter().enumerate().map(|(place, kind)| body(*kind, place)).collect();
    let failed = stage.receive(&bodies).await;
    (failed, world.backlog.buried().len(), world.backlog.delayed().len())
}

/// Only the webhook is down.
struct Closed(Outage);

impl notifier::ports::Outbox for Closed {
    async fn send(&self, outgoing: &notices::Outgoing, timeout: std::time::Duration) -> notices::Reply {
        let webhook = matches!(outgoing, notices::Outgoing::Http { url, .. } if url.reveal().contains("hooks"));
        self.0.down.set(webhook);
        self.0.send(outgoing, timeout).await
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// Case 37.
    #[test]
    fn of_any_batch_exactly_the_records_that_wait_come_back(kinds in proptest::collection::vec(proptest::sample::select(KINDS.to_vec()), 1..=10)) {
        let (failed, buried, delayed) = failed_of(&kinds);
        let places = |wanted: Kind| kinds.iter().enumerate().filter(move |(_, kind)| **kind == wanted).map(|(place, _)| place);
        let waiting: Vec<usize> = places(Kind::Down).collect();
        let mut failed = failed;
        failed.sort_unstable();
        prop_assert_eq!(&failed, &waiting);
        prop_assert_eq!(buried, places(Kind::Poison).count());
        prop_assert_eq!(delayed, waiting.len());
    }
}

/// An approval comes as an event and as a message of its topic, in either order, and is announced once.
#[tokio::test]
async fn an_approval_that_comes_on_two_ways_is_announced_once() {
    let orders = Letters::of("1");
    let event = orders.approval("Approve", "STARTED", 60).to_string();
    let message = approval_message("Approve", "token-1");
    let notice = in_an_sns_envelope(&message, "2026-03-02T10:01:00.000Z");
    for order in [[&event, &notice], [&notice, &event], [&message, &event]] {
        let stage = Stage::new();
        stage.world.releases.set_waiting("token-1", &orders.arn(), &orders.id());
        stage.hear(&orders.run("STARTED", 0)).await;
        stage.world.outbox.take_sent();
        for body in order {
            assert_eq!(stage.receive(std::slice::from_ref(body)).await, [0; 0]);
        }
        let sent = stage.world.outbox.take_sent();
        let announced = sent.iter().filter(|sent| sent.body()["thread_ts"].is_string()).count();
        let emails = sent.iter().filter(|sent| sent.method().is_empty()).count();
        assert_eq!((announced, emails), (1, 1));
        let shown = sent.iter().map(|sent| words(&sent.outgoing)).collect::<String>();
        assert!(shown.contains("Read the report first."), "{shown}");
    }
}

#[tokio::test]
async fn an_approval_message_that_comes_before_its_execution_can_be_found_waits_a_little() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    let message = approval_message("Approve", "token-1");
    assert_eq!(stage.receive(std::slice::from_ref(&message)).await, [0]);
    stage.world.releases.set_waiting("token-1", &orders.arn(), &orders.id());
    assert_eq!(stage.receive_again(2, &[message]).await, [0; 0]);
    assert!(words(&stage.slack()[0].outgoing).contains("waits for approval"));
}

#[tokio::test]
async fn an_approval_message_that_was_answered_meanwhile_is_let_go() {
    let stage = Stage::new();
    let message = approval_message("Approve", "token-1");
    assert_eq!(stage.receive(std::slice::from_ref(&message)).await, [0]);
    assert_eq!(stage.receive_again(2, &[message]).await, [0; 0]);
    assert_eq!(stage.world.outbox.take_sent(), []);
    assert_eq!(stage.world.backlog.buried(), []);
}

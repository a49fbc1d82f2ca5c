//! What every `Ledger` promises, kept by DynamoDB (in-process) and by the double for tests.

mod answers_lost;

use super::*;
use crate::memory::MemoryLedger;

const KEY: &str = "delivery#orders";

fn second(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_772_445_600 + seconds).unwrap()
}

fn texts(facts: &[&str]) -> Vec<String> {
    facts.iter().map(|fact| (*fact).to_owned()).collect()
}

async fn append(ledger: &impl Ledger, facts: &[&str]) {
    ledger.append(KEY, &texts(facts), second(3_600)).await.unwrap();
}

async fn open_at(ledger: &impl Ledger, facts: &[&str], now: i64) -> Opening {
    ledger.open(KEY, &texts(facts), second(now), second(now + 60), second(3_600)).await.unwrap()
}

async fn opened(ledger: &impl Ledger, facts: &[&str], now: i64) -> Opened {
    match open_at(ledger, facts, now).await {
        Opening::Open(opened) => opened,
        Opening::Busy => panic!("somebody holds the lease"),
    }
}

async fn entry_of(ledger: &impl Ledger) -> Entry {
    ledger.read(KEY).await.unwrap().unwrap_or_default()
}

async fn settle(ledger: &impl Ledger, opened: &Opened, window: &str, folded: usize) -> Settled {
    ledger.settle(KEY, opened, window, folded, second(3_600)).await.unwrap()
}

/// Runs each promise against both ledgers.
macro_rules! promises {
    ($($promise:ident)+) => {
        mod memory {$(
            #[tokio::test]
            async fn $promise() {
                super::$promise(super::MemoryLedger::default()).await;
            }
        )+}
        mod dynamodb {$(
            #[tokio::test]
            async fn $promise() {
                super::$promise(super::answers_lost::ledger(None).await).await;
            }
        )+}
    };
}

promises! {
    a_pipeline_never_heard_of_has_no_entry
    facts_wait_in_the_order_they_came
    opening_shows_everything_and_keeps_others_out
    settling_takes_out_what_was_folded_and_nothing_else
    a_lease_that_ended_is_taken_over_and_its_holder_changes_nothing_any_more
    giving_up_leaves_the_inbox_as_it_was_before
}

async fn a_pipeline_never_heard_of_has_no_entry(ledger: impl Ledger) {
    assert_eq!(ledger.read(KEY).await.unwrap(), None);
    let opened = opened(&ledger, &[], 0).await;
    assert_eq!((opened.window, opened.inbox), (None, Vec::new()));
}

async fn facts_wait_in_the_order_they_came(ledger: impl Ledger) {
    append(&ledger, &["a", "b"]).await;
    append(&ledger, &["c"]).await;
    assert_eq!(entry_of(&ledger).await, Entry { window: None, inbox: texts(&["a", "b", "c"]) });
}

async fn opening_shows_everything_and_keeps_others_out(ledger: impl Ledger) {
    append(&ledger, &["a"]).await;
    let opened = opened(&ledger, &["b"], 0).await;
    assert_eq!(opened.inbox, texts(&["a", "b"]));
    assert_eq!(open_at(&ledger, &["c"], 59).await, Opening::Busy);
    assert_eq!(entry_of(&ledger).await.inbox, texts(&["a", "b"]), "what was refused is not there");
    append(&ledger, &["d"]).await;
    assert_eq!(settle(&ledger, &opened, "w1", 2).await, Settled::Yes);
    assert_eq!(entry_of(&ledger).await, Entry { window: Some("w1".to_owned()), inbox: texts(&["d"]) });
    assert!(matches!(open_at(&ledger, &[], 1).await, Opening::Open(_)), "the lease is given up");
}

async fn settling_takes_out_what_was_folded_and_nothing_else(ledger: impl Ledger) {
    append(&ledger, &["a", "b", "c"]).await;
    let opened = opened(&ledger, &[], 0).await;
    assert_eq!(settle(&ledger, &opened, "w", 2).await, Settled::Yes);
    assert_eq!(entry_of(&ledger).await.inbox, texts(&["c"]));
}

async fn a_lease_that_ended_is_taken_over_and_its_holder_changes_nothing_any_more(ledger: impl Ledger) {
    let first = opened(&ledger, &["a"], 0).await;
    let second = opened(&ledger, &["b"], 60).await;
    assert_eq!(second.inbox, texts(&["a", "b"]), "what a crashed invocation left behind is folded by the next");
    assert_eq!(settle(&ledger, &first, "old", 1).await, Settled::Lost);
    ledger.release(KEY, &first, 1).await.unwrap();
    assert_eq!(settle(&ledger, &second, "new", 2).await, Settled::Yes);
    assert_eq!(entry_of(&ledger).await, Entry { window: Some("new".to_owned()), inbox: Vec::new() });
}

async fn giving_up_leaves_the_inbox_as_it_was_before(ledger: impl Ledger) {
    append(&ledger, &["a"]).await;
    let opened = opened(&ledger, &["b", "c"], 0).await;
    append(&ledger, &["d"]).await;
    ledger.release(KEY, &opened, 2).await.unwrap();
    assert_eq!(entry_of(&ledger).await.inbox, texts(&["a", "d"]));
    assert!(matches!(open_at(&ledger, &[], 1).await, Opening::Open(_)));
}

#[tokio::test]
async fn an_opening_whose_answer_was_lost_is_opened_by_the_second_try() {
    let ledger = answers_lost::ledger(Some(1)).await;
    let opened = opened(&ledger, &["a"], 0).await;
    assert_eq!(opened.inbox, texts(&["a", "a"]), "a fact that is there twice is folded once");
    assert_eq!(settle(&ledger, &opened, "w", 2).await, Settled::Yes);
}

#[tokio::test]
async fn an_item_of_somebody_else_is_an_error_that_says_what_to_do() {
    let ledger = answers_lost::ledger(None).await;
    let request = ledger.update(KEY).update_expression("SET inbox = :text");
    request.expression_attribute_values(":text", text("hello")).send().await.unwrap();
    let error = format!("{:#}", ledger.read(KEY).await.unwrap_err());
    assert!(error.contains("`inbox` is not a list") && error.contains("delete the item"), "{error}");
}

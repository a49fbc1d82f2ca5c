//! What every `Table` promises, kept by DynamoDB (in-process, with calls that interleave) and by the double for tests.

use std::rc::Rc;

use tokio::task::LocalSet;

use super::*;
use crate::memory::MemoryTable;

mod interleaved;

const KEY: &str = "execution#orders#e1";

fn second(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_772_445_600 + seconds).unwrap()
}

fn document(text: &str) -> Item {
    Item { document: text.to_owned(), ..Item::default() }
}

async fn stored(table: &impl Table, text: &str, expected: Option<u64>) -> Stored {
    table.store(KEY, &document(text), expected, second(3_600)).await.unwrap()
}

async fn asked(table: &impl Table, now: Timestamp, patience: i64) -> Slot {
    let latest = now + jiff::SignedDuration::from_secs(patience);
    table.reserve("channel#C1", now, Duration::from_secs(1), latest).await.unwrap()
}

async fn reserved(table: &impl Table, now: Timestamp, patience: i64) -> Option<Timestamp> {
    match asked(table, now, patience).await {
        Slot::Taken(begin) => Some(begin),
        Slot::Shut(_) => None,
    }
}

/// Runs each promise against both tables.
macro_rules! promises {
    ($($promise:ident)+) => {
        mod memory {$(
            #[tokio::test]
            async fn $promise() {
                super::$promise(super::MemoryTable::default()).await;
            }
        )+}
        mod dynamodb {$(
            #[tokio::test]
            async fn $promise() {
                super::$promise(super::interleaved::table().await).await;
            }
        )+}
    };
}

promises! {
    an_item_never_written_is_absent
    what_is_written_is_read_back
    the_first_write_creates_and_a_second_first_write_loses
    a_write_at_an_old_revision_changes_nothing
    a_write_to_an_item_that_expired_meanwhile_loses
    of_many_writers_at_one_revision_exactly_one_wins
    a_lease_ends_with_the_write_that_leaves_it_out
    a_document_beyond_the_limit_is_refused_by_name
    slots_are_an_interval_apart_and_never_in_the_past
    a_slot_too_far_away_is_not_taken
    callers_at_the_same_moment_never_share_a_slot
    a_held_target_is_shut_until_the_hold_ends
    a_shorter_hold_does_not_shorten_a_longer_one
    targets_do_not_wait_for_each_other
}

async fn an_item_never_written_is_absent(table: impl Table) {
    assert_eq!(table.load(KEY).await.unwrap(), None);
}

async fn what_is_written_is_read_back(table: impl Table) {
    let item = Item { leased_until: Some(second(30)), revision: 99, ..document("{\"text\":\"é\"}") };
    assert_eq!(table.store(KEY, &item, None, second(3_600)).await.unwrap(), Stored::Yes);
    assert_eq!(table.load(KEY).await.unwrap(), Some(Item { revision: 1, ..item }));
}

async fn the_first_write_creates_and_a_second_first_write_loses(table: impl Table) {
    assert_eq!(stored(&table, "first", None).await, Stored::Yes);
    assert_eq!(stored(&table, "second", None).await, Stored::Lost);
    assert_eq!(table.load(KEY).await.unwrap(), Some(Item { revision: 1, ..document("first") }));
}

async fn a_write_at_an_old_revision_changes_nothing(table: impl Table) {
    stored(&table, "first", None).await;
    assert_eq!(stored(&table, "second", Some(1)).await, Stored::Yes);
    assert_eq!(stored(&table, "late", Some(1)).await, Stored::Lost);
    assert_eq!(table.load(KEY).await.unwrap(), Some(Item { revision: 2, ..document("second") }));
}

async fn a_write_to_an_item_that_expired_meanwhile_loses(table: impl Table) {
    assert_eq!(stored(&table, "ghost", Some(1)).await, Stored::Lost);
    assert_eq!(table.load(KEY).await.unwrap(), None);
}

async fn of_many_writers_at_one_revision_exactly_one_wins(table: impl Table + 'static) {
    let outcomes = at_once(table, |table, n| async move { stored(&*table, &n.to_string(), None).await }).await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Stored::Yes).count(), 1);
}

async fn a_lease_ends_with_the_write_that_leaves_it_out(table: impl Table) {
    let leased = Item { leased_until: Some(second(30)), ..document("sending") };
    table.store(KEY, &leased, None, second(3_600)).await.unwrap();
    assert_eq!(stored(&table, "sent", Some(1)).await, Stored::Yes);
    assert_eq!(table.load(KEY).await.unwrap().unwrap().leased_until, None);
}

async fn a_document_beyond_the_limit_is_refused_by_name(table: impl Table) {
    let huge = document(&"x".repeat(LARGEST_DOCUMENT + 1));
    let error = table.store(KEY, &huge, None, second(3_600)).await.unwrap_err().to_string();
    assert!(error.starts_with("execution#orders#e1 has 401409 bytes of state"), "{error}");
    let largest = document(&"x".repeat(LARGEST_DOCUMENT));
    assert_eq!(table.store(KEY, &largest, None, second(3_600)).await.unwrap(), Stored::Yes);
}

async fn slots_are_an_interval_apart_and_never_in_the_past(table: impl Table) {
    assert_eq!(reserved(&table, second(0), 60).await, Some(second(0)));
    assert_eq!(reserved(&table, second(0), 60).await, Some(second(1)));
    assert_eq!(reserved(&table, second(0), 60).await, Some(second(2)));
    assert_eq!(reserved(&table, second(10), 60).await, Some(second(10)));
}

async fn a_slot_too_far_away_is_not_taken(table: impl Table) {
    assert_eq!(reserved(&table, second(0), -1).await, None);
    for _ in 0..3 {
        reserved(&table, second(0), 60).await;
    }
    assert_eq!(asked(&table, second(0), 2).await, Slot::Shut(second(3)));
    assert_eq!(reserved(&table, second(0), 3).await, Some(second(3)));
}

async fn callers_at_the_same_moment_never_share_a_slot(table: impl Table + 'static) {
    let mut slots = at_once(table, |table, _| async move { reserved(&*table, second(0), 60).await.unwrap() }).await;
    slots.sort();
    assert_eq!(slots, (0..CALLERS).map(second).collect::<Vec<_>>());
}

async fn a_held_target_is_shut_until_the_hold_ends(table: impl Table) {
    table.hold("channel#C1", second(30)).await.unwrap();
    assert_eq!(asked(&table, second(0), 29).await, Slot::Shut(second(30)));
    assert_eq!(reserved(&table, second(0), 30).await, Some(second(30)));
    assert_eq!(reserved(&table, second(0), 60).await, Some(second(31)));
}

async fn a_shorter_hold_does_not_shorten_a_longer_one(table: impl Table) {
    table.hold("channel#C1", second(30)).await.unwrap();
    table.hold("channel#C1", second(5)).await.unwrap();
    assert_eq!(reserved(&table, second(10), 60).await, Some(second(30)));
}

async fn targets_do_not_wait_for_each_other(table: impl Table) {
    table.hold("channel#C2", second(30)).await.unwrap();
    assert_eq!(reserved(&table, second(0), 0).await, Some(second(0)));
}

const CALLERS: i64 = 12;

/// What each of many callers got who called together.
async fn at_once<T, F, R>(table: T, call: impl Fn(Rc<T>, i64) -> F) -> Vec<R>
where
    T: 'static,
    F: Future<Output = R> + 'static,
    R: 'static,
{
    let table = Rc::new(table);
    let local = LocalSet::new();
    let calls: Vec<_> = (0..CALLERS).map(|n| local.spawn_local(call(Rc::clone(&table), n))).collect();
    local.await;
    let mut results = Vec::new();
    for call in calls {
        results.push(call.await.unwrap());
    }
    results
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_known_as_our_own() {
    let table = interleaved::table_that_loses_answers("PutItem").await;
    assert_eq!(stored(&table, "first", None).await, Stored::Yes);
    assert_eq!(stored(&table, "second", Some(1)).await, Stored::Yes);
    assert_eq!(table.load(KEY).await.unwrap(), Some(Item { revision: 2, ..document("second") }));
}

#[tokio::test]
async fn a_slot_whose_answer_was_lost_is_wasted_and_not_shared() {
    let table = interleaved::table_that_loses_answers("UpdateItem").await;
    let first = reserved(&table, second(0), 60).await.unwrap();
    let next = reserved(&table, second(0), 60).await.unwrap();
    assert!(first < next, "{first} and {next}");
}

#[tokio::test]
async fn an_item_of_somebody_else_is_an_error_that_says_what_to_do() {
    let table = interleaved::table().await;
    table.hold(KEY, second(0)).await.unwrap();
    let error = format!("{:#}", table.load(KEY).await.unwrap_err());
    assert!(error.starts_with("GetItem of execution#orders#e1 in table state: the item has no readable"), "{error}");
    assert!(error.ends_with("delete the item"), "{error}");
}

#[tokio::test]
async fn a_table_that_is_not_there_is_named() {
    let table = DynamoTable { name: "gone".to_owned(), ..interleaved::table().await };
    let error = format!("{:#}", table.load(KEY).await.unwrap_err());
    assert!(error.starts_with("GetItem of execution#orders#e1 in table gone: ResourceNotFoundException"), "{error}");
    assert!(error.ends_with("deploy the stack again"), "{error}");
}

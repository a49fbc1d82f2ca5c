//! What every `Shelf` promises, kept by DynamoDB (in-process) and by the double for tests.

mod answers_lost;

use jiff::Timestamp;

use super::*;
use crate::memory::MemoryShelf;

fn second(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_772_445_600 + seconds).unwrap()
}

/// A visit at a time, for a job, by a worker of its own, whose lease ends a minute later.
fn visit(number: u32, job: &str, now: i64) -> Visit {
    Visit {
        key: String::from("11111111-abcd-4111-abcd-111111abcdef"),
        number,
        job: job.to_owned(),
        worker: format!("{:016x}", fastrand::u64(..)),
        now: second(now),
        until: second(now + 60),
    }
}

fn mine(kept: &str) -> Claimed {
    Claimed::Mine(Some(kept.to_owned()))
}

/// Runs each promise against both shelves.
macro_rules! promises {
    ($($promise:ident)+) => {
        mod memory {$(
            #[tokio::test]
            async fn $promise() {
                super::$promise(super::MemoryShelf::default()).await;
            }
        )+}
        mod dynamodb {$(
            #[tokio::test]
            async fn $promise() {
                super::$promise(super::answers_lost::shelf(None).await).await;
            }
        )+}
    };
}

promises! {
    a_first_visit_claims_and_remembers_in_one_call
    of_many_deliveries_of_one_job_one_gets_the_visit
    a_visit_is_made_once_while_its_lease_lasts_and_taken_over_by_the_same_job_after_it
    another_job_cannot_take_over_a_visit
    an_earlier_visit_is_over_once_a_later_one_was_made
    only_whoever_has_the_visit_saves
    a_gate_nobody_knows_has_nothing_to_remember
}

async fn a_first_visit_claims_and_remembers_in_one_call(shelf: impl Shelf) {
    let first = visit(0, "j0", 0);
    assert_eq!(shelf.claim(&first, Some("begun")).await.unwrap(), mine("begun"));
    assert_eq!(shelf.claim(&visit(1, "j1", 30), None).await.unwrap(), mine("begun"));
}

async fn of_many_deliveries_of_one_job_one_gets_the_visit(shelf: impl Shelf) {
    let visits = [visit(0, "j0", 0), visit(0, "j0", 0), visit(0, "j0", 0)];
    let claim = |at: usize| shelf.claim(&visits[at], Some("begun"));
    let (a, b, c) = tokio::join!(claim(0), claim(1), claim(2));
    let got = [a, b, c].into_iter().filter(|claimed| matches!(claimed, Ok(Claimed::Mine(_)))).count();
    assert_eq!(got, 1);
}

async fn a_visit_is_made_once_while_its_lease_lasts_and_taken_over_by_the_same_job_after_it(shelf: impl Shelf) {
    shelf.claim(&visit(3, "j3", 0), Some("kept")).await.unwrap();
    assert_eq!(shelf.claim(&visit(3, "j3", 59), None).await.unwrap(), Claimed::Others);
    assert_eq!(shelf.claim(&visit(3, "j3", 60), None).await.unwrap(), mine("kept"));
}

async fn another_job_cannot_take_over_a_visit(shelf: impl Shelf) {
    shelf.claim(&visit(3, "j3", 0), None).await.unwrap();
    assert_eq!(shelf.claim(&visit(3, "another", 600), None).await.unwrap(), Claimed::Others);
}

async fn an_earlier_visit_is_over_once_a_later_one_was_made(shelf: impl Shelf) {
    shelf.claim(&visit(3, "j3", 0), None).await.unwrap();
    shelf.claim(&visit(4, "j4", 30), None).await.unwrap();
    assert_eq!(shelf.claim(&visit(3, "j3", 600), None).await.unwrap(), Claimed::Others);
}

async fn only_whoever_has_the_visit_saves(shelf: impl Shelf) {
    let late = visit(3, "j3", 0);
    shelf.claim(&late, Some("first")).await.unwrap();
    assert_eq!(shelf.save(&late, "second").await.unwrap(), Written::Yes);
    let next = visit(4, "j4", 30);
    assert_eq!(shelf.claim(&next, None).await.unwrap(), mine("second"));
    assert_eq!(shelf.save(&late, "too late").await.unwrap(), Written::Lost);
    assert_eq!(shelf.save(&next, "third").await.unwrap(), Written::Yes);
    assert_eq!(shelf.claim(&visit(5, "j5", 60), None).await.unwrap(), mine("third"));
}

async fn a_gate_nobody_knows_has_nothing_to_remember(shelf: impl Shelf) {
    assert_eq!(shelf.save(&visit(2, "j2", 0), "lost").await.unwrap(), Written::Lost);
    assert_eq!(shelf.claim(&visit(2, "j2", 0), None).await.unwrap(), Claimed::Mine(None));
}

//! What every `Books` promises, kept by DynamoDB (in-process) and by the double for tests.

mod answers_lost;
mod pledged;

use rollback_plans::{Hold, Past};

use super::*;
use crate::memory::MemoryBooks;
use pledged::{past, pledge};

const KEY: &str = "rollback#us-east-1:111122223333#orders/Production";

fn second(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_772_445_600 + seconds).unwrap()
}

async fn claim_at(books: &impl Books, release: &str, now: i64) -> Claimed {
    books.claim(KEY, &pledge(release), second(now), second(now + 60)).await.unwrap()
}

async fn claimed(books: &impl Books, release: &str, now: i64) -> (Book, Lease) {
    match claim_at(books, release, now).await {
        Claimed::Mine(book, lease) => (*book, lease),
        Claimed::Held(until) => panic!("somebody holds the lease until {until}"),
    }
}

async fn read_at(books: &impl Books, now: i64) -> Shelved {
    books.read(KEY, second(now)).await.unwrap()
}

async fn settle(books: &impl Books, lease: &Lease, past: Vec<Past>) -> Written {
    let book = Book { past, ..Book::default() };
    books.settle(KEY, lease, &book, second(3)).await.unwrap()
}

/// Runs each promise against both books.
macro_rules! promises {
    ($($promise:ident)+) => {
        mod memory {$(
            #[tokio::test]
            async fn $promise() {
                super::$promise(super::MemoryBooks::default()).await;
            }
        )+}
        mod dynamodb {$(
            #[tokio::test]
            async fn $promise() {
                super::$promise(super::answers_lost::books(None).await).await;
            }
        )+}
    };
}

promises! {
    a_target_never_rolled_back_has_an_empty_book
    a_claim_keeps_others_out_until_it_ends
    of_many_who_claim_at_once_one_gets_it
    what_was_pledged_by_somebody_who_did_not_come_back_is_shown_to_the_next
    a_claim_that_has_ended_is_taken_over_and_its_holder_changes_nothing_any_more
    settling_stores_the_past_and_frees_the_target
    letting_go_takes_back_the_own_pledge_and_leaves_those_of_others
    fencing_numbers_grow
    a_note_is_written_only_on_what_was_read_and_while_nobody_acts
    everything_written_of_a_rollback_is_read_again
}

async fn a_target_never_rolled_back_has_an_empty_book(books: impl Books) {
    assert_eq!(read_at(&books, 0).await, Shelved::default());
    let (book, _) = claimed(&books, "e2", 0).await;
    assert_eq!(book, Book { hold: Hold::Mine, ..Book::default() });
}

async fn a_claim_keeps_others_out_until_it_ends(books: impl Books) {
    claimed(&books, "e2", 0).await;
    assert_eq!(claim_at(&books, "e2", 59).await, Claimed::Held(second(60)));
    assert_eq!(read_at(&books, 59).await.book.hold, Hold::Others(second(60)));
    assert_eq!(read_at(&books, 60).await.book.hold, Hold::Free);
    assert_eq!(read_at(&books, 60).await.book.pledges, [pledge("e2")], "what was refused is not there");
}

async fn of_many_who_claim_at_once_one_gets_it(books: impl Books) {
    let claim = || claim_at(&books, "e2", 0);
    let (a, b, c) = tokio::join!(claim(), claim(), claim());
    let got = [a, b, c].into_iter().filter(|claimed| matches!(claimed, Claimed::Mine(..))).count();
    assert_eq!(got, 1);
}

async fn what_was_pledged_by_somebody_who_did_not_come_back_is_shown_to_the_next(books: impl Books) {
    claimed(&books, "e2", 0).await;
    claimed(&books, "e3", 60).await;
    let (book, _) = claimed(&books, "e4", 120).await;
    assert_eq!(book.pledges, [pledge("e2"), pledge("e3")]);
    assert_eq!(book.hold, Hold::Mine);
}

async fn a_claim_that_has_ended_is_taken_over_and_its_holder_changes_nothing_any_more(books: impl Books) {
    let (_, first) = claimed(&books, "e2", 0).await;
    let (_, second_lease) = claimed(&books, "e2", 60).await;
    assert_eq!(settle(&books, &first, vec![past("old")]).await, Written::Lost);
    books.release(KEY, &first).await.unwrap();
    assert_eq!(claim_at(&books, "e2", 61).await, Claimed::Held(second(120)), "the second one still holds it");
    assert_eq!(settle(&books, &second_lease, vec![past("new")]).await, Written::Yes);
    assert_eq!(read_at(&books, 61).await.book.past, [past("new")]);
    assert_eq!(settle(&books, &first, vec![past("old")]).await, Written::Lost, "not even after that");
}

async fn settling_stores_the_past_and_frees_the_target(books: impl Books) {
    claimed(&books, "e1", 0).await;
    let (_, lease) = claimed(&books, "e2", 60).await;
    assert_eq!(settle(&books, &lease, vec![past("e2")]).await, Written::Yes);
    let book = read_at(&books, 61).await.book;
    assert_eq!(book, Book { past: vec![past("e2")], pledges: Vec::new(), hold: Hold::Free });
    let (book, _) = claimed(&books, "e3", 61).await;
    assert_eq!((book.past, book.pledges), (vec![past("e2")], Vec::new()));
}

async fn letting_go_takes_back_the_own_pledge_and_leaves_those_of_others(books: impl Books) {
    claimed(&books, "e1", 0).await;
    let (_, lease) = claimed(&books, "e2", 60).await;
    books.release(KEY, &lease).await.unwrap();
    let book = read_at(&books, 61).await.book;
    assert_eq!((book.pledges, book.hold), (vec![pledge("e1")], Hold::Free));
    books.release(KEY, &lease).await.unwrap();
    assert_eq!(read_at(&books, 61).await.book.pledges, [pledge("e1")], "a second time changes nothing");
}

async fn fencing_numbers_grow(books: impl Books) {
    let mut last = 0;
    for round in 0..3 {
        let (_, lease) = claimed(&books, "e2", round * 60).await;
        assert!(lease.fence() > last);
        last = lease.fence();
        if round == 1 {
            settle(&books, &lease, Vec::new()).await;
        }
    }
}

async fn a_note_is_written_only_on_what_was_read_and_while_nobody_acts(books: impl Books) {
    let noted = async |read: &Shelved, release: &str, now| {
        let book = Book { past: vec![past(release)], ..Book::default() };
        books.note(KEY, read, &book, second(now)).await.unwrap()
    };
    assert_eq!(noted(&read_at(&books, 0).await, "e1", 0).await, Written::Lost, "there is nothing to note it on");
    let (_, lease) = claimed(&books, "e2", 0).await;
    let while_held = read_at(&books, 1).await;
    assert_eq!(noted(&while_held, "e1", 1).await, Written::Lost, "somebody acts");
    settle(&books, &lease, vec![past("e2")]).await;
    assert_eq!(noted(&while_held, "e1", 4).await, Written::Lost, "it was settled since");
    let read = read_at(&books, 4).await;
    assert_eq!(noted(&read, "e3", 4).await, Written::Yes);
    assert_eq!(noted(&read, "e4", 4).await, Written::Lost, "it was noted since");
    assert_eq!(read_at(&books, 5).await.book.past, [past("e3")]);
    claimed(&books, "e5", 5).await;
    let left_behind = read_at(&books, 70).await;
    assert_eq!(noted(&left_behind, "e6", 70).await, Written::Yes, "who did not come back keeps nobody out");
    assert_eq!(read_at(&books, 70).await.book.pledges, [pledge("e5")], "and their pledge stays");
}

async fn everything_written_of_a_rollback_is_read_again(books: impl Books) {
    let whole = pledged::whole();
    let Claimed::Mine(_, _) = books.claim(KEY, &whole.pledge, second(0), second(1)).await.unwrap() else {
        panic!("nobody holds it");
    };
    let (book, lease) = claimed(&books, "e2", 60).await;
    assert_eq!(book.pledges, std::slice::from_ref(&whole.pledge));
    settle(&books, &lease, vec![whole.clone()]).await;
    assert_eq!(read_at(&books, 61).await.book.past, [whole]);
}

#[tokio::test]
async fn a_claim_whose_answer_was_lost_is_got_by_the_second_try() {
    let books = answers_lost::books(Some(1)).await;
    let (book, lease) = claimed(&books, "e2", 0).await;
    assert_eq!(book.pledges, [], "both own pledges are left out");
    books.release(KEY, &lease).await.unwrap();
    assert_eq!(read_at(&books, 1).await.book, Book::default(), "and both are taken back");
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_known_to_have_been_done() {
    let books = answers_lost::books(Some(2)).await;
    let (_, lease) = claimed(&books, "e2", 0).await;
    assert_eq!(settle(&books, &lease, vec![past("e2")]).await, Written::Yes);
    let books = answers_lost::books(Some(4)).await;
    let (_, lease) = claimed(&books, "e2", 0).await;
    settle(&books, &lease, vec![past("e2")]).await;
    let read = read_at(&books, 5).await;
    assert_eq!(books.note(KEY, &read, &read.book, second(5)).await.unwrap(), Written::Yes);
}

#[tokio::test]
async fn an_item_of_somebody_else_is_an_error_that_says_what_to_do() {
    for (name, value) in [("past", text("no JSON")), ("pledges", text("no list")), ("revision", text("1"))] {
        let books = answers_lost::books(None).await;
        let request = books.client.update_item().table_name("state").key("pk", text(KEY));
        let request = request.update_expression(format!("SET {name} = :value"));
        request.expression_attribute_values(":value", value).send().await.unwrap();
        let error = format!("{:#}", books.read(KEY, second(0)).await.unwrap_err());
        assert!(error.contains(&format!("`{name}` cannot be read")) && error.contains("delete the item"), "{error}");
    }
}

#[tokio::test]
async fn a_book_is_kept_for_more_than_a_year() {
    let books = answers_lost::books(None).await;
    claimed(&books, "e2", 0).await;
    let item = books.client.get_item().table_name("state").key("pk", text(KEY)).send().await.unwrap().item.unwrap();
    assert_eq!(item["expires_at"], number(second(400 * 86_400).as_second()));
}

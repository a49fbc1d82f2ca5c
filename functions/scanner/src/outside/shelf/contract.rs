//! What every `Shelf` promises, kept by DynamoDB (in-process) and by the double for tests.

mod items;

use super::*;
use crate::memory::MemoryShelf;

const KEY: &str = "11111111-abcd-4111-abcd-111111abcdef";

/// Bytes without a pattern, as compressed ones are.
fn bytes(length: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(length as u64);
    std::iter::repeat_with(|| random.u8(..)).take(length).collect()
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
                super::$promise(super::items::shelf(None).await).await;
            }
        )+}
    };
}

promises! {
    what_nobody_kept_is_not_there
    what_was_kept_comes_back_whatever_its_length
    what_is_kept_again_is_kept_once
    visits_and_scans_are_apart
}

async fn what_nobody_kept_is_not_there(shelf: impl Shelf) {
    assert_eq!(shelf.look(KEY, 0).await.unwrap(), None);
    shelf.keep(KEY, 1, b"one").await.unwrap();
    assert_eq!(shelf.look(KEY, 0).await.unwrap(), None);
    assert_eq!(shelf.look("another", 1).await.unwrap(), None);
}

async fn what_was_kept_comes_back_whatever_its_length(shelf: impl Shelf) {
    for (visit, length) in (0..).zip([0, 1, PART - 1, PART, PART + 1, 3 * PART, 3 * PART + 5]) {
        shelf.keep(KEY, visit, &bytes(length)).await.unwrap();
        assert!(shelf.look(KEY, visit).await.unwrap() == Some(bytes(length)), "{length}");
    }
}

async fn what_is_kept_again_is_kept_once(shelf: impl Shelf) {
    for _ in 0..2 {
        shelf.keep(KEY, 1, &bytes(2 * PART)).await.unwrap();
    }
    assert!(shelf.look(KEY, 1).await.unwrap() == Some(bytes(2 * PART)));
}

async fn visits_and_scans_are_apart(shelf: impl Shelf) {
    let kept = [("a", 1), ("a", 11), ("a-1", 1), ("a.1", 1), ("a", 2)];
    for (at, (key, visit)) in kept.into_iter().enumerate() {
        shelf.keep(key, visit, &bytes(PART + at)).await.unwrap();
    }
    for (at, (key, visit)) in kept.into_iter().enumerate() {
        assert!(shelf.look(key, visit).await.unwrap() == Some(bytes(PART + at)), "{key} {visit}");
    }
}

//! Every place is told, and no other.

use proptest::prelude::*;

use super::*;

fn places(words: &[&str], bytes: &[u8]) -> Vec<(usize, Range<usize>)> {
    let mut found = Vec::new();
    Keywords::new(words).unwrap().each(bytes, |number, place| found.push((number, place)));
    found
}

/// The definition: each place, each keyword.
fn by_hand(words: &[&str], bytes: &[u8]) -> Vec<(usize, Range<usize>)> {
    let each = words.iter().enumerate().flat_map(|(number, word)| {
        let here = |(at, window): (usize, &[u8])| {
            window.eq_ignore_ascii_case(word.as_bytes()).then_some((number, at..at + word.len()))
        };
        bytes.windows(word.len()).enumerate().filter_map(here).collect::<Vec<_>>()
    });
    each.collect()
}

fn sorted(mut places: Vec<(usize, Range<usize>)>) -> Vec<(usize, Range<usize>)> {
    places.sort_by_key(|(number, place)| (place.start, *number));
    places
}

#[test]
fn keywords_are_found_in_any_case_at_both_ends_and_within_each_other() {
    let words = ["token", "tokens", "kens", "ésar"];
    let found = sorted(places(&words, "TokenS xtoken césar toke".as_bytes()));
    assert_eq!(found, [(0, 0..5), (1, 0..6), (2, 2..6), (0, 8..13), (3, 15..20)]);
    assert_eq!(places(&words, b"tokens").len(), 3);
    assert_eq!(places(&words, b"tok"), []);
}

#[test]
fn bytes_that_differ_from_a_keyword_in_the_bit_of_capitals_only_are_not_taken_for_it() {
    // `_` and DEL, `0` and 0x10, `@` and the backquote.
    assert_eq!(places(&["key_", "a000"], b"key\x7f a\x1000 KEY_"), [(0, 10..14)]);
    assert_eq!(places(&["`abc"], b"@abc"), []);
}

#[test]
fn a_keyword_shorter_than_the_filter_looks_is_found_as_well_as_the_others() {
    assert_eq!(sorted(places(&["sk", "token"], b"token=SK token")), [(1, 0..5), (0, 6..8), (1, 9..14)]);
}

#[test]
fn a_keyword_stands_at_its_place_whatever_the_order_of_all() {
    let (ab, ba) = (places(&["aaaa", "aaaab"], b"aaaab"), places(&["aaaab", "aaaa"], b"aaaab"));
    assert_eq!((sorted(ab), sorted(ba)), (vec![(0, 0..4), (1, 0..5)], vec![(0, 0..5), (1, 0..4)]));
}

#[test]
fn very_many_keywords_are_found_as_few_are() {
    let mut words: Vec<String> = (0..=MOST_IN_TABLES).map(|number| format!("key{number:05}")).collect();
    words.push(String::from("k"));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let text = b"KEY00017 key05000";
    assert_eq!(sorted(places(&words, text)), sorted(by_hand(&words, text)));
}

proptest! {
    #[test]
    fn every_place_of_every_keyword_is_told_once(
        words in prop::collection::btree_set("[a-c_0]{1,7}|[a-c]{4,8}", 1..20),
        bytes in "[a-cA-C_0\\x10\\x7f]{0,200}",
    ) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let long: Vec<&str> = words.iter().copied().filter(|word| word.len() >= WINDOW).collect();
        for words in [words, long] {
            prop_assert_eq!(sorted(places(&words, bytes.as_bytes())), sorted(by_hand(&words, bytes.as_bytes())));
        }
    }
}

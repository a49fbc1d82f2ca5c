//! Words of values that somebody is to replace.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// Anywhere in the value: chance makes none of them.
const ANYWHERE: [&str; 31] = [
    "example",
    "changeme",
    "change_me",
    "change-me",
    "changeit",
    "placeholder",
    "dummy",
    "sample",
    "xxxx",
    "replace",
    "redacted",
    "hidden",
    "masked",
    "undefined",
    "foobar",
    "lorem",
    "default",
    "notreal",
    "not-real",
    "invalid",
    "secret",
    "passw",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "generate",
    "optional",
    "required",
    "encrypted",
    "unused",
];
/// Where a word begins with them: `test1` and `myTest`, but not `Contest`.
const BEGINNING: [&str; 8] = ["your", "fake", "todo", "insert", "null", "test", "mock", "string"];
/// As a word of its own: `enter-it`, but not `Enterprise`.
const WHOLE: [&str; 1] = ["enter"];

static ANY: LazyLock<AhoCorasick> = LazyLock::new(|| any_of(&ANYWHERE));
static ANY_BEGINNING: LazyLock<AhoCorasick> = LazyLock::new(|| any_of(&BEGINNING));
static ANY_WHOLE: LazyLock<AhoCorasick> = LazyLock::new(|| any_of(&WHOLE));

/// Finds a few words at once, whatever the case of their letters.
pub(super) fn any_of(words: &[&str]) -> AhoCorasick {
    AhoCorasick::builder().ascii_case_insensitive(true).build(words).expect("a few words fit into an automaton")
}

/// Whether one of them is in the value.
pub(super) fn is_placeholder(value: &[u8]) -> bool {
    ANY.is_match(value)
        || ANY_BEGINNING.find_overlapping_iter(value).any(|place| begins(value, place.start()))
        || ANY_WHOLE.find_overlapping_iter(value).any(|place| begins(value, place.start()) && ends(value, place.end()))
}

/// Whether no word goes on from before.
fn begins(value: &[u8], at: usize) -> bool {
    at == 0 || !value[at - 1].is_ascii_alphabetic() || is_hump(value, at)
}

fn ends(value: &[u8], at: usize) -> bool {
    value.get(at).is_none_or(|next| !next.is_ascii_alphabetic()) || is_hump(value, at)
}

/// A capital after a small letter.
fn is_hump(value: &[u8], at: usize) -> bool {
    value[at - 1].is_ascii_lowercase() && value[at].is_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_from_parts_of_words() {
        for value in ["example-1", "testing1", "my_test_1", "myTest1", "enter-it", "EnterHere", "YOUR_KEY", "xxxxxxx"] {
            assert!(is_placeholder(value.as_bytes()), "{value}");
        }
        for value in ["Enterprise#2024", "Contest#9921x", "Greatest7!", "CONTEST-77", "Bestring#1"] {
            assert!(!is_placeholder(value.as_bytes()), "{value}");
        }
    }
}

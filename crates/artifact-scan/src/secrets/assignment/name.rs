//! The whole of a name of which a part was found.

use std::ops::Range;

use super::super::boundary::{is_word, rest_of_escape};

/// A name is at most this much longer on either side.
const REACH: usize = 64;

/// The identifier around the keyword, with dashes and dots inside.
pub(crate) fn around(bytes: &[u8], keyword: Range<usize>) -> Range<usize> {
    let is_edge = |at: &usize| is_word(bytes[*at]);
    let first = keyword.clone().find(is_edge).unwrap_or(keyword.start);
    let last = keyword.clone().rev().find(is_edge).unwrap_or(first);
    let before = bytes[..first].iter().rev().take(REACH).take_while(|byte| is_name(**byte)).count();
    let after = bytes[last + 1..].iter().take(REACH).take_while(|byte| is_name(**byte)).count();
    let mut name = first - before..last + 1 + after;
    name.start += rest_of_escape(bytes, name.start).min(before);
    trimmed(bytes, name, first..last + 1)
}

/// Dashes and dots at the edges belong to something else.
fn trimmed(bytes: &[u8], mut name: Range<usize>, keyword: Range<usize>) -> Range<usize> {
    while name.start < keyword.start && !is_word(bytes[name.start]) {
        name.start += 1;
    }
    while name.end > keyword.end && !is_word(bytes[name.end - 1]) {
        name.end -= 1;
    }
    name
}

fn is_name(byte: u8) -> bool {
    is_word(byte) || byte == b'-' || byte == b'.'
}

/// The words of a name in lower case, with `_` between them: `dbPassword` and `DB-PASSWORD` are `db_password`.
pub(crate) fn words(name: &[u8]) -> Vec<u8> {
    let mut words: Vec<u8> = Vec::with_capacity(name.len() + 8);
    for (at, byte) in name.iter().enumerate() {
        let next_is_lower = name.get(at + 1).is_some_and(u8::is_ascii_lowercase);
        let before = at.checked_sub(1).map(|at| name[at]);
        let begins = byte.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase() || before.is_ascii_digit() || (before.is_ascii_uppercase() && next_is_lower)
            });
        if (begins || !byte.is_ascii_alphanumeric()) && words.last().is_some_and(|last| *last != b'_') {
            words.push(b'_');
        }
        if byte.is_ascii_alphanumeric() {
            words.push(byte.to_ascii_lowercase());
        }
    }
    words
}

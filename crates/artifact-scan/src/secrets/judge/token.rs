//! Whether a value is a token that a machine made.

use super::super::measure::{changes, entropy, is_patterned, wordiness};
use super::sample::is_counted;

/// Characters of a token.
const LENGTH: std::ops::RangeInclusive<usize> = 16..=512;
/// The share of the entropy that random characters of the same kinds would have at most.
const SHARE: f64 = 0.8;

/// Whether the value is made at random.
pub(super) fn is_token(value: &[u8]) -> bool {
    let body = value.trim_ascii_end();
    let body = &body[..body.len() - body.iter().rev().take_while(|byte| **byte == b'=').count()];
    LENGTH.contains(&body.len())
        && body.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-+/.~!@#^*".contains(byte))
        && body.iter().any(u8::is_ascii_digit)
        && body.iter().any(u8::is_ascii_alphabetic)
        && !is_uuid(body)
        && !is_hash_with_name(body)
        && !is_patterned(body)
        && !is_counted(body)
        && entropy(body) >= SHARE * most_entropy(body)
        && !is_wordy(body)
}

/// Whether it is a UUID: those name things.
pub(super) fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value
            .iter()
            .enumerate()
            .all(|(at, byte)| if matches!(at, 8 | 13 | 18 | 23) { *byte == b'-' } else { byte.is_ascii_hexdigit() })
}

/// `sha512-…`, `md5:…`, `v1.2.3-…`
fn is_hash_with_name(value: &[u8]) -> bool {
    ["sha1", "sha256", "sha384", "sha512", "md5", "blake"]
        .iter()
        .any(|name| value.get(..name.len()).is_some_and(|front| front.eq_ignore_ascii_case(name.as_bytes())))
}

/// Bits per character of a random text as long and of the same kinds of characters.
fn most_entropy(value: &[u8]) -> f64 {
    let has = |is: fn(&u8) -> bool| value.iter().any(is);
    let is_hexadecimal = value.iter().all(u8::is_ascii_hexdigit);
    let letters = if is_hexadecimal { 6.0 } else { 26.0 };
    let kinds = [
        (has(u8::is_ascii_lowercase), letters),
        (has(u8::is_ascii_uppercase), letters),
        (has(u8::is_ascii_digit), 10.0),
    ];
    let characters: f64 = kinds.iter().filter(|(has, _)| *has).map(|(_, count)| count).sum();
    characters.max(2.0).log2().min((value.len() as f64).log2())
}

/// Identifiers of programs: words, with a number or a short hash at most.
fn is_wordy(value: &[u8]) -> bool {
    if value.len() >= 24 && value.iter().all(u8::is_ascii_hexdigit) {
        return false;
    }
    let share = wordiness(value);
    let separators = value.iter().filter(|byte| matches!(byte, b'-' | b'_' | b'.' | b'/')).count();
    let is_listed = separators * 5 > value.len() && share.is_some_and(|share| share > 0.45);
    let is_word =
        share.is_some_and(|share| share > 0.62) || (changes(value) < 0.2 && share.is_some_and(|share| share > 0.45));
    is_listed || is_word || (changes(value) < 0.12 && value.iter().filter(|byte| byte.is_ascii_digit()).count() < 3)
}

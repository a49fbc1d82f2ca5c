//! Whether a value is a password that somebody chose.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use base64::Engine as _;

use super::super::decode::LENIENT;
use super::super::measure::{changes, is_patterned, wordiness};
use super::machine::is_machine_made;
use super::phrase::is_phrase;
use super::reference::is_reference;
use super::sample::is_counted;
use super::token;
use super::words::any_of;

/// Characters of a password.
pub(super) const LENGTH: std::ops::RangeInclusive<usize> = 6..=128;
/// What people take for the time being, and what is no password although it stands where one does.
const WEAK: [&str; 16] = [
    "12345", "qwert", "abcde", "letmein", "admin", "guest", "root", "sha256", "sha512", "base64", "oauth2", "sha1",
    "md5", "x509", "utf8", "bcrypt",
];

static ANY_WEAK: LazyLock<AhoCorasick> = LazyLock::new(|| any_of(&WEAK));

/// What a password is made of.
struct Makeup {
    lower: usize,
    upper: usize,
    digits: usize,
    /// Symbols that stand in few other texts.
    marks: usize,
}

impl Makeup {
    fn of(value: &[u8]) -> Self {
        let count = |is: fn(&u8) -> bool| value.iter().filter(|byte| is(byte)).count();
        Self {
            lower: count(u8::is_ascii_lowercase),
            upper: count(u8::is_ascii_uppercase),
            digits: count(u8::is_ascii_digit),
            marks: count(|byte| b"!@#$%^&*?+=~".contains(byte)),
        }
    }

    fn letters(&self) -> usize {
        self.lower + self.upper
    }

    fn is_mixed(&self) -> bool {
        self.lower > 0 && self.upper > 0 && self.digits > 0
    }
}

/// Whether a value in quotes is a password: there, blanks and letters of other alphabets may stand in it.
pub(super) fn is_quoted_password(value: &[u8]) -> bool {
    is_password(value) || (is_phrase(value) && !ANY_WEAK.is_match(value) && !is_path(value))
}

/// Whether a value is a password, as it stands or after percent signs are resolved.
pub(super) fn is_password(value: &[u8]) -> bool {
    unescaped(value).map_or_else(|| is_plain_password(value), |plain| is_plain_password(&plain))
}

fn is_plain_password(value: &[u8]) -> bool {
    let makeup = Makeup::of(value);
    let is_mixed = makeup.is_mixed() && value.len() >= 8;
    let is_marked = makeup.marks > 0 && makeup.letters() > 1 && makeup.digits + makeup.upper > 0;
    let is_numbered = makeup.letters() > 1 && makeup.digits >= 3 && value.len() >= 8;
    is_possible(value) && (is_mixed || is_marked || is_numbered || is_short_and_odd(value, &makeup) || is_random(value))
}

/// Without quotes in code it is more likely an expression.
pub(super) fn is_bare_password(value: &[u8], in_code: bool) -> bool {
    let is_expression = || has_brackets(value) || value.windows(2).any(is_member);
    value.len() >= 8 && is_password(value) && !(in_code && (is_expression() || !token::is_token(value)))
}

/// In a connection string it is none, but something may be put into the text.
pub(super) fn is_password_in_text(value: &[u8]) -> bool {
    value.len() >= 8 && is_password(value) && !has_brackets(value)
}

/// Whether it has small letters, capitals and digits, and is no word with a number.
pub(super) fn is_mixed(value: &[u8]) -> bool {
    value.len() >= 8 && Makeup::of(value).is_mixed() && wordiness(value).is_none_or(|share| share <= 0.5)
}

fn has_brackets(value: &[u8]) -> bool {
    value.iter().any(|byte| b"()[]{}|&\\".contains(byte))
}

/// Whether it is `user:password` in base64.
pub(super) fn is_basic_authorization(value: &[u8]) -> bool {
    let Ok(decoded) = LENIENT.decode(value) else { return false };
    let Some(at) = memchr::memchr(b':', &decoded) else { return false };
    let password = &decoded[at + 1..];
    decoded.iter().all(u8::is_ascii_graphic)
        && password.len() >= 4
        && !is_reference(password)
        && !ANY_WEAK.is_match(password)
}

fn is_member(pair: &[u8]) -> bool {
    pair[0].is_ascii_alphabetic() && pair[1] == b'.'
}

fn is_possible(value: &[u8]) -> bool {
    LENGTH.contains(&value.len())
        && value.iter().all(u8::is_ascii_graphic)
        && (!value.iter().any(|byte| b"<>{}\\\"`".contains(byte)) || is_machine_made(value))
        && !ANY_WEAK.is_match(value)
        && !is_counted(value)
        && !is_encoded_reference(value)
        && !is_patterned(value)
        && !token::is_uuid(value)
        && !is_address(value)
        && !is_path(value)
        && !is_words(value)
}

/// What its percent signs stand for, if each is an escape. A single one may be a sign and two characters.
fn unescaped(value: &[u8]) -> Option<Vec<u8>> {
    let is_escape =
        |at: usize| value.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    let signs = memchr::memchr_iter(b'%', value).count();
    let is_escaped = signs > 0 && memchr::memchr_iter(b'%', value).all(is_escape);
    let plain: Vec<u8> = is_escaped.then(|| percent_encoding::percent_decode(value).collect())?;
    (signs > 1 || plain.iter().all(u8::is_ascii_graphic)).then_some(plain)
}

/// `myPassword` in base64.
fn is_encoded_reference(value: &[u8]) -> bool {
    let is_base64 =
        value.len().is_multiple_of(4) && value.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte));
    let decoded = || LENIENT.decode(value).ok().filter(|text| text.iter().all(u8::is_ascii_graphic));
    is_base64 && decoded().is_some_and(|text| is_reference(&text))
}

/// An address of mail, a host, a version.
fn is_address(value: &[u8]) -> bool {
    let host = value.rsplit(|byte| *byte == b'@').next().unwrap_or_default();
    let is_host = host.len() < value.len()
        && host.contains(&b'.')
        && host.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
    is_host || value.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b':' | b'/' | b'v'))
}

fn is_path(value: &[u8]) -> bool {
    value.iter().filter(|byte| **byte == b'/').count() >= 2 && wordiness(value).is_none_or(|share| share > 0.5)
}

/// Words with at most a number at the end, however they are put together: `api-password-2`, `UserPasswordField`.
fn is_words(value: &[u8]) -> bool {
    let parts = value.split(|byte| matches!(byte, b'-' | b'_' | b'.' | b'/' | b':' | b',' | b' '));
    let is_word = |part: &[u8]| part.iter().all(u8::is_ascii_alphabetic) || part.iter().all(u8::is_ascii_digit);
    let parts: Vec<&[u8]> = parts.collect();
    let is_listed = parts.len() > 1 && parts.iter().all(|part| is_word(part));
    let is_wordy = value.len() >= 16 && wordiness(value).is_some_and(|share| share > 0.6) && changes(value) < 0.35;
    is_listed || is_wordy
}

/// `hunter2` and its like.
fn is_short_and_odd(value: &[u8], makeup: &Makeup) -> bool {
    value.len() >= 7 && makeup.digits >= 1 && makeup.letters() >= 5 && makeup.digits + makeup.letters() == value.len()
}

fn is_random(value: &[u8]) -> bool {
    value.len() >= 12 && value.iter().all(u8::is_ascii_alphabetic) && wordiness(value).is_some_and(|share| share < 0.35)
}

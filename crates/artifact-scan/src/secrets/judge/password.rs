//! Whether a value is a password that somebody chose.

use base64::Engine as _;

use super::super::decode::LENIENT;
use super::super::measure::{changes, is_patterned, wordiness};
use super::token;

/// Characters of a password.
const LENGTH: std::ops::RangeInclusive<usize> = 6..=128;
/// What people take for the time being, and what is no password although it stands where one does.
const WEAK: [&str; 16] = [
    "12345", "qwert", "abcde", "letmein", "admin", "guest", "root", "sha256", "sha512", "base64", "oauth2", "sha1",
    "md5", "x509", "utf8", "bcrypt",
];

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
}

/// Whether a value in quotes is a password.
pub(super) fn is_password(value: &[u8]) -> bool {
    let makeup = Makeup::of(value);
    let is_mixed = makeup.lower > 0 && makeup.upper > 0 && makeup.digits > 0 && value.len() >= 8;
    let is_marked = makeup.marks > 0 && makeup.letters() > 1 && makeup.digits + makeup.upper > 0;
    let is_numbered = makeup.letters() > 1 && makeup.digits >= 3 && value.len() >= 8;
    is_possible(value) && (is_mixed || is_marked || is_numbered || is_short_and_odd(value, &makeup) || is_random(value))
}

/// Without quotes in code it is more likely an expression.
pub(super) fn is_bare_password(value: &[u8], in_code: bool) -> bool {
    let is_expression = || value.iter().any(|byte| b"()[]{}|&\\".contains(byte)) || value.windows(2).any(is_member);
    value.len() >= 8 && is_password(value) && !(in_code && (is_expression() || !token::is_token(value)))
}

/// Whether it is `user:password` in base64.
pub(super) fn is_basic_authorization(value: &[u8]) -> bool {
    let Ok(decoded) = LENIENT.decode(value) else { return false };
    let Some(at) = memchr::memchr(b':', &decoded) else { return false };
    let password = &decoded[at + 1..];
    decoded.iter().all(u8::is_ascii_graphic)
        && password.len() >= 4
        && !super::reference::is_reference(password)
        && !is_weak(password)
}

fn is_member(pair: &[u8]) -> bool {
    pair[0].is_ascii_alphabetic() && pair[1] == b'.'
}

fn is_possible(value: &[u8]) -> bool {
    LENGTH.contains(&value.len())
        && value.iter().all(|byte| byte.is_ascii_graphic() && !b"<>{}\\\"`".contains(byte))
        && !is_weak(value)
        && !is_patterned(value)
        && !token::is_uuid(value)
        && !is_address(value)
        && !is_path(value)
        && !is_words(value)
}

fn is_weak(value: &[u8]) -> bool {
    let lower = value.to_ascii_lowercase();
    WEAK.iter().any(|weak| memchr::memmem::find(&lower, weak.as_bytes()).is_some())
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

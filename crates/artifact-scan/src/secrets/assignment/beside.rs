//! The secret half of an AWS key pair near the half that is no secret, which serves as its name.

use std::ops::Range;

use super::super::cursor::Cursor;
use super::Operator;

/// Bytes of the half that is no secret.
const ID: usize = 20;
/// Bytes of the secret half.
const SECRET: usize = 40;
/// Bytes between them.
const REACH: usize = 80;

/// Whether the name is such a half.
pub(super) fn is_half(bytes: &[u8], name: &Range<usize>) -> bool {
    let name = &bytes[name.clone()];
    let is_id = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    name.len() == ID && (name.starts_with(b"AKIA") || name.starts_with(b"ASIA")) && name.iter().all(is_id)
}

/// Moves to the first run of so many characters; another half before it ends the search.
pub(super) fn after(cursor: &mut Cursor<'_>) -> Option<Operator> {
    let rest = cursor.rest();
    let mut at = 0;
    while at <= REACH && at < rest.len() {
        let run = rest[at..].iter().take(SECRET + 1).take_while(|byte| is_base64(**byte)).count();
        if run == SECRET {
            cursor.at += at;
            return Some(Operator::Beside);
        }
        if run > SECRET || is_half(rest, &(at..at + run)) {
            return None;
        }
        at += run.max(1);
    }
    None
}

pub(super) fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

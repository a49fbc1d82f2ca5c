//! Values that stand before their names: `{"value": "…", "name": "NAME"}`, and the same in YAML and XML.

use std::ops::Range;

use super::super::boundary::is_word;
use super::super::cursor::Cursor;
use super::Operator;
use super::value::{Value, at};

/// What the key of the name is called.
const FIRST: [&str; 4] = ["ParameterKey", "parameterName", "name", "key"];
/// What the key of the value ends with.
const SECOND: &[u8] = b"value";
/// Bytes between the two keys.
const REACH: usize = 1 << 10;

/// The value before the name, if the name is the value of such a key.
pub(super) fn value_before(bytes: &[u8], name: &Range<usize>) -> Option<Value> {
    let key = key_before(bytes, name.start)?;
    let near = &bytes[key.saturating_sub(REACH)..key];
    let last = near.windows(SECOND.len()).rposition(|part| part.eq_ignore_ascii_case(SECOND))?;
    let mut cursor = Cursor { bytes, at: key - near.len() + last + SECOND.len() };
    cursor.skip(4, is_quote);
    cursor.blanks();
    if cursor.skip(1, |byte| matches!(byte, b':' | b'=')) == 0 {
        return None;
    }
    let value = at(&mut cursor, Operator::Pair, name)?;
    let between = bytes.get(value.span.end..key)?;
    let is_between = |byte: &u8| is_quote(*byte) || *byte == b',' || byte.is_ascii_whitespace();
    let is_apart = between.iter().any(|byte| *byte == b',' || byte.is_ascii_whitespace());
    (is_apart && between.iter().all(is_between)).then_some(value)
}

/// Where `"name": "` begins, right before the name.
fn key_before(bytes: &[u8], name: usize) -> Option<usize> {
    let rest = without(&bytes[..name], is_quote);
    let rest =
        without(rest, is_blank).split_last().filter(|(last, _)| matches!(last, b':' | b'=')).map(|(_, rest)| rest)?;
    let rest = without(without(rest, is_blank), is_quote);
    let ends =
        |key: &&&str| rest.len() >= key.len() && rest[rest.len() - key.len()..].eq_ignore_ascii_case(key.as_bytes());
    let start = FIRST.iter().find(ends).map(|key| rest.len() - key.len())?;
    rest[..start].last().is_none_or(|before| !is_word(*before)).then_some(start)
}

fn without(bytes: &[u8], is: impl Fn(u8) -> bool) -> &[u8] {
    let count = bytes.iter().rev().take(4).take_while(|byte| is(**byte)).count();
    &bytes[..bytes.len() - count]
}

fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'\\')
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

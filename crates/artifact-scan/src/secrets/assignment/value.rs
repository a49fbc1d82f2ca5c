//! Where a value begins and ends.

use std::ops::Range;

use super::super::cursor::Cursor;
use super::beside::is_base64;
use super::{Operator, Quoting};

/// Bytes of the longest value.
const LONGEST: usize = 1024;
/// Words before a credential in a header.
const SCHEMES: [&str; 6] = ["Bearer ", "Basic ", "Token ", "Splunk ", "OAuth ", "ApiKey "];
/// A call with one of these in its name asks for a value and does not make one.
const ASKING: [&str; 12] =
    ["env", "get", "read", "load", "look", "fetch", "require", "resolve", "param", "find", "input", "prompt"];

/// A value as it stands.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) span: Range<usize>,
    pub(super) quoting: Quoting,
    pub(super) scheme: Option<&'static str>,
}

/// The value at the cursor.
pub(super) fn at(cursor: &mut Cursor<'_>, operator: Operator, name: &Range<usize>) -> Option<Value> {
    if operator == Operator::Beside {
        return Some(until(cursor, Quoting::Alone, |byte| !is_base64(byte)));
    }
    let is_tag = operator == Operator::Tag;
    cursor.skip(32, |byte| byte == b' ' || byte == b'\t' || (is_tag && byte.is_ascii_whitespace()));
    if is_tag {
        return Some(until(cursor, Quoting::Alone, |byte| byte == b'<' || byte.is_ascii_whitespace()));
    }
    if matches!(operator, Operator::Colon | Operator::Pair) && block(cursor) {
        return Some(until(cursor, Quoting::Alone, |byte| byte.is_ascii_whitespace()));
    }
    if operator == Operator::Colon {
        type_annotation(cursor);
    }
    fallback(cursor);
    wrapper(cursor);
    let quote = quote(cursor);
    let scheme = scheme(cursor);
    cursor.take("base64:");
    let mut value = match quote {
        Some(quote) => quoted(cursor, quote),
        None if operator == Operator::Call => return None,
        None => bare(cursor, name),
    };
    value.scheme = scheme;
    Some(value)
}

/// YAML's `|` and `>`: the value is the next line.
fn block(cursor: &mut Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    let is_block = ahead.skip(1, |byte| byte == b'|' || byte == b'>') == 1;
    ahead.skip(2, |byte| matches!(byte, b'-' | b'+' | b'1'..=b'9'));
    ahead.skip(8, |byte| matches!(byte, b' ' | b'\r'));
    let is_block = is_block && ahead.take("\n") && ahead.blanks() > 0;
    if is_block {
        *cursor = ahead;
    }
    is_block
}

/// `name: Type = "…"`
fn type_annotation(cursor: &mut Cursor<'_>) {
    let mut ahead = *cursor;
    let is_type = |byte: u8| byte.is_ascii_alphanumeric() || b"&'_<>[].*?| ".contains(&byte);
    if ahead.skip(48, is_type) > 1
        && ahead.take("=")
        && ahead.blanks() < 8
        && matches!(ahead.peek(), Some(b'"' | b'\'' | b'`'))
    {
        *cursor = ahead;
    }
}

/// `process.env.NAME || "…`, `getenv("NAME", "…`: what is taken where nothing is set.
fn fallback(cursor: &mut Cursor<'_>) {
    let mut ahead = *cursor;
    let word = ahead.skip(64, |byte| byte.is_ascii_alphanumeric() || b"_.$".contains(&byte));
    let is_environment = memchr::memmem::find(&ahead.bytes[cursor.at..cursor.at + word], b"env").is_some();
    if !is_environment {
        return;
    }
    let is_call = ahead.skip(1, |byte| byte == b'(' || byte == b'[') == 1;
    if is_call {
        ahead.skip(80, |byte| byte.is_ascii_alphanumeric() || b"_.-'\"".contains(&byte));
    }
    ahead.skip(1, |byte| byte == b']' || byte == b')');
    ahead.blanks();
    let goes_on = ahead.take_any(&["||", "??", "or "]).is_some() || (is_call && ahead.take(","));
    ahead.blanks();
    if goes_on && matches!(ahead.peek(), Some(b'"' | b'\'' | b'`')) {
        *cursor = ahead;
    }
}

/// `new Wrapper("…`, `Some("…`, `b"…`.
fn wrapper(cursor: &mut Cursor<'_>) {
    let mut ahead = *cursor;
    ahead.take("new ");
    let from = ahead.at;
    ahead.skip(40, |byte| byte.is_ascii_alphanumeric() || b"_.:$&@![]".contains(&byte));
    let word = ahead.bytes[from..ahead.at].to_ascii_lowercase();
    let asks = || ASKING.iter().any(|asking| memchr::memmem::find(&word, asking.as_bytes()).is_some());
    let is_call = !word.is_empty() && ahead.take("(") && !asks();
    let is_prefix = !is_call && (1..=2).contains(&word.len()) && word.iter().all(|byte| b"brful@$&".contains(byte));
    if (is_call || is_prefix) && matches!(ahead.peek(), Some(b'"' | b'\'' | b'`')) {
        *cursor = ahead;
    }
}

/// The quote, and the backslashes before it.
#[derive(Debug, Clone, Copy)]
struct Quote {
    byte: u8,
    backslashes: usize,
}

fn quote(cursor: &mut Cursor<'_>) -> Option<Quote> {
    if cursor.take_any(&["&quot;", "&#34;", "&#x22;"]).is_some() {
        return Some(Quote { byte: b'&', backslashes: 0 });
    }
    let mut ahead = *cursor;
    let backslashes = ahead.skip(7, |byte| byte == b'\\');
    let byte = ahead.peek().filter(|byte| matches!(byte, b'"' | b'\'' | b'`'))?;
    ahead.at += if ahead.rest().starts_with(&[byte; 3]) { 3 } else { 1 };
    *cursor = ahead;
    Some(Quote { byte, backslashes })
}

fn scheme(cursor: &mut Cursor<'_>) -> Option<&'static str> {
    let scheme = cursor.take_any(&SCHEMES)?;
    cursor.blanks();
    Some(scheme.trim_end())
}

fn quoted(cursor: &Cursor<'_>, quote: Quote) -> Value {
    let (from, bytes) = (cursor.at, cursor.bytes);
    let until = bytes.len().min(from + LONGEST);
    let mut at = from;
    while at < until && bytes[at] != b'\n' {
        let escapes = bytes[at..until].iter().take_while(|byte| **byte == b'\\').count();
        let closes = bytes.get(at + escapes) == Some(&quote.byte);
        // In YAML and SQL a quote in quotes is written twice.
        if closes && escapes == 0 && quote.byte == b'\'' && at > from && bytes.get(at + 1) == Some(&b'\'') {
            at += 2;
            continue;
        }
        if closes && escapes <= quote.backslashes {
            return Value { span: from..at, quoting: Quoting::Quoted, scheme: None };
        }
        // Backslashes in pairs are backslashes of the value.
        if closes && escapes % (2 * (quote.backslashes + 1)) == quote.backslashes {
            let span = from..at + escapes - quote.backslashes;
            return Value { span, quoting: Quoting::Quoted, scheme: None };
        }
        at += escapes + 1;
    }
    Value { span: from..at.min(until), quoting: Quoting::Open, scheme: None }
}

/// A value without quotes ends where no value goes on, and in a URL or list at what parts it from the next.
fn bare(cursor: &Cursor<'_>, name: &Range<usize>) -> Value {
    let before = cursor.bytes[..name.start].last().copied();
    let is_query = matches!(before, Some(b'?' | b'&')) || cursor.bytes[..name.start].ends_with(b"&amp;");
    let is_listed = matches!(before, Some(b';' | b',' | b'{' | b'('));
    let ends = |byte: u8| match byte {
        b'"' | b'\'' | b'`' | b'<' | b'>' | b'\\' => true,
        b'&' | b'#' => is_query,
        b';' | b',' | b'}' | b')' => is_listed || is_query,
        _ => byte.is_ascii_whitespace(),
    };
    let mut value = until(cursor, Quoting::Bare, ends);
    let parts: &[u8] = if matches!(before, Some(b'"' | b'\'' | b'`')) { b";&," } else { b";" };
    if let Some(at) = next_key(&cursor.bytes[value.span.clone()], parts) {
        value.span.end = value.span.start + at;
    }
    let closes_nothing = |span: &Range<usize>| {
        let inner = &cursor.bytes[span.clone()];
        let opener = match inner.last() {
            Some(b')') => b'(',
            Some(b']') => b'[',
            Some(b'}') => b'{',
            last => return matches!(last, Some(b',' | b';')),
        };
        !inner.contains(&opener)
    };
    while closes_nothing(&value.span) {
        value.span.end -= 1;
    }
    value
}

/// Where `;key=` begins, as in connection strings.
fn next_key(value: &[u8], parts: &[u8]) -> Option<usize> {
    let at = value.iter().position(|byte| parts.contains(byte))?;
    memchr::memchr(b'=', &value[at..]).map(|_| at)
}

fn until(cursor: &Cursor<'_>, quoting: Quoting, ends: impl Fn(u8) -> bool) -> Value {
    let length = cursor.rest().iter().take(LONGEST).take_while(|byte| !ends(**byte)).count();
    let quoting = if length == LONGEST { Quoting::Open } else { quoting };
    Value { span: cursor.at..cursor.at + length, quoting, scheme: None }
}

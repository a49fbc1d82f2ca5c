//! What stands between a name and its value.

use std::ops::Range;

use super::super::cursor::Cursor;
use super::list::is_in_list;
use super::{Operator, beside};

/// Longest first: the first that is next is taken.
const EQUALS: [&str; 13] = ["===", "!==", "||=", "??=", ":=", "=>", "==", "!=", "?=", "+=", "=", "%3D", "\\u003d"];
/// What the second half of a pair is called.
const SECOND: [&str; 10] = [
    "ParameterValue",
    "stringValue",
    "defaultValue",
    "default_value",
    "default",
    "value",
    "plaintext",
    "val",
    "content",
    "S",
];
/// What else may be said of a name before its value: in variables of Terraform and parameters of CloudFormation.
const BESIDE: [&str; 10] = [
    "type",
    "description",
    "sensitive",
    "noEcho",
    "nullable",
    "minLength",
    "maxLength",
    "allowedPattern",
    "constraintDescription",
    "ephemeral",
];
/// How many of those.
const MOST_BESIDE: usize = 8;
/// Bytes of what is said.
const LONGEST_BESIDE: usize = 240;

/// Moves from behind the name to the value.
pub(super) fn after(cursor: &mut Cursor<'_>, name: &Range<usize>) -> Option<Operator> {
    if beside::is_half(cursor.bytes, name) {
        return beside::after(cursor);
    }
    let before = cursor.bytes[..name.start].last().copied();
    let is_quoted = closers(cursor);
    let behind_name = *cursor;
    let blanks = cursor.blanks();
    if cursor.take_any(&EQUALS).is_some() {
        return Some(Operator::Equals);
    }
    match cursor.peek() {
        Some(b':') => colon(cursor).map(|colon| described(*cursor, cursor).unwrap_or(colon)),
        // `user:<password>@host` tells where a password would stand.
        Some(b'>') if cursor.bytes.get(cursor.at + 1) == Some(&b'@') => None,
        Some(b'>') if before == Some(b'<') || before == Some(b':') => step(cursor, Operator::Tag),
        Some(b'<') => element(*cursor, cursor),
        Some(b'(') if blanks == 0 && !is_quoted => step(cursor, Operator::Call),
        Some(b',') if is_quoted => pair(behind_name, cursor).or_else(|| comma(cursor, name)),
        _ => pair(behind_name, cursor)
            .or_else(|| tag(*cursor, name, cursor))
            .or_else(|| flag(cursor, name, blanks))
            .or_else(|| typed(behind_name, cursor))
            .or_else(|| blank(cursor, blanks)),
    }
}

fn step(cursor: &mut Cursor<'_>, operator: Operator) -> Option<Operator> {
    cursor.at += 1;
    Some(operator)
}

/// Goes over what closes the name: quotes with their backslashes, brackets. Says whether a quote did.
fn closers(cursor: &mut Cursor<'_>) -> bool {
    let from = cursor.at;
    if cursor.take_any(&["&quot;", "&#34;"]).is_some() {
        return true;
    }
    cursor.skip(8, |byte| matches!(byte, b'"' | b'\'' | b'`' | b'\\' | b']' | b')'));
    let closers = &cursor.bytes[from..cursor.at];
    if closers.ends_with(b"\\") {
        cursor.at -= 1;
    }
    closers.iter().any(|byte| matches!(byte, b'"' | b'\'' | b'`'))
}

fn colon(cursor: &mut Cursor<'_>) -> Option<Operator> {
    cursor.at += 1;
    (cursor.peek() != Some(b':')).then_some(Operator::Colon)
}

fn comma(cursor: &mut Cursor<'_>, name: &Range<usize>) -> Option<Operator> {
    if is_in_list(cursor, name) {
        return None;
    }
    cursor.at += 1;
    cursor.skip(32, |byte| byte.is_ascii_whitespace());
    matches!(cursor.peek(), Some(b'"' | b'\'' | b'`' | b'\\')).then_some(Operator::Comma)
}

/// `…", "value": ` and the same in YAML, XML and command lines, with what else may stand before it.
fn pair<'b>(mut ahead: Cursor<'b>, cursor: &mut Cursor<'b>) -> Option<Operator> {
    let mut is_apart = ahead.skip(80, |byte| byte.is_ascii_whitespace() || matches!(byte, b',' | b'{')) > 0;
    for _ in 0..MOST_BESIDE {
        escaped_blanks(&mut ahead);
        if !is_apart {
            return None;
        }
        let mut second = ahead;
        if key(&mut second, &SECOND) {
            *cursor = second;
            return Some(Operator::Pair);
        }
        is_apart = key(&mut ahead, &BESIDE) && passed_over(&mut ahead);
    }
    None
}

/// Goes over one of these keys and what assigns to it.
fn key(cursor: &mut Cursor<'_>, keys: &[&'static str]) -> bool {
    let quotes = |byte: u8| matches!(byte, b'"' | b'\'' | b'\\');
    cursor.skip(4, quotes);
    let is_key = cursor.take_any(keys).is_some();
    cursor.skip(4, quotes);
    cursor.blanks();
    is_key && cursor.skip(1, |byte| matches!(byte, b':' | b'=')) == 1
}

/// Goes over a value on one line and what parts it from the next; false if nothing follows in the same braces.
fn passed_over(cursor: &mut Cursor<'_>) -> bool {
    cursor.blanks();
    cursor.skip(3, |byte| byte == b'\\');
    match cursor.peek() {
        Some(quote @ (b'"' | b'\'')) => {
            cursor.at += 1;
            cursor.skip(LONGEST_BESIDE, |byte| byte != quote && byte != b'\n');
            cursor.at += usize::from(cursor.peek() == Some(quote));
        }
        _ => drop(cursor.skip(LONGEST_BESIDE, |byte| !matches!(byte, b',' | b'\n' | b'}' | b'\\'))),
    }
    cursor.blanks();
    escaped_blanks(cursor) | (cursor.skip(80, |byte| byte.is_ascii_whitespace() || byte == b',') > 0)
}

/// What is said of a name in lines below it, or in braces.
fn described<'b>(mut ahead: Cursor<'b>, cursor: &mut Cursor<'b>) -> Option<Operator> {
    ahead.blanks();
    let is_described = matches!(ahead.peek(), Some(b'\n' | b'\r' | b'{')) || ahead.rest().starts_with(b"\\n");
    if is_described { pair(ahead, cursor) } else { None }
}

/// `<key>name</key><string>value` and `<name>name</name><value>value`.
fn element<'b>(mut ahead: Cursor<'b>, cursor: &mut Cursor<'b>) -> Option<Operator> {
    ahead.take_any(&["</key>", "</name>", "</param-name>", "</env-entry-name>"])?;
    ahead.skip(80, |byte| byte.is_ascii_whitespace());
    ahead.take_any(&["<string>", "<value>", "<param-value>", "<env-entry-value>"])?;
    *cursor = ahead;
    Some(Operator::Tag)
}

/// `<name a="b">value` and `<entry key="name" a="b">value`, of which the value may be an element of its own.
fn tag<'b>(mut ahead: Cursor<'b>, name: &Range<usize>, cursor: &mut Cursor<'b>) -> Option<Operator> {
    let before = &ahead.bytes[..name.start];
    let is_named = [&b"key=\""[..], b"name=\"", b"key='", b"name='"].iter().any(|key| before.ends_with(key));
    if !is_named && !before.ends_with(b"<") {
        return None;
    }
    let from = ahead.at;
    ahead.skip(LONGEST_BESIDE, |byte| !matches!(byte, b'<' | b'>' | b'\n' | b'/'));
    // `<Pass *> &name` of other languages has no attributes.
    let has_attributes = ahead.bytes[from..ahead.at].contains(&b'=');
    let is_open = ahead.take(">") && (is_named || has_attributes);
    if is_open && is_named {
        let mut inner = ahead;
        inner.skip(80, |byte| byte.is_ascii_whitespace());
        ahead = if inner.take("<value>") { inner } else { ahead };
    }
    is_open.then(|| {
        *cursor = ahead;
        Operator::Tag
    })
}

/// Line ends as they stand in escaped JSON; says whether there were any.
fn escaped_blanks(cursor: &mut Cursor<'_>) -> bool {
    let from = cursor.at;
    while cursor.take("\\n") || cursor.take("\\r") || cursor.take("\\t") || cursor.blanks() > 0 {}
    cursor.at > from
}

/// A command line's option, a line of a Dockerfile, or SQL's own way.
fn flag(cursor: &mut Cursor<'_>, name: &Range<usize>, blanks: usize) -> Option<Operator> {
    let before = &cursor.bytes[..name.start];
    let is_flag =
        before.ends_with(b"--") || [" -", "\t-", "'-", "\"-"].iter().any(|dash| before.ends_with(dash.as_bytes()));
    let is_instruction = [&b"ENV"[..], b"ARG", b"env", b"set", b"setx", b"setenv"].contains(&begin_of_line(before));
    let is_sql = cursor.bytes[name.clone()].ends_with(b"IDENTIFIED BY")
        || (cursor.bytes[name.clone()].ends_with(b"identified by") && matches!(cursor.peek(), Some(b'\'' | b'"')));
    let has_more = cursor.peek().is_some_and(|byte| !byte.is_ascii_whitespace());
    (blanks > 0 && has_more && (is_flag || is_instruction || is_sql)).then_some(Operator::Flag)
}

/// What stands between a near begin of the line and here.
fn begin_of_line(before: &[u8]) -> &[u8] {
    let near = &before[before.len().saturating_sub(16)..];
    near.rsplit(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii()
}

/// Go: `name string = "…"`.
fn typed<'b>(mut ahead: Cursor<'b>, cursor: &mut Cursor<'b>) -> Option<Operator> {
    ahead.blanks();
    let has_type = ahead.skip(24, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'*' | b'[' | b']')) > 0;
    ahead.blanks();
    let is_assigned = has_type && ahead.take("=") && ahead.peek() != Some(b'=');
    is_assigned.then(|| {
        *cursor = ahead;
        Operator::Equals
    })
}

fn blank(cursor: &mut Cursor<'_>, blanks: usize) -> Option<Operator> {
    let has_more = cursor.peek().is_some_and(|byte| !byte.is_ascii_whitespace());
    (blanks > 0 && has_more).then_some(Operator::Blank)
}

//! Lists of words, in which what follows a name is its neighbour and not its value.

use std::ops::Range;

use super::super::cursor::Cursor;

/// Bytes before a name in which its bracket stands.
const REACH: usize = 1 << 10;

/// Whether the name in quotes is one of more than two words in `[…]`, at a comma behind the name. Options of command lines
/// stand in lists with their values.
pub(super) fn is_in_list(cursor: &Cursor<'_>, name: &Range<usize>) -> bool {
    let before = &cursor.bytes[name.start.saturating_sub(REACH)..name.start];
    let is_option = before.ends_with(b"-");
    let before = without_quotes(before).trim_ascii_end();
    let has_word_before =
        before.strip_suffix(b",").is_some_and(|rest| rest.trim_ascii_end().last().is_some_and(|last| is_quote(*last)));
    !is_option && is_in_brackets(before) && (has_word_before || has_two_words_behind(*cursor))
}

/// Whether the innermost bracket that is open is this one.
fn is_in_brackets(before: &[u8]) -> bool {
    let mut closed = 0_usize;
    for byte in before.iter().rev() {
        match byte {
            b']' | b')' | b'}' => closed += 1,
            b'[' | b'(' | b'{' if closed > 0 => closed -= 1,
            b'[' | b'(' | b'{' => return *byte == b'[',
            _ => {}
        }
    }
    false
}

/// `, "…", "`
fn has_two_words_behind(mut ahead: Cursor<'_>) -> bool {
    let next = |ahead: &mut Cursor<'_>| {
        ahead.skip(32, |byte| byte.is_ascii_whitespace());
        let is_comma = ahead.take(",");
        ahead.skip(32, |byte| byte.is_ascii_whitespace());
        is_comma && ahead.skip(4, is_quote) > 0
    };
    let has_one = next(&mut ahead);
    ahead.skip(REACH, |byte| !is_quote(byte) && byte != b'\n');
    ahead.skip(4, is_quote);
    has_one && next(&mut ahead)
}

fn without_quotes(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len() - bytes.iter().rev().take(4).take_while(|byte| is_quote(**byte)).count()]
}

fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`' | b'\\')
}

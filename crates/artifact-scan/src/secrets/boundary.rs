//! Where a token begins and ends: what stands beside it must not continue it.

use super::analysis::ByteSet;

/// Whether the byte continues a token.
pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Whether the set holds the byte.
pub(crate) fn holds(set: &ByteSet, byte: u8) -> bool {
    set[usize::from(byte >> 6)] & (1 << (byte & 63)) != 0
}

/// Whether a token can begin at `at`: after no byte of a word, after an escape such as `\n`, `%3D` or `\u0022`, or after
/// a terminal's change of colour.
pub(crate) fn begins(bytes: &[u8], at: usize) -> bool {
    at == 0 || !is_word(bytes[at - 1]) || ends_escape(bytes, at) || ends_colour(&bytes[..at])
}

/// How many bytes at `at` belong to an escape that began before it, if one did.
pub(crate) fn rest_of_escape(bytes: &[u8], at: usize) -> usize {
    (1..=5).find(|length| bytes.len() >= at + length && at > 0 && is_escape(&bytes[at - 1..at + length])).unwrap_or(0)
}

fn ends_escape(bytes: &[u8], at: usize) -> bool {
    [2, 3, 4, 6].iter().any(|length| at >= *length && is_escape(&bytes[at - length..at]))
}

/// Bytes of the longest change of colour.
const LONGEST_COLOUR: usize = 24;

/// Whether it ends with ESC, `[`, numbers and `m`.
fn ends_colour(before: &[u8]) -> bool {
    let Some(before) = before.strip_suffix(b"m") else { return false };
    let is_number = |byte: &&u8| byte.is_ascii_digit() || **byte == b';';
    let numbers = before.iter().rev().take(LONGEST_COLOUR).take_while(is_number).count();
    before[..before.len() - numbers].ends_with(b"\x1b[")
}

fn is_escape(bytes: &[u8]) -> bool {
    let hexadecimal = |digits: &[u8]| digits.iter().all(u8::is_ascii_hexdigit);
    match bytes {
        [b'\\', letter] => b"nrtbfv0".contains(letter),
        [b'%', digits @ ..] if digits.len() == 2 => hexadecimal(digits),
        [b'\\', b'x', digits @ ..] if digits.len() == 2 => hexadecimal(digits),
        [b'\\', b'u', digits @ ..] if digits.len() == 4 => hexadecimal(digits),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_begins_after_an_escape_and_not_within_a_word() {
        for (before, expected) in [
            ("", true),
            ("=", true),
            ("x", false),
            ("_", false),
            ("\\n", true),
            ("%3D", true),
            ("\\u0022", true),
            ("\\x3d", true),
            ("3D", false),
            ("\x1b[0;32m", true),
            ("\x1b[m", true),
            ("[32m", false),
        ] {
            assert_eq!(begins(format!("{before}token").as_bytes(), before.len()), expected, "{before}");
        }
    }

    #[test]
    fn the_rest_of_an_escape_is_no_part_of_the_token() {
        for (text, at, expected) in
            [("\\ntoken", 1, 1), ("%3Dtoken", 1, 2), ("\\u0022token", 1, 5), ("=token", 1, 0), ("\\", 1, 0)]
        {
            assert_eq!(rest_of_escape(text.as_bytes(), at), expected, "{text}");
        }
    }
}

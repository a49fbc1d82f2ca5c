//! Connection strings: several `key=value` in one text in quotes.

use std::ops::Range;

use super::super::assignment::{Assignment, Operator};

/// Bytes of such a text before a name.
const REACH: usize = 512;
/// Bytes of the longest key behind a value.
const LONGEST_KEY: usize = 40;

/// Whether the assignment is one of several in one text: then its value is no expression, whatever the file is.
pub(super) fn is_in_text(bytes: &[u8], assignment: &Assignment) -> bool {
    let (name, value) = (&assignment.named, &assignment.value);
    let is_pair = assignment.operator == Operator::Equals && bytes.get(name.end) == Some(&b'=');
    let before = line_before(bytes, name);
    is_pair && text_before(before).is_some_and(|text| has_pair_before(text) || has_pair_behind(&bytes[value.end..]))
}

fn line_before<'b>(bytes: &'b [u8], name: &Range<usize>) -> &'b [u8] {
    let near = &bytes[name.start.saturating_sub(REACH)..name.start];
    memchr::memrchr(b'\n', near).map_or(near, |at| &near[at + 1..])
}

/// What stands between the quote that is open here and here.
fn text_before(line: &[u8]) -> Option<&[u8]> {
    let open = |quote: u8| {
        let is_open = memchr::memchr_iter(quote, line).count() % 2 == 1;
        memchr::memrchr(quote, line).filter(|_| is_open).map(|at| &line[at + 1..])
    };
    [b'"', b'\'', b'`'].into_iter().filter_map(open).min_by_key(|text| text.len())
}

fn parts(byte: u8) -> bool {
    matches!(byte, b';' | b'&' | b'?' | b',' | b' ')
}

fn has_pair_before(text: &[u8]) -> bool {
    text.last().is_some_and(|last| parts(*last)) && text.contains(&b'=')
}

fn has_pair_behind(behind: &[u8]) -> bool {
    let is_key = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'_' | b'-' | b'.');
    let key = || behind[1..].iter().take(LONGEST_KEY).take_while(is_key).count();
    behind.first().is_some_and(|first| parts(*first)) && key() > 1 && behind.get(1 + key()) == Some(&b'=')
}

#[cfg(test)]
mod tests {
    use super::super::super::assignment::Assignment;
    use super::*;

    fn is_pair(text: &str) -> bool {
        let at = text.find("password").expect("keyword");
        let assignment = Assignment::of(text.as_bytes(), at..at + "password".len()).expect("assignment");
        is_in_text(text.as_bytes(), &assignment)
    }

    #[test]
    fn pairs_in_one_text_are_told_from_expressions() {
        for text in [
            "x(\"host=db password=abc\")",
            "x('host=db;password=abc')",
            "x = \"password=abc;host=db\"",
            "x = \"jdbc:x://db/app?user=app&password=abc\"",
            "x = \"db:6380,password=abc,ssl=True\"",
        ] {
            assert!(is_pair(text), "{text}");
        }
        for text in [
            "x(host=\"db\", password=abc)",
            "x(\"a\", password=abc, b=\"c\")",
            "x = \"password=abc\"",
            "host=db password=abc",
            "password = abc",
        ] {
            assert!(!is_pair(text), "{text}");
        }
    }
}

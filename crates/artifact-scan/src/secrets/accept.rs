//! What speaks against a match once its format is right: too little entropy, a wrong checksum, a documented sample, or
//! that it is a line of a longer text.

use std::ops::Range;

use super::checksum;
use super::measure::entropy;
use super::pass::Match;
use super::rule::Shape;
use super::scanner::Scanner;

/// Whether the match is a secret.
pub(crate) fn is_secret(scanner: &Scanner, bytes: &[u8], found: &Match) -> bool {
    let (rule, patterns) = (&scanner.rules[found.rule], &scanner.patterns[found.rule]);
    let secret = &bytes[found.span.clone()];
    rule.entropy.is_none_or(|least| entropy(secret) >= least)
        && rule.checksum.is_none_or(|checksum| checksum::holds(checksum, secret))
        && !rule.never.iter().zip(&patterns.never).any(|(never, pattern)| pattern.is_in(never, secret))
        && (matches!(rule.shape, Shape::Foreign) || !is_part_of_a_blob(bytes, &found.span))
}

/// Bytes of a line of encoded data; shorter runs are tokens.
const LINE: usize = 56;

/// Whether it stands inside base64 that goes on: a certificate, a font, an image. Then its letters are chance.
fn is_part_of_a_blob(bytes: &[u8], span: &Range<usize>) -> bool {
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let (before, rest) = bytes.split_at(span.start);
    let (secret, after) = rest.split_at(span.len());
    if !secret.iter().all(is_base64) {
        return false;
    }
    let left = before.iter().rev().take(2 * LINE).take_while(|byte| is_base64(byte)).count();
    let right = after.iter().take(2 * LINE).take_while(|byte| is_base64(byte)).count();
    let run = &bytes[span.start - left..span.end + right];
    let goes_on = left + right >= LINE && run.contains(&b'+');
    goes_on || (run.len() >= LINE && (is_line(&before[..before.len() - left], true) || is_line(&after[right..], false)))
}

/// Whether the line before or after is one of base64 too.
fn is_line(bytes: &[u8], before: bool) -> bool {
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let is_between = |byte: u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\\' | b'n' | b',' | b'=');
    let mut bytes: Box<dyn Iterator<Item = u8>> =
        if before { Box::new(bytes.iter().rev().copied()) } else { Box::new(bytes.iter().copied()) };
    let mut has_line_end = false;
    let first = bytes.by_ref().take(24).inspect(|byte| has_line_end |= *byte == b'\n').find(|byte| !is_between(*byte));
    let run = bytes.take(LINE).take_while(|byte| is_base64(*byte)).count();
    has_line_end && first.is_some_and(is_base64) && run >= LINE - 8
}

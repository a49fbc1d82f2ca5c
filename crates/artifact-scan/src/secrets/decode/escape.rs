//! Percent escapes of URLs and `\u0022` of JSON and code.

use std::ops::Range;

use memchr::{memchr, memmem};

use super::Decoded;

/// Escapes of a text that is worth decoding.
const FEWEST: usize = 3;
/// Bytes before the first escape that belong to the same text.
const BEFORE: usize = 256;
/// Bytes of the longest text.
const LONGEST: usize = 64 << 10;

/// Hands over texts with percent escapes.
pub(super) fn each_percent(bytes: &[u8], take: &mut impl FnMut(&Decoded)) {
    let next = |from: usize| memchr(b'%', &bytes[from..]).map(|at| from + at);
    let is_part = |byte: u8| byte.is_ascii_graphic() && !b"\"'`<>\\".contains(&byte);
    each(bytes, next, is_part, percent, take);
}

/// Hands over texts with escapes of ASCII characters.
pub(super) fn each_unicode(bytes: &[u8], take: &mut impl FnMut(&Decoded)) {
    let finder = memmem::Finder::new(b"\\u00");
    let next = |from: usize| finder.find(&bytes[from..]).map(|at| from + at);
    let is_part = |byte: u8| !byte.is_ascii_control() && !b"\"'`".contains(&byte);
    each(bytes, next, is_part, unicode, take);
}

/// A byte and the length of its escape, if one is at the front.
type Unescape = fn(&[u8]) -> Option<(u8, usize)>;

fn each(
    bytes: &[u8],
    next: impl Fn(usize) -> Option<usize>,
    is_part: impl Fn(u8) -> bool,
    unescape: Unescape,
    take: &mut impl FnMut(&Decoded),
) {
    let mut from = 0;
    while from < bytes.len()
        && let Some(first) = next(from)
    {
        if unescape(&bytes[first..]).is_none() {
            from = first + 1;
            continue;
        }
        let before = bytes[from..first].iter().rev().take(BEFORE).take_while(|byte| is_part(**byte)).count();
        let after = bytes[first..].iter().take(LONGEST).take_while(|byte| is_part(**byte)).count();
        let region = first - before..first + after.max(1);
        from = region.end;
        if let Some(decoded) = decode(bytes, region, unescape) {
            take(&decoded);
        }
    }
}

fn decode(bytes: &[u8], region: Range<usize>, unescape: Unescape) -> Option<Decoded> {
    let (mut decoded, mut at, mut escapes) = (Decoded::new(region.len()), region.start, 0);
    while at < region.end {
        let escape = unescape(&bytes[at..region.end]);
        escapes += usize::from(escape.is_some());
        let (byte, length) = escape.unwrap_or((bytes[at], 1));
        decoded.push(byte, at);
        at += length;
    }
    (escapes >= FEWEST).then(|| decoded.ended(region.end))
}

fn percent(bytes: &[u8]) -> Option<(u8, usize)> {
    let [b'%', high, low, ..] = bytes else { return None };
    Some((hexadecimal(&[*high, *low])? as u8, 3))
}

fn unicode(bytes: &[u8]) -> Option<(u8, usize)> {
    let [b'\\', b'u', digits @ ..] = bytes else { return None };
    let value = hexadecimal(digits.get(..4)?)?;
    // What is not ASCII is in no token; one byte stands for it.
    Some((u8::try_from(value).ok().filter(u8::is_ascii).unwrap_or(u8::MAX), 6))
}

fn hexadecimal(digits: &[u8]) -> Option<u16> {
    digits.iter().try_fold(0, |value, digit| Some(value << 4 | u16::try_from(char::from(*digit).to_digit(16)?).ok()?))
}

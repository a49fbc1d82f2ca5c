//! Text that stands in other text: UTF-16, base64, hex, percent and Unicode escapes. What does not decode to text is left.

mod base64_run;
mod escape;
mod utf16;

use std::ops::Range;

use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// What says at the front of a text which encoding of Unicode it has.
const MARKS: [&[u8]; 3] = [b"\xEF\xBB\xBF", b"\xFF\xFE", b"\xFE\xFF"];

/// Two counts in one number: characters of ASCII in the lower half, zeros in the upper. Long runs are mostly hashes, and each
/// is asked for.
const COUNTS: [u64; 256] = {
    let mut counts = [0; 256];
    counts[0] = 1 << u32::BITS;
    let mut at = 1;
    while at < 256 {
        let byte = at as u8;
        counts[at] = (byte.is_ascii_graphic() || byte.is_ascii_whitespace()) as u64;
        at += 1;
    }
    counts
};

/// Base64 with or without its padding.
pub(crate) const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Bytes that were encoded, and where each of them comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decoded {
    /// What was encoded.
    pub(crate) bytes: Vec<u8>,
    /// Where each byte's encoding begins; one more says where the last one's ends.
    pub(crate) origins: Vec<u32>,
}

impl Decoded {
    /// Where these bytes come from.
    pub(crate) fn origin(&self, span: &Range<usize>) -> Range<usize> {
        let at = |at: usize| self.origins.get(at).or(self.origins.last()).map_or(0, |origin| *origin as usize);
        at(span.start)..at(span.end)
    }

    fn new(capacity: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity), origins: Vec::with_capacity(capacity + 1) }
    }

    fn push(&mut self, byte: u8, origin: usize) {
        self.bytes.push(byte);
        self.origins.push(u32::try_from(origin).unwrap_or(u32::MAX));
    }

    fn ended(mut self, origin: usize) -> Self {
        self.origins.push(u32::try_from(origin).unwrap_or(u32::MAX));
        self
    }
}

/// Hands over all text that is encoded in these bytes.
pub(crate) fn each(bytes: &[u8], mut take: impl FnMut(&Decoded)) {
    utf16::each(bytes, &mut take);
    base64_run::each(bytes, &mut take);
    escape::each_percent(bytes, &mut take);
    escape::each_unicode(bytes, &mut take);
}

/// Whether the bytes look like text in ASCII, in UTF-8, or in UTF-16.
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    let bytes = MARKS.iter().find_map(|mark| bytes.strip_prefix(*mark)).unwrap_or(bytes);
    let counts: u64 = bytes.iter().map(|byte| COUNTS[usize::from(*byte)]).sum();
    let (characters, zeros) = ((counts & u64::from(u32::MAX)) as usize, (counts >> u32::BITS) as usize);
    characters * 16 >= bytes.len() * 15
        || (zeros * 5 >= bytes.len() * 2
            && characters * 5 >= bytes.len() * 2
            && (characters + zeros) * 16 >= bytes.len() * 15)
        || is_wide_text(bytes)
}

/// Whether it is UTF-8, of which the last character may be cut off, and has letters in it. Chance makes none of that.
fn is_wide_text(bytes: &[u8]) -> bool {
    let whole = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    let is_readable = |character: char| !character.is_control() || character.is_ascii_whitespace();
    whole.len() + 3 >= bytes.len() && whole.chars().count() >= 6 && whole.chars().all(is_readable)
}

#[cfg(test)]
mod tests;

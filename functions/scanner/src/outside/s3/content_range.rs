//! The header in which S3 says which bytes of how many it sends.

use std::fmt;
use std::ops::Range;

/// `Content-Range: bytes 0-9/100`, with the end excluded as everywhere in Rust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ContentRange {
    pub(super) bytes: Range<u64>,
    pub(super) length: u64,
}

impl ContentRange {
    /// `None` for what is not exactly this, or says what cannot be.
    pub(super) fn parse(header: &str) -> Option<Self> {
        let (bytes, length) = header.trim().strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = bytes.split_once('-')?;
        let (first, last, length) = (number(first)?, number(last)?, number(length)?);
        (first <= last && last < length).then(|| Self { bytes: first..last + 1, length })
    }
}

impl fmt::Display for ContentRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the bytes from {} to before {} of {}", self.bytes.start, self.bytes.end, self.length)
    }
}

/// `parse` alone would take a sign.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_can_be_is_read() {
        for wrong in [
            "",
            "bytes",
            "bytes */100",
            "bytes 0-9/*",
            "bytes 9-0/100",
            "bytes 0-100/100",
            "bytes +0-9/100",
            "bytes 0-9",
            "0-9/100",
            "bytes 0-18446744073709551615/18446744073709551615",
            "bytes 0-9/18446744073709551616",
        ] {
            assert_eq!(ContentRange::parse(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_s3_writes_is_read(first in 0..u64::MAX / 4, more in 0..u64::MAX / 4, rest in 1..u64::MAX / 4) {
            let (last, length) = (first + more, first + more + rest);
            let read = ContentRange::parse(&format!("bytes {first}-{last}/{length}"));
            prop_assert_eq!(read, Some(ContentRange { bytes: first..last + 1, length }));
        }

        #[test]
        fn any_text_is_read_or_not(text in ".{0,40}") {
            let _ = ContentRange::parse(&text);
        }
    }
}

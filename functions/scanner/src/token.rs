//! The continuation token: which scan a job continues, and what is kept of it.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use lambda_kit::jobs::{Seal, SealError};

/// Ours, in the only form there has been so far.
const SEAL: Seal = Seal { version: 1, writer: "scanner", meanwhile: "was scanned" };

/// Where a scan stands. What it has found is kept in the state table, under the key, the visit and the digest.
///
/// The digest is that of what is kept, so that a token means one state and no other: two deliveries of a job may end at
/// different places, and each keeps its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// Names the scan: the id of its first job.
    pub(crate) key: String,
    /// When it began, in whole seconds.
    pub(crate) since: Timestamp,
    /// Which visit comes next; the first one, which has no token, is number 0.
    pub(crate) visit: u32,
    /// What is kept for it.
    pub(crate) digest: u64,
}

impl Token {
    /// Of a release that has just come.
    pub(crate) fn first(key: &str, now: Timestamp) -> Self {
        Self { key: key.to_owned(), since: now, visit: 0, digest: 0 }
    }

    /// Under which this is kept.
    pub(crate) fn shelf_key(&self) -> String {
        format!("{}.{:016x}", self.key, self.digest)
    }
}

impl fmt::Display for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.since.as_second();
        formatter.write_str(&SEAL.close(&self.key, format_args!("{since}.{}.{:016x}", self.visit, self.digest)))
    }
}

impl FromStr for Token {
    type Err = SealError;

    fn from_str(text: &str) -> Result<Self, SealError> {
        SEAL.open(text, |key, [since, visit, digest]| {
            Some(Self {
                key: key.to_owned(),
                since: Timestamp::from_second(since.parse().ok()?).ok()?,
                visit: visit.parse().ok()?,
                digest: u64::from_str_radix(digest, 16).ok()?,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_of_a_scan_that_goes_on_is_read_and_written_as_ever() {
        let text = "v1.11111111-abcd-4111-abcd-111111abcdef.1772445600.7.0123456789abcdef.3b88ce3c";
        let token = Token {
            key: String::from("11111111-abcd-4111-abcd-111111abcdef"),
            since: Timestamp::from_second(1_772_445_600).unwrap(),
            visit: 7,
            digest: 0x0123_4567_89ab_cdef,
        };
        assert_eq!(token.to_string(), text);
        assert_eq!(text.parse(), Ok(token));
    }

    #[test]
    fn the_longest_token_is_short() {
        let earliest = Timestamp::MIN.round(jiff::Unit::Second).unwrap();
        let token = Token { key: "a".repeat(Seal::LONGEST_KEY), since: earliest, visit: u32::MAX, digest: u64::MAX };
        let text = token.to_string();
        assert!(text.len() < 200, "CodePipeline takes 2,048 characters: {text}");
        assert_eq!(text.parse(), Ok(token));
    }
}

//! The continuation token: which gate a job continues, and at which visit.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use lambda_kit::jobs::{Seal, SealError};

/// Ours, in the only form there has been so far.
const SEAL: Seal = Seal { version: 1, writer: "gatekeeper", meanwhile: "waited" };

/// Where a waiting gate stands. What it has measured is kept in the state table, under the key.
///
/// CodePipeline hands it back unread with the next job, so it also says what must be known while the table cannot be
/// reached: since when the release waits, and how many visits have passed without the table. And it says when somebody
/// looked last, because a visit that finds nothing new stores nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// Names the gate's item: the id of its first job.
    pub(crate) key: String,
    /// The first visit, in whole seconds.
    pub(crate) since: Timestamp,
    /// The last visit that saw something, in whole seconds.
    pub(crate) seen: Timestamp,
    /// Which visit comes next; the first one, which has no token, is number 0.
    pub(crate) visit: u32,
    /// How many visits in a row could not reach the state table.
    pub(crate) blind: u32,
}

impl Token {
    /// Of a release that has just come.
    pub(crate) fn first(key: &str, now: Timestamp) -> Self {
        Self { key: key.to_owned(), since: now, seen: now, visit: 0, blind: 0 }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (since, seen) = (self.since.as_second(), self.seen.as_second());
        formatter.write_str(&SEAL.close(&self.key, format_args!("{since}.{seen}.{}.{}", self.visit, self.blind)))
    }
}

impl FromStr for Token {
    type Err = SealError;

    fn from_str(text: &str) -> Result<Self, SealError> {
        SEAL.open(text, |key, [since, seen, visit, blind]| {
            Some(Self {
                key: key.to_owned(),
                since: Timestamp::from_second(since.parse().ok()?).ok()?,
                seen: Timestamp::from_second(seen.parse().ok()?).ok()?,
                visit: visit.parse().ok()?,
                blind: blind.parse().ok()?,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_of_a_release_that_waits_is_read_and_written_as_ever() {
        let text = "v1.11111111-abcd-4111-abcd-111111abcdef.1772445600.1772445810.7.0.ed81b737";
        let token = Token {
            key: String::from("11111111-abcd-4111-abcd-111111abcdef"),
            since: Timestamp::from_second(1_772_445_600).unwrap(),
            seen: Timestamp::from_second(1_772_445_810).unwrap(),
            visit: 7,
            blind: 0,
        };
        assert_eq!(token.to_string(), text);
        assert_eq!(text.parse(), Ok(token));
    }

    #[test]
    fn the_longest_token_is_short() {
        let earliest = Timestamp::MIN.round(jiff::Unit::Second).unwrap();
        let token = Token {
            key: "a".repeat(Seal::LONGEST_KEY),
            since: earliest,
            seen: earliest,
            visit: u32::MAX,
            blind: u32::MAX,
        };
        let text = token.to_string();
        assert!(text.len() < 200, "CodePipeline takes 2,048 characters: {text}");
        assert_eq!(text.parse(), Ok(token));
    }
}

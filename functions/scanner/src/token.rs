//! The continuation token: which scan a job continues, and what is kept of it.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use thiserror::Error;

/// Ours, in the only form there has been so far.
const VERSION: &str = "v1";

/// Longest key: the ids of CodePipeline's jobs have 36 characters.
const LONGEST_KEY: usize = 64;

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

/// The text is not a token this program wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum TokenError {
    /// Another version wrote it.
    #[error(
        "the continuation token is of a version this scanner does not read: it was deployed anew while the release was \
         scanned; retry the stage"
    )]
    Version,
    /// It was changed on the way, or comes from somewhere else.
    #[error("the continuation token is not one of the scanner's, or was changed on the way; retry the stage")]
    Damaged,
}

impl fmt::Display for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.unsigned();
        write!(formatter, "{text}.{:08x}", checksum(&text))
    }
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

    fn unsigned(&self) -> String {
        format!("{VERSION}.{}.{}.{}.{:016x}", self.key, self.since.as_second(), self.visit, self.digest)
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        if !text.starts_with("v1.") {
            let version = text.split_once('.').and_then(|(version, _)| version.strip_prefix('v'));
            let is_another = version.is_some_and(|number| number.parse::<u32>().is_ok());
            return Err(if is_another { TokenError::Version } else { TokenError::Damaged });
        }
        let token = read(text).ok_or(TokenError::Damaged)?;
        // Only what would be written the same way is taken: no signs, no zeros in front.
        if token.to_string() == text { Ok(token) } else { Err(TokenError::Damaged) }
    }
}

fn read(text: &str) -> Option<Token> {
    let [_, key, since, visit, digest, _] = text.split('.').collect::<Vec<_>>().try_into().ok()?;
    let is_key =
        (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    Some(Token {
        key: is_key.then(|| key.to_owned())?,
        since: Timestamp::from_second(since.parse().ok()?).ok()?,
        visit: visit.parse().ok()?,
        digest: u64::from_str_radix(digest, 16).ok()?,
    })
}

/// It finds damage. It is no signature: whoever may answer a job of the pipeline needs no token to let it pass.
fn checksum(text: &str) -> u32 {
    crc32fast::hash(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token() -> Token {
        Token {
            key: String::from("11111111-abcd-4111-abcd-111111abcdef"),
            since: Timestamp::from_second(1_772_445_600).unwrap(),
            visit: 7,
            digest: 0x0123_4567_89ab_cdef,
        }
    }

    #[test]
    fn a_token_is_read_as_it_was_written_and_is_short() {
        let earliest = Timestamp::MIN.round(jiff::Unit::Second).unwrap();
        let longest = Token { key: "a".repeat(LONGEST_KEY), since: earliest, visit: u32::MAX, digest: u64::MAX };
        for token in [token(), longest] {
            let text = token.to_string();
            assert!(text.len() < 200, "CodePipeline takes 2,048 characters: {text}");
            assert_eq!(text.parse(), Ok(token));
        }
    }

    #[test]
    fn a_token_of_another_version_is_told_apart_from_a_damaged_one() {
        assert_eq!("v2.abc.1".parse::<Token>(), Err(TokenError::Version));
        for text in ["", "v1", "v1.", "v", "v2", "vx.1", "opaque-state", "v1.k.1772445600.7.0123456789abcdef.00000000"]
        {
            assert_eq!(text.parse::<Token>(), Err(TokenError::Damaged), "{text}");
        }
    }

    #[test]
    fn a_key_that_could_name_another_item_is_refused() {
        for key in ["", "a#b", "a/b", &"a".repeat(LONGEST_KEY + 1)] {
            let text = Token { key: key.to_owned(), ..token() }.to_string();
            assert_eq!(text.parse::<Token>(), Err(TokenError::Damaged), "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_reading_panic_and_what_is_read_is_written_the_same(text in ".{0,80}") {
            if let Ok(token) = text.parse::<Token>() {
                prop_assert_eq!(token.to_string(), text);
            }
        }

        #[test]
        fn a_changed_character_is_noticed(place in 0_usize..90, to in "[0-9a-v.-]") {
            let text = token().to_string();
            let mut changed = text.clone();
            let place = place % text.len();
            changed.replace_range(place..=place, &to);
            prop_assert_eq!(changed.parse::<Token>().is_ok(), changed == text);
        }
    }
}

//! Continuation tokens that are known again: a version in front, a checksum behind, and dots between.

use std::fmt;

use thiserror::Error;

/// What stands around the tokens of one function: `v1.<key>.<fields>.<checksum>`.
///
/// The key names what is kept for the token, and has 1 to 64 letters, digits and hyphens. The fields are the function's own,
/// with dots between. The checksum is the CRC-32 of all before it. It finds damage and is no signature: whoever may
/// answer a job of the pipeline needs no token to let it pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seal {
    /// What the fields mean. Jobs outlast an update of the function, so a new number stops those that wait.
    pub version: u32,
    /// The function, as people are told of it: `gatekeeper`.
    pub writer: &'static str,
    /// What the release did when a token of another version was written: `waited`.
    pub meanwhile: &'static str,
}

/// The text is no token that was closed with this seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SealError {
    /// Another version wrote it.
    #[error(
        "the continuation token is of a version this {} does not read: it was deployed anew while the release {}; \
         retry the stage",
        .0.writer,
        .0.meanwhile
    )]
    Version(Seal),
    /// It was changed on the way, or comes from somewhere else.
    #[error("the continuation token is not one of the {}'s, or was changed on the way; retry the stage", .0.writer)]
    Damaged(Seal),
}

impl Seal {
    /// Longest key: the ids of CodePipeline's jobs have 36 characters.
    pub const LONGEST_KEY: usize = 64;

    /// The token of a key and its fields.
    pub fn close(&self, key: &str, fields: fmt::Arguments<'_>) -> String {
        let text = format!("v{}.{key}.{fields}", self.version);
        format!("{text}.{:08x}", crc32fast::hash(text.as_bytes()))
    }

    /// The token that a text is, by its key and fields. `T` is written with [`Seal::close`], and only what would be written
    /// the same way is taken: no other checksum, no signs, no zeros in front.
    ///
    /// # Errors
    /// When another version or somebody else wrote the text, or it was changed.
    pub fn open<T: ToString, const FIELDS: usize>(
        &self,
        text: &str,
        read: impl FnOnce(&str, [&str; FIELDS]) -> Option<T>,
    ) -> Result<T, SealError> {
        if self.is_of_another_version(text) {
            return Err(SealError::Version(*self));
        }
        let token = parts(text).and_then(|(key, fields)| read(key, fields));
        token.filter(|token| token.to_string() == text).ok_or(SealError::Damaged(*self))
    }

    fn is_of_another_version(&self, text: &str) -> bool {
        let version = text.split_once('.').and_then(|(version, _)| version.strip_prefix('v'));
        version.is_some_and(|version| version.parse::<u32>().is_ok() && version != self.version.to_string())
    }
}

fn parts<const FIELDS: usize>(text: &str) -> Option<(&str, [&str; FIELDS])> {
    let parts: Vec<&str> = text.split('.').collect();
    let [_, key, fields @ .., _] = parts.as_slice() else { return None };
    let is_key = (1..=Seal::LONGEST_KEY).contains(&key.len())
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_key.then_some((*key, fields.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SEAL: Seal = Seal { version: 1, writer: "printer", meanwhile: "was printed" };

    #[derive(Debug, PartialEq)]
    struct Token(String, i32, u32);

    impl fmt::Display for Token {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str(&SEAL.close(&self.0, format_args!("{}.{}", self.1, self.2)))
        }
    }

    fn opened(text: &str) -> Result<Token, SealError> {
        SEAL.open(text, |key, [one, other]| Some(Token(key.to_owned(), one.parse().ok()?, other.parse().ok()?)))
    }

    #[test]
    fn a_token_of_another_version_is_told_apart_from_a_damaged_one() {
        let newer = Seal { version: 2, ..SEAL }.close("key", format_args!("1.2"));
        for text in [newer.as_str(), "v2.abc.1", "v0.", "v01.key.1.2.00000000"] {
            assert_eq!(opened(text), Err(SealError::Version(SEAL)), "{text}");
        }
        for text in ["", "v1", "v1.", "v", "v2", "vx.1", "opaque-state", "v1.key.1.2.00000000"] {
            assert_eq!(opened(text), Err(SealError::Damaged(SEAL)), "{text}");
        }
    }

    #[test]
    fn a_key_that_could_name_another_item_is_refused() {
        for key in ["", "a#b", "a/b", &"a".repeat(Seal::LONGEST_KEY + 1)] {
            let text = Token(key.to_owned(), 1, 2).to_string();
            assert_eq!(opened(&text), Err(SealError::Damaged(SEAL)), "{text}");
        }
    }

    #[test]
    fn fields_that_would_be_written_another_way_are_refused() {
        for fields in ["1", "1.2.3", "+1.2", "1.02", "1.x", "."] {
            let text = SEAL.close("key", format_args!("{fields}"));
            assert_eq!(opened(&text), Err(SealError::Damaged(SEAL)), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_token_is_read_as_it_was_written(key in "[a-zA-Z0-9-]{1,64}", one: i32, other: u32) {
            let text = Token(key.clone(), one, other).to_string();
            prop_assert_eq!(opened(&text), Ok(Token(key, one, other)));
        }

        #[test]
        fn nothing_makes_reading_panic_and_what_is_read_is_written_the_same(text in ".{0,80}|(v1)?[0-9a-f.+-]{0,40}") {
            if let Ok(token) = opened(&text) {
                prop_assert_eq!(token.to_string(), text);
            }
        }

        #[test]
        fn a_changed_character_is_noticed(token: (i32, u32), place: prop::sample::Index, to in "[0-9a-v.-]") {
            let text = Token(String::from("11111111-abcd-4111-abcd-111111abcdef"), token.0, token.1).to_string();
            let mut changed = text.clone();
            let place = place.index(text.len());
            changed.replace_range(place..=place, &to);
            prop_assert_eq!(opened(&changed).is_ok(), changed == text);
        }
    }
}

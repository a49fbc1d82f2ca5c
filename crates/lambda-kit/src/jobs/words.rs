//! Texts and numbers CodePipeline takes, made so that it never refuses them.

use std::fmt;

use thiserror::Error;

/// Stands where nothing was said: CodePipeline refuses an empty text, and with it the whole answer.
const NOTHING: &str = "(no words were given)";

/// Words for people, 1 to `MOST` characters: what is too long is cut between two characters and ends in `…`.
///
/// AWS does not say what it counts as a character. UTF-16 is counted here: of all but bytes, it makes texts longest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words<const MOST: usize>(String);

/// What the console shows beside an action.
pub type Summary = Words<2048>;
/// Why an action failed.
pub type Message = Words<5000>;
/// Names a run of something outside of CodePipeline.
pub type ExternalId = Words<1500>;

impl<const MOST: usize> Words<MOST> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MOST: usize> From<&str> for Words<MOST> {
    fn from(text: &str) -> Self {
        let visible = |letter: char| if letter.is_control() && letter != '\n' { ' ' } else { letter };
        let text: String = text.chars().map(visible).collect();
        let text = if text.trim().is_empty() { NOTHING } else { text.trim() };
        if length(text) <= MOST {
            return Self(text.to_owned());
        }
        let mut units = 0;
        let fits = |letter: &char| {
            units += letter.len_utf16();
            units < MOST
        };
        let cut: String = text.chars().take_while(fits).collect();
        Self(cut + "…")
    }
}

impl<const MOST: usize> From<String> for Words<MOST> {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl<const MOST: usize> fmt::Display for Words<MOST> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// How far something is, 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percent(u8);

impl Percent {
    /// At most 100.
    pub fn new(value: u8) -> Self {
        Self(value.min(100))
    }

    /// The number.
    pub fn get(self) -> u8 {
        self.0
    }
}

/// Comes back with the next job of the same action, as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContinuationToken(String);

/// The text cannot be a continuation token. A token is never cut: what came back would be another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a continuation token has 1 to 2048 characters, not {0}; keep the state in a table and its key in the token")]
pub struct TokenError(usize);

impl ContinuationToken {
    /// Takes the text as it is.
    ///
    /// # Errors
    /// When it is empty or longer than CodePipeline takes.
    pub fn new(text: impl Into<String>) -> Result<Self, TokenError> {
        let text = text.into();
        match length(&text) {
            1..=2048 => Ok(Self(text)),
            length => Err(TokenError(length)),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_to_say_is_said() {
        for text in ["", "  ", "\n\t\u{0}"] {
            assert_eq!(Summary::from(text).as_str(), NOTHING);
        }
    }

    #[test]
    fn a_text_that_fits_is_left_alone() {
        let text = "é".repeat(2048);
        assert_eq!(Summary::from(text.as_str()).as_str(), text);
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(Words::<4>::from("abcde").as_str(), "abc…");
        assert_eq!(Words::<4>::from("a🚀🚀🚀").as_str(), "a🚀…");
    }

    #[test]
    fn a_token_is_taken_whole_or_not_at_all() {
        assert_eq!(ContinuationToken::new(""), Err(TokenError(0)));
        assert_eq!(ContinuationToken::new("x".repeat(2049)), Err(TokenError(2049)));
        let longest = "x".repeat(2048);
        assert_eq!(ContinuationToken::new(longest.clone()).unwrap().as_str(), longest);
    }

    #[test]
    fn nothing_is_more_than_whole() {
        assert_eq!([0, 100, 101, 255].map(|value| Percent::new(value).get()), [0, 100, 100, 100]);
    }

    proptest! {
        #[test]
        fn any_text_becomes_one_that_is_taken(text in "\\PC{0,60}|.{0,60}") {
            let words = Words::<24>::from(text.as_str());
            let length = words.as_str().encode_utf16().count();
            prop_assert!((1..=24).contains(&length), "{length}");
            prop_assert!(!words.as_str().contains(|letter: char| letter.is_control() && letter != '\n'));
        }
    }
}

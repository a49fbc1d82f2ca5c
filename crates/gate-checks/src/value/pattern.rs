//! A regular expression in a policy.

use regex_lite::{Regex, RegexBuilder};
use serde::Deserialize;

use crate::text::shown;

/// Bytes of a compiled expression; matching takes time in proportion to it.
const LARGEST: usize = 64 * 1024;

/// A regular expression that may match anywhere in a text; `^` and `$` tie it to the ends.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "String", inline))]
pub(crate) struct Pattern(Regex);

impl Pattern {
    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let built = RegexBuilder::new(&text).size_limit(LARGEST).build();
        built.map(Self).map_err(|error| format!("`{}` is no regular expression: {error}", shown(&text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_anywhere_and_one_that_is_none_or_huge_is_refused() {
        let pattern = Pattern::try_from(String::from("^v\\d+")).unwrap();
        assert!(pattern.is_match("v12-rc") && !pattern.is_match("rc-v12"));
        for bad in ["(", "(a{500}){500}"] {
            assert!(Pattern::try_from(bad.to_owned()).unwrap_err().starts_with('`'));
        }
    }
}

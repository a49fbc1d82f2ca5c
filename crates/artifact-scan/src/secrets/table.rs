//! The rules of `rules/`, made into tables by `build.rs`: nothing is parsed at start.

use std::borrow::Cow::{self, Borrowed};

use super::rule::{Checksum, Kind, Rule, Shape};
use crate::Severity;

include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// Every rule of the crate, by id.
pub fn built_in() -> &'static [Rule] {
    RULES
}

/// The first 16 hex digits of a hash over all rule files: reports name it.
pub fn version() -> &'static str {
    VERSION
}

const fn text(text: &'static str) -> Cow<'static, str> {
    Borrowed(text)
}

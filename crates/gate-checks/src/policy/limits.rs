//! How much a policy may ask for.

use jiff::SignedDuration;
use serde::Deserialize;

use crate::text::shown;

/// Checks of a policy: what is remembered of them fits into one item, and what is said of them into one message.
pub(crate) const MOST_CHECKS: usize = 50;

/// CodePipeline ends an action after 24 hours; the gate answers before.
pub(super) const LONGEST_DEADLINE: SignedDuration = SignedDuration::from_hours(23);

/// Bytes of a check's name.
const LONGEST_NAME: usize = 64;
/// More measurements than a day of visits has.
const MOST_ALLOWED: u16 = 9_999;

/// The name of a check, as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "String", inline))]
#[serde(try_from = "String")]
pub(crate) struct Name(pub(super) String);

/// How many measurements may be otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "u16", inline))]
#[serde(try_from = "u16")]
pub(crate) struct Allowed(pub(super) u16);

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let name = text.trim();
        let told = match name {
            "" => String::from("a name cannot be empty; leave it out, or say what the check is for"),
            _ if name.len() > LONGEST_NAME => {
                format!("`{}` is too long for a name; use {LONGEST_NAME} bytes at most", shown(name))
            }
            _ if name.contains(|c: char| c.is_control() || ['"', '\\'].contains(&c)) => {
                format!("`{}` cannot be a name; leave out quotes, backslashes and line breaks", shown(name))
            }
            _ => return Ok(Self(name.to_owned())),
        };
        Err(told)
    }
}

impl TryFrom<u16> for Allowed {
    type Error = String;

    fn try_from(number: u16) -> Result<Self, String> {
        if number <= MOST_ALLOWED { Ok(Self(number)) } else { Err(format!("{number} is more than {MOST_ALLOWED}")) }
    }
}

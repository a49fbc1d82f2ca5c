//! What was found, without the secret itself.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::EntryPath;

/// How bad it is that something ships. Greater is worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Public by design, but worth knowing.
    Low,
    /// Limited, or of no use without a second part.
    Medium,
    /// Reads or writes data.
    High,
    /// Acts on production, money or code without anything else.
    Critical,
}

impl Severity {
    /// Every severity, the worst first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Medium, Self::Low];

    /// As it is written in policies and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// Where in the artifact, through all the archives on the way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The names of the entries, outermost first: `app.jar` and `config/app.yml` is `config/app.yml` in `app.jar`.
    pub path: EntryPath,
    /// Its line, from 1.
    pub line: u64,
    /// Its column in bytes, from 1.
    pub column: u64,
}

/// One secret, wherever it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule that found it, such as `github-personal-access-token`.
    pub rule: String,
    /// How bad it is.
    pub severity: Severity,
    /// Keyed hash of the secret: the same wherever it stands and whenever it is found, and no way back to it.
    pub fingerprint: Fingerprint,
    /// Enough of the secret for its owner to know it again, and not enough for anybody to use it.
    pub shown: String,
    /// Where it stands, in the artifact's own order.
    pub places: Vec<Place>,
    /// How many places it has beyond those.
    pub places_left_out: u64,
}

/// A keyed hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "String", inline))]
#[serde(into = "String", try_from = "String")]
pub struct Fingerprint(pub [u8; 16]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let told = "a fingerprint is 32 hexadecimal digits, as a report shows them";
        let is_hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = is_hex.then(|| u128::from_str_radix(&text, 16).ok()).flatten().ok_or(told)?;
        Ok(Self(number.to_be_bytes()))
    }
}

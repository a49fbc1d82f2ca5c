//! What is said of a scan: how it ended, what it found and could not read, and where its report is. Never a secret.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::Verdict;
use crate::state::states;

/// `Scan Completed`: all that is known of it, in the names of its JSON. Only the verdict is always there.
///
/// The verdict is `pass`, `fail` or `error`; with `error` the scan could not be made, and the release does not go on either.
/// What cannot be read of the rest is left out, because the verdict is to be heard even then. Names in an artifact can be of
/// any length, and an event cannot: who publishes a scan cuts texts to [`Scan::LONGEST_TEXT`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Scan {
    /// How it ended.
    pub verdict: Verdict,
    /// How many findings of each severity are neither known nor suppressed.
    #[serde(default, deserialize_with = "lenient")]
    pub findings: FindingCounts,
    /// Whether everything could be read, whatever the policy says of it.
    #[serde(default, deserialize_with = "lenient")]
    pub outcome: Option<ScanOutcome>,
    /// The name of the policy, where it has one.
    #[serde(default, deserialize_with = "lenient")]
    pub policy: Option<String>,
    /// The names of the artifacts that were scanned, at most [`Scan::MOST_ARTIFACTS`].
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "first::<_, _, { Scan::MOST_ARTIFACTS }>"
    )]
    pub artifacts: Vec<String>,
    /// Names the rules that looked.
    #[serde(default, deserialize_with = "lenient")]
    pub rules_version: Option<String>,
    /// What fails it, the worst first, at most [`Scan::MOST_FINDINGS`]. If it passes: what was found and does not count.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "first::<_, _, { Scan::MOST_FINDINGS }>"
    )]
    pub top: Vec<ScanFinding>,
    /// How many findings are suppressed.
    #[serde(default, deserialize_with = "lenient")]
    pub suppressed: Option<u64>,
    /// How many findings the baseline knows.
    #[serde(default, deserialize_with = "lenient")]
    pub known: Option<u64>,
    /// How much was read.
    #[serde(default, deserialize_with = "lenient")]
    pub coverage: Option<ScanCoverage>,
    /// What could not be read, at most [`Scan::MOST_GAPS`], first those that fail the scan; the coverage counts all.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "first::<_, _, { Scan::MOST_GAPS }>")]
    pub gaps: Vec<ScanGap>,
    /// Where the report is: a page, or an address such as `s3://scans/orders/e1/Scan.sarif`.
    #[serde(default, deserialize_with = "lenient")]
    pub report_url: Option<String>,
    /// How long it took, all visits together.
    #[serde(default, deserialize_with = "lenient")]
    pub seconds: Option<f64>,
}

/// How many findings of each severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FindingCounts {
    /// To be fixed before anything else.
    pub critical: u32,
    /// To be fixed before release.
    pub high: u32,
    /// To be fixed.
    pub medium: u32,
    /// To be known.
    pub low: u32,
}

/// One finding, without any part of the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ScanFinding {
    /// The rule that found it: `github-personal-access-token`.
    #[serde(default)]
    pub rule: String,
    /// What it is, for people: `GitHub personal access token`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub title: Option<String>,
    /// How bad it is.
    #[serde(default = "unsaid")]
    pub severity: FindingSeverity,
    /// The first file it stands in, through all archives on the way: `app.jar!/config/app.yml`.
    #[serde(default)]
    pub path: String,
    /// The line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub line: Option<u64>,
    /// The column in bytes, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub column: Option<u64>,
    /// In how many places it stands, this one among them.
    #[serde(default = "one")]
    pub places: u64,
    /// What to do about it, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub advice: Option<String>,
}

/// How much of the artifacts was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct ScanCoverage {
    /// Entries that were scanned.
    pub entries: u64,
    /// Bytes that were scanned.
    pub bytes: u64,
    /// Entries that were left out because the policy says so.
    pub skipped_entries: u64,
    /// Bytes that were left out because the policy says so.
    pub skipped_bytes: u64,
    /// How many things could not be read.
    pub gaps: u64,
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ScanGap {
    /// Its path, through all archives on the way; empty for the artifact itself.
    #[serde(default)]
    pub path: String,
    /// Why, in words that follow its name: `is encrypted`.
    #[serde(default)]
    pub reason: String,
}

states! {
    /// How bad a finding is, the worst first.
    FindingSeverity {
        /// Acts on production, money or code without anything else.
        Critical = "critical",
        /// Reads or writes data.
        High = "high",
        /// Limited, or of no use without a second part.
        Medium = "medium",
        /// Public by design, but worth knowing.
        Low = "low",
    }
}

states! {
    /// Whether a scan could read everything.
    ScanOutcome {
        /// Every byte was scanned, or left out because the policy says so.
        Whole = "whole",
        /// Something could not be read.
        Partial = "partial",
    }
}

impl Scan {
    /// Artifacts read of one scan: an action has no more (CodePipeline limits page).
    pub const MOST_ARTIFACTS: usize = 5;
    /// Findings read of one scan; the counts are of all.
    pub const MOST_FINDINGS: usize = 10;
    /// Gaps read of one scan.
    pub const MOST_GAPS: usize = 5;
    /// The most characters of a path, a title, an advice or a reason in it.
    pub const LONGEST_TEXT: usize = 300;

    /// A scan of which nothing is known but its verdict.
    pub fn new(verdict: Verdict) -> Self {
        Self {
            verdict,
            findings: FindingCounts::default(),
            outcome: None,
            policy: None,
            artifacts: Vec::new(),
            rules_version: None,
            top: Vec::new(),
            suppressed: None,
            known: None,
            coverage: None,
            gaps: Vec::new(),
            report_url: None,
            seconds: None,
        }
    }
}

impl FindingCounts {
    /// How many in all.
    pub fn all(self) -> u64 {
        [self.critical, self.high, self.medium, self.low].into_iter().map(u64::from).sum()
    }
}

fn unsaid() -> FindingSeverity {
    FindingSeverity::Unknown(String::new())
}

fn one() -> u64 {
    1
}

/// What cannot be read is as if it were not there.
fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(deserializer: D) -> Result<T, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(T::deserialize(value).unwrap_or_default())
}

/// The first items of a list that can be read.
fn first<'de, D: Deserializer<'de>, T: DeserializeOwned, const MOST: usize>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let items = match Value::deserialize(deserializer)? {
        Value::Array(items) => items,
        _ => Vec::new(),
    };
    Ok(items.into_iter().filter_map(|item| T::deserialize(item).ok()).take(MOST).collect())
}

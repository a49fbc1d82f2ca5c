//! What was known when somebody began to scan: only what is new fails.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Finding, Fingerprint, Scanned};

/// Says that the text is ours.
const FORMAT: &str = "pipewarden-baseline";
/// Changes with every change of the form.
const VERSION: u32 = 1;
/// More than [`MOST_FINDINGS`](crate::MOST_FINDINGS) come to.
const LONGEST: usize = 4 << 20;

/// Findings that are known, by rule and fingerprint. It holds no secret, and no way back to one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baseline {
    made: Timestamp,
    rules_version: String,
    findings: BTreeSet<(String, Fingerprint)>,
}

/// Why a baseline cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BaselineError {
    /// More bytes than one ever has.
    #[error("the baseline has {0} bytes, and {LONGEST} are the most; make it anew")]
    TooLong(usize),
    /// Another release of the scanner wrote it.
    #[error("the baseline has version {0}, and this scanner reads version {VERSION}; make it anew")]
    OtherVersion(u32),
    /// It is not what a scanner writes.
    #[error("the baseline cannot be read: {0}; make it anew")]
    Unreadable(String),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    format: String,
    version: u32,
    made: Timestamp,
    rules_version: String,
    findings: Vec<WireFinding>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireFinding {
    rule: String,
    fingerprint: Fingerprint,
}

impl Baseline {
    /// All that was found now.
    pub fn of(scanned: &Scanned, rules_version: &str, now: Timestamp) -> Self {
        let findings = scanned.findings().map(|noted| (noted.finding.rule.clone(), noted.finding.fingerprint));
        Self { made: now, rules_version: rules_version.to_owned(), findings: findings.collect() }
    }

    /// When it was made.
    pub fn made(&self) -> Timestamp {
        self.made
    }

    /// Whether this was known.
    pub fn knows(&self, finding: &Finding) -> bool {
        self.findings.contains(&(finding.rule.clone(), finding.fingerprint))
    }

    /// As it is kept: JSON in lines, so that a change of it can be read.
    pub fn to_json(&self) -> String {
        let found =
            |(rule, fingerprint): &(String, Fingerprint)| WireFinding { rule: rule.clone(), fingerprint: *fingerprint };
        let wire = Wire {
            format: FORMAT.to_owned(),
            version: VERSION,
            made: self.made,
            rules_version: self.rules_version.clone(),
            findings: self.findings.iter().map(found).collect(),
        };
        let mut text = serde_json::to_string_pretty(&wire).expect("texts can always be written");
        text.push('\n');
        text
    }

    /// Reads what [`Baseline::to_json`] wrote.
    ///
    /// # Errors
    /// It was not written by this version, or was changed into something else.
    pub fn parse(text: &str) -> Result<Self, BaselineError> {
        if text.len() > LONGEST {
            return Err(BaselineError::TooLong(text.len()));
        }
        let unreadable = |error: serde_json::Error| {
            BaselineError::Unreadable(format!("line {}, column {}", error.line(), error.column()))
        };
        let value: serde_json::Value = serde_json::from_str(text).map_err(unreadable)?;
        if value["format"] != FORMAT {
            return Err(BaselineError::Unreadable(format!("its format is not {FORMAT}")));
        }
        let version = value["version"].as_u64().and_then(|version| u32::try_from(version).ok());
        match version {
            Some(VERSION) => {}
            Some(other) => return Err(BaselineError::OtherVersion(other)),
            None => return Err(BaselineError::Unreadable(String::from("it has no version"))),
        }
        let wire: Wire = serde_json::from_str(text).map_err(unreadable)?;
        let findings = wire.findings.into_iter().map(|found| (found.rule, found.fingerprint));
        Ok(Self { made: wire.made, rules_version: wire.rules_version, findings: findings.collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing_reports::{now, scanned};

    #[test]
    fn what_was_found_is_known_and_nothing_else() {
        let baseline = Baseline::of(&scanned(), "7", now());
        let mut other = scanned().findings().next().unwrap().finding.clone();
        assert!(baseline.knows(&other));
        other.rule.push('x');
        assert!(!baseline.knows(&other));
    }

    #[test]
    fn it_is_read_as_it_was_written() {
        let baseline = Baseline::of(&scanned(), "7", now());
        assert_eq!(Baseline::parse(&baseline.to_json()).unwrap(), baseline);
        insta::assert_snapshot!(baseline.to_json());
    }

    #[test]
    fn what_is_no_baseline_knows_nothing_and_says_why() {
        let text = Baseline::of(&scanned(), "7", now()).to_json();
        for (wrong, told) in [
            (String::new(), "the baseline cannot be read: line 1, column 0; make it anew"),
            (String::from("[]"), "the baseline cannot be read: its format is not pipewarden-baseline; make it anew"),
            (
                text.replace("\"version\": 1", "\"version\": 9"),
                "the baseline has version 9, and this scanner reads version 1; make it anew",
            ),
            (text.replace("\"made\"", "\"maid\""), "the baseline cannot be read: line 4, column 8; make it anew"),
            (" ".repeat(5 << 20), "the baseline has 5242880 bytes, and 4194304 are the most; make it anew"),
        ] {
            assert_eq!(Baseline::parse(&wrong).unwrap_err().to_string(), told);
        }
    }
}

//! What was known when somebody began to scan: only what is new fails.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Finding, Fingerprint, Judgement, Scanned, Standing};

/// Says that the text is ours.
const FORMAT: &str = "pipewarden-baseline";
/// Changes with every change of the form.
const VERSION: u32 = 1;
/// More than [`MOST_FINDINGS`](crate::MOST_FINDINGS) come to.
const LONGEST: usize = 4 << 20;

/// Secrets that are known, by their fingerprints. It holds no secret, and no way back to one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baseline {
    made: Timestamp,
    rules_version: String,
    /// With the rules that found them then, for whoever reads the file.
    findings: BTreeSet<(String, Fingerprint)>,
    known: BTreeSet<Fingerprint>,
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
        Self::with(scanned.findings().map(|noted| &noted.finding), rules_version, now)
    }

    /// All that was found now and is not suppressed: what is accepted for a while does not become known for ever.
    pub fn of_judged(judgement: &Judgement<'_>, rules_version: &str, now: Timestamp) -> Self {
        let lasting = judgement.findings.iter().filter(|judged| judged.standing != Standing::Suppressed);
        Self::with(lasting.map(|judged| &judged.noted.finding), rules_version, now)
    }

    fn with<'f>(findings: impl Iterator<Item = &'f Finding>, rules_version: &str, made: Timestamp) -> Self {
        let findings = findings.map(|finding| (finding.rule.clone(), finding.fingerprint)).collect();
        Self::by(findings, rules_version.to_owned(), made)
    }

    fn by(findings: BTreeSet<(String, Fingerprint)>, rules_version: String, made: Timestamp) -> Self {
        let known = findings.iter().map(|(_, fingerprint)| *fingerprint).collect();
        Self { made, rules_version, findings, known }
    }

    /// How many findings are in it.
    pub fn len(&self) -> usize {
        self.findings.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// When it was made.
    pub fn made(&self) -> Timestamp {
        self.made
    }

    /// Whether this secret was known, whichever rule found it.
    pub fn knows(&self, finding: &Finding) -> bool {
        self.known.contains(&finding.fingerprint)
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
        Ok(Self::by(findings.collect(), wire.rules_version, wire.made))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge;
    use crate::testing_reports::{now, policy, scanned};

    #[test]
    fn a_secret_that_was_found_is_known_by_whatever_rule_and_no_other_is() {
        let baseline = Baseline::of(&scanned(), "7", now());
        let mut other = scanned().findings().next().unwrap().finding.clone();
        assert!(baseline.knows(&other));
        other.rule.push('x');
        assert!(baseline.knows(&other));
        other.fingerprint.0[0] ^= 1;
        assert!(!baseline.knows(&other));
    }

    #[test]
    fn what_is_suppressed_does_not_become_known() {
        let entry = "{ rule: github, reason: x, owner: y, expires: 2026-03-05 }";
        let (scanned, policy) = (scanned(), policy(&format!("  suppressions: [{entry}]\n")));
        let judgement = judge(&scanned, &policy, None, now());
        let baseline = Baseline::of_judged(&judgement, "7", now());
        assert_eq!((Baseline::of(&scanned, "7", now()).len(), baseline.len()), (4, 3));
        let of = |standing| judgement.of(standing).next().unwrap().noted.finding.clone();
        assert!(!baseline.knows(&of(Standing::Suppressed)) && baseline.knows(&of(Standing::Fails)));
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

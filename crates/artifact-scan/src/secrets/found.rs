//! What was found, by secret, and nothing of the secrets themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::redaction::shown;
use super::rule::Rule;
use crate::{Finding, Fingerprint, Place, Severity};

/// Makes fingerprints where nobody has a key of their own. Everybody can read it, so whoever guesses a secret can tell by
/// its fingerprint whether the guess is right.
pub const DEFAULT_FINGERPRINT_KEY: &[u8] = b"pipewarden fingerprints, version 1";

/// Collects findings. Those of several threads are put together at the end; the result is the same in any order.
///
/// It grows with what is found: [`Found::take`] hands on what is there so far.
#[derive(Clone)]
pub struct Found {
    key: Hmac<Sha256>,
    secrets: BTreeMap<Fingerprint, Secret>,
}

#[derive(Debug, Clone)]
struct Secret {
    /// The best rule that found it; greater is better.
    rank: (i16, Severity),
    rule: String,
    shown: String,
    places: BTreeSet<Place>,
}

impl Found {
    /// Nothing yet. The key makes fingerprints; without it nobody can tell which secret one belongs to.
    pub fn new(key: &[u8]) -> Self {
        let key = Hmac::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default()));
        Self { key, secrets: BTreeMap::new() }
    }

    /// Takes a secret at a place.
    pub(crate) fn add(&mut self, rule: &Rule, secret: &[u8], place: Place) {
        let rank = (rule.rank, rule.severity);
        let made = || Secret { rank, rule: rule.id.to_string(), shown: shown(rule, secret), places: BTreeSet::new() };
        let kept = self.secrets.entry(self.fingerprint(secret)).or_insert_with(made);
        if (rank, &*kept.rule) > (kept.rank, &*rule.id) {
            let places = std::mem::take(&mut kept.places);
            *kept = Secret { places, ..made() };
        }
        kept.places.insert(place);
    }

    /// Takes all that another one found with the same key.
    pub fn merge(&mut self, other: Self) {
        for (fingerprint, secret) in other.secrets {
            let Some(kept) = self.secrets.get_mut(&fingerprint) else {
                self.secrets.insert(fingerprint, secret);
                continue;
            };
            let mut secret = secret;
            if (secret.rank, &kept.rule) > (kept.rank, &secret.rule) {
                std::mem::swap(kept, &mut secret);
            }
            kept.places.extend(secret.places);
        }
    }

    /// The worst first, then by rule and place.
    pub fn into_findings(mut self) -> Vec<Finding> {
        self.take()
    }

    /// Hands on what was found so far, and begins again.
    pub fn take(&mut self) -> Vec<Finding> {
        let finding = |(fingerprint, secret): (Fingerprint, Secret)| Finding {
            rule: secret.rule,
            severity: secret.rank.1,
            fingerprint,
            shown: secret.shown,
            places: secret.places.into_iter().collect(),
        };
        let mut findings: Vec<Finding> = std::mem::take(&mut self.secrets).into_iter().map(finding).collect();
        findings.sort_by(|one, other| {
            let key = |finding: &'_ Finding| (std::cmp::Reverse(finding.severity), finding.rule.clone());
            key(one)
                .cmp(&key(other))
                .then_with(|| one.places.cmp(&other.places))
                .then(one.fingerprint.cmp(&other.fingerprint))
        });
        findings
    }

    /// How many secrets.
    pub fn len(&self) -> usize {
        self.secrets.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    fn fingerprint(&self, secret: &[u8]) -> Fingerprint {
        let mut hash = self.key.clone();
        hash.update(&normal(secret));
        let hash: [u8; 32] = hash.finalize().into_bytes().into();
        let mut first = [0; 16];
        first.copy_from_slice(&hash[..16]);
        Fingerprint(first)
    }
}

impl fmt::Debug for Found {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Found").field("secrets", &self.secrets).finish_non_exhaustive()
    }
}

/// A key in several lines is the same key in one line with `\n` in it.
fn normal(secret: &[u8]) -> Vec<u8> {
    if !secret.starts_with(b"-----BEGIN ") {
        return secret.to_vec();
    }
    let mut normal = Vec::with_capacity(secret.len());
    let mut bytes = secret.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'"' | b'\'' | b',' => {}
            _ if byte.is_ascii_whitespace() => {}
            _ => normal.push(byte),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::super::built_in;
    use super::*;

    fn place(line: u64) -> Place {
        Place { path: vec!["a".to_owned()], line, column: 1 }
    }

    fn rule(id: &str) -> &'static Rule {
        built_in().iter().find(|rule| rule.id == id).expect("rule")
    }

    #[test]
    fn a_secret_is_one_finding_with_all_its_places_in_any_order() {
        let (github, generic) = (rule("github-personal-access-token"), rule("generic-token"));
        let find = |order: [(&Rule, u64); 3]| {
            let mut found = Found::new(b"key");
            order.into_iter().for_each(|(rule, line)| found.add(rule, b"the secret", place(line)));
            found.into_findings()
        };
        let findings = find([(generic, 3), (github, 1), (generic, 2)]);
        assert_eq!(findings, find([(github, 1), (generic, 2), (generic, 3)]));
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].rule, "github-personal-access-token");
        assert_eq!(findings[0].places.iter().map(|place| place.line).collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn merging_is_the_same_both_ways() {
        let one = |rule, line| {
            let mut found = Found::new(b"key");
            found.add(rule, b"the secret", place(line));
            found
        };
        let (github, generic) = (rule("github-personal-access-token"), rule("generic-token"));
        let (mut left, mut right) = (one(generic, 1), one(github, 2));
        left.merge(one(github, 2));
        right.merge(one(generic, 1));
        assert_eq!(left.into_findings(), right.into_findings());
    }

    #[test]
    fn a_fingerprint_depends_on_the_key_and_not_on_line_ends() {
        let print = |key: &[u8], secret: &str| Found::new(key).fingerprint(secret.as_bytes());
        let lines = format!("-----BEGIN {}-----\nabc+\ndef\n-----END", "X");
        assert_eq!(print(b"1", &lines), print(b"1", &lines.replace('\n', "\\n")));
        assert_ne!(print(b"1", &lines), print(b"2", &lines));
    }
}

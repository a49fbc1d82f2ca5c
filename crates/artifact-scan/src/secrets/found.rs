//! What was found, by secret, and nothing of the secrets themselves.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::redaction::shown;
use super::rule::Rule;
use crate::room::{MOST_FINDINGS, Room, SLACK};
use crate::{Finding, Fingerprint, Place, Severity};

/// Makes fingerprints where nobody has a key of their own. Everybody can read it, so whoever guesses a secret can tell by
/// its fingerprint whether the guess is right.
pub const DEFAULT_FINGERPRINT_KEY: &[u8] = b"pipewarden fingerprints, version 1";

/// Collects findings. Those of several threads are put together at the end; the result is the same in any order.
///
/// It is bounded as [`Scanned`](crate::Scanned) is: of very many secrets it keeps the worst, and one more of each severity
/// to tell that there were others. [`Found::take`] hands on what is there so far.
#[derive(Clone)]
pub struct Found {
    key: Hmac<Sha256>,
    secrets: BTreeMap<Fingerprint, Secret>,
    /// How many places were added since the last trimming.
    since: usize,
}

#[derive(Debug, Clone)]
struct Secret {
    /// Of the best rule that found it; greater is better.
    rank: i16,
    /// As that rule tells it.
    finding: Finding,
}

impl Found {
    /// Nothing yet. The key makes fingerprints; without it nobody can tell which secret one belongs to.
    pub fn new(key: &[u8]) -> Self {
        let key = Hmac::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default()));
        Self { key, secrets: BTreeMap::new(), since: 0 }
    }

    /// Takes a secret at a place.
    pub(crate) fn add(&mut self, rule: &Rule, secret: &[u8], place: Place) {
        let fingerprint = self.fingerprint(secret);
        let finding = Finding {
            rule: rule.id.to_string(),
            severity: rule.severity,
            fingerprint,
            shown: shown(rule, secret),
            places: vec![place],
            places_left_out: 0,
        };
        self.put(Secret { rank: rule.rank, finding });
    }

    /// Takes all that another one found with the same key.
    pub fn merge(&mut self, other: Self) {
        other.secrets.into_values().for_each(|secret| self.put(secret));
    }

    fn put(&mut self, secret: Secret) {
        self.since += secret.finding.places.len();
        match self.secrets.entry(secret.finding.fingerprint) {
            Entry::Vacant(entry) => drop(entry.insert(secret)),
            Entry::Occupied(mut entry) => entry.get_mut().join(secret),
        }
        if self.since > SLACK {
            self.trim();
        }
    }

    /// Keeps the worst, and of the others the first of each severity, which stands for them.
    fn trim(&mut self) {
        let mut secrets: Vec<Secret> = std::mem::take(&mut self.secrets).into_values().collect();
        secrets.sort_unstable_by(|one, other| one.order().cmp(&other.order()));
        let mut others = secrets.split_off(secrets.len().min(MOST_FINDINGS));
        others.dedup_by_key(|secret| secret.finding.severity);
        secrets.append(&mut others);
        secrets.iter_mut().enumerate().for_each(|(before, secret)| secret.finding.keep(Room::of(before)));
        self.secrets = secrets.into_iter().map(|secret| (secret.finding.fingerprint, secret)).collect();
        self.since = 0;
    }

    /// The worst first, then by rule and place.
    pub fn into_findings(mut self) -> Vec<Finding> {
        self.take()
    }

    /// Hands on what was found so far, and begins again.
    pub fn take(&mut self) -> Vec<Finding> {
        self.trim();
        let mut findings: Vec<Finding> =
            std::mem::take(&mut self.secrets).into_values().map(|secret| secret.finding).collect();
        findings.sort_by(|one, other| {
            (Reverse(one.severity), &one.rule, &one.places, one.fingerprint).cmp(&(
                Reverse(other.severity),
                &other.rule,
                &other.places,
                other.fingerprint,
            ))
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

impl Secret {
    /// By severity, then as [`Scanned`](crate::Scanned) orders findings.
    fn order(&self) -> (Reverse<Severity>, &str, Fingerprint) {
        (Reverse(self.finding.severity), &self.finding.rule, self.finding.fingerprint)
    }

    /// Becomes the better of both, with all places.
    fn join(&mut self, mut other: Self) {
        let rank = |secret: &Self| (secret.rank, secret.finding.severity);
        if (rank(&other), &self.finding.rule) > (rank(self), &other.finding.rule) {
            std::mem::swap(self, &mut other);
        }
        self.finding.join(other.finding);
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
    use crate::{MOST_PLACES, Scanned};

    fn place(line: u64) -> Place {
        Place { path: vec!["a".to_owned()].into(), line, column: 1 }
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

    /// Secrets of two severities, each at some of the same places.
    fn very_many() -> Vec<(&'static Rule, String, Place)> {
        let rules = [rule("github-personal-access-token"), rule("generic-token")];
        let one = |number: u64| {
            let secret = if number.is_multiple_of(7) { number % 5 } else { number };
            (rules[(secret % 2) as usize], format!("secret {secret}"), place(number))
        };
        (0..20_000).map(one).collect()
    }

    #[test]
    fn what_it_leaves_out_the_whole_leaves_out_too() {
        let (mut at_once, mut one_by_one, mut found) = (Scanned::default(), Scanned::default(), Found::new(b"key"));
        for (rule, secret, place) in very_many() {
            found.add(rule, secret.as_bytes(), place.clone());
            assert!(found.secrets.len() <= MOST_FINDINGS + SLACK + 4);
            let mut alone = Found::new(b"key");
            alone.add(rule, secret.as_bytes(), place);
            one_by_one.note(alone.take());
        }
        let findings = found.take();
        assert!((MOST_FINDINGS + 1..=MOST_FINDINGS + 4).contains(&findings.len()), "{}", findings.len());
        assert!(findings.iter().all(|finding| finding.places.len() <= MOST_PLACES));
        at_once.note(findings);
        let (at_once, one_by_one) = (at_once.trimmed(), one_by_one.trimmed());
        assert!(at_once.findings().eq(one_by_one.findings()));
        assert!(at_once.left_out().eq(one_by_one.left_out()) && at_once.left_out().count() > 0);
    }

    #[test]
    fn a_fingerprint_depends_on_the_key_and_not_on_line_ends() {
        let print = |key: &[u8], secret: &str| Found::new(key).fingerprint(secret.as_bytes());
        let lines = format!("-----BEGIN {}-----\nabc+\ndef\n-----END", "X");
        assert_eq!(print(b"1", &lines), print(b"1", &lines.replace('\n', "\\n")));
        assert_ne!(print(b"1", &lines), print(b"2", &lines));
    }
}

//! How what a scanner tells is counted, in the same way for each.
//!
//! A secret is found if the scanner names it, or names a place in one of its lines and nothing else that stands there. What
//! several rules tell of one secret counts once. What is told and is no secret of the corpus is wrong.

use std::collections::{BTreeMap, BTreeSet};

use artifact_scan::corpus::Marked;

use crate::documents::{Document, Documents};
use crate::findings::Finding;

/// A shorter part of a secret names it only by chance.
const SHORTEST_PART: usize = 6;

#[derive(Default)]
pub(crate) struct Score {
    pub(crate) classes: BTreeMap<String, Count>,
    /// What was missed or wrong, for people.
    pub(crate) problems: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Count {
    pub(crate) secrets: usize,
    pub(crate) found: usize,
    pub(crate) wrong: usize,
    /// Documents in which something is wrong.
    pub(crate) loud: usize,
}

impl Count {
    pub(crate) fn add(&mut self, other: Self) {
        self.secrets += other.secrets;
        self.found += other.found;
        self.wrong += other.wrong;
        self.loud += other.loud;
    }

    pub(crate) fn recall(&self) -> f64 {
        self.found as f64 / self.secrets.max(1) as f64
    }

    pub(crate) fn precision(&self) -> f64 {
        if self.found + self.wrong == 0 { 1.0 } else { self.found as f64 / (self.found + self.wrong) as f64 }
    }

    /// The harmonic mean of both.
    pub(crate) fn f1(&self) -> f64 {
        let (recall, precision) = (self.recall(), self.precision());
        if recall + precision == 0.0 { 0.0 } else { 2.0 * recall * precision / (recall + precision) }
    }
}

impl Score {
    pub(crate) fn of(documents: &Documents, findings: &[Finding]) -> Self {
        let mut by_path: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
        findings.iter().for_each(|finding| by_path.entry(&finding.path).or_default().push(finding));
        let mut score = Self::default();
        for (path, document) in &documents.all {
            let told = by_path.remove(path.as_str()).unwrap_or_default();
            let (found, wrong) = judge(document, &told);
            let say = |what: &str, rule: &str, line: u64| format!("{}: {path}:{line}: {what} {rule}", document.class);
            let missed = document.secrets.iter().zip(&found).filter(|(_, found)| !**found);
            score.problems.extend(missed.map(|(secret, _)| say("missed", "", secret.line)));
            score.problems.extend(wrong.iter().map(|wrong| say("wrong", &wrong.rule, wrong.lines.0)));
            score.classes.entry(document.class.clone()).or_default().add(Count {
                secrets: found.len(),
                found: found.iter().filter(|found| **found).count(),
                wrong: wrong.len(),
                loud: usize::from(!wrong.is_empty()),
            });
        }
        score.problems.extend(by_path.keys().map(|path| format!("{path} is no file of the corpus")));
        score
    }

    pub(crate) fn all(&self) -> Count {
        let mut all = Count::default();
        self.classes.values().for_each(|count| all.add(*count));
        all
    }
}

/// Which secrets are found, and what is told of nothing.
fn judge<'f>(document: &Document, told: &[&'f Finding]) -> (Vec<bool>, Vec<&'f Finding>) {
    let mut found = vec![false; document.secrets.len()];
    let mut others = BTreeMap::new();
    for finding in told {
        let named = |secret: &&mut (&Marked, &mut bool)| names(finding, secret.0, document.is_encoded);
        let mut secrets: Vec<_> = document.secrets.iter().zip(&mut found).collect();
        match secrets.iter_mut().find(named) {
            Some((_, found)) => **found = true,
            None => drop(others.entry((finding.lines.0, &finding.secret)).or_insert(*finding)),
        }
    }
    let mut wrong = Vec::new();
    let mut named = BTreeSet::new();
    for finding in others.into_values().filter(|finding| finding.lines != (0, 0)) {
        let here = |secret: &Marked| document.is_encoded || touches(finding, secret);
        let at = (0..found.len()).find(|at| !found[*at] && here(&document.secrets[*at]));
        match at {
            Some(at) => {
                found[at] = true;
                named.insert(at);
            }
            // It is one more word on a secret that somebody has named already.
            None if document.secrets.iter().any(here) => {}
            None => wrong.push(finding),
        }
    }
    (found, wrong)
}

fn touches(finding: &Finding, secret: &Marked) -> bool {
    let last = secret.line + secret.text.matches('\n').count() as u64;
    finding.lines.0 <= last && finding.lines.1 >= secret.line
}

/// Whether what it takes for the secret is the secret, or a part of it, or it and what stands around it.
fn names(finding: &Finding, secret: &Marked, is_encoded: bool) -> bool {
    let is_there = is_encoded || finding.lines == (0, 0) || touches(finding, secret);
    let told = finding.secret.trim();
    is_there && told.len() >= SHORTEST_PART && (secret.text.contains(told) || told.contains(secret.text.trim()))
}

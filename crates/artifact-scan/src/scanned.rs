//! What a scan has found and read so far: grows piece by piece, is merged with other parts, and ends somewhere.

mod wire;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::entry_path::{LONGEST_PATH, shorten};
use crate::room::{MOST_FINDINGS, Rank, Room, SLACK};
use crate::{Broken, Coverage, Finding, Gap, Severity};

pub use wire::ScannedError;

/// Findings and coverage of an artifact, or of a part of it.
///
/// It is bounded, whatever the artifact: the worst findings and the first places by path are kept, and what is left out is
/// counted. In whatever order parts are merged, and whenever they are trimmed, the whole is the same. Its names come to
/// 5 MiB at most, and to 8 MiB between two trimmings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scanned {
    findings: BTreeMap<Rank, Noted>,
    left_out: BTreeSet<Severity>,
    coverage: Coverage,
    /// How many bytes of content the artifacts have that are at their end.
    ended: u64,
    /// How many places were noted since the last trimming.
    since: usize,
}

/// A finding as far as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// The finding, with the first of its places by path.
    pub finding: Finding,
}

impl Scanned {
    /// Notes findings, each with the places where it was found now.
    pub fn note(&mut self, found: impl IntoIterator<Item = Finding>) {
        found.into_iter().for_each(|finding| self.add(finding));
    }

    /// Takes the account of what was read. Names in it that are very long are cut.
    pub fn cover(&mut self, mut coverage: Coverage) {
        coverage.gaps.iter_mut().for_each(|gap| shorten(&mut gap.path, LONGEST_PATH));
        self.coverage = std::mem::take(&mut self.coverage).merge(coverage);
    }

    /// Says that one of several artifacts was read to its end, whose paths begin with this one. If no byte of its content
    /// was scanned since the last one's end, that is a gap: what is found in the others says nothing of it.
    ///
    /// Of a single artifact, which has an empty path here, the judgement says so without a gap.
    pub fn end_of(&mut self, artifact: &[String]) {
        let is_empty = self.coverage.content == self.ended;
        self.ended = self.coverage.content;
        if is_empty && !artifact.is_empty() {
            let gap = Gap { path: artifact.to_vec(), reason: Broken::NothingInIt, bytes: None };
            self.cover(Coverage { gaps: vec![gap], ..Coverage::default() });
        }
    }

    /// The whole of both parts. A part must not be merged twice.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.cover(other.coverage);
        self.ended = self.ended.saturating_add(other.ended);
        self.left_out.extend(other.left_out);
        other.findings.into_values().for_each(|noted| self.add(noted.finding));
        self.trimmed()
    }

    /// The same with nothing beyond the bounds.
    #[must_use]
    pub fn trimmed(mut self) -> Self {
        self.trim();
        self
    }

    /// The findings, the worst first.
    pub fn findings(&self) -> impl ExactSizeIterator<Item = &Noted> {
        self.findings.values()
    }

    /// The severities of findings that are not told, because there are more than [`MOST_FINDINGS`].
    pub fn left_out(&self) -> impl Iterator<Item = Severity> {
        self.left_out.iter().rev().copied()
    }

    /// What became of every byte.
    pub fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    fn add(&mut self, mut finding: Finding) {
        finding.places.iter_mut().for_each(|place| place.path = place.path.shortened());
        self.since += 1 + finding.places.len();
        let rank = (Reverse(finding.severity), finding.rule.clone(), finding.fingerprint);
        match self.findings.get_mut(&rank) {
            None => drop(self.findings.insert(rank, Noted { finding })),
            Some(known) => {
                known.finding.shown = std::mem::take(&mut known.finding.shown).min(finding.shown.clone());
                known.finding.join(finding);
            }
        }
        if self.since > SLACK {
            self.trim();
        }
    }

    fn trim(&mut self) {
        while self.findings.len() > MOST_FINDINGS {
            let least = self.findings.pop_last().expect("more than one is there");
            self.left_out.insert(least.1.finding.severity);
        }
        for (before, noted) in self.findings.values_mut().enumerate() {
            noted.finding.keep(Room::of(before));
        }
        self.since = 0;
    }
}

impl Noted {
    /// How many places it has in all.
    pub fn places(&self) -> u64 {
        self.finding.places.len() as u64 + self.finding.places_left_out
    }
}

#[cfg(test)]
mod tests;

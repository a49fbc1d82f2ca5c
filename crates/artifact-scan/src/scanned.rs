//! What a scan has found and read so far: grows piece by piece, is merged with other parts, and ends somewhere.

mod wire;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::{Coverage, Finding, Fingerprint, Place, Severity};

pub use wire::ScannedError;

/// The most secrets that are told of; code scanning at GitHub shows as many.
pub const MOST_FINDINGS: usize = 5_000;
/// The most places of one of the hundred worst secrets.
pub const MOST_PLACES: usize = 100;
/// How many of the worst secrets are told with many places.
const MANY_PLACES_FOR: usize = 100;
/// The most places of each other secret.
const FEW_PLACES: usize = 4;
/// The most bytes of the names in a place.
const LONGEST_PATH: usize = 1_024;
/// So many places more than were left the last time are taken before the list is trimmed.
const SLACK: usize = 50_000;

/// Findings and coverage of an artifact, or of a part of it.
///
/// It is bounded, whatever the artifact: the worst findings and the first places by path are kept, and what is left out is
/// counted. In whatever order parts are merged, and whenever they are trimmed, the whole is the same.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scanned {
    findings: BTreeMap<Rank, Noted>,
    left_out: BTreeSet<Severity>,
    coverage: Coverage,
    /// How many places were noted since the last trimming.
    since: usize,
}

/// A finding as far as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// The finding, with the first of its places by path.
    pub finding: Finding,
    /// How many places it has beyond those.
    pub places_left_out: u64,
}

type Rank = (Reverse<Severity>, String, Fingerprint);

impl Scanned {
    /// Notes findings, each with the places where it was found now.
    pub fn note(&mut self, found: impl IntoIterator<Item = Finding>) {
        for finding in found {
            self.add(Noted { finding, places_left_out: 0 });
        }
    }

    /// Takes the account of what was read.
    pub fn cover(&mut self, coverage: Coverage) {
        self.coverage = std::mem::take(&mut self.coverage).merge(coverage);
    }

    /// The whole of both parts. A part must not be merged twice.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.cover(other.coverage);
        self.left_out.extend(other.left_out);
        other.findings.into_values().for_each(|noted| self.add(noted));
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

    fn add(&mut self, noted: Noted) {
        let Noted { mut finding, places_left_out } = noted;
        finding.places.iter_mut().for_each(shorten);
        self.since += 1 + finding.places.len();
        let rank = (Reverse(finding.severity), finding.rule.clone(), finding.fingerprint);
        match self.findings.get_mut(&rank) {
            None => drop(self.findings.insert(rank, Noted { finding, places_left_out })),
            Some(known) => known.join(finding, places_left_out),
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
        for (rank, noted) in self.findings.values_mut().enumerate() {
            noted.keep(if rank < MANY_PLACES_FOR { MOST_PLACES } else { FEW_PLACES });
        }
        self.since = 0;
    }
}

impl Noted {
    /// How many places it has in all.
    pub fn places(&self) -> u64 {
        self.finding.places.len() as u64 + self.places_left_out
    }

    fn join(&mut self, mut other: Finding, places_left_out: u64) {
        self.finding.places.append(&mut other.places);
        self.finding.shown = std::mem::take(&mut self.finding.shown).min(other.shown);
        self.places_left_out = self.places_left_out.saturating_add(places_left_out);
    }

    fn keep(&mut self, most: usize) {
        let places = &mut self.finding.places;
        places.sort();
        let more = places.len().saturating_sub(most);
        places.truncate(most);
        self.places_left_out = self.places_left_out.saturating_add(more as u64);
    }
}

/// Cuts the names of a place that nobody reads to their end.
fn shorten(place: &mut Place) {
    let long = place.path.iter().map(String::len).sum::<usize>() > LONGEST_PATH || place.path.len() > LONGEST_PATH;
    if !long {
        return;
    }
    place.path.truncate(LONGEST_PATH / 8);
    let share = LONGEST_PATH / place.path.len();
    for name in place.path.iter_mut().filter(|name| name.len() > share) {
        name.truncate(name.floor_char_boundary(share - '…'.len_utf8()));
        name.push('…');
    }
}

#[cfg(test)]
mod tests;

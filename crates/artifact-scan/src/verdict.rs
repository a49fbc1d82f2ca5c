//! What a policy says of a scan: pass or fail, by which findings, gaps and suppressions.

mod judge;
mod message;
#[cfg(test)]
mod tests;
mod variables;
mod words;

use crate::policy::Suppression;
use crate::scanned::Noted;
use crate::{Gap, Place, Severity};

pub(crate) use judge::gap_name;
pub use judge::judge;
pub use message::LONGEST_MESSAGE;
pub(crate) use message::{count, cut};
pub(crate) use words::Word;

/// What the policy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The release goes on.
    Pass,
    /// The release must not go on.
    Fail,
}

/// How the scan itself went, whatever the policy says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Every byte was scanned or skipped.
    Whole,
    /// Something could not be read.
    Partial,
}

/// A scan as a policy judges it.
#[derive(Debug, Clone)]
pub struct Judgement<'s> {
    /// Pass or fail.
    pub verdict: Verdict,
    /// How the scan itself went.
    pub outcome: Outcome,
    /// Why it fails, the worst first; none if it passes.
    pub reasons: Vec<Reason<'s>>,
    /// Every finding, the worst first.
    pub findings: Vec<Judged<'s>>,
    /// Every gap that is listed, and whether it fails.
    pub gaps: Vec<(&'s Gap, bool)>,
    /// Suppressions whose last day is over.
    pub expired: Vec<&'s Suppression>,
    /// Suppressions of which nothing was found.
    pub unused: Vec<&'s Suppression>,
    /// There is a baseline by which findings are new or known.
    pub has_baseline: bool,
}

/// A finding as the policy judges it.
#[derive(Debug, Clone)]
pub struct Judged<'s> {
    /// The finding.
    pub noted: &'s Noted,
    /// What it means.
    pub standing: Standing,
    /// Of each of its places the suppression, if there is one.
    pub suppressions: Vec<Option<&'s Suppression>>,
}

/// What a finding means for the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It fails the scan.
    Fails,
    /// It is not as bad as what fails.
    Minor,
    /// The baseline knows it.
    Known,
    /// It is suppressed at each of its places.
    Suppressed,
}

/// Why a scan fails.
#[derive(Debug, Clone, Copy)]
pub enum Reason<'s> {
    /// By its findings; this is the worst, at this place if one is known, and so many more fail.
    Findings(&'s Noted, Option<&'s Place>, usize),
    /// There are more findings than are told, some of this severity.
    FindingsLeftOut(Severity),
    /// Something could not be read; this is the first, and there are so many more.
    Gaps(&'s Gap, u64),
    /// Something could not be read, and no gap is listed that fails.
    GapsLeftOut(u64),
    /// A suppression's last day is over; there are so many more.
    Expired(&'s Suppression, usize),
    /// The policy names a baseline, and it was not read.
    NoBaseline,
    /// No byte of any entry was scanned.
    NothingScanned,
}

/// How many findings of each severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Counts {
    /// To be fixed before anything else.
    pub critical: u32,
    /// To be fixed before release.
    pub high: u32,
    /// To be fixed.
    pub medium: u32,
    /// To be known.
    pub low: u32,
}

impl Verdict {
    /// `pass` or `fail`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
        }
    }
}

impl Outcome {
    /// `whole` or `partial`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Partial => "partial",
        }
    }
}

impl Standing {
    /// Each, the worst first.
    pub const ALL: [Self; 4] = [Self::Fails, Self::Minor, Self::Known, Self::Suppressed];

    /// As it is written in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fails => "fails",
            Self::Minor => "minor",
            Self::Known => "known",
            Self::Suppressed => "suppressed",
        }
    }
}

impl<'s> Judged<'s> {
    /// The first of its places that nobody has suppressed, or the first one.
    pub fn place(&self) -> Option<&'s Place> {
        let noted = self.noted;
        let open = noted.finding.places.iter().zip(&self.suppressions).find(|(_, by)| by.is_none());
        open.map(|(place, _)| place).or_else(|| noted.finding.places.first())
    }
}

impl<'s> Judgement<'s> {
    /// The findings of that standing.
    pub fn of(&self, standing: Standing) -> impl Iterator<Item = &Judged<'s>> {
        self.findings.iter().filter(move |judged| judged.standing == standing)
    }

    /// How many findings there are of each severity that are neither known nor suppressed.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        let open = self.findings.iter().filter(|judged| judged.standing <= Standing::Minor);
        open.for_each(|judged| *counts.get_mut(judged.noted.finding.severity) += 1);
        counts
    }
}

impl Counts {
    /// How many of that severity.
    pub fn get(&self, severity: Severity) -> u32 {
        let mut counts = *self;
        *counts.get_mut(severity)
    }

    /// How many in all.
    pub fn all(&self) -> u32 {
        Severity::ALL.iter().map(|severity| self.get(*severity)).sum()
    }

    fn get_mut(&mut self, severity: Severity) -> &mut u32 {
        match severity {
            Severity::Critical => &mut self.critical,
            Severity::High => &mut self.high,
            Severity::Medium => &mut self.medium,
            Severity::Low => &mut self.low,
        }
    }
}

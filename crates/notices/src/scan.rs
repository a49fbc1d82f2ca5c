//! What scans said of a release, joined from events that may come twice, late and in any order.

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use pipeline_model::{Decided, Decision, FindingCounts, Scan, ScanFinding, ScanGap, Verdict};
use serde::{Deserialize, Serialize};

use crate::moment::{Moment, Outcome};
use crate::remembered::{Remember, Remembered};
use crate::stopper::{Place, Stopper};
use crate::story::kept;
use crate::text;

/// Findings kept of one scan, the worst first; a message shows as many and counts the others.
const FINDINGS: usize = 5;
/// Things that could not be read kept of one scan; a message shows as many and counts the others.
const UNREAD: usize = 3;
/// Bytes of a path, a title, an advice, of why something could not be read: a section of Slack's holds them all.
const PATH: usize = 200;
const TITLE: usize = 100;
const ADVICE: usize = 200;
const WHY: usize = 120;
/// Bytes of a severity's word; the longest of ours has eight.
const SEVERITY: usize = 20;
/// Bytes of the reason, which may be several sentences.
const REASON: usize = 500;
/// Bytes of the report's address; longer ones lead nowhere when they are cut, and are left out.
const ADDRESS: usize = 600;

/// Every scan of one release: of several reports of a scan that ended the same the earliest is kept.
pub(crate) type Scans = Remembered<Scanned>;

/// How a scan ended. What comes later in this list is kept for longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Ended {
    Passed,
    /// It could not be made.
    Error,
    Failed,
}

/// One scan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Scanned {
    pub(crate) at: Timestamp,
    pub(crate) ended: Ended,
    #[serde(flatten)]
    pub(crate) place: Place,
    #[serde(default)]
    pub(crate) counts: FindingCounts,
    /// Findings the baseline knows, and findings that are suppressed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) known: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) suppressed: u64,
    /// How many things could not be read.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) gaps: u64,
    // What is left out of a scan that is shortened stands last, so that the greater of two stays the greater one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// Where the report is: a page, or an object in S3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) report: Option<String>,
    /// What to do about the worst finding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) advice: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) top: Vec<Found>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) unread: Vec<Unread>,
}

/// One finding, without any part of the secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Found {
    pub(crate) title: String,
    /// The severity's word, since one of a later version can be stored as well.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) severity: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) column: Option<u64>,
    /// In how many places more it stands.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) elsewhere: u64,
}

/// Something that could not be read, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Unread {
    /// Nothing for the artifact itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
}

impl Scans {
    /// What scans of an execution say. That the execution failed is told by itself.
    pub(crate) fn moments(&self, attempt: u32) -> impl Iterator<Item = Moment> {
        self.told(attempt, |scanned| Some(if scanned.stops() { Outcome::ScanFailed } else { Outcome::ScanPassed }))
    }

    /// What a scan says of an execution nobody named: nothing else tells that it was stopped.
    pub(crate) fn moments_of_no_execution(&self) -> impl Iterator<Item = Moment> {
        self.told(1, |scanned| scanned.stops().then_some(Outcome::Failed))
    }
}

impl Ended {
    fn read(verdict: &Verdict) -> Option<Self> {
        match verdict {
            Verdict::Pass => Some(Self::Passed),
            Verdict::Error | Verdict::Inconclusive => Some(Self::Error),
            Verdict::Fail => Some(Self::Failed),
            Verdict::Wait | Verdict::Unknown(_) => None,
        }
    }

    /// The word for programs.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Error => "error",
            Self::Failed => "failed",
        }
    }
}

impl Remember for Scanned {
    const KEPT: usize = 6;
    const DETAILED: usize = 2;

    fn read(decision: &Decision) -> Option<Self> {
        let Decided::Scan(scan) = &decision.what else { return None };
        let gaps = scan.coverage.map_or(0, |coverage| coverage.gaps).max(scan.gaps.len() as u64);
        Some(Self {
            at: decision.time,
            ended: Ended::read(&scan.verdict)?,
            place: Place::read(decision, scan.policy.as_deref()),
            counts: scan.findings,
            known: scan.known.unwrap_or(0),
            suppressed: scan.suppressed.unwrap_or(0),
            gaps,
            reason: kept(decision.reason.as_deref(), REASON),
            report: report(scan),
            advice: kept(scan.top.first().and_then(|worst| worst.advice.as_deref()), ADVICE),
            top: scan.top.iter().take(FINDINGS).map(Found::read).collect(),
            unread: scan.gaps.iter().take(UNREAD).map(Unread::read).collect(),
        })
    }

    fn rank(&self) -> u8 {
        self.ended as u8
    }

    fn shorten(&mut self) {
        (self.reason, self.report, self.advice) = (None, None, None);
        (self.top, self.unread) = (Vec::new(), Vec::new());
    }
}

impl Stopper for Scanned {
    fn at(&self) -> Timestamp {
        self.at
    }

    fn place(&self) -> &Place {
        &self.place
    }

    fn stops(&self) -> bool {
        self.ended >= Ended::Error
    }

    fn named(moment: Moment, identity: &str) -> Moment {
        Moment { key: format!("scan:{identity}"), scan: Some(identity.to_owned()), ..moment }
    }
}

impl Scanned {
    /// Its reason begins with the worst finding, so a list of the findings says as much. A scan may fail for something else:
    /// a suppression that has expired, a gap.
    pub(crate) fn is_explained_by_its_findings(&self) -> bool {
        let reason = self.reason.as_deref();
        self.top.first().is_some_and(|worst| reason.is_none_or(|reason| reason.starts_with(&worst.title)))
    }

    /// How many findings are not listed.
    pub(crate) fn more_findings(&self) -> u64 {
        self.counts.all().saturating_sub(self.top.len() as u64)
    }

    /// How many things that could not be read are not listed.
    pub(crate) fn more_unread(&self) -> u64 {
        self.gaps.saturating_sub(self.unread.len() as u64)
    }
}

impl Found {
    fn read(finding: &ScanFinding) -> Self {
        let title = kept(finding.title.as_deref(), TITLE).or_else(|| kept(Some(&finding.rule), TITLE));
        Self {
            title: title.unwrap_or_else(|| String::from("A finding without a name")),
            severity: text::keep_line(finding.severity.as_str(), SEVERITY),
            path: text::keep_line(&finding.path, PATH),
            line: finding.line,
            column: finding.column,
            elsewhere: finding.places.saturating_sub(1),
        }
    }
}

impl Unread {
    fn read(gap: &ScanGap) -> Self {
        Self { path: kept(Some(&gap.path), PATH), why: kept(Some(&gap.reason), WHY) }
    }
}

/// Where a person can find it; an address of any other kind leads nowhere.
fn report(scan: &Scan) -> Option<String> {
    let address = scan.report_url.as_deref()?;
    let readable = text::is_web_address(address) || address.starts_with("s3://");
    kept(Some(address).filter(|address| readable && address.len() <= ADDRESS), ADDRESS)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

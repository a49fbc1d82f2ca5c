//! What scans said of a release, joined from events that may come twice, late and in any order.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use pipeline_model::{ActionName, Decided, Decision, FindingCounts, Scan, ScanFinding, ScanGap, StageName, Verdict};
use serde::{Deserialize, Serialize};

use crate::moment::{Moment, Outcome};
use crate::rollback::incident_key;
use crate::story::{bounds, kept};
use crate::text;

/// Scans kept of one release: of more, those that stopped it stay.
const KEPT: usize = 6;
/// Of these, how many keep what they found.
const DETAILED: usize = 2;
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

/// Every scan of one release, by what tells it from the others.
///
/// Joining is commutative, associative and idempotent: of several reports of a scan that ended the same the earliest is kept.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Scans(BTreeMap<String, Scanned>);

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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stage: Option<StageName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) action: Option<ActionName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) policy: Option<String>,
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
    /// Takes in a decision; one about something else, or with a verdict this version does not know, says nothing here.
    pub(crate) fn absorb(&mut self, decision: &Decision) {
        let Some(scanned) = Scanned::read(decision) else { return };
        let key = text::keep_line(&incident_key(decision), bounds::WORD);
        let identity = format!("{}#{key}", scanned.ended as u8);
        match self.0.get_mut(&identity) {
            Some(known) if scanned < *known => *known = scanned,
            Some(_) => {}
            None => drop(self.0.insert(identity, scanned)),
        }
        self.trim();
    }

    /// Which ones lose what depends on what is known and not on the order it came in.
    fn trim(&mut self) {
        while self.0.len() > KEPT {
            self.0.pop_first();
        }
        let surplus = self.0.len().saturating_sub(DETAILED);
        self.0.values_mut().take(surplus).for_each(Scanned::shorten);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn get(&self, identity: &str) -> Option<&Scanned> {
        self.0.get(identity)
    }

    /// Every scan with its identity, oldest first.
    pub(crate) fn all(&self) -> Vec<(&str, &Scanned)> {
        let mut all: Vec<_> = self.0.iter().map(|(identity, scanned)| (identity.as_str(), scanned)).collect();
        all.sort_by_key(|(identity, scanned)| (scanned.at, *identity));
        all
    }

    /// The one to speak of where nothing else is known: what stopped the release, else the latest one.
    pub(crate) fn leading(&self) -> Option<(&str, &Scanned)> {
        let weight = |scanned: &Scanned| (scanned.ended.stops().then_some(scanned.ended), scanned.at);
        self.all().into_iter().max_by_key(|(identity, scanned)| (weight(scanned), *identity))
    }

    /// When a scan was heard of first.
    pub(crate) fn first_at(&self) -> Option<Timestamp> {
        self.0.values().map(|scanned| scanned.at).min()
    }

    /// The latest thing there is to tell.
    pub(crate) fn last_news(&self) -> Option<Timestamp> {
        self.0.values().map(|scanned| scanned.at).max()
    }

    /// What scans of an execution say. That the execution failed is told by itself.
    pub(crate) fn moments(&self, attempt: u32) -> impl Iterator<Item = Moment> {
        self.told(attempt, |ended| Some(if ended.stops() { Outcome::ScanFailed } else { Outcome::ScanPassed }))
    }

    /// What a scan says of an execution nobody named: nothing else tells that it was stopped.
    pub(crate) fn moments_of_no_execution(&self) -> impl Iterator<Item = Moment> {
        self.told(1, |ended| ended.stops().then_some(Outcome::Failed))
    }

    fn told(&self, attempt: u32, outcome: fn(Ended) -> Option<Outcome>) -> impl Iterator<Item = Moment> {
        self.0.iter().filter_map(move |(identity, scanned)| {
            let moment = Moment::new(format!("scan:{identity}"), outcome(scanned.ended)?, attempt, scanned.at);
            Some(Moment { scan: Some(identity.clone()), ..moment.in_stage(scanned.stage.clone()) })
        })
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

    /// The release does not go on.
    pub(crate) fn stops(self) -> bool {
        self >= Self::Error
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

impl Scanned {
    fn read(decision: &Decision) -> Option<Self> {
        let Decided::Scan(scan) = &decision.what else { return None };
        let word = |text: Option<&str>| kept(text, bounds::WORD);
        let gaps = scan.coverage.map_or(0, |coverage| coverage.gaps).max(scan.gaps.len() as u64);
        Some(Self {
            at: decision.time,
            ended: Ended::read(&scan.verdict)?,
            stage: word(decision.stage.as_ref().map(StageName::as_str)).map(StageName::new),
            action: word(decision.action.as_ref().map(ActionName::as_str)).map(ActionName::new),
            policy: word(scan.policy.as_deref()),
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

    /// Leaves what a line needs.
    fn shorten(&mut self) {
        (self.reason, self.report, self.advice) = (None, None, None);
        (self.top, self.unread) = (Vec::new(), Vec::new());
    }

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

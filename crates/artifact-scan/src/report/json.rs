//! Our own report, for programs. Its form is version 1: keys may be added, none changes its meaning without a new version.
//!
//! | key | what |
//! |---|---|
//! | `format`, `version` | `pipewarden-scan`, 1 |
//! | `scanner_version`, `rules_version`, `policy`, `policy_version` | what scanned, and by what it was judged |
//! | `artifact`, `ended` | what was scanned, and when that ended (RFC 3339) |
//! | `verdict` | of the policy: `pass`, `fail` |
//! | `outcome` | of the scan: `whole`, or `partial` if something could not be read |
//! | `reasons` | why it fails, in sentences, the worst first |
//! | `notes` | what was done otherwise than somebody may think, such as rules of which a part has no effect |
//! | `counts` | findings by severity that are neither known nor suppressed |
//! | `findings[]` | `rule`, `title`, `severity`, `fingerprint`, `shown` (redacted), `standing` (`fails`, `minor`, `known`, `suppressed`), `advice`, `source`, `places[]`, `places_left_out` |
//! | `places[]` | `path` (the names through the archives, outermost first), `line`, `column` (in bytes, both from 1), `suppression` (its place in `suppressions`, from 0) |
//! | `findings_left_out` | severities of findings beyond the 5,000 that are told |
//! | `suppressions[]` | those that are used, expired or unused: `state`, `what`, `reason`, `owner`, `expires`, `writer` |
//! | `coverage` | `scanned`, `skipped`, `binary` (`entries`, `bytes`), `unpacked`, `gaps[]` (`path`, `reason`, `bytes`, `fails`), `gaps_left_out` |

use serde::Serialize;

use super::{About, Report, SCANNER_VERSION, escape, shown};
use crate::policy::{Suppression, Writer};
use crate::verdict::{Counts, Judged};
use crate::{Amount, Broken, Gap, Judgement, Place, Severity};

/// Says that the report is ours.
pub const FORMAT: &str = "pipewarden-scan";
/// Changes with every change of the form that a reader must know of.
pub const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'r> {
    format: &'static str,
    version: u32,
    scanner_version: &'static str,
    rules_version: &'r str,
    policy: Option<&'r str>,
    policy_version: Option<&'r str>,
    artifact: &'r str,
    ended: String,
    verdict: &'static str,
    outcome: &'static str,
    reasons: Vec<String>,
    notes: &'r [String],
    counts: Counts,
    findings: Vec<Finding<'r>>,
    findings_left_out: Vec<Severity>,
    suppressions: Vec<Suppressed<'r>>,
    coverage: Coverage<'r>,
}

#[derive(Serialize)]
struct Finding<'r> {
    rule: &'r str,
    title: Option<&'r str>,
    severity: Severity,
    fingerprint: String,
    shown: String,
    standing: &'static str,
    advice: Option<&'r str>,
    source: Option<&'r str>,
    places: Vec<PlaceOf<'r>>,
    places_left_out: u64,
}

#[derive(Serialize)]
struct PlaceOf<'r> {
    #[serde(flatten)]
    place: &'r Place,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppression: Option<usize>,
}

#[derive(Serialize)]
struct Suppressed<'r> {
    state: &'static str,
    what: String,
    reason: &'r str,
    owner: &'r str,
    expires: String,
    writer: &'static str,
}

/// What became of every byte.
#[derive(Serialize)]
pub(super) struct Coverage<'r> {
    scanned: Amount,
    skipped: Amount,
    binary: Amount,
    unpacked: u64,
    gaps: Vec<GapOf<'r>>,
    gaps_left_out: u64,
}

#[derive(Serialize)]
struct GapOf<'r> {
    path: &'r [String],
    reason: Broken,
    bytes: Option<u64>,
    fails: bool,
}

pub(super) fn text(report: &Report<'_>) -> String {
    escape::json(&document(report))
}

fn document<'r>(report: &Report<'r>) -> Document<'r> {
    let (About { artifact, policy, policy_version, ended, notes }, judgement) = (report.about, report.judgement);
    let suppressions = suppressions(judgement);
    Document {
        format: FORMAT,
        version: VERSION,
        scanner_version: SCANNER_VERSION,
        rules_version: report.book.version(),
        policy: policy.as_deref(),
        policy_version: policy_version.as_deref(),
        artifact,
        ended: ended.to_string(),
        verdict: judgement.verdict.word(),
        outcome: judgement.outcome.word(),
        reasons: judgement.reasons.iter().map(|reason| reason.sentence(report.book)).collect(),
        notes,
        counts: judgement.counts(),
        findings: judgement.findings.iter().map(|judged| finding(report, judged, &suppressions)).collect(),
        findings_left_out: report.scanned.left_out().collect(),
        suppressions: suppressions.iter().map(|(state, suppression)| suppressed(state, suppression)).collect(),
        coverage: coverage(report),
    }
}

fn finding<'r>(report: &Report<'r>, judged: &Judged<'r>, suppressions: &[(&str, &Suppression)]) -> Finding<'r> {
    let (found, rule) = (&judged.noted.finding, report.book.get(&judged.noted.finding.rule));
    let position = |by: &Suppression| suppressions.iter().position(|(_, suppression)| std::ptr::eq(*suppression, by));
    let places = found.places.iter().zip(&judged.suppressions);
    Finding {
        rule: &found.rule,
        title: rule.map(|rule| rule.title),
        severity: found.severity,
        fingerprint: found.fingerprint.to_string(),
        shown: shown(&found.shown),
        standing: judged.standing.word(),
        advice: rule.map(|rule| rule.advice),
        source: rule.map(|rule| rule.source),
        places: places.map(|(place, by)| PlaceOf { place, suppression: by.and_then(position) }).collect(),
        places_left_out: found.places_left_out,
    }
}

/// Used, expired and unused ones, each once.
fn suppressions<'r>(judgement: &'r Judgement<'r>) -> Vec<(&'static str, &'r Suppression)> {
    let mut all: Vec<(&'static str, &Suppression)> = Vec::new();
    for used in judgement.findings.iter().flat_map(|judged| judged.suppressions.iter().flatten()) {
        if !all.iter().any(|(_, suppression)| std::ptr::eq(*suppression, *used)) {
            all.push(("used", used));
        }
    }
    all.extend(judgement.expired.iter().map(|suppression| ("expired", *suppression)));
    all.extend(judgement.unused.iter().map(|suppression| ("unused", *suppression)));
    all
}

fn suppressed<'r>(state: &'static str, suppression: &'r Suppression) -> Suppressed<'r> {
    Suppressed {
        state,
        what: suppression.what(),
        reason: &suppression.reason,
        owner: &suppression.owner,
        expires: suppression.expires.to_string(),
        writer: match suppression.writer {
            Writer::Policy => "policy",
            Writer::Artifact => "artifact",
        },
    }
}

pub(super) fn coverage<'r>(report: &Report<'r>) -> Coverage<'r> {
    let account = report.scanned.coverage();
    let gap =
        |(gap, fails): &(&'r Gap, bool)| GapOf { path: &gap.path, reason: gap.reason, bytes: gap.bytes, fails: *fails };
    Coverage {
        scanned: account.scanned,
        skipped: account.skipped,
        binary: account.binary,
        unpacked: account.unpacked,
        gaps: report.judgement.gaps.iter().map(gap).collect(),
        gaps_left_out: account.gaps_left_out,
    }
}

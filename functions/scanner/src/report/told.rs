//! `Scan Completed`: what others hear of a scan. No part of a secret is in it.

use artifact_scan::{Coverage, Gap, Judged, Judgement, RuleBook, Standing};
use jiff::Timestamp;
use lambda_kit::Home;
use lambda_kit::jobs::Asked;
use pipeline_model::{
    Decided, Decision, FindingCounts, FindingSeverity, Scan, ScanCoverage, ScanFinding, ScanGap, ScanOutcome, Verdict,
};

use crate::job::Arrival;

/// Who tells, of what, and when.
pub(crate) struct Telling<'t> {
    pub(crate) home: &'t Home,
    pub(crate) arrival: &'t Arrival,
    pub(crate) now: Timestamp,
    /// How long the scan took, all visits together.
    pub(crate) seconds: f64,
}

/// A scan that was judged.
pub(crate) fn judged(
    telling: &Telling<'_>,
    (judgement, coverage): (&Judgement<'_>, &Coverage),
    book: &RuleBook<'_>,
    (verdict, reason): (Verdict, &str),
    report: Option<String>,
) -> Decision {
    let counts = judgement.counts();
    let standing = |standing| Some(judgement.of(standing).count() as u64);
    let shown = if verdict == Verdict::Pass { Standing::Minor } else { Standing::Fails };
    let scan = Scan {
        findings: FindingCounts {
            critical: counts.critical,
            high: counts.high,
            medium: counts.medium,
            low: counts.low,
        },
        outcome: Some(match judgement.outcome {
            artifact_scan::Outcome::Whole => ScanOutcome::Whole,
            artifact_scan::Outcome::Partial => ScanOutcome::Partial,
        }),
        rules_version: Some(book.version().to_owned()),
        top: judgement.of(shown).take(Scan::MOST_FINDINGS).map(|judged| finding(judged, book)).collect(),
        suppressed: standing(Standing::Suppressed),
        known: standing(Standing::Known),
        coverage: Some(read(coverage)),
        gaps: gaps(judgement),
        report_url: report,
        seconds: Some(telling.seconds),
        ..unseen(telling.arrival, verdict)
    };
    told(telling, reason, scan)
}

/// A scan that could not be made.
pub(crate) fn unable(telling: &Telling<'_>, why: &str) -> Decision {
    let scan = Scan { seconds: Some(telling.seconds), ..unseen(telling.arrival, Verdict::Error) };
    told(telling, why, scan)
}

fn unseen(arrival: &Arrival, verdict: Verdict) -> Scan {
    let policy = match &arrival.asked {
        Asked::Named(name) => Some(name.clone()),
        Asked::Inline(_) => None,
    };
    let artifacts = arrival.inputs.iter().take(Scan::MOST_ARTIFACTS).map(|input| cut(&input.name)).collect();
    Scan { policy, artifacts, ..Scan::new(verdict) }
}

fn told(telling: &Telling<'_>, reason: &str, scan: Scan) -> Decision {
    let arrival = telling.arrival;
    Decision {
        id: String::new(),
        time: telling.now,
        region: telling.home.region.clone(),
        account: telling.home.account.clone(),
        key: Some(arrival.token.key.clone()),
        pipeline: arrival.pipeline.clone().map(|name| telling.home.pipeline(name)),
        execution: arrival.execution.clone(),
        stage: arrival.stage.clone(),
        action: arrival.action.clone(),
        reason: Some(reason.to_owned()),
        what: Decided::Scan(Box::new(scan)),
    }
}

fn finding(judged: &Judged<'_>, book: &RuleBook<'_>) -> ScanFinding {
    let found = &judged.noted.finding;
    let (rule, first) = (book.get(&found.rule), judged.place());
    ScanFinding {
        rule: cut(&found.rule),
        title: rule.map(|rule| cut(rule.title)),
        severity: match found.severity {
            artifact_scan::Severity::Critical => FindingSeverity::Critical,
            artifact_scan::Severity::High => FindingSeverity::High,
            artifact_scan::Severity::Medium => FindingSeverity::Medium,
            artifact_scan::Severity::Low => FindingSeverity::Low,
        },
        path: first.map(|place| cut(&place.path.join("!/"))).unwrap_or_default(),
        line: first.map(|place| place.line),
        column: first.map(|place| place.column),
        places: judged.noted.places(),
        advice: rule.map(|rule| cut(rule.advice)),
    }
}

/// Those that fail first.
fn gaps(judgement: &Judgement<'_>) -> Vec<ScanGap> {
    let of = |wanted: bool| judgement.gaps.iter().filter(move |(_, fails)| *fails == wanted).map(|(gap, _)| *gap);
    let told = |gap: &Gap| ScanGap { path: cut(&gap.path.join("!/")), reason: cut(gap.reason.sentence()) };
    of(true).chain(of(false)).take(Scan::MOST_GAPS).map(told).collect()
}

fn read(coverage: &Coverage) -> ScanCoverage {
    ScanCoverage {
        entries: coverage.scanned.entries + coverage.binary.entries,
        bytes: coverage.scanned.bytes + coverage.binary.bytes,
        skipped_entries: coverage.skipped.entries,
        skipped_bytes: coverage.skipped.bytes,
        gaps: coverage.gaps.len() as u64 + coverage.gaps_left_out,
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(Scan::LONGEST_TEXT) {
        None => text.to_owned(),
        Some(_) => text.chars().take(Scan::LONGEST_TEXT - 1).chain(['…']).collect(),
    }
}

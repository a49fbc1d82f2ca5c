//! What a completed scan promises to those who read it.

use super::*;

fn scan(detail: Value) -> Scan {
    match decision(&envelope("Scan Completed", detail)).what {
        Decided::Scan(scan) => *scan,
        other => panic!("{other:?} is no scan"),
    }
}

#[test]
fn a_scan_tells_its_evidence_in_the_words_of_the_contract() {
    let detail = json!({
        "version": 1, "key": "scan-1", "pipeline": "orders", "execution-id": "e2", "stage": "Test", "action": "Scan",
        "reason": "Private key in app.jar!/id_rsa, line 1, column 1.", "verdict": "fail", "outcome": "partial",
        "findings": {"critical": 1, "high": 2, "medium": 0, "low": 0}, "policy": "payments/scan",
        "artifacts": ["BuildOutput"], "rules-version": "2026.03-5f1c", "suppressed": 3, "known": 4,
        "top": [
            {"rule": "private-key", "title": "Private key", "severity": "critical", "path": "app.jar!/id_rsa", "line": 1,
             "column": 1, "places": 2, "advice": "Make a new key."},
            {"rule": "jwt", "severity": "high", "path": "a.js", "places": 1},
        ],
        "coverage": {"entries": 20_000, "bytes": 52_428_800, "skipped-entries": 7, "skipped-bytes": 900, "gaps": 1},
        "gaps": [{"path": "vendor.zip", "reason": "is encrypted"}],
        "report-url": "s3://scans/orders/e2/Scan.sarif", "seconds": 2.5,
    });
    let read = decision(&envelope("Scan Completed", detail.clone()));
    assert_eq!(read.detail(), detail);
    let scan = scan(detail);
    assert_eq!((scan.outcome, scan.findings.all()), (Some(ScanOutcome::Partial), 3));
    assert_eq!((scan.top[0].severity.clone(), scan.top[0].places), (FindingSeverity::Critical, 2));
}

#[test]
fn only_the_verdict_of_a_scan_is_always_there() {
    let none = json!({"critical": 0, "high": 0, "medium": 0, "low": 0});
    let told = decision(&envelope("Scan Completed", json!({"version": 1, "verdict": "pass"}))).detail();
    assert_eq!(told, json!({"version": 1, "verdict": "pass", "findings": none}));
    let empty = json!({"version": 1, "verdict": "error", "findings": null, "top": null, "gaps": null, "coverage": null,
                       "artifacts": null, "report-url": null, "seconds": null});
    assert_eq!(scan(empty), Scan::new(Verdict::Error));
}

#[test]
fn what_cannot_be_read_of_a_scan_costs_that_and_no_more() {
    let read = scan(json!({
        "version": 1, "verdict": "fail", "mood": "bad", "findings": {"critical": "many"}, "policy": 7, "artifacts": "one",
        "suppressed": -1, "coverage": "all", "seconds": "two", "report-url": {"s3": "scans"}, "known": 2,
        "top": ["a secret", {"severity": 3}, {"rule": "jwt", "line": "first"}], "gaps": {"path": "a"},
    }));
    let jwt = ScanFinding { rule: String::from("jwt"), ..unsaid_finding() };
    assert_eq!(read, Scan { known: Some(2), top: vec![jwt], ..Scan::new(Verdict::Fail) });
}

/// A finding that says nothing.
fn unsaid_finding() -> ScanFinding {
    ScanFinding {
        rule: String::new(),
        title: None,
        severity: FindingSeverity::Unknown(String::new()),
        path: String::new(),
        line: None,
        column: None,
        places: 1,
        advice: None,
    }
}

#[test]
fn severities_and_outcomes_of_a_later_version_keep_their_words() {
    let read = scan(json!({"version": 1, "verdict": "quarantine", "outcome": "sampled",
                           "findings": {"catastrophic": 1, "high": 2}, "top": [{"severity": "catastrophic"}]}));
    assert_eq!(read.verdict, Verdict::Unknown(String::from("quarantine")));
    assert_eq!(read.outcome, Some(ScanOutcome::Unknown(String::from("sampled"))));
    assert_eq!(read.top[0].severity, FindingSeverity::Unknown(String::from("catastrophic")));
    assert_eq!(read.findings.all(), 2);
}

#[test]
fn more_of_a_scan_than_anybody_reads_is_not_kept() {
    let many = |item: fn(usize) -> Value| (0..5_000).map(item).collect::<Vec<Value>>();
    let read = scan(json!({
        "version": 1, "verdict": "fail", "policy": "after", "artifacts": many(|n| json!(n.to_string())),
        "top": many(|n| json!({"rule": n.to_string()})), "gaps": many(|n| json!({"path": n.to_string()})),
    }));
    let lengths = (read.artifacts.len(), read.top.len(), read.gaps.len());
    assert_eq!(lengths, (Scan::MOST_ARTIFACTS, Scan::MOST_FINDINGS, Scan::MOST_GAPS));
    assert_eq!((read.top[9].rule.as_str(), read.policy.as_deref()), ("9", Some("after")));
}

pub(super) fn any_scan() -> impl Strategy<Value = Scan> {
    let count = || proptest::option::of(any::<u64>());
    let seconds = proptest::option::of((0_u32..1_000_000).prop_map(f64::from));
    let words = (text(), maybe(), maybe(), maybe(), maybe());
    let lists = (
        proptest::collection::vec(text(), 0..=Scan::MOST_ARTIFACTS),
        proptest::collection::vec(finding(), 0..=Scan::MOST_FINDINGS),
        proptest::collection::vec(
            (text(), text()).prop_map(|(path, reason)| ScanGap { path, reason }),
            0..=Scan::MOST_GAPS,
        ),
    );
    (words, lists, (count(), count()), any::<[u32; 4]>(), proptest::option::of(any::<[u64; 5]>()), seconds).prop_map(
        |(words, (artifacts, top, gaps), (suppressed, known), [critical, high, medium, low], read, seconds)| {
            let (verdict, outcome, policy, rules_version, report_url) = words;
            let coverage = read.map(|[entries, bytes, skipped_entries, skipped_bytes, gaps]| ScanCoverage {
                entries,
                bytes,
                skipped_entries,
                skipped_bytes,
                gaps,
            });
            Scan {
                verdict: verdict.into(),
                findings: FindingCounts { critical, high, medium, low },
                outcome: outcome.map(ScanOutcome::from),
                policy,
                artifacts,
                rules_version,
                top,
                suppressed,
                known,
                coverage,
                gaps,
                report_url,
                seconds,
            }
        },
    )
}

fn finding() -> impl Strategy<Value = ScanFinding> {
    let number = || proptest::option::of(any::<u64>());
    let words = (text(), maybe(), text(), text(), maybe());
    (words, number(), number(), any::<u64>()).prop_map(
        |((rule, title, severity, path, advice), line, column, places)| ScanFinding {
            rule,
            title,
            severity: severity.into(),
            path,
            line,
            column,
            places,
            advice,
        },
    )
}

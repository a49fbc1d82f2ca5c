//! What scans say of a release, with all the evidence there can be.

use pipeline_model::{
    ActionName, Decided, Decision, FindingCounts, FindingSeverity, Scan, ScanCoverage, ScanFinding, ScanGap,
    ScanOutcome, StageName, Verdict,
};

use super::decisions::about_the_story;

/// What the scan `Test/Scan` says at this second.
pub(crate) fn scanned(verdict: Verdict, second: i64) -> Decision {
    let (reason, scan) = match &verdict {
        Verdict::Fail => (
            "Private key in app.jar!/keys/id_rsa, line 1, column 1 (critical, rule private-key). Make a new key. 2 more findings fail too.",
            failing(),
        ),
        Verdict::Error => ("The artifact BuildOutput could not be read: access denied. Allow it.", Scan::new(verdict)),
        _ => ("The scan found 2 low, which the policy lets pass.", passing(verdict)),
    };
    let scan = Scan {
        policy: Some(String::from("orders/scan")),
        artifacts: vec![String::from("BuildOutput")],
        rules_version: Some(String::from("2026.03-5f1c")),
        seconds: Some(2.5),
        ..scan
    };
    Decision {
        key: Some(String::from("5c07d19e2ab4")),
        stage: Some(StageName::from("Test")),
        action: Some(ActionName::from("Scan")),
        ..about_the_story(Decided::Scan(Box::new(scan)), second, reason)
    }
}

fn failing() -> Scan {
    let key = ScanFinding {
        places: 3,
        advice: Some(String::from("Make a new key, and take this one out of the build.")),
        ..finding("Private key", "critical", "app.jar!/keys/id_rsa")
    };
    Scan {
        findings: FindingCounts { critical: 1, high: 2, medium: 0, low: 4 },
        outcome: Some(ScanOutcome::Partial),
        top: vec![key, finding("GitHub personal access token", "high", "config/deploy.js")],
        coverage: Some(ScanCoverage { entries: 1_200, bytes: 4_000_000, gaps: 3, ..ScanCoverage::default() }),
        gaps: vec![unread("vendor.zip!/data.7z", "is encrypted")],
        report_url: Some(String::from("s3://example-scans/orders/e1/Scan.sarif")),
        ..Scan::new(Verdict::Fail)
    }
}

fn passing(verdict: Verdict) -> Scan {
    Scan {
        findings: FindingCounts { low: 2, ..FindingCounts::default() },
        outcome: Some(ScanOutcome::Whole),
        known: Some(4),
        suppressed: Some(1),
        report_url: Some(String::from("https://console.aws.amazon.com/s3/object/example-scans?prefix=orders/e1")),
        ..Scan::new(verdict)
    }
}

/// The same with something changed.
pub(crate) fn with_scan(mut decision: Decision, change: impl FnOnce(&mut Scan)) -> Decision {
    match &mut decision.what {
        Decided::Scan(scan) => change(scan),
        other => panic!("{other:?} is no scan"),
    }
    decision
}

/// The same of an action whose parameters name no execution.
pub(crate) fn of_no_execution(decision: Decision) -> Decision {
    Decision { pipeline: None, execution: None, stage: None, action: None, ..decision }
}

/// A finding in one place.
pub(crate) fn finding(title: &str, severity: &str, path: &str) -> ScanFinding {
    ScanFinding {
        rule: title.to_lowercase().replace(' ', "-"),
        title: Some(title.to_owned()),
        severity: FindingSeverity::from(severity.to_owned()),
        path: path.to_owned(),
        line: Some(3),
        column: Some(17),
        places: 1,
        advice: None,
    }
}

pub(crate) fn unread(path: &str, reason: &str) -> ScanGap {
    ScanGap { path: path.to_owned(), reason: reason.to_owned() }
}

//! A scan to be judged and told of, for tests.

use jiff::Timestamp;

use crate::report::About;
use crate::{
    Amount, Broken, Coverage, Finding, Fingerprint, Gap, Place, Policy, RuleBook, RuleText, Scanned, Severity,
};

pub(crate) fn now() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

pub(crate) fn book() -> RuleBook<'static> {
    let rule = |id, title, severity, source, advice| RuleText { id, title, severity, source, advice };
    let rules = [
        rule(
            "github-personal-access-token",
            "GitHub personal access token",
            Severity::Critical,
            "https://docs.github.com/tokens",
            "Revoke it in the settings of its owner.",
        ),
        rule(
            "aws-access-key-id",
            "AWS access key id",
            Severity::Medium,
            "https://docs.aws.amazon.com/iam",
            "Delete the key in IAM.",
        ),
        rule(
            "aws-secret-access-key",
            "AWS secret access key",
            Severity::High,
            "https://docs.aws.amazon.com/iam",
            "Delete the key in IAM.",
        ),
        rule("password", "Password [in a setting]", Severity::Low, "none", "Change it."),
    ];
    RuleBook::new("2026.3", rules)
}

pub(crate) fn place(path: &[&str], line: u64) -> Place {
    Place { path: path.iter().map(|name| (*name).to_owned()).collect(), line, column: 7 }
}

pub(crate) fn finding(rule: &str, severity: Severity, number: u8, places: Vec<Place>) -> Finding {
    let fingerprint = Fingerprint([number; 16]);
    Finding {
        rule: rule.to_owned(),
        severity,
        fingerprint,
        shown: format!("abc…{number:02}"),
        places,
        places_left_out: 0,
    }
}

/// Four findings of four severities, and an encrypted entry.
pub(crate) fn scanned() -> Scanned {
    let mut scanned = Scanned::default();
    let in_jar = place(&["lib/app.jar", "config/app.yml"], 3);
    scanned.note([
        finding("github-personal-access-token", Severity::Critical, 1, vec![in_jar.clone(), place(&["src/a.py"], 9)]),
        finding("aws-secret-access-key", Severity::High, 2, vec![place(&["tests/key.txt"], 1)]),
        finding("aws-access-key-id", Severity::Medium, 3, vec![place(&["tests/key.txt"], 2)]),
        finding("password", Severity::Low, 4, vec![place(&["docs/|`<b>@you\u{202e}\n.md"], 2), in_jar]),
    ]);
    let gap = Gap {
        path: vec![String::from("secret.zip"), String::from("a.txt")],
        reason: Broken::Encrypted,
        bytes: Some(4096),
    };
    scanned.cover(Coverage {
        scanned: Amount { entries: 20, bytes: 3 << 20 },
        skipped: Amount { entries: 2, bytes: 1536 },
        binary: Amount { entries: 3, bytes: 100 },
        content: 3 << 20,
        gaps: vec![gap],
        unpacked: 5 << 20,
        ..Coverage::default()
    });
    scanned
}

pub(crate) fn policy(scan: &str) -> Policy {
    Policy::parse(&format!("scan:\n{scan}"), &book(), now()).expect("the policy is right")
}

pub(crate) fn about() -> About {
    About {
        artifact: String::from("BuildOutput"),
        policy: Some(String::from("orders/production")),
        policy_version: Some(String::from("12")),
        ended: now(),
        notes: vec![String::from("s3://scans/rules.toml: `extend` has no effect here")],
    }
}

//! SARIF 2.1.0, within what code scanning at GitHub takes: one result for each secret, 5,000 results, 100 places each.

mod log;

use log::*;

use super::escape::{self, sarif_message};
use super::{Report, Root, SCANNER_VERSION, json, shown};
use crate::policy::{Suppression as Accepted, Writer};
use crate::verdict::{Judged, Standing, Verdict, count, gap_name};
use crate::{Broken, Gap, Outcome, Place, RuleText, Severity};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// The first part of what tells runs of this scanner from others'.
const CATEGORY: &str = "pipewarden-scan/";
/// Changes when fingerprints are made in another way.
const FINGERPRINT: &str = "secretFingerprint/v1";
/// The only one that GitHub compares.
const GITHUB_FINGERPRINT: &str = "primaryLocationLineHash";

pub(super) fn text(report: &Report<'_>, roots: &[Root]) -> String {
    escape::json(&Log { schema: SCHEMA, version: "2.1.0", runs: [run(report, roots)] })
}

fn run<'r>(report: &Report<'r>, roots: &[Root]) -> Run<'r> {
    let judgement = report.judgement;
    Run {
        tool: Tool { driver: driver(report) },
        automation_details: Automation { id: CATEGORY },
        invocations: [invocation(report, roots)],
        results: judgement.findings.iter().map(|judged| result(report, judged, roots)).collect(),
        properties: RunProperties {
            artifact: &report.about.artifact,
            verdict: judgement.verdict.word(),
            outcome: judgement.outcome.word(),
            rules_version: report.book.version(),
            policy: report.about.policy.as_deref(),
            policy_version: report.about.policy_version.as_deref(),
            counts: judgement.counts(),
            findings_left_out: report.scanned.left_out().collect(),
            coverage: json::coverage(report),
        },
    }
}

fn driver<'r>(report: &Report<'r>) -> Driver<'r> {
    let mut codes: Vec<Broken> = report.judgement.gaps.iter().map(|(gap, _)| gap.reason).collect();
    codes.sort_unstable();
    codes.dedup();
    Driver {
        name: "Pipewarden",
        semantic_version: SCANNER_VERSION,
        rules: report.book.rules().iter().map(rule).collect(),
        notifications: codes.into_iter().map(notification_text).collect(),
    }
}

fn rule<'r>(rule: &RuleText<'r>) -> Rule<'r> {
    let help = format!("{} Its format: {}", rule.advice, rule.source);
    Rule {
        id: rule.id,
        short_description: Message { text: sarif_message(rule.title) },
        full_description: Message { text: sarif_message(&format!("{} stands in what is about to ship.", rule.title)) },
        help: Message { text: escape::visible(&help) },
        help_uri: is_address(rule.source).then_some(rule.source),
        default_configuration: Configuration { level: level(rule.severity) },
        properties: RuleProperties { security_severity: score(rule.severity), tags: ["security", "secret"] },
    }
}

/// The schema wants a URI, and who brings rules of their own may have written anything.
fn is_address(source: &str) -> bool {
    let rest = source.strip_prefix("https://").or_else(|| source.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_ascii_alphanumeric())
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~/?#@!$&'()*+,;=".contains(&byte))
    })
}

fn notification_text(reason: Broken) -> NotificationText {
    let text = format!("An entry {}.", reason.sentence());
    NotificationText { id: reason.code(), short_description: Message { text: sarif_message(&text) } }
}

/// What an alert's severity is shown by: critical is 9 and above, high 7, medium 4.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    }
}

fn invocation(report: &Report<'_>, roots: &[Root]) -> Invocation {
    let gaps = report.judgement.gaps.iter().map(|(gap, fails)| gap_notification(gap, *fails, roots));
    let coverage = report.scanned.coverage();
    let more = (coverage.gaps_left_out > 0).then(|| {
        let text = format!("{} entries more could not be read.", coverage.gaps_left_out);
        Notification { descriptor: None, level: "error", message: Message { text }, locations: Vec::new() }
    });
    Invocation {
        execution_successful: report.judgement.outcome == Outcome::Whole,
        end_time_utc: report.about.ended.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string(),
        exit_code: i32::from(report.judgement.verdict == Verdict::Fail),
        notifications: gaps.chain(more).collect(),
        of_the_policy: of_the_policy(report),
    }
}

/// Suppressions that should be looked at, and what is done otherwise than somebody may think.
fn of_the_policy(report: &Report<'_>) -> Vec<Notification> {
    let notification = |level, by: &Accepted, why: String| {
        let text = sarif_message(&format!("The suppression of {} by {} {why}.", by.what(), by.owner));
        Notification { descriptor: None, level, message: Message { text }, locations: Vec::new() }
    };
    let expired = report.judgement.expired.iter();
    let expired = expired.map(|by| notification("error", by, format!("expired on {}", by.expires)));
    let unused = report.judgement.unused.iter();
    let unused = unused.map(|by| notification("note", by, String::from("is of nothing that was found")));
    let note = |note: &String| Notification {
        descriptor: None,
        level: "note",
        message: Message { text: sarif_message(note) },
        locations: Vec::new(),
    };
    expired.chain(unused).chain(report.about.notes.iter().map(note)).collect()
}

fn gap_notification(gap: &Gap, fails: bool, roots: &[Root]) -> Notification {
    let text = sarif_message(&format!("{} {}.", gap_name(gap), gap.reason.sentence()));
    let uri = escape::address(&gap.path, roots);
    let location = Location { physical: Physical { artifact: ArtifactLocation { uri }, region: None } };
    Notification {
        descriptor: Some(Descriptor { id: gap.reason.code() }),
        level: if fails { "error" } else { "warning" },
        message: Message { text },
        locations: if gap.path.is_empty() { Vec::new() } else { vec![location] },
    }
}

fn result<'r>(report: &Report<'r>, judged: &Judged<'r>, roots: &[Root]) -> Outcoming<'r> {
    let found = &judged.noted.finding;
    let rule = report.book.get(&found.rule);
    let title = rule.map_or("A secret", |rule| rule.title);
    let places = count(judged.noted.places(), "place", "places");
    let advice = rule.map_or("Revoke it where it was issued.", |rule| rule.advice);
    let fingerprint = found.fingerprint.to_string();
    let baseline_state = match (report.judgement.has_baseline, judged.standing) {
        (false, _) => None,
        (true, Standing::Known) => Some("unchanged"),
        (true, _) => Some("new"),
    };
    Outcoming {
        rule_id: &found.rule,
        rule_index: report.book.position(&found.rule),
        level: level(found.severity),
        message: Message { text: sarif_message(&format!("{title} in {places}. {advice}")) },
        locations: found.places.iter().map(|place| location(place, roots)).collect(),
        partial_fingerprints: [(FINGERPRINT, fingerprint.clone()), (GITHUB_FINGERPRINT, format!("{fingerprint}:1"))]
            .into(),
        baseline_state,
        suppressions: suppressions(judged),
        properties: ResultProperties {
            severity: found.severity,
            security_severity: score(found.severity),
            shown: shown(&found.shown),
            standing: judged.standing.word(),
            places: judged.noted.places(),
        },
    }
}

fn location(place: &Place, roots: &[Root]) -> Location {
    let region = Region { start_line: place.line.max(1), start_column: place.column.max(1) };
    let uri = escape::address(&place.path, roots);
    Location { physical: Physical { artifact: ArtifactLocation { uri }, region: Some(region) } }
}

/// Each that is used, once. A result that is open at one of its places has none.
fn suppressions(judged: &Judged<'_>) -> Vec<Suppression> {
    if judged.standing != Standing::Suppressed {
        return Vec::new();
    }
    let mut used: Vec<&Accepted> = Vec::new();
    for by in judged.suppressions.iter().flatten() {
        if !used.iter().any(|known| std::ptr::eq(*known, *by)) {
            used.push(by);
        }
    }
    used.into_iter().map(suppression).collect()
}

fn suppression(by: &Accepted) -> Suppression {
    Suppression {
        kind: match by.writer {
            Writer::Policy => "external",
            Writer::Artifact => "inSource",
        },
        status: "accepted",
        justification: by.reason.clone(),
        properties: SuppressionProperties { owner: by.owner.clone(), expires: by.expires.to_string() },
    }
}

//! What fails and what passes, and what is said of it.

use proptest::prelude::*;

use super::*;
use crate::testing_reports::{book, finding, now, place, policy, scanned};
use crate::{Amount, Baseline, Broken, Coverage, Policy, Scanned};

const ALLOW: &str = "  gaps: { allow: [{ reasons: [encrypted] }] }\n";

/// The standings of the four findings, and the verdict.
fn standings(scan: &str, baseline: Option<&Baseline>) -> (Vec<&'static str>, Verdict) {
    let (scanned, policy) = (scanned(), policy(scan));
    let judgement = judge(&scanned, &policy, baseline, now());
    (judgement.findings.iter().map(|judged| judged.standing.word()).collect(), judgement.verdict)
}

fn message(scanned: &Scanned, scan: &str) -> String {
    let policy = policy(scan);
    judge(scanned, &policy, None, now()).message(&book())
}

fn suppression(what: &str) -> String {
    format!("    - {{ {what}, reason: x, owner: team-orders, expires: 2026-03-02 }}\n")
}

#[test]
fn findings_of_the_severity_and_of_worse_ones_fail() {
    assert_eq!(standings(ALLOW, None), (vec!["fails", "fails", "minor", "minor"], Verdict::Fail));
    let low = format!("  fail: low\n{ALLOW}");
    assert_eq!(standings(&low, None), (vec!["fails"; 4], Verdict::Fail));
    let critical = format!("  fail: critical\n{ALLOW}");
    assert_eq!(standings(&critical, None).0, ["fails", "minor", "minor", "minor"]);
}

#[test]
fn a_suppression_is_for_a_rule_a_secret_and_a_place() {
    let only = |what: &str| standings(&format!("{ALLOW}  suppressions:\n{}", suppression(what)), None).0;
    assert_eq!(only("rule: aws"), ["fails", "suppressed", "suppressed", "minor"]);
    assert_eq!(
        only("rule: aws, fingerprint: 02020202020202020202020202020202"),
        ["fails", "suppressed", "minor", "minor"]
    );
    assert_eq!(only("path: 'tests/**'"), ["fails", "suppressed", "suppressed", "minor"]);
    assert_eq!(only("rule: github, path: 'src/**'"), ["fails", "fails", "minor", "minor"]);
    assert_eq!(only("rule: github, path: '{src,lib}/**'"), ["suppressed", "fails", "minor", "minor"]);
}

/// What a suppression does that the artifact `web` brings, to a secret at these places.
fn brought(what: &str, within: Option<&str>, paths: &[&[&str]]) -> Standing {
    let mut found = Scanned::default();
    let places = paths.iter().map(|path| place(path, 1)).collect();
    found.note([finding("aws-secret-access-key", Severity::High, 1, places)]);
    let theirs = format!("- {{ {what}, reason: x, owner: y, expires: 2026-03-05 }}");
    let policy = policy("  suppressions-in-artifact: true\n").heeding(&theirs, &book(), now(), within).unwrap();
    let judgement = judge(&found, &policy, None, now());
    judgement.findings[0].standing
}

#[test]
fn a_suppression_that_an_artifact_brings_counts_there_and_nowhere_else() {
    let (web, api): (&[&str], &[&str]) = (&["web", "tests/a.jar", "b"], &["api", "tests/a.jar", "b"]);
    for what in ["rule: aws", "fingerprint: 01010101010101010101010101010101", "path: 'tests/*.jar!/b'"] {
        assert_eq!(brought(what, Some("web"), &[web]), Standing::Suppressed, "{what}");
        assert_eq!(brought(what, None, &[&web[1..]]), Standing::Suppressed, "{what}");
        for fails in [&[api] as &[&[&str]], &[web, api], &[&["web.zip", "tests/a.jar", "b"]], &[&[]]] {
            assert_eq!(brought(what, Some("web"), fails), Standing::Fails, "{what} {fails:?}");
        }
    }
    assert_eq!(brought("path: 'web!/tests/**'", Some("web"), &[web]), Standing::Fails);
}

#[test]
fn a_suppression_that_an_artifact_brings_is_for_no_place_that_is_not_told() {
    let mut many = Scanned::default();
    let at = |line| finding("aws-secret-access-key", Severity::High, 1, vec![place(&["web", "a"], line)]);
    many.note((0..200).map(at));
    let (many, theirs) = (many.trimmed(), "- { rule: aws, reason: x, owner: y, expires: 2026-03-05 }");
    let standing = |within| {
        let policy = policy("  suppressions-in-artifact: true\n").heeding(theirs, &book(), now(), within).unwrap();
        judge(&many, &policy, None, now()).findings[0].standing
    };
    assert_eq!((standing(Some("web")), standing(None)), (Standing::Fails, Standing::Suppressed));
}

#[test]
fn the_place_that_is_told_is_one_that_nobody_has_suppressed() {
    let mut found = Scanned::default();
    found.note([finding("aws-secret-access-key", Severity::High, 1, vec![place(&["a"], 1), place(&["b"], 2)])]);
    let told = message(&found, &format!("  suppressions:\n{}", suppression("path: a")));
    assert!(told.contains(" in b, line 2"), "{told}");
}

#[test]
fn all_suppressed_passes_and_an_expired_suppression_fails() {
    let both = format!("{ALLOW}  suppressions:\n{}{}", suppression("rule: aws"), suppression("rule: github"));
    assert_eq!(standings(&both, None).1, Verdict::Pass);
    let (scanned, policy) = (scanned(), policy(&both));
    let tomorrow = "2026-03-03T00:00:00Z".parse().unwrap();
    let judgement = judge(&scanned, &policy, None, tomorrow);
    assert_eq!((judgement.verdict, judgement.expired.len()), (Verdict::Fail, 2));
    let told = judgement.reasons.last().unwrap().sentence(&book());
    assert_eq!(
        told,
        "The suppression of aws by team-orders expired on 2026-03-02, and 1 more has expired. Fix what it hides, or renew it."
    );
}

#[test]
fn an_unused_suppression_is_told_and_fails_nothing() {
    let scan =
        format!("{ALLOW}  suppressions:\n{}{}", suppression("rule: aws, path: 'x/**'"), suppression("rule: aws"));
    let (scanned, policy) = (scanned(), policy(&scan));
    let judgement = judge(&scanned, &policy, None, now());
    let unused: Vec<_> = judgement.unused.iter().map(|suppression| suppression.what()).collect();
    assert_eq!(unused, ["aws in x/**"]);
}

#[test]
fn only_what_the_baseline_does_not_know_fails_and_a_baseline_that_is_named_must_be_there() {
    let named = format!("{ALLOW}  baseline: s3://scans/baseline.json\n");
    let baseline = Baseline::of(&scanned(), "7", now());
    assert_eq!(standings(&named, Some(&baseline)), (vec!["known"; 4], Verdict::Pass));
    let none = Baseline::of(&Scanned::default(), "7", now());
    assert_eq!(standings(&named, Some(&none)).1, Verdict::Fail);
    let mut clean = Scanned::default();
    clean.cover(Coverage { scanned: Amount { entries: 1, bytes: 1 }, content: 1, ..Coverage::default() });
    assert!(message(&clean, &named).starts_with("The policy names a baseline, and it could not be read."));
}

#[test]
fn places_that_are_not_told_are_not_suppressed_by_path() {
    let mut many = Scanned::default();
    many.cover(Coverage { scanned: Amount { entries: 1, bytes: 1 }, content: 1, ..Coverage::default() });
    many.note(
        (0..200).map(|line| finding("aws-secret-access-key", Severity::High, 1, vec![place(&["tests/a"], line)])),
    );
    let many = many.trimmed();
    let by =
        |what: &str| judge(&many, &policy(&format!("  suppressions:\n{}", suppression(what))), None, now()).verdict;
    assert_eq!((by("path: 'tests/**'"), by("rule: aws")), (Verdict::Fail, Verdict::Pass));
}

#[test]
fn what_was_not_read_fails_and_so_does_nothing_at_all() {
    let (mut clean, policy) = (Scanned::default(), Policy::default());
    assert_eq!(
        judge(&clean, &policy, None, now()).message(&book()),
        "Nothing was scanned: the artifact is empty, or all of it is skipped or unreadable."
    );
    clean.cover(Coverage { scanned: Amount { entries: 1, bytes: 1 }, content: 1, ..Coverage::default() });
    let judgement = judge(&clean, &policy, None, now());
    assert_eq!((judgement.verdict, judgement.outcome), (Verdict::Pass, Outcome::Whole));
    assert_eq!(judgement.message(&book()), "The scan found nothing that counts.");
    let mut gaps = clean.clone();
    gaps.cover(Coverage { gaps_left_out: 5, ..Coverage::default() });
    let judgement = judge(&gaps, &policy, None, now());
    assert_eq!((judgement.verdict, judgement.outcome), (Verdict::Fail, Outcome::Partial));
    clean.cover(Coverage::unreadable(Broken::SeveralEnds, 5));
    assert_eq!(
        message(&clean, "  fail: high\n"),
        "Not scanned: the artifact has more than one end, and unzippers differ in which they take. Rebuild it, or allow `several-ends` in the policy's `gaps`."
    );
}

#[test]
fn the_message_names_the_worst_finding_its_place_and_what_to_do() {
    insta::assert_snapshot!(message(&scanned(), "  fail: high\n"), @"GitHub personal access token in lib/app.jar!/config/app.yml, line 3, column 7 and 1 place more (critical, rule github-personal-access-token). Revoke it in the settings of its owner. 1 more finding fails too. Not scanned: secret.zip!/a.txt is encrypted. Rebuild it, or allow `encrypted` in the policy's `gaps`.");
}

#[test]
fn variables_have_names_that_codepipeline_takes() {
    let (scanned, policy) = (scanned(), policy(ALLOW));
    let variables = judge(&scanned, &policy, None, now()).variables();
    insta::assert_json_snapshot!(variables);
    assert!(
        variables.keys().all(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"@-_".contains(&byte)))
    );
}

proptest! {
    #[test]
    fn the_message_is_never_empty_nor_too_long_nor_has_it_anything_that_acts(names in prop::collection::vec(".{0,400}", 1..5), rule in ".{0,400}") {
        let mut scanned = Scanned::default();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        scanned.note([finding(&rule, Severity::High, 1, vec![place(&names, 1)])]);
        let message = message(&scanned, "  fail: high\n");
        prop_assert!(!message.is_empty() && message.chars().count() <= LONGEST_MESSAGE);
        prop_assert!(!message.chars().any(|c| c.is_control() || crate::name::is_invisible(c)));
    }
}

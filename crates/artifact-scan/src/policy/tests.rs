//! What can be written, and what is said of what cannot be meant.

use proptest::prelude::*;

use super::*;
use crate::testing_reports::{book, now};

const WHOLE: &str = "
scan:
  fail: medium
  rules:
    off: [aws, password]
    on: [aws-access-key-id]
  skip: ['docs/**', '**/*.png']
  gaps:
    allow:
      - reasons: [encrypted]
        paths: ['licences/**']
      - reasons: [unknown-archive]
  limits: { entry: 2 GiB, depth: 3, ratio: 500 }
  suppressions:
    - rule: github
      path: tests/**
      reason: a token of the tests' own server
      owner: team-orders
      expires: 2026-05-01
    - fingerprint: 0123456789ABCDEF0123456789abcdef
      reason: revoked
      owner: sam@example.com
      expires: 2026-03-01
  baseline: s3://scans/orders/baseline.json
  reports: { formats: [sarif], to: s3://scans/orders }
gate: { checks: [] }
";

fn problems(text: &str) -> Vec<String> {
    Policy::parse(text, &book(), now()).expect_err("this policy is wrong").iter().map(ToString::to_string).collect()
}

fn path(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_policy_is_read() {
    let policy = Policy::parse(WHOLE, &book(), now()).unwrap();
    assert_eq!(policy.fail, Severity::Medium);
    let on: Vec<_> = book().rules().iter().map(|rule| rule.id).filter(|id| policy.runs(id)).collect();
    assert_eq!(on, ["aws-access-key-id", "github-personal-access-token"]);
    assert!(policy.skips(&path(&["docs/a.md"])) && !policy.skips(&path(&["src/a.md"])));
    assert_eq!((policy.limits.entry, policy.limits.depth, policy.limits.ratio), (2 << 30, 3, 500));
    assert_eq!(policy.limits.nested, Limits::default().nested);
    assert_eq!(policy.suppressions.len(), 2);
    assert_eq!(policy.suppressions[1].what(), "any rule with fingerprint 0123456789abcdef0123456789abcdef");
    assert_eq!(policy.baseline.unwrap().to_string(), "s3://scans/orders/baseline.json");
    assert_eq!(policy.reports.formats, [Format::Sarif]);
}

#[test]
fn rules_of_one_s_own_are_named_before_the_policy_that_may_name_them_is_read() {
    let text = "scan: { rules: { off: [acme-token], from: 's3://scans/orders/rules.toml' } }";
    assert_eq!(Policy::more_rules(text).unwrap().to_string(), "s3://scans/orders/rules.toml");
    assert_eq!(problems(text), ["line 1, column 24: unknown rule `acme-token`; a report lists all rules"]);
    let policy = Policy::parse(text, &book().with_others(), now()).unwrap();
    assert_eq!(policy.rules_from(), Policy::more_rules(text).as_ref());
    assert!(!policy.runs("acme-token") && policy.runs("aws-access-key-id"));
    for none in ["", "scan: {}", "scan: { rules: { from: 5 } }", "scan: { rules: { from: [a] } }", "scan: [", "[]"] {
        assert_eq!(Policy::more_rules(none), None, "{none}");
    }
}

#[test]
fn a_suppression_whose_last_day_is_over_can_be_read_and_is_told_where_it_stands() {
    let text = "
scan:
  suppressions:
    - { rule: aws, reason: x, owner: y, expires: 2026-05-01 }
    - { rule: aws, reason: x, owner: y, expires: 2026-02-28 }
";
    assert!(Policy::parse(text, &book(), now()).is_ok());
    let told: Vec<_> = Policy::problems(text, &book(), now()).iter().map(ToString::to_string).collect();
    let expected = "line 5, column 50: the last day was 2026-02-28, so every scan fails; fix what it hides and take it \
                    out, or renew it";
    assert_eq!(told, [expected]);
    assert_eq!(Policy::problems("scan: { fial: low }", &book(), now()).len(), 1);
    assert_eq!(Policy::problems("scan: {}", &book(), now()), []);
}

#[test]
fn the_example_in_the_documentation_can_be_meant() {
    let lines = include_str!("../policy.rs").lines().skip_while(|line| *line != "//! ```yaml").skip(1);
    let example: Vec<_> = lines.take_while(|line| *line != "//! ```").map(|line| &line["//! ".len()..]).collect();
    let policy = Policy::parse(&example.join("\n"), &book(), now()).unwrap();
    assert_eq!((policy.limits.depth, policy.suppressions.len()), (3, 1));
}

#[test]
fn json_is_read_by_the_same_reader() {
    let policy = Policy::parse(r#"{"scan":{"fail":"low","skip":["docs/**"]}}"#, &book(), now()).unwrap();
    assert_eq!(policy.fail, Severity::Low);
}

#[test]
fn a_gap_fails_unless_its_reason_and_its_path_are_allowed() {
    let policy = Policy::parse(WHOLE, &book(), now()).unwrap();
    let fails = |names: &[&str], reason| policy.fails_for(&Gap { path: path(names), reason, bytes: None });
    assert!(!fails(&["licences/a.zip", "x"], Broken::Encrypted) && fails(&["src/a.zip", "x"], Broken::Encrypted));
    assert!(fails(&["licences/a.zip"], Broken::BadData) && fails(&[], Broken::Encrypted));
    assert!(!fails(&["x"], Broken::UnknownArchive) && !fails(&[], Broken::UnknownArchive));
    let policy = Policy::parse("scan: { gaps: { otherwise: report } }", &book(), now()).unwrap();
    assert!(!policy.fails_for(&Gap { path: vec![], reason: Broken::BadData, bytes: None }));
}

#[test]
fn the_default_policy_is_that_of_an_empty_section() {
    let written = Policy::parse("scan:", &book(), now()).unwrap();
    assert_eq!(format!("{written:?}"), format!("{:?}", Policy::default()));
    assert_eq!(written.fail, Severity::High);
    assert!(!written.heeds_artifact());
}

#[test]
fn every_problem_of_a_document_is_told_at_once_with_its_place() {
    let text = "
scan:
  fial: high
  fail: hihg
  rules:
    off: [awss, aws]
    on: [aws, xyz]
  skip: ['**', '/src']
  gaps:
    otherwise: ignore
    allow: [{ reasons: [encryptd] }]
  limits: { entry: 2 GB, depth: deep }
  suppressions:
    - { rule: aws, reason: x, owner: y, expires: soon }
    - { rule: aws, owner: y, expires: 2026-03-05 }
  baseline: baseline.json
  reports: { formats: [pdf] }
";
    insta::assert_snapshot!(problems(text).join("\n"));
}

#[test]
fn what_can_be_read_and_cannot_be_meant_is_told_at_once_with_its_place() {
    let text = "
scan:
  rules:
    off: [awss, aws]
    on: [aws, xyz]
  gaps:
    allow: [{}]
  limits: { entry: 0, depth: 99, nested: 5 GiB }
  suppressions:
    - { reason: ' ', owner: y, expires: 2026-03-05 }
    - { rule: githb, reason: x, owner: y, expires: 2026-06-01 }
    - { path: 'a/**', reason: x, owner: y, expires: 2026-05-31 }
  suppression-days: 0
  reports: { formats: [] }
";
    let longer = text.replace("suppression-days: 0", "suppression-days: 90");
    insta::assert_snapshot!(format!("{}\n--\n{}", problems(text).join("\n"), problems(&longer).join("\n")));
}

#[test]
fn what_could_not_stop_a_release_is_no_policy() {
    let empty = "the policy is empty; write `scan: {}` for a scan by the defaults";
    for (text, told) in [
        ("", empty),
        ("gate: {}", "line 1, column 1: the key `scan` is missing"),
        ("scan: 5", "line 1, column 7: expected a mapping, found 5"),
        (
            "scan: { rules: { off: [aws, github, password] } }",
            "line 1, column 23: every rule is off, so nothing here could stop a release",
        ),
        (
            "scan: { gaps: { allow: [{ paths: ['*/**'] }] } }",
            "line 1, column 35: `*/**` is every path; name what is meant",
        ),
    ] {
        assert_eq!(problems(text), [told], "{text}");
    }
}

#[test]
fn a_suppression_lasts_as_long_as_the_policy_lets_it() {
    let policy = |days: u16, expires: &str| {
        let entry = format!("{{ rule: aws, reason: x, owner: y, expires: {expires} }}");
        Policy::parse(&format!("scan: {{ suppression-days: {days}, suppressions: [{entry}] }}"), &book(), now())
    };
    assert!(policy(30, "2026-04-01").is_ok() && policy(31, "2026-04-02").is_ok());
    let told = policy(30, "2026-04-02").unwrap_err()[0].to_string();
    assert!(
        told.ends_with("2026-04-02 is more than 30 days from now; use 2026-04-01 at most, and look at it again then")
    );
}

#[test]
fn suppressions_of_the_artifact_count_only_if_the_policy_says_so() {
    let theirs = "[{ rule: aws, reason: x, owner: y, expires: 2026-03-05 }]";
    let heeding = |policy: &str, theirs: &str| {
        let policy = Policy::parse(policy, &book(), now()).unwrap();
        policy.heeding(theirs, &book(), now(), None).map(|policy| policy.suppressions.len())
    };
    assert_eq!(heeding("scan: {}", theirs).unwrap(), 0);
    assert_eq!(heeding("scan: {}", "nonsense: [").unwrap(), 0);
    assert_eq!(heeding("scan: { suppressions-in-artifact: true }", theirs).unwrap(), 1);
    assert_eq!(heeding("scan: { suppressions-in-artifact: true }", "").unwrap(), 0);
    let late = theirs.replace("2026-03-05", "2027-03-05");
    assert!(heeding("scan: { suppressions-in-artifact: true }", &late).is_err());
    assert!(heeding("scan: { suppressions-in-artifact: true }", "scan: {}").is_err());
}

#[test]
fn a_suppression_of_one_of_several_artifacts_says_so() {
    let theirs = "[{ rule: aws, path: 'tests/**', reason: x, owner: y, expires: 2026-03-05 }]";
    let what = |within| {
        let policy = Policy::parse("scan: { suppressions-in-artifact: true }", &book(), now()).unwrap();
        policy.heeding(theirs, &book(), now(), within).unwrap().suppressions[0].what()
    };
    assert_eq!((what(None), what(Some("web"))), ("aws in tests/**".into(), "aws in tests/** of web".into()));
}

#[test]
fn reasons_are_written_by_their_codes() {
    for reason in Broken::ALL {
        assert_eq!(serde_json::to_value(reason).unwrap(), reason.code());
    }
}

#[test]
fn a_size_may_be_a_number_of_bytes() {
    let policy = |size: &str| Policy::parse(&format!("scan: {{ limits: {{ entry: {size} }} }}"), &book(), now());
    for size in ["4096", "'4096'", "4 KiB", "' 4kib '"] {
        assert_eq!(policy(size).unwrap().limits.entry, 4096, "{size}");
    }
    assert!(policy("0").is_err() && policy("-1").is_err() && policy("4.5").is_err() && policy("4 KB").is_err());
}

#[cfg(feature = "schema")]
#[test]
fn the_schema_takes_the_sizes_that_are_read_and_no_others() {
    let validator = jsonschema::validator_for(&Policy::schema()).unwrap();
    for size in ["4096", "'4096'", "4 KiB", "' 4kib '", "4GiB", "0", "-1", "4.5", "4 KB", "'1 MiB 2'", "many", "[]"] {
        let text = format!("scan: {{ limits: {{ entry: {size} }} }}");
        let json: serde_json::Value = match size {
            "[]" => serde_json::json!([]),
            size => size.parse::<f64>().map_or_else(|_| size.trim_matches('\'').into(), |_| size.parse().unwrap()),
        };
        let json = serde_json::json!({ "scan": { "limits": { "entry": json } } });
        assert_eq!(validator.is_valid(&json), Policy::parse(&text, &book(), now()).is_ok(), "{size}");
    }
}

#[cfg(feature = "schema")]
#[test]
fn the_schema_knows_every_key_and_describes_it() {
    insta::assert_json_snapshot!(Policy::schema());
}

proptest! {
    #[test]
    fn no_text_breaks_the_reader(text in "(scan: ?|- |\\{|\\}|\\[|\\]|fail: |skip: |limits: |entry: |suppressions: |expires: |[a-z0-9 ]|\n  ){0,30}") {
        let _ = Policy::parse(&text, &book(), now());
    }
}

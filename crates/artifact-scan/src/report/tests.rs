//! What reports say, that they are in their forms, and that nothing in them acts.

use std::sync::LazyLock;

use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::testing_reports::{about, book, finding, now, place, policy, scanned};
use crate::{Baseline, Broken, Coverage, Gap, Place, Severity, judge};

const POLICY: &str = "
  suppressions:
    - { rule: aws, path: 'tests/**', reason: a key of the tests | nothing else, owner: team-orders, expires: 2026-03-02 }
    - { rule: github, path: 'x/**', reason: moved, owner: '@team', expires: 2026-03-05 }
    - { rule: password, reason: old, owner: sam, expires: 2026-01-05 }
";

fn report(scanned: &Scanned, scan: &str, baseline: Option<&Baseline>, format: Format) -> String {
    let (policy, book, about) = (policy(scan), book(), about());
    let judgement = judge(scanned, &policy, baseline, now());
    Report { about: &about, book: &book, scanned, judgement: &judgement }.text(format)
}

static VALIDATOR: LazyLock<Validator> = LazyLock::new(validator);

fn validator() -> Validator {
    let mut schema: Value = serde_json::from_str(include_str!("../../tests/data/sarif-schema-2.1.0.json")).unwrap();
    // The published schema has a bracket too many in the pattern of a language, which is never written here.
    for owner in ["run", "toolComponent"] {
        schema["definitions"][owner]["properties"]["language"].as_object_mut().unwrap().remove("pattern").unwrap();
    }
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

fn problems(sarif: &str) -> Vec<String> {
    let sarif: Value = serde_json::from_str(sarif).unwrap();
    VALIDATOR.iter_errors(&sarif).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn sarif() {
    let sarif = report(&scanned(), POLICY, None, Format::Sarif);
    assert_eq!(problems(&sarif), [""; 0]);
    insta::assert_snapshot!(sarif);
}

#[test]
fn sarif_tells_what_is_new() {
    let known = Baseline::of(&scanned(), "7", now());
    let mut more = scanned();
    more.note([finding("aws-secret-access-key", Severity::High, 9, vec![place(&["b"], 1)])]);
    let sarif = report(&more, "  fail: high\n", Some(&known), Format::Sarif);
    assert_eq!(problems(&sarif), [""; 0]);
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    let states: Vec<_> =
        sarif["runs"][0]["results"].as_array().unwrap().iter().map(|one| one["baselineState"].as_str()).collect();
    assert_eq!(states.iter().filter(|state| **state == Some("new")).count(), 1);
    assert_eq!(states.len(), 5);
}

#[test]
fn the_schema_is_one_that_refuses() {
    let sarif = report(&scanned(), POLICY, None, Format::Sarif);
    for (right, wrong) in
        [("\"ruleId\"", "\"rule\""), ("\"accepted\"", "\"fine\""), ("\"startLine\": 3", "\"startLine\": 0")]
    {
        assert!(sarif.contains(right));
        assert_ne!(problems(&sarif.replace(right, wrong)), [""; 0], "{wrong}");
    }
}

#[test]
fn json() {
    insta::assert_snapshot!(report(&scanned(), POLICY, None, Format::Json));
}

#[test]
fn markdown() {
    insta::assert_snapshot!(report(&scanned(), POLICY, None, Format::Markdown));
}

#[test]
fn an_address_of_several_leads_where_the_place_is() {
    let root = |name: &str, path: &str, is_folder| Root { name: name.into(), path: path.into(), is_folder };
    let roots = [
        root("web", "web", true),
        root("app.zip", "build/app.zip", false),
        root("tmp/a b", "/tmp/a b", true),
        root("lib", "../lib", true),
        root("here", ".", true),
        root("all", "/", true),
    ];
    for (path, address) in [
        (&["web", "src/a.yml"] as &[&str], "web/src/a.yml"),
        (&["web", "lib/a.jar", "../b.yml"], "web/lib/a.jar!/%252E%252E/b.yml"),
        (&["app.zip", "a.yml"], "build/app.zip!/a.yml"),
        (&["app.zip"], "build/app.zip"),
        (&["tmp/a b", "c.yml"], "file:///tmp/a%20b/c.yml"),
        (&["lib", "/etc/a"], "../lib/%2Fetc/a"),
        (&["here", "a.yml"], "a.yml"),
        (&["all", "a.yml"], "file:///a.yml"),
        (&["BuildOutput", "a.yml"], "BuildOutput!/a.yml"),
        (&[], ""),
    ] {
        let path: Vec<String> = path.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(escape::address(&path, &roots), address);
    }
}

#[test]
fn sarif_takes_the_addresses_of_roots() {
    let (scanned, policy, book, about) = (scanned(), policy("  fail: high\n"), book(), about());
    let judgement = judge(&scanned, &policy, None, now());
    let report = Report { about: &about, book: &book, scanned: &scanned, judgement: &judgement };
    let root = |name: &str, path: &str| Root { name: name.into(), path: path.into(), is_folder: false };
    let roots = [root("lib/app.jar", "/x/lib/app.jar"), root("secret.zip", "../secret.zip")];
    let sarif = report.text_from(Format::Sarif, &roots);
    assert_eq!(problems(&sarif), [""; 0]);
    for address in ["file:///x/lib/app.jar!/config/app.yml", "../secret.zip!/a.txt", "src/a.py"] {
        assert!(sarif.contains(&format!("\"uri\": \"{address}\"")), "{address}: {sarif}");
    }
}

#[test]
fn no_name_in_markdown_mentions_anybody() {
    let mut found = Scanned::default();
    let path = &["node_modules/@types/node/x.yml"];
    found.note([finding("aws-secret-access-key", Severity::High, 1, vec![place(path, 1)])]);
    found.cover(Coverage {
        gaps: vec![Gap { path: vec!["@octocat/a.zip".into()], reason: Broken::Encrypted, bytes: None }],
        ..Coverage::default()
    });
    let page = report(&found, "  fail: high\n", None, Format::Markdown);
    let bullets: Vec<&str> = page.lines().filter(|line| line.starts_with("- ")).take(2).collect();
    assert_eq!(
        bullets,
        [
            "- AWS secret access key in `node_modules/@types/node/x.yml`, line 1, column 7 (high, rule `aws-secret-access-key`). Delete the key in IAM.",
            "- Not scanned: `@octocat/a.zip` is encrypted. Rebuild it, or allow `encrypted` in the policy's `gaps`.",
        ]
    );
    assert_eq!(escape::plain("Ask @team | or a@example.com <b>"), "Ask `@team` &#124; or `a@example.com` &lt;b&gt;");
    assert!(!page.contains("&#64;"));
}

#[test]
fn a_clean_scan_is_told_shortly() {
    let mut clean = Scanned::default();
    clean.cover(Coverage { scanned: crate::Amount { entries: 1, bytes: 1 }, content: 1, ..Coverage::default() });
    insta::assert_snapshot!(report(&clean, "  fail: high\n", None, Format::Markdown));
    assert_eq!(problems(&report(&clean, "  fail: high\n", None, Format::Sarif)), [""; 0]);
}

#[test]
fn reports_are_bounded() {
    let mut all = Scanned::default();
    let at = |number: u32, line| vec![place(&[&format!("src/{number}/main.py")], line)];
    for number in 0..6_000_u32 {
        for line in 0..20 {
            let mut found = finding("aws-secret-access-key", Severity::High, 1, at(number, line));
            found.fingerprint.0[..4].copy_from_slice(&number.to_be_bytes());
            all.note([found]);
        }
    }
    let all = all.trimmed();
    assert!(report(&all, "  fail: high\n", None, Format::Markdown).len() < 60_000);
    let sarif: Value = serde_json::from_str(&report(&all, "  fail: high\n", None, Format::Sarif)).unwrap();
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 5_000);
    assert_eq!(sarif["runs"][0]["properties"]["findingsLeftOut"], serde_json::json!(["high"]));
}

/// A name as hostile people write it.
fn name() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just(String::from("..")),
        Just(String::from("`|<img src=x>[a](javascript:b)@all\\|")),
        Just(String::from("https://evil.example\u{202e}\u{1b}[31m\r\n")),
        Just(String::from("%2e%2e{0}")),
        "[a-z]{1,5}",
        ".{0,20}",
    ];
    prop::collection::vec(part, 0..4).prop_map(|parts| parts.join("/"))
}

fn hostile(path: Vec<String>, gap: Vec<String>, rule: String, secret: &str) -> Scanned {
    let mut scanned = scanned();
    let places = vec![Place { path: path.into(), line: 1, column: 1 }];
    let mut found = finding(&rule, Severity::High, 7, places);
    found.shown = format!("{}…", &secret[..4]);
    scanned.note([found]);
    scanned
        .cover(Coverage { gaps: vec![Gap { path: gap, reason: Broken::BadData, bytes: None }], ..Coverage::default() });
    scanned
}

fn acts(c: char) -> bool {
    (c.is_control() && c != '\n') || crate::name::is_invisible(c)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_name_acts_and_no_secret_is_told(
        path in prop::collection::vec(name(), 1..4),
        gap in prop::collection::vec(name(), 0..4),
        rule in name(),
        secret in "[A-Z0-9]{40}",
    ) {
        let scanned = hostile(path.clone(), gap, rule, &secret);
        for format in Format::ALL {
            let text = report(&scanned, POLICY, None, format);
            prop_assert!(!text.chars().any(acts), "{text}");
            prop_assert!(!text.contains(&secret) && !text.contains(&secret[..12]));
        }
        let sarif = report(&scanned, POLICY, None, Format::Sarif);
        prop_assert_eq!(problems(&sarif), [""; 0]);
        let json: Value = serde_json::from_str(&report(&scanned, POLICY, None, Format::Json)).unwrap();
        let paths: Vec<&Value> = json["findings"].as_array().unwrap().iter().flat_map(|one| one["places"].as_array().unwrap()).map(|place| &place["path"]).collect();
        prop_assert!(paths.contains(&&serde_json::json!(path)), "names are whole in JSON");
    }

    #[test]
    fn a_uri_leads_nowhere_else_and_can_be_read_back(path in prop::collection::vec(name(), 1..4)) {
        let uri = escape::uri(&path);
        prop_assert!(uri.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~/%!".contains(&byte)), "{}", uri);
        prop_assert!(!uri.starts_with('/') && !uri.split('/').any(|part| part == "." || part == ".."), "{}", uri);
        prop_assert!(!uri.to_ascii_lowercase().split('/').any(|part| part.contains("%2e")), "{}", uri);
    }

    #[test]
    fn a_code_span_ends_where_it_should(text in ".{0,30}|[`| \\\\]{0,12}") {
        let span = escape::code(&text);
        let fence = span.len() - span.trim_start_matches('`').len();
        let inner = &span[fence..span.len() - fence];
        prop_assert!(!inner.contains(&"`".repeat(fence)) && !span.contains('|') && !span.contains('\n'), "{}", span);
        prop_assert!(!inner.starts_with('`') && !inner.ends_with('`'));
    }

    #[test]
    fn json_that_can_be_seen_says_the_same(text in any::<String>()) {
        let written = escape::json(&text);
        prop_assert!(!written.chars().any(acts));
        prop_assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
    }
}

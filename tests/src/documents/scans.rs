//! What the pages say of scans is what the scanner reads, says and knows.

use std::collections::BTreeSet;

use artifact_scan::policy::Format;
use artifact_scan::secrets::{Scanner, built_in};
use artifact_scan::{Broken, Limits, Policy, Scanned, Severity, judge};
use jiff::Timestamp;
use lambda_kit::jobs::{Answer, FailureKind};
use scanner::memory::{Memory, Pipeline, zipped};
use serde_json::Value;

use super::{Block, below, blocks, examples, filled, policies};
use crate::{read, root};

const PAGE: &str = "docs/scan.md";

/// The function that the pages' scan actions name.
pub(super) const FUNCTION: &str = "pipewarden-scanner";

/// The day for which the pages are written.
fn now() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

fn page() -> String {
    read(&root().join(PAGE))
}

/// The first cells of the rows of the tables below a heading, without what is not code.
fn rows(heading: &str) -> Vec<Vec<String>> {
    let page = page();
    let section = page.split(&format!("\n{heading}\n")).nth(1).unwrap_or_else(|| panic!("{PAGE} has no {heading}"));
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// What stands between backticks.
fn codes(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

fn first_cells(heading: &str) -> Vec<String> {
    rows(heading).iter().flat_map(|row| codes(&row[0]).map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[test]
fn every_policy_of_a_scan_can_be_meant() {
    let scanner = Scanner::built_in().unwrap();
    let mut read = 0;
    for block in examples() {
        for policy in policies(&block, "scan") {
            let problems = Policy::problems(&policy, &scanner.book(), now());
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            assert!(problems.is_empty(), "{}: {problems:?}", block.place);
            read += 1;
        }
    }
    assert!(read >= 4, "only {read} policies of scans are shown");
}

#[test]
fn a_wrong_policy_is_told_in_the_words_of_the_page() {
    let scanner = Scanner::built_in().unwrap();
    let blocks = blocks(PAGE);
    let wrong = blocks.iter().position(|block| block.kind == "yaml wrong").expect("a policy with mistakes");
    let problems = Policy::parse(&blocks[wrong].text, &scanner.book(), now()).unwrap_err();
    let told: Vec<String> = problems.iter().map(|problem| format!("{problem}\n")).collect();
    assert_eq!(blocks[wrong + 1].text, told.concat(), "{}", blocks[wrong + 1].place);
}

/// What an action hands over is taken by the scanner itself, with something for CodePipeline's variables.
#[tokio::test]
async fn everything_a_scan_is_asked_for_can_be_meant() {
    let mut asked = 0;
    for block in examples().into_iter().filter(|block| block.text.contains(FUNCTION)) {
        for parameters in below(&block.yaml(), "UserParameters") {
            let parameters = filled(parameters.as_str().expect("a text"));
            let memory = Memory::at(now());
            memory.settings.set("policies/payments/scan", "scan: {}");
            memory.store.set("artifacts/BuildOutput", zipped(&[("a.txt", b"nothing")]));
            let answer = Pipeline::with(&memory, &parameters).inputs(&["BuildOutput"]).run(1).await;
            assert!(matches!(answer, Answer::Success { .. }), "{}: {answer:?}", block.place);
            asked += 1;
        }
    }
    assert!(asked >= 2, "only {asked} actions are shown");
}

#[tokio::test]
async fn every_output_variable_has_a_row_and_no_other() {
    let memory = Memory::at(now());
    memory.store.set("artifacts/BuildOutput", zipped(&[("a.txt", b"nothing")]));
    let parameters = r#"{"policy": {"scan": {"reports": {"to": "s3://scans/x"}}}}"#;
    let answer = Pipeline::with(&memory, parameters).inputs(&["BuildOutput"]).run(1).await;
    let Answer::Success { variables, .. } = answer else { panic!("{answer:?}") };
    let known: BTreeSet<String> = variables.iter().map(|(name, _)| name.to_owned()).collect();
    let heads = ["verdict", "outcome", "findings", "critical", "known", "gaps", "report"];
    let shown = rows("## What a scan says")
        .into_iter()
        .filter(|row| heads.iter().any(|head| row[0].starts_with(&format!("`{head}`"))));
    let shown: BTreeSet<String> = shown.flat_map(|row| codes(&row[0]).map(str::to_owned).collect::<Vec<_>>()).collect();
    assert_eq!(shown, known);
}

#[test]
fn every_reason_of_a_gap_has_a_row_and_no_other() {
    let known: Vec<&str> = Broken::ALL.iter().map(|reason| reason.code()).collect();
    assert_eq!(first_cells("## Coverage and gaps"), known);
}

#[test]
fn every_key_of_a_policy_is_told() {
    let page = page();
    let schema: Value = serde_json::from_str(&read(&root().join("docs/policy.schema.json"))).unwrap();
    let mut keys = Vec::new();
    written(&schema["properties"]["scan"], &mut keys);
    assert!(keys.len() > 25, "{keys:?}");
    for key in keys {
        let told = [format!("`{key}`"), format!(".{key}`"), format!("`{key}.")].iter().any(|text| page.contains(text));
        assert!(told, "{PAGE} does not tell of `{key}`");
    }
}

fn written(schema: &Value, keys: &mut Vec<String>) {
    for (key, below) in schema["properties"].as_object().into_iter().flatten() {
        keys.push(key.clone());
        written(below, keys);
        written(&below["items"], keys);
    }
}

#[test]
fn the_defaults_of_the_limits_are_those_of_the_page() {
    let Limits { entries, directory, entry, artifact, ratio, free_of_ratio, depth, nested } = Limits::default();
    let shown: Vec<(String, String)> =
        rows("## Limits").into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    let size =
        |bytes: u64| if bytes >= 1 << 30 { format!("{} GiB", bytes >> 30) } else { format!("{} MiB", bytes >> 20) };
    let known = [
        ("artifact", size(artifact)),
        ("entry", size(entry)),
        ("entries", entries.to_string()),
        ("directory", size(directory)),
        ("depth", depth.to_string()),
        ("nested", size(nested)),
        ("ratio", ratio.to_string()),
        ("free-of-ratio", size(free_of_ratio)),
    ];
    let known: Vec<_> = known.into_iter().map(|(key, value)| (format!("`{key}`"), value)).collect();
    assert_eq!(shown, known);
}

#[test]
fn every_severity_standing_and_report_has_a_row() {
    let (severities, standings, reports) =
        (first_cells("## Rules"), first_cells("## How it judges"), first_cells("## Reports"));
    assert_eq!(severities, Severity::ALL.map(Severity::word));
    for standing in artifact_scan::Standing::ALL {
        assert!(standings.contains(&standing.word().to_owned()), "{standing:?}");
    }
    assert_eq!(reports, Format::ALL.map(Format::file_name));
}

#[test]
fn the_event_of_the_page_is_what_others_read() {
    let blocks = blocks(PAGE);
    let event = blocks.iter().find(|block| block.kind == "json").expect("an event");
    let shown: Value = serde_json::from_str(&event.text).unwrap_or_else(|error| panic!("{}: {error}", event.place));
    let scan: pipeline_model::Scan = serde_json::from_value(shown.clone()).unwrap();
    let read = serde_json::to_value(&scan).unwrap();
    let around = ["version", "key", "pipeline", "execution-id", "stage", "action", "reason"];
    for (key, value) in shown.as_object().unwrap().iter().filter(|(key, _)| !around.contains(&key.as_str())) {
        assert_eq!(&read[key], value, "{}: {key}", event.place);
    }
}

#[test]
fn the_example_of_a_rule_has_the_keys_of_a_rule() {
    let blocks = blocks(PAGE);
    let rule = blocks.iter().find(|block| block.kind == "toml").expect("a rule");
    let (shown, real): (toml::Table, toml::Table) = (table(rule), {
        let text = read(&root().join("crates/artifact-scan/rules/gitlab.toml"));
        toml::from_str(&text).unwrap()
    });
    let keys = |file: &toml::Table| -> BTreeSet<String> {
        let rule = file["rule"].as_array().unwrap()[0].as_table().unwrap();
        rule.keys().filter(|key| *key != "entropy").cloned().collect()
    };
    assert_eq!(keys(&shown), keys(&real));
    assert!(shown.contains_key("vendor"));
}

fn table(block: &Block) -> toml::Table {
    toml::from_str(&block.text).unwrap_or_else(|error| panic!("{}: {error}", block.place))
}

/// The number in the README is a round one, so that a rule more does not change it.
#[test]
fn the_readme_counts_rules_and_vendors_as_they_are() {
    let readme = read(&root().join("README.md"));
    let (before, after) = readme.split_once(" rules of more than ").expect("the README counts rules and vendors");
    let number = |word: Option<&str>| word.and_then(|word| word.parse::<usize>().ok()).expect("a number");
    let (rules, of) = (number(before.split_whitespace().last()), number(after.split_whitespace().next()));
    let vendors: BTreeSet<&str> = built_in().iter().map(|rule| &*rule.vendor).collect();
    for (what, said, are) in [("rules", rules, built_in().len()), ("vendors", of, vendors.len())] {
        assert!(said < are && are <= said + 50, "the README says more than {said} {what}, and there are {are}");
    }
}

#[test]
fn the_sentences_of_the_page_are_the_scanner_s() {
    let page = page();
    let scanner = Scanner::built_in().unwrap();
    let scanned = Scanned::default();
    let policy = Policy::default();
    let nothing = judge(&scanned, &policy, None, now()).message(&scanner.book());
    assert!(nothing.starts_with("Nothing was scanned: ") && page.contains("`Nothing was scanned: …`"));
    let rule = scanner.book().get("stripe-live-secret-key").copied().expect("the rule of the example");
    for text in [rule.title, rule.advice, Broken::Encrypted.sentence()] {
        assert!(page.contains(text), "{text}");
    }
    assert!(page.contains(&format!("`{:?}`", FailureKind::RevisionOutOfSync)));
}

//! Runs every rule of `rules/` over its own examples, alone and among all others.

use std::collections::BTreeMap;
use std::{fs, path::Path};

use super::pattern::compile;
use super::sampler::sample;
use super::template::expand;
use super::written::{File, Written};
use super::{Found, Scan, Scanner, built_in};
use crate::{Finding, Piece};

/// Examples are filled this many times.
const SEEDS: u32 = 3;
/// Texts that are made of each regex.
const SAMPLES: u32 = 40;

pub(crate) fn find(scanner: &Scanner, path: &str, text: &[u8]) -> Vec<Finding> {
    let mut scan = Scan::new(scanner, Found::new(b"key"));
    let piece = Piece { bytes: text, again: 0, offset: 0, lines_before: 0, column_before: 0, is_last: true };
    scan.piece(&[path.to_owned()], &piece);
    scan.into_found().into_findings()
}

fn files() -> Vec<File> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let files = fs::read_dir(folder).expect("rules").map(|entry| entry.expect("entry").path());
    let toml = files.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    toml.map(|path| toml::from_str(&fs::read_to_string(path).expect("text")).expect("file")).collect()
}

fn written() -> Vec<Written> {
    files().into_iter().flat_map(|file| file.rule).collect()
}

/// Each example, filled, and whether its rule must find it.
fn examples(rule: &Written) -> impl Iterator<Item = (String, bool)> {
    let all = rule.matching.iter().map(|text| (text, true)).chain(rule.no_match.iter().map(|text| (text, false)));
    all.flat_map(move |(text, expected)| {
        (0..SEEDS).map(move |seed| (expand(text, &format!("{}{seed}", rule.id)), expected))
    })
}

/// Rules that may find what another one's example holds: the same bytes are both, and the more general one has a part
/// that reaches further.
const SHARED: [(&str, &str); 0] = [];

#[test]
fn every_rule_alone_finds_its_examples_and_nothing_else_of_them() {
    let written: BTreeMap<String, Written> = written().into_iter().map(|rule| (rule.id.clone(), rule)).collect();
    let mut problems = Vec::new();
    for rule in built_in() {
        let scanner = Scanner::new(vec![rule.clone()]).expect("scanner");
        for (text, expected) in examples(&written[&*rule.id]) {
            let found = !find(&scanner, "example", text.as_bytes()).is_empty();
            if found != expected {
                problems.push(format!("{}: {} {text:?}", rule.id, if expected { "not found in" } else { "found in" }));
            }
        }
    }
    assert!(problems.is_empty(), "{} problems\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn no_rule_takes_what_another_one_is_for() {
    let scanner = Scanner::built_in().expect("scanner");
    let mut problems = BTreeMap::new();
    for rule in written() {
        for (text, _) in examples(&rule).filter(|(_, expected)| *expected) {
            let findings = find(&scanner, "example", text.as_bytes());
            if !findings.iter().any(|finding| finding.rule == rule.id) {
                let others: Vec<_> = findings.iter().map(|finding| finding.rule.as_str()).collect();
                let is_shared = others.iter().any(|other| SHARED.contains(&(&rule.id, other)));
                if !is_shared {
                    problems.entry((rule.id.clone(), others.join(", "))).or_insert(text);
                }
            }
        }
    }
    let lines: Vec<_> = problems.iter().map(|((id, others), text)| format!("{id} <- {others}: {text:?}")).collect();
    assert!(problems.is_empty(), "{} problems\n{}", problems.len(), lines.join("\n"));
}

#[test]
fn the_tables_are_what_the_files_say() {
    let tables: BTreeMap<&str, _> = built_in().iter().map(|rule| (&*rule.id, rule)).collect();
    for (vendor, rule) in
        files().into_iter().flat_map(|file| file.rule.into_iter().map(move |rule| (file.vendor.clone(), rule)))
    {
        let table = tables[&*rule.id];
        let texts = [&table.vendor, &table.title, &table.source, &table.advice];
        assert_eq!(texts.map(|text| &**text), [&*vendor, &*rule.title, &*rule.source, &*rule.advice]);
        assert_eq!(format!("{:?}", table.severity), rule.severity_name());
        assert_eq!(table.secret.as_deref(), rule.secret_to_run().as_deref());
        assert_eq!(
            (table.entropy, table.rank, table.bytes),
            (rule.entropy, rule.rank(), rule.facts().bytes),
            "{}",
            rule.id
        );
    }
}

#[test]
fn each_match_holds_one_of_its_keywords() {
    for rule in written().into_iter().filter(|rule| rule.name.is_none()) {
        for (text, _) in examples(&rule).filter(|(_, expected)| *expected) {
            let lower = text.to_ascii_lowercase();
            assert!(rule.keywords.iter().any(|keyword| lower.contains(keyword)), "{}: {text}", rule.id);
        }
    }
}

/// The examples of a rule are some of what it matches; each of its branches must be one that is found.
#[test]
fn whatever_a_regex_matches_is_found() {
    let mut problems = BTreeMap::new();
    for rule in built_in().iter().filter(|rule| rule.name.is_none()) {
        let Some(secret) = &rule.secret else { continue };
        let scanner = Scanner::new(vec![rule.clone()]).expect("scanner");
        let may_refuse = rule.entropy.is_some() || rule.checksum.is_some() || !rule.never.is_empty();
        for seed in 0..SAMPLES {
            let text = String::from_utf8_lossy(&sample(secret, &seed.to_string())).into_owned();
            let has_keyword = rule.keywords.iter().any(|keyword| text.to_ascii_lowercase().contains(&**keyword));
            let is_found = may_refuse || !find(&scanner, "sample", format!("({text})").as_bytes()).is_empty();
            if !has_keyword || !is_found {
                problems.entry(&rule.id).or_insert_with(|| (has_keyword, is_found, text));
            }
        }
    }
    assert!(problems.is_empty(), "{} problems (has keyword, is found): {problems:#?}", problems.len());
}

#[test]
fn every_regex_compiles() {
    for rule in built_in() {
        for regex in rule.secret.iter().chain(&rule.name).chain(&rule.not_name).chain(rule.never.iter()) {
            assert!(compile(regex).is_ok(), "{}: {regex}", rule.id);
        }
    }
}

#[test]
fn there_are_many_rules_and_each_says_what_to_do() {
    assert!(built_in().len() >= 150);
    for rule in built_in() {
        assert!(rule.advice.ends_with('.') && rule.source.starts_with("https://"), "{}", rule.id);
    }
}

#[test]
fn a_bad_rule_is_refused_with_a_sentence() {
    let rule = |change: &str| {
        let good = "id = 'a-b'\ntitle = 't'\nsource = 'https://a'\nseverity = 'high'\nadvice = 'Do.'\nkeywords = ['key_']\n\
                    secret = 'key_[a-z]{8}'\nmatch = ['', '']\nno_match = ['', '']\n";
        let kept = good.lines().filter(|line| line.split(' ').next() != change.split(' ').next());
        let text: String = kept.chain([change]).flat_map(|line| [line, "\n"]).collect();
        toml::from_str::<Written>(&text).map_or_else(|error| vec![error.to_string()], |rule| rule.problems())
    };
    assert_eq!(rule("never = ['x']"), Vec::<String>::new());
    for (change, part) in [
        ("secret = 'key_[a-z]+'", "not bounded"),
        ("secret = 'key_[a-z]{9}$'", "looks around"),
        ("secret = '('", "is no regex"),
        ("id = 'Some Rule'", "kebab-case"),
        ("severity = 'bad'", "severity"),
        ("keywords = ['key']", "shorter than 4"),
        ("keywords = []", "no keywords"),
        ("match = ['']", "two examples"),
        ("checksum = 'md5'", "checksum"),
        ("value = 'token'", "either secret or value"),
        ("not_name = 'x'", "not_name"),
        ("never = ['(']", "is no regex"),
        ("colour = 'red'", "unknown field"),
    ] {
        let problems = rule(change);
        assert!(problems.iter().any(|problem| problem.contains(part)), "{change}: {problems:?}");
    }
}

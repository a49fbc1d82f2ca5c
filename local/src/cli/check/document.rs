//! What a text is, and everything that is wrong with it.

use std::collections::BTreeMap;
use std::path::Path;

use artifact_scan::secrets::Scanner;
use gate_checks::Problem;
use local::codepipeline::{Clock, SystemClock};
use strict_yaml::{Node, in_order, unknown};

use super::{settings, template};

/// The sections of a policy.
const SECTIONS: [&str; 2] = ["gate", "scan"];

/// What a text turned out to be.
#[derive(Debug)]
pub(super) struct Checked {
    /// As a sentence goes on: `a policy`, `settings`.
    pub(super) what: String,
    /// In the order of their lines.
    pub(super) problems: Vec<Problem>,
}

/// What a text may be, by the first level of its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Policy,
    Settings,
    Template,
}

/// Checks a text. Without a `source` it has no file of its own.
pub(super) fn check(text: &str, source: Option<&Path>, parameters: &BTreeMap<String, String>) -> Checked {
    let mut problems = Vec::new();
    let root = Node::parse_any_length(text, &mut problems);
    let Some((root, kind)) = root.as_ref().and_then(|root| Some((root, kind(root)?))) else {
        problems.extend(nothing_known(root.as_ref(), problems.is_empty()));
        return Checked { what: String::from("neither a policy nor settings"), problems: in_order(problems) };
    };
    match kind {
        Kind::Policy => Checked { what: String::from("a policy"), problems: policy(text) },
        Kind::Settings => Checked { what: String::from("settings"), problems: settings::problems(text) },
        Kind::Template => template::check(text, root, source, parameters),
    }
}

/// What is wrong with the text of a policy, in each section that it has. Without any it is no gate's.
pub(super) fn policy(text: &str) -> Vec<Problem> {
    let root = Node::parse(text, &mut Vec::new());
    let has = |section: &str| root.as_ref().is_some_and(|root| keys(root).any(|key| key == section));
    let mut problems = Vec::new();
    if has("gate") || !has("scan") {
        problems = gate_checks::Policy::parse(text).err().unwrap_or_default();
    }
    if has("scan") {
        // What is wrong with the whole is told by both.
        let known: Vec<_> = problems.iter().map(|problem| (problem.line, problem.column)).collect();
        problems.extend(scan(text).into_iter().filter(|problem| !known.contains(&(problem.line, problem.column))));
    }
    in_order(problems)
}

/// What is wrong with the section `scan`. Of rules that are elsewhere nothing is known.
fn scan(text: &str) -> Vec<Problem> {
    let scanner = match Scanner::built_in() {
        Ok(scanner) => scanner,
        Err(told) => return vec![Problem::whole(told)],
    };
    let has_others = artifact_scan::Policy::more_rules(text).is_some();
    let book = if has_others { scanner.book().with_others() } else { scanner.book() };
    artifact_scan::Policy::problems(text, &book, SystemClock.now())
}

fn keys(root: &Node) -> impl Iterator<Item = &str> {
    root.entries().unwrap_or_default().iter().map(|entry| entry.key.as_str())
}

fn kind(root: &Node) -> Option<Kind> {
    let has = |known: &dyn Fn(&str) -> bool| keys(root).any(known);
    let sections = settings::sections();
    match () {
        () if has(&|key| key == "Resources") => Some(Kind::Template),
        () if has(&|key| SECTIONS.contains(&key)) => Some(Kind::Policy),
        () if has(&|key| sections.contains(&key.to_owned())) => Some(Kind::Settings),
        () => None,
    }
}

/// Why a text is nothing that could be checked. An empty one is no policy and stops no release, so it is not fine.
fn nothing_known(root: Option<&Node>, is_yaml: bool) -> Vec<Problem> {
    let sections = settings::sections();
    let known: Vec<&str> = SECTIONS.into_iter().chain(sections.iter().map(String::as_str)).collect();
    let wanted = || format!("a policy has the key `gate` or `scan`; settings have one of {}", sections.join(", "));
    match root {
        None if is_yaml => vec![Problem::whole(format!("it is empty; {}", wanted()))],
        None => Vec::new(),
        Some(root) => match root.entries() {
            Some([]) | None => vec![root.at.problem(format!("this is no mapping with keys; {}", wanted()))],
            Some(entries) => entries.iter().map(|entry| entry.at.problem(unknown("key", &entry.key, &known))).collect(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> (String, Vec<String>) {
        let checked = check(text, None, &BTreeMap::new());
        (checked.what, checked.problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_text_is_what_its_first_keys_say() {
        for (text, what) in [
            ("gate: { checks: [{ variable: { name: tests, equals: passed } }] }", "a policy"),
            ("{\"gate\": {\"checks\": [{\"variable\": {\"name\": \"tests\", \"equals\": \"passed\"}}]}}", "a policy"),
            ("late_after_minutes: 5", "settings"),
            ("gates: { openings: [] }", "settings"),
        ] {
            assert_eq!(told(text), (what.to_owned(), Vec::new()), "{text}");
        }
    }

    #[test]
    fn each_section_of_a_policy_is_checked_by_who_reads_it() {
        assert_eq!(told("scan: {}"), ("a policy".to_owned(), Vec::new()));
        let both = "
gate:
  checks: [{ variable: { name: tests, equal: passed } }]
scan:
  fial: high
  rules: { off: [githb] }
  suppressions: [{ rule: github, reason: x, owner: y, expires: 2026-01-31 }]
scann: {}
";
        assert_eq!(
            told(both).1,
            [
                "line 3, column 39: unknown key `equal`; did you mean `equals`?",
                "line 5, column 3: unknown key `fial`; did you mean `fail`?",
                "line 8, column 1: unknown key `scann`; did you mean `scan`?",
            ]
        );
        let read = both.replace("equal:", "equals:").replace("  fial: high\n", "").replace("scann: {}\n", "");
        let rule = "line 5, column 18: unknown rule `githb`; did you mean `github`?";
        assert_eq!(told(&read).1, [rule]);
        let last_day = "line 6, column 64: the last day was 2026-01-31, so every scan fails; fix what it hides and take it \
                        out, or renew it";
        assert_eq!(told(&read.replace("githb", "github")).1, [last_day]);
    }

    #[test]
    fn rules_that_are_elsewhere_may_have_any_name() {
        let text = "scan: { rules: { off: [acme-token], from: 's3://scans/rules.toml' } }";
        assert_eq!(told(text).1, [""; 0]);
        assert_eq!(told(&text.replace("from: 's3:", "from: 's4:")).1.len(), 1);
    }

    #[test]
    fn a_text_that_says_nothing_is_not_fine() {
        for text in ["", "# later\n", "---\n", "{}", "[]", "gate", "- gate: 1"] {
            let (what, problems) = told(text);
            assert!(what == "neither a policy nor settings" && problems.len() == 1, "{text:?}: {problems:?}");
            assert!(
                problems[0].contains("a policy has the key `gate` or `scan`; settings have one of "),
                "{problems:?}"
            );
        }
    }

    #[test]
    fn what_is_too_long_for_a_parameter_is_still_known_for_what_it_is() {
        for (text, known) in [("gate: {}", "a policy"), ("routes: []", "settings")] {
            let (what, problems) = told(&format!("{text} {}", "#".repeat(70_000)));
            assert!(what == known && problems.len() == 1 && problems[0].contains("bytes are too many"), "{problems:?}");
        }
        assert_eq!(told(&format!("Resources: {{}} {}", "#".repeat(70_000))).0, "a template");
    }

    #[test]
    fn a_mistyped_first_key_is_named_with_the_nearest_one() {
        let (_, problems) = told("gaet: {}\nroute: []\n");
        assert_eq!(
            problems,
            [
                "line 1, column 1: unknown key `gaet`; did you mean `gate`?",
                "line 2, column 1: unknown key `route`; did you mean `routes`?",
            ]
        );
    }

    #[test]
    fn what_is_not_yaml_is_told_with_its_place() {
        for text in ["gate: [\n", "gate: {\n  checks: ]\n"] {
            let (what, problems) = told(text);
            assert!(what.starts_with("neither") && problems.len() == 1, "{text:?}: {problems:?}");
            assert!(problems[0].starts_with("line ") && problems[0].contains("not YAML"), "{problems:?}");
        }
    }
}

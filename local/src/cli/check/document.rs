//! What a text is, and everything that is wrong with it.

use std::collections::BTreeMap;
use std::path::Path;

use gate_checks::{Policy, Problem};
use strict_yaml::{Node, in_order, unknown};

use super::{settings, template};

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

/// What is wrong with the text of a policy.
pub(super) fn policy(text: &str) -> Vec<Problem> {
    Policy::parse(text).err().unwrap_or_default()
}

fn kind(root: &Node) -> Option<Kind> {
    let has = |known: &dyn Fn(&str) -> bool| root.entries().unwrap_or_default().iter().any(|it| known(&it.key));
    let sections = settings::sections();
    match () {
        () if has(&|key| key == "Resources") => Some(Kind::Template),
        () if has(&|key| ["gate", "scan"].contains(&key)) => Some(Kind::Policy),
        () if has(&|key| sections.contains(&key.to_owned())) => Some(Kind::Settings),
        () => None,
    }
}

/// Why a text is nothing that could be checked. An empty one is no policy and stops no release, so it is not fine.
fn nothing_known(root: Option<&Node>, is_yaml: bool) -> Vec<Problem> {
    let sections = settings::sections();
    let known: Vec<&str> = ["gate"].into_iter().chain(sections.iter().map(String::as_str)).collect();
    let wanted = || format!("a policy has the key `gate`; settings have one of {}", known[1..].join(", "));
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
        assert_eq!(told("scan: {}").0, "a policy");
    }

    #[test]
    fn a_text_that_says_nothing_is_not_fine() {
        for text in ["", "# later\n", "---\n", "{}", "[]", "gate", "- gate: 1"] {
            let (what, problems) = told(text);
            assert!(what == "neither a policy nor settings" && problems.len() == 1, "{text:?}: {problems:?}");
            assert!(problems[0].contains("a policy has the key `gate`; settings have one of "), "{problems:?}");
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

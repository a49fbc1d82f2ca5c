//! The examples of the pages are what the code reads, so none of them can go out of date.

mod scans;

use gate_checks::Policy;
use gatekeeper::memory::{Memory, Pipeline};
use lambda_kit::jobs::{Answer, FailureKind};
use serde_json::Value;

use crate::{read, root};

const PAGES: [&str; 4] = ["README.md", "docs/gates.md", "docs/scan.md", "docs/delivery.md"];

/// Sections of the settings.
const SECTIONS: [&str; 6] = ["routes", "owners", "late_after_minutes", "delivery", "rollbacks", "gates"];

/// A fenced block of a page.
struct Block {
    /// Page and line, for whoever mends it.
    place: String,
    /// What stands behind the fence: `yaml`.
    kind: String,
    text: String,
}

impl Block {
    fn yaml(&self) -> Value {
        let value = strict_yaml::read(&self.text).unwrap_or_else(|told| panic!("{}: {told:?}", self.place));
        value.unwrap_or_else(|| panic!("{}: nothing stands there", self.place))
    }
}

fn blocks(page: &str) -> Vec<Block> {
    let (text, mut found, mut open) = (read(&root().join(page)), Vec::new(), None::<Block>);
    for (line, number) in text.lines().zip(1..) {
        match (line.strip_prefix("```"), open.take()) {
            (Some(kind), None) => {
                let place = format!("{page}:{number}");
                open = Some(Block { place, kind: kind.to_owned(), text: String::new() });
            }
            (Some(_), Some(block)) => found.push(block),
            (None, Some(block)) => open = Some(Block { text: block.text + line + "\n", ..block }),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "{page}: a fence is open at its end");
    found
}

/// Every block of YAML on every page.
fn examples() -> Vec<Block> {
    PAGES.iter().flat_map(|page| blocks(page)).filter(|block| block.kind == "yaml").collect()
}

/// What stands below `key`, at any depth.
fn below<'v>(value: &'v Value, key: &str) -> Vec<&'v Value> {
    let deeper: Vec<&Value> = match value {
        Value::Object(map) => map.values().collect(),
        Value::Array(list) => list.iter().collect(),
        _ => Vec::new(),
    };
    let here = value.get(key).into_iter();
    here.chain(deeper.into_iter().flat_map(|value| below(value, key))).collect()
}

/// Policies with this section: by themselves, or as a parameter of a template.
fn policies(block: &Block, section: &str) -> Vec<String> {
    let value = block.yaml();
    let own = value.get(section).map(|_| block.text.clone());
    let is_policy = |it: &&Value| it["Name"].as_str().is_some_and(|name| name.contains("/policies/"));
    let properties = below(&value, "Properties").into_iter().filter(is_policy);
    let stored = properties.map(|it| it["Value"].as_str().expect("a parameter has a text").to_owned());
    let has_section =
        |text: &String| strict_yaml::read(text).ok().flatten().is_some_and(|it: Value| !it[section].is_null());
    own.into_iter().chain(stored.filter(has_section)).collect()
}

#[test]
fn every_policy_can_be_meant() {
    let mut read = 0;
    for block in examples() {
        for policy in policies(&block, "gate") {
            let problems = Policy::parse(&policy).err().into_iter().flatten();
            let problems: Vec<String> = problems.map(|problem| problem.to_string()).collect();
            assert!(problems.is_empty(), "{}: {problems:?}", block.place);
            read += 1;
        }
    }
    assert!(read > kinds().len(), "only {read} policies are shown");
}

#[test]
fn every_example_of_settings_is_read_by_every_function() {
    let mut seen = Vec::new();
    for block in examples() {
        let value = block.yaml();
        let sections: Vec<&str> = SECTIONS.into_iter().filter(|section| value.get(section).is_some()).collect();
        if sections.is_empty() {
            continue;
        }
        let (place, text) = (&block.place, block.text.as_str());
        notices::Settings::parse(text).unwrap_or_else(|told| panic!("{place}: {told:?}"));
        delivery_metrics::Settings::parse(text).unwrap_or_else(|told| panic!("{place}: {told:?}"));
        rollback_plans::Settings::parse(text).unwrap_or_else(|told| panic!("{place}: {told:?}"));
        gate_checks::Settings::parse(text).unwrap_or_else(|told| panic!("{place}: {told:?}"));
        seen.extend(sections);
    }
    let unseen = SECTIONS.into_iter().find(|section| !seen.contains(section));
    assert_eq!(unseen, None, "no page shows this section");
}

/// What an action or hook hands over is taken by the gatekeeper itself, with something for CodePipeline's variables.
#[tokio::test]
async fn everything_a_gate_is_asked_for_can_be_meant() {
    const QUIET: &str = "gate: { checks: [{ alarms: { names: [orders-5xx] } }] }";
    let mut asked = 0;
    for block in examples() {
        let value = block.yaml();
        for parameters in [below(&value, "UserParameters"), below(&value, "HookDetails")].concat() {
            if block.text.contains(scans::FUNCTION) {
                continue;
            }
            let parameters = filled(parameters.as_str().expect("a text"));
            let memory = Memory::at("2026-03-02T12:00:00Z".parse().unwrap());
            memory.settings.set("policies/payments/production", QUIET);
            let answer = Pipeline::with(&memory, &parameters).run(1).await;
            if let Answer::Failure { kind: FailureKind::ConfigurationError, message } = answer {
                panic!("{}: {message}", block.place);
            }
            asked += 1;
        }
    }
    assert!(asked >= 4, "only {asked} doors are shown");
}

/// `x` for each `#{…}`.
fn filled(parameters: &str) -> String {
    let mut parts = parameters.split("#{");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + "x" + part.split_once('}').expect("a brace that is closed").1)
}

#[test]
fn a_wrong_policy_is_told_in_the_words_of_the_page() {
    let blocks = blocks("docs/gates.md");
    let wrong = blocks.iter().position(|block| block.kind == "yaml wrong").expect("a policy with mistakes");
    let problems = Policy::parse(&blocks[wrong].text).unwrap_err();
    let told: Vec<String> = problems.iter().map(|problem| format!("{problem}\n")).collect();
    assert_eq!(blocks[wrong + 1].text, told.concat(), "{}", blocks[wrong + 1].place);
}

/// The keys of all checks, as a check without one is told them.
fn kinds() -> Vec<String> {
    let problems = Policy::parse("gate: { checks: [{}] }").unwrap_err();
    let keys = problems.iter().find_map(|problem| problem.text.strip_prefix("a check needs one of the keys "));
    keys.expect("the keys are told").split(", ").map(str::to_owned).collect()
}

#[test]
fn every_check_has_a_row_in_the_readme_and_a_section_with_an_example_in_the_reference() {
    let (readme, reference) = (read(&root().join("README.md")), read(&root().join("docs/gates.md")));
    for kind in kinds() {
        assert!(readme.contains(&format!("\n| `{kind}` | ")), "README.md has no row for `{kind}`");
        let section = reference.split(&format!("\n### `{kind}`\n")).nth(1);
        let section = section.unwrap_or_else(|| panic!("docs/gates.md has no section `{kind}`"));
        let section = section.split("\n### ").next().unwrap_or_default();
        let shown = section.contains("```yaml\n") && section.contains(&format!("{kind}:")) && section.contains("\n> ");
        assert!(shown, "docs/gates.md shows no example of `{kind}`, or not what it says");
    }
}

#[test]
fn the_readme_names_every_outcome_a_route_can_have() {
    let readme = read(&root().join("README.md"));
    let (_, routes) = readme.split_once("outcomes: [approval]").expect("the example of a route");
    let (routes, _) = routes.split_once("channels:").expect("where it goes");
    let words: Vec<&str> = routes.split(|c: char| !c.is_ascii_lowercase() && c != '-').collect();
    for outcome in notices::Outcome::ALL {
        assert!(words.contains(&outcome.as_str()), "`{outcome}` is missing");
    }
}

//! What people are told about settings that cannot be meant.

use proptest::prelude::*;

use super::*;

fn problems(yaml: &str) -> String {
    let problems = Settings::parse(yaml).expect_err("these settings are wrong");
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn an_absent_or_empty_document_is_the_quiet_default() {
    for yaml in ["", "  \n", "{}", "# nothing yet\n", "---\n", "null"] {
        let parsed = Settings::parse(yaml);
        assert!(parsed.as_ref().is_ok_and(|settings| settings.routes.is_empty()), "{yaml:?}: {parsed:?}");
    }
}

#[test]
fn an_unknown_key_is_named_with_the_nearest_known_one() {
    assert_eq!(
        problems("routes:\n  - channles: [\"slack:C012345\"]\n"),
        "settings: line 2, column 5: unknown key `channles`; did you mean `channels`?"
    );
    assert_eq!(
        problems("routes:\n  - channels: [sns]\n    outcomes: [fail]\n"),
        "settings: line 3, column 16: unknown word `fail`; did you mean `failed`?"
    );
    assert_eq!(problems("route: []"), "settings: line 1, column 1: unknown key `route`; did you mean `routes`?");
}

#[test]
fn what_resembles_nothing_gets_the_list_of_what_is_known() {
    assert_eq!(
        problems("quiet: true"),
        "settings: line 1, column 1: unknown key `quiet`; known are routes, owners, late_after_minutes, delivery, rollbacks, gates"
    );
}

#[test]
fn the_sections_of_other_readers_are_left_alone() {
    for theirs in [
        "delivery: [{ pipelines: [shop-*], deploy_stages: [Production] }]",
        "rollbacks: { alarms: [{ alarm: shop-*, targets: [shop/Production], mode: observe }] }",
    ] {
        let parsed = Settings::parse(&format!("{theirs}\nroutes: []"));
        assert!(parsed.is_ok(), "{parsed:?}");
    }
}

#[test]
fn each_mistake_is_told_in_one_line_with_its_place() {
    for (yaml, place, words) in [
        ("routes: []\nroutes: []\n", "line 2", "the key `routes` is written twice"),
        ("routes: slack\n", "line 1", "expected a list, found `slack`"),
        ("routes:\n  - {}\n", "line 2", "the key `channels` is missing"),
        ("late_after_minutes: soon\n", "line 1", "expected a whole number, found `soon`"),
        ("owners:\n  - mention: U012345\n", "line 2", "expected a list"),
        ("routes: [\n", "line", "not YAML"),
        ("\t- x", "line 1", ""),
        ("delivery: *nowhere", "line 1", "aliases are not read"),
        ("--- {}\n--- {}\n", "line 2", "a second document"),
        ("routes:\n- channels: [sns]\n  severity: high\n", "line 3", "known are info, notice, warning, error"),
    ] {
        let said = problems(yaml);
        assert!(said.contains(place) && said.contains(words) && !said.contains('\n'), "{yaml:?}: {said}");
    }
}

#[test]
fn all_problems_are_told_at_once() {
    let said = problems(
        "late_after_minutes: 0\nroutes:\n  - channels: [\"teams:general\", slack]\n  - channels: []\nowners:\n  - mention: [\"@alice\"]\n  - mention: []\n",
    );
    for part in [
        "late_after_minutes is 0",
        "routes[0].channels: `teams:general`",
        "routes[0].channels: `slack`",
        "routes[1].channels is empty",
        "owners[0].mention: `@alice`",
        "owners[1].mention is empty",
    ] {
        assert!(said.contains(part), "{part} is missing in:\n{said}");
    }
}

#[test]
fn hostile_documents_end_in_a_short_error() {
    let mut laughs = String::from("a: &a [x, x, x, x, x, x, x, x, x]\n");
    for (one, next) in "abcdefghi".chars().zip("bcdefghij".chars()) {
        laughs += &format!("{next}: &{next} [{}]\n", vec![format!("*{one}"); 9].join(", "));
    }
    let documents = [
        laughs.replacen("a: &a", "routes: &a", 1),
        format!("routes: {}", "[".repeat(20_000)),
        format!("routes:\n  - channels: {}sns{}", "[".repeat(300), "]".repeat(300)),
        (0..2_000).map(|depth| format!("{}- \n", " ".repeat(depth % 200))).collect(),
        format!("\"{}\": 1", "k".repeat(50_000)),
        "# ".repeat(40_000),
    ];
    for document in documents {
        let problems = Settings::parse(&document).expect_err("these settings are wrong");
        assert!(problems.len() <= 51 && problems.iter().all(|said| said.to_string().len() < 200), "{problems:?}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,200}|[-:{}\\[\\]&*!|>'\"#%@, \n\tabc0]{0,200}") {
        let _ = Settings::parse(&text);
    }

    #[test]
    fn no_content_in_a_known_place_makes_the_check_panic(
        key in "pipelines|stages|outcomes|severity|channels|mention", value in "[-\\[\\]{}\"':,*?#a-z0-9 \u{e9}\u{202e}]{0,40}",
    ) {
        for list in ["routes", "owners"] {
            let _ = Settings::parse(&format!("{list}:\n  - {key}: {value}\n    channels: [sns]\n"));
        }
    }
}

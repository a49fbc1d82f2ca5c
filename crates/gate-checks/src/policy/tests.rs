//! What can be written, and what is said of what cannot be meant.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;

const WHOLE: &str = "
gate:
  deadline: 4h
  checks:
    - name: errors stay low
      alarms: { names: [orders-5xx] }
      for: 10m
      failures: 2
      inconclusive: 3
      errors: 4
      no-data: wait
    - alarms: { prefix: orders- }
      advisory: true
    - any:
        - variable: { name: coverage, above: 80 }
        - variable: { name: hotfix, equals: 'yes' }
scan: { anything: [1] }
";

fn problems(text: &str) -> Vec<String> {
    Policy::parse(text).expect_err("this policy is wrong").iter().map(ToString::to_string).collect()
}

/// The problems of a gate with this one check.
fn of_check(check: &str) -> Vec<String> {
    problems(&format!("gate: {{ checks: [{{ {check} }}] }}"))
}

#[test]
fn a_policy_is_read_with_its_defaults() {
    let policy = Policy::parse(WHOLE).unwrap();
    assert_eq!(policy.deadline(), SignedDuration::from_hours(4));
    let names: Vec<_> = policy.rules.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names, ["errors stay low", "alarms", "variable", "variable 2"]);
    let first = &policy.rules[0];
    assert_eq!((first.failures, first.inconclusive, first.errors, first.no_data), (2, 3, 4, NoData::Wait));
    let second = &policy.rules[1];
    assert_eq!((second.failures, second.inconclusive, second.errors, second.no_data), (0, 5, 10, NoData::Fail));
    assert!(second.advisory && second.hold.is_zero());
    assert_eq!(policy.groups, ["variable or variable 2"]);
    assert_eq!(policy.rules[3].group, Some(0));
}

#[test]
fn a_gate_waits_an_hour_unless_told_otherwise_and_a_hook_less() {
    let policy = Policy::parse("gate: { checks: [{ alarms: { names: [a] } }] }").unwrap();
    assert_eq!(policy.deadline(), SignedDuration::from_hours(1));
    assert_eq!(policy.within(SignedDuration::from_mins(55)).deadline(), SignedDuration::from_mins(55));
}

#[test]
fn json_is_read_by_the_same_reader() {
    let json = r#"{"gate":{"deadline":"30m","checks":[{"name":"é","alarms":{"names":["a"]}}]}}"#;
    assert_eq!(Policy::parse(json).unwrap().rules[0].name, "é");
}

#[test]
fn every_problem_of_a_document_is_told_at_once_with_its_place() {
    let text = "
gate:
  deadlin: 4h
  checks:
    - name: errors stay low
      alarms: { names: [], redd: [ALARM] }
      for: 10
    - alarm: { names: [a] }
    - http: {}
      alarms: { names: [a] }
      for: 2h
    - any: []
    - any:
        - any: []
    - 5
    - name: \"a\\nb\"
      variable: { name: coverage }
      failures: -1
";
    insta::assert_snapshot!(problems(text).join("\n"));
}

#[test]
fn what_could_not_stop_a_release_is_no_policy() {
    let empty = "the policy is empty; write `gate:` and its checks";
    for (text, told) in [
        ("", empty),
        ("# later", empty),
        ("{}", "line 1, column 1: the key `gate` is missing"),
        ("gate: {}", "line 1, column 7: the key `checks` is missing"),
        ("gate:\n  checks:", "line 2, column 9: the checks are a list; begin each with `-`"),
        ("gate: { checks: [] }", "line 1, column 17: there are no checks, so nothing here could stop a release"),
        (
            "gate: { checks: [{ alarms: { names: [a] }, advisory: true }] }",
            "line 1, column 17: every check is advisory, so nothing here could stop a release",
        ),
        ("gate: 5", "line 1, column 7: expected a mapping, found 5"),
        ("[gate]", "line 1, column 1: expected a mapping, found a list"),
    ] {
        assert_eq!(problems(text), [told], "{text}");
    }
}

#[test]
fn what_could_never_pass_is_refused() {
    assert_eq!(
        of_check("alarms: { names: [a] }, for: 2h"),
        ["line 1, column 18: this check must hold for 2 h and the gate waits 1 h at most, so it could never pass"]
    );
    let long = "gate: { deadline: 24h, checks: [{ alarms: { names: [a] } }] }";
    assert_eq!(
        problems(long),
        ["line 1, column 19: a release cannot wait 1 d; CodePipeline ends an action after 24 h, so use 23h at most"]
    );
}

#[test]
fn a_check_is_one_check() {
    let none = of_check("name: x");
    assert!(none[0].contains("a check needs one of the keys alarms, compare"), "{none:?}");
    let two = of_check("alarms: { names: [a] }, variable: { name: a, equals: b }");
    assert_eq!(two, ["line 1, column 44: `variable` is a second check; begin it with `-` on a line of its own"]);
}

#[test]
fn names_are_unique_short_and_plain() {
    let twice = "gate: { checks: [{ name: a, alarms: { names: [a] } }, { name: a, alarms: { names: [b] } }] }";
    assert_eq!(problems(twice), ["line 1, column 55: another check is called `a`; a name is unique"]);
    for name in ["\"\"", "'a\"b'", &"é".repeat(33)] {
        assert_eq!(of_check(&format!("name: {name}, alarms: {{ names: [a] }}")).len(), 1, "{name}");
    }
}

#[test]
fn a_policy_has_an_end() {
    let checks = "  - alarms: { names: [a] }\n".repeat(MOST_CHECKS + 1);
    assert_eq!(
        problems(&format!("gate:\n checks:\n{checks}")),
        ["line 3, column 3: 51 checks are too many; use 50 at most"]
    );
    let wrong = "  - alarmz: 1\n".repeat(400);
    assert_eq!(problems(&format!("gate:\n checks:\n{wrong}")).len(), 51);
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic_or_ramble(text in "\\PC{0,200}|[-:{}\\[\\]&*!|>'\"#%@, \n\tgatechks0anylrms]{0,300}") {
        if let Err(told) = Policy::parse(&text) {
            prop_assert!(!told.is_empty());
            prop_assert!(told.iter().all(|problem| !problem.text.contains('\n') && problem.text.len() < 1_000));
        }
    }

    #[test]
    fn a_policy_with_a_bite_taken_out_never_panics(from in 0..WHOLE.len(), long in 0..40_usize, put in "\\PC{0,4}") {
        let to = (from + long).min(WHOLE.len());
        let _ = Policy::parse(&format!("{}{put}{}", &WHOLE[..from], &WHOLE[to..]));
    }

    #[test]
    fn a_key_nobody_knows_is_never_passed_over(
        key in "[a-z]{1,12}",
        at in prop::sample::select(vec!["\nscan:", "\n  deadline:", "\n      for:", "\n        - variable:"]),
    ) {
        let known = ["scan", "gate", "deadline", "checks", "for", "name", "any", "failures", "inconclusive", "errors", "advisory"];
        prop_assume!(!known.contains(&key.as_str()) && !crate::checks::KINDS.iter().any(|kind| kind.key == key));
        let line = at.trim_start_matches('\n');
        let indent = &line[..line.len() - line.trim_start().len()];
        let inner = line.trim_start().strip_prefix("- ").map_or(String::new(), |_| String::from("- "));
        let rest = at.trim_start().trim_start_matches("- ");
        let written = format!("\n{indent}{inner}{key}: 1\n{indent}{}{rest}", " ".repeat(inner.len()));
        let text = WHOLE.replacen(at, &written, 1);
        prop_assert!(text != WHOLE);
        let told = Policy::parse(&text).expect_err("an unknown key");
        prop_assert!(told.iter().any(|problem| problem.text.contains(&format!("unknown key `{key}`"))), "{:?}", told);
    }
}

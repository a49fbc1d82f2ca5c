//! Verdicts over several visits, and what people read of them.

mod properties;
mod sentences;

use jiff::SignedDuration;
use pipeline_model::Verdict::{self, Error, Fail, Inconclusive, Pass, Wait};

use crate::testing::{Gate, alarm, at, opening, place, policy};
use crate::{Facts, Memory, Opening, judge};

/// The verdicts of visits a minute apart, at a gate that waits at most an hour.
fn verdicts(checks: &[&str], visits: &str) -> Vec<Verdict> {
    Gate::new(policy("1h", checks)).verdicts(visits)
}

#[test]
fn a_check_decides_by_its_terms() {
    for (check, visits, told) in [
        ("alarms: { names: [a] }", "a=OK", vec![Pass]),
        ("alarms: { names: [a] }", "a=ALARM", vec![Fail]),
        // It must hold for its time, without a break.
        ("{ alarms: { names: [a] }, for: 2m }", "a=OK,a=OK,a=OK", vec![Wait, Wait, Pass]),
        (
            "{ alarms: { names: [a] }, for: 2m, failures: 1 }",
            "a=OK,a=ALARM,a=OK,a=OK,a=OK",
            vec![Wait, Wait, Wait, Wait, Pass],
        ),
        // Failures are counted in all.
        ("{ alarms: { names: [a] }, for: 5m, failures: 1 }", "a=ALARM,a=OK,a=ALARM", vec![Wait, Wait, Fail]),
        // So are inconclusive measurements.
        ("{ alarms: { names: [a] }, for: 5m, inconclusive: 1 }", "a=NEW,a=OK,a=NEW", vec![Wait, Wait, Inconclusive]),
        // Errors are counted in a row, and they end that a check holds.
        (
            "{ alarms: { names: [a] }, for: 2m, errors: 1 }",
            "a=OK,a=?,a=OK,a=?,a=OK,a=OK,a=OK",
            vec![Wait, Wait, Wait, Wait, Wait, Wait, Pass],
        ),
        ("{ alarms: { names: [a] }, errors: 1 }", "a=?,a=?", vec![Wait, Error]),
        // What no data means is for the policy to say.
        ("alarms: { names: [a] }", "a=-", vec![Fail]),
    ] {
        assert_eq!(verdicts(&[check], visits), told, "{check} {visits}");
    }
}

#[test]
fn a_monitoring_outage_waits_within_its_limit_and_then_fails_as_an_error() {
    let visits = ["a=?"; 11].join(",");
    let told = verdicts(&["alarms: { names: [a] }"], &visits);
    assert_eq!(told.iter().filter(|verdict| **verdict == Wait).count(), 10);
    assert_eq!(told.last(), Some(&Error));
}

#[test]
fn no_data_means_what_the_policy_says() {
    for (means, told) in [("fail", Fail), ("pass", Pass), ("wait", Wait)] {
        let mut gate = Gate::new(policy("1h", &[&format!("{{ alarms: {{ prefix: a }}, no-data: {means} }}")]));
        let question = crate::Question::Alarms(crate::AlarmQuery::Prefix(String::from("a")));
        let facts: Facts = [(question, Ok(crate::Answer::Alarms(Vec::new())))].into_iter().collect();
        let judged = judge(&gate.policy, &gate.place, &facts, Memory::begin(at(0)), None, at(0));
        assert_eq!(judged.verdict, told, "{means}");
        // What could not be asked is no data to nobody.
        assert_eq!(gate.visit(0, "").verdict, Wait, "{means}");
    }
}

#[test]
fn the_worst_check_that_counts_decides() {
    let checks = [
        "alarms: { names: [a] }",
        "{ name: b, alarms: { names: [b] }, inconclusive: 0 }",
        "{ name: c, alarms: { names: [c] }, errors: 0 }",
        "{ name: d, alarms: { names: [d] }, advisory: true }",
    ];
    for (visit, told) in [
        ("a=OK b=OK c=OK d=OK", Pass),
        ("a=OK b=OK c=OK d=ALARM", Pass),
        ("a=OK b=OK c=OK d=?", Pass),
        ("a=? b=OK c=OK d=OK", Wait),
        ("a=? b=NEW c=OK d=OK", Inconclusive),
        ("a=? b=NEW c=? d=OK", Error),
        ("a=ALARM b=NEW c=? d=OK", Fail),
    ] {
        assert_eq!(verdicts(&checks, visit), [told], "{visit}");
    }
}

#[test]
fn one_of_a_group_suffices_and_it_fails_when_none_can_pass() {
    let group = "any: [{ name: a, alarms: { names: [a] } }, { name: b, alarms: { names: [b] }, for: 2m }]";
    for (visits, told) in [
        ("a=OK b=ALARM", vec![Pass]),
        ("a=ALARM b=OK,a=ALARM b=OK,a=ALARM b=OK", vec![Wait, Wait, Pass]),
        ("a=ALARM b=OK,a=ALARM b=ALARM", vec![Wait, Fail]),
        ("a=? b=ALARM", vec![Wait]),
    ] {
        assert_eq!(verdicts(&[group], visits), told, "{visits}");
    }
    assert_eq!(verdicts(&[group, "{ name: c, alarms: { names: [c] } }"], "a=OK b=OK c=ALARM"), [Fail]);
}

#[test]
fn a_visit_right_after_another_measures_and_does_not_count() {
    let mut gate = Gate::new(policy("1h", &["{ alarms: { names: [a] }, failures: 1, for: 1m }"]));
    let mut visit = |seconds: i64, state: &str| gate.visit_at(at(0) + SignedDuration::from_secs(seconds), state);
    assert_eq!(visit(0, "a=ALARM").verdict, Wait);
    let again = visit(9, "a=ALARM");
    assert_eq!(again.verdict, Wait);
    insta::assert_snapshot!(again.results[0].says, @"a is in ALARM since 12:00 UTC; not counted, because it was measured a moment ago.");
    assert_eq!(visit(18, "a=ALARM").verdict, Fail);
}

#[test]
fn a_break_between_two_visits_counts_even_if_the_visit_does_not() {
    let mut gate = Gate::new(policy("1h", &["{ alarms: { names: [a] }, failures: 1, for: 1m }"]));
    let mut visit = |seconds: i64, state: &str| gate.visit_at(at(0) + SignedDuration::from_secs(seconds), state);
    for (seconds, state) in [(0, "a=OK"), (50, "a=OK"), (55, "a=ALARM"), (65, "a=OK"), (124, "a=OK")] {
        assert_eq!(visit(seconds, state).verdict, Wait, "{seconds}");
    }
    assert_eq!(visit(125, "a=OK").verdict, Pass);
}

#[test]
fn a_check_that_was_changed_while_the_release_waits_begins_anew() {
    let check = |what: &str| {
        policy("1h", &[&format!("{{ name: errors, alarms: {{ names: [{what}] }}, failures: 1, for: 5m }}")])
    };
    let mut gate = Gate::new(check("a"));
    assert_eq!(gate.visit(0, "a=ALARM").verdict, Wait);
    gate.policy = check("b");
    let changed = gate.visit(1, "b=ALARM");
    assert_eq!(changed.verdict, Wait, "the first failure was another alarm's");
    assert!(changed.is_news);
    assert_eq!(gate.visit(2, "b=ALARM").verdict, Fail);
    let mut gate = Gate::new(check("a"));
    gate.visit(0, "a=OK");
    gate.policy = check("b");
    assert_eq!(gate.visit(5, "b=OK").verdict, Wait, "nobody has looked at it before");
}

#[test]
fn terms_that_were_changed_judge_what_was_measured_before() {
    let hold = |hold: &str| policy("1h", &[&format!("{{ alarms: {{ names: [a] }}, for: {hold} }}")]);
    let mut gate = Gate::new(hold("5m"));
    gate.visit(0, "a=OK");
    gate.policy = hold("10m");
    assert_eq!(gate.visit(5, "a=OK").verdict, Wait);
    assert_eq!(gate.visit(10, "a=OK").verdict, Pass);
}

#[test]
fn the_deadline_ends_a_wait_as_a_failure() {
    let mut gate = Gate::new(policy("10m", &["{ alarms: { names: [a] }, errors: 99 }"]));
    assert_eq!(gate.visit(0, "a=?").verdict, Wait);
    assert_eq!(gate.visit(9, "a=?").verdict, Wait);
    let late = gate.visit(10, "a=?");
    assert_eq!((late.verdict, late.waited), (Fail, SignedDuration::from_mins(10)));
    // What passes at the last moment passes.
    assert_eq!(gate.visit(11, "a=OK").verdict, Pass);
}

#[test]
fn a_gate_without_time_decides_at_once() {
    assert_eq!(Gate::new(policy("0s", &["alarms: { names: [a] }"])).visit(0, "a=?").verdict, Fail);
    assert_eq!(Gate::new(policy("0s", &["alarms: { names: [a] }"])).visit(0, "a=OK").verdict, Pass);
}

#[test]
fn a_named_person_lets_one_release_through_whatever_the_checks_say() {
    for visit in ["a=ALARM", "a=?", "a=NEW", ""] {
        let mut gate = Gate::new(policy("1h", &["alarms: { names: [a] }"]));
        gate.opening = Some(opening());
        let judged = gate.visit(0, visit);
        assert_eq!((judged.verdict, judged.opened), (Pass, Some(opening())), "{visit}");
        assert_ne!(judged.results[0].verdict, Pass);
    }
}

#[test]
fn an_opening_that_was_not_needed_or_is_for_another_release_opens_nothing() {
    let mut gate = Gate::new(policy("1h", &["alarms: { names: [a] }"]));
    gate.opening = Some(opening());
    assert_eq!(gate.visit(0, "a=OK").opened, None);
    gate.opening = Some(Opening { execution: "another".into(), ..opening() });
    let judged = gate.visit(1, "a=ALARM");
    assert_eq!((judged.verdict, judged.opened), (Fail, None));
}

#[test]
fn a_hold_is_news_when_it_begins_and_when_it_waits_for_something_else() {
    let mut gate = Gate::new(policy(
        "1h",
        &["{ name: a, alarms: { names: [a] }, errors: 99 }", "{ name: b, alarms: { names: [b] }, errors: 99 }"],
    ));
    let news: Vec<_> = ["a=? b=OK", "a=? b=OK", "a=? b=?", "a=? b=?", "a=OK b=?", "a=OK b=OK"]
        .iter()
        .zip(0..)
        .map(|(visit, minute)| gate.visit(minute, visit).is_news)
        .collect();
    assert_eq!(news, [true, false, true, false, true, false]);
}

#[test]
fn how_far_a_release_is_comes_in_percent_and_is_whole_only_when_it_goes_on() {
    let mut gate = Gate::new(policy(
        "1h",
        &["{ name: a, alarms: { names: [a] } }", "{ name: b, alarms: { names: [b] }, for: 10m }"],
    ));
    let percent: Vec<_> =
        [0, 5, 9, 10].iter().map(|minute| gate.visit(*minute, "a=OK b=OK").percent.unwrap()).collect();
    assert_eq!(percent, [50, 75, 95, 100]);
}

#[test]
fn a_clock_that_goes_backwards_makes_no_release_older() {
    let mut gate = Gate::new(policy("10m", &["{ alarms: { names: [a] }, for: 5m }"]));
    gate.visit(60, "a=OK");
    let judged = gate.visit(0, "a=OK");
    assert_eq!((judged.verdict, judged.waited), (Wait, SignedDuration::ZERO));
}

#[test]
fn an_answer_to_another_question_is_none() {
    let policy = policy("1h", &["alarms: { names: [a] }"]);
    let (question, _) = alarm("a", "OK");
    let other = crate::Answer::Calendar(crate::CalendarSeen { open: true, changes_at: None });
    let facts: Facts = [(question, Ok(other))].into_iter().collect();
    let judged = judge(&policy, &place(), &facts, Memory::begin(at(0)), None, at(0));
    assert_eq!(judged.verdict, Wait);
}

/// One check of each kind, with all that makes it ask.
const EVERY_KIND: [&str; 8] = [
    "alarms: { prefix: orders- }",
    "compare: { metric: { namespace: Shop, name: Errors }, stat: Sum, worse: higher, baseline: { before: 1d } }",
    "history: { rate: { at-least: 80 } }",
    "http: { url: 'https://shop.example.com/' }",
    "metric: { metric: { namespace: Shop, name: Errors }, stat: Sum, above: 5 }",
    "sonarqube: { project: shop }",
    "variable: { name: branch, equals: main }",
    "window: { calendar: [freeze] }",
];

#[test]
fn every_answer_is_found_however_long_it_took() {
    let policy = policy("1h", &EVERY_KIND);
    let kinds: Vec<_> = policy.rules.iter().map(|rule| rule.kind).collect();
    assert_eq!(kinds, crate::checks::KINDS.iter().map(|kind| kind.key).collect::<Vec<_>>());
    let answer = |question| (question, Err(crate::Unanswered::outage("an answer")));
    let facts: Facts = policy.questions(&place(), at(0)).into_iter().map(answer).collect();
    let judged = judge(&policy, &place(), &facts.as_of(at(0)), Memory::begin(at(0)), None, at(3));
    let found = judged.results.iter().filter(|result| result.says.contains("could not be asked: an answer"));
    assert_eq!(found.count(), EVERY_KIND.len() - 1, "a variable needs no question: {:?}", judged.results);
}

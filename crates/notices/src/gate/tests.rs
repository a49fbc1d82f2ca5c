//! What gates say comes twice, late and in any order, and ends the same; and it never grows beyond its bounds.

use pipeline_model::Verdict::{Error, Fail, Inconclusive, Pass, Unknown, Wait};
use proptest::prelude::*;

use super::*;
use crate::testing::{
    at, check, endless, errors, gated, in_any_order, in_words, of_another, opened, with_gate, without_end,
};

fn keys(decisions: &[Decision]) -> Vec<String> {
    in_words(Gates::of(decisions).moments(1))
}

fn is_held(gates: &Gates) -> bool {
    gates.all().iter().any(|(_, visit)| visit.stand == Stand::Held)
}

/// Four gates: one that waits and passes, one that passes at once, one that a person opens, one that still holds.
fn an_afternoon() -> Vec<Decision> {
    vec![
        gated(Wait, 430),
        with_gate(gated(Wait, 700), |gate| gate.checks.push(check("latency", "metric", "wait", "240 ms"))),
        gated(Pass, 1_120),
        gated(Pass, 1_125),
        of_another(gated(Pass, 400), "second"),
        of_another(gated(Wait, 500), "third"),
        of_another(opened(800), "third"),
        of_another(gated(Wait, 900), "fourth"),
    ]
}

#[test]
fn an_afternoon_is_told_gate_by_gate_and_a_hold_or_a_pass_at_once_says_nothing() {
    assert_eq!(keys(&an_afternoon()), ["gate-opened 800", "gate-passed 1120"]);
    assert_eq!(keys(&[gated(Wait, 430)]), [""; 0]);
    assert_eq!(keys(&[gated(Pass, 400)]), [""; 0]);
}

#[test]
fn whatever_stops_a_release_is_told_as_that() {
    for verdict in [Fail, Error, Inconclusive] {
        assert_eq!(keys(&[gated(Wait, 430), gated(verdict, 900)]), ["gate-failed 900"]);
    }
}

#[test]
fn an_opening_is_told_even_if_nobody_waited() {
    assert_eq!(keys(&[opened(400)]), ["gate-opened 400"]);
}

#[test]
fn a_hold_that_is_heard_of_after_the_decision_changes_nothing() {
    for decided in [gated(Pass, 400), gated(Pass, 900), gated(Fail, 900), opened(900)] {
        let before = Gates::of(std::slice::from_ref(&decided));
        for late in [gated(Wait, 430), gated(Wait, 899), gated(Wait, 5_000)] {
            assert_eq!(Gates::of(&[decided.clone(), late.clone()]), before);
            assert_eq!(Gates::of(&[late, decided.clone()]), before, "and the other way around");
        }
    }
}

#[test]
fn a_hold_that_changed_says_what_it_waits_for_now_and_since_when_it_began() {
    let changed = with_gate(gated(Wait, 700), |gate| gate.checks = vec![check("latency", "metric", "wait", "240 ms")]);
    let forth = Gates::of(&[gated(Wait, 430), changed.clone()]);
    assert_eq!(forth, Gates::of(&[changed, gated(Wait, 430)]));
    let (_, visit) = forth.all()[0];
    assert_eq!((visit.since, visit.checks[0].name.as_str()), (Some(at(400)), "latency"));
}

#[test]
fn verdicts_of_a_later_version_say_nothing() {
    assert!(Gates::of(&[gated(Unknown(String::from("postponed")), 1)]).is_empty());
}

#[test]
fn a_wait_that_cannot_be_is_no_wait() {
    for waited in [-5.0, f64::NAN, f64::INFINITY, 1e300] {
        let pass = with_gate(gated(Pass, 900), |gate| gate.waited_seconds = Some(waited));
        assert_eq!(keys(&[pass]), [""; 0], "{waited}");
    }
}

#[test]
fn of_many_checks_those_that_do_not_pass_are_kept_and_the_others_counted() {
    let mut checks: Vec<_> = (0..30).map(|n| check(&format!("c{n:02}"), "http", "pass", "200")).collect();
    checks.extend(["wait", "error", "fail", "postponed"].map(|word| check(word, "http", word, "so")));
    checks.push(GateCheck { advisory: true, ..check("advisory", "http", "fail", "so") });
    let gates = Gates::of(&[with_gate(gated(Fail, 900), |gate| gate.checks = checks)]);
    let (_, visit) = gates.all()[0];
    let names: Vec<_> = visit.checks.iter().map(|check| check.name.as_str()).collect();
    assert_eq!(names, ["fail", "error", "postponed", "wait", "advisory", "c00", "c01", "c02"]);
    assert_eq!((visit.more, visit.more_open), (27, 0));
    let failing = with_gate(gated(Fail, 900), |gate| gate.checks = vec![errors("fail"); 20]);
    assert_eq!(Gates::of(&[failing]).all()[0].1.more_open, 12);
}

#[test]
fn what_is_kept_of_a_visit_is_bounded() {
    let long = without_end();
    let decision = with_gate(gated(Fail, 900), |gate| {
        gate.checks = vec![check(&long, &long, &long, &long); 100];
        (gate.policy, gate.opened_by, gate.opened_because) =
            (Some(long.clone()), Some(long.clone()), Some(long.clone()));
    });
    let stored = serde_json::to_vec(&Gates::of(&[endless(decision)])).unwrap();
    assert!(stored.len() < 5_000, "{} bytes", stored.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_order_and_any_duplicates_end_the_same(decisions in in_any_order(an_afternoon(), 3)) {
        prop_assert_eq!(Gates::of(&decisions), Gates::of(&an_afternoon()));
        prop_assert_eq!(keys(&decisions), keys(&an_afternoon()));
    }

    #[test]
    fn a_decision_is_never_undone_by_what_comes_after_it(
        decisions in Just(an_afternoon()).prop_shuffle(),
    ) {
        let mut gates = Gates::default();
        let mut told = Vec::new();
        for decision in &decisions {
            gates.absorb(decision);
            let now: Vec<_> = gates.moments(1).map(|moment| moment.key).collect();
            prop_assert!(told.iter().all(|key| now.contains(key)), "{told:?} {now:?}");
            told = now;
        }
        prop_assert!(is_held(&gates), "the fourth gate still holds it");
    }

    #[test]
    fn however_many_gates_there_are_the_same_ones_are_kept_and_those_that_stopped_it_are_among_them(
        turns in Just((0..60).collect::<Vec<i64>>()).prop_shuffle(),
    ) {
        let heard = |turn: &i64| {
            let verdict = match turn % 3 { 0 => Pass, 1 => Wait, _ => Error };
            of_another(gated(verdict, 500 + turn), &format!("gate-{:02}", turn % 30))
        };
        let mut decisions: Vec<_> = turns.iter().map(heard).collect();
        decisions.insert(20, of_another(gated(Fail, 450), "stopped"));
        let mixed = Gates::of(&decisions);
        prop_assert_eq!(mixed.0.len(), Visit::KEPT);
        let leading = mixed.leading().unwrap().1;
        prop_assert_eq!((leading.stand, leading.checks.len()), (Stand::Failed, 2), "with all that was said of it");
        prop_assert_eq!(mixed.0.values().filter(|visit| !visit.checks.is_empty()).count(), Visit::DETAILED);
        let straight: Vec<_> = (0..60).map(|turn| heard(&turn)).chain(decisions.get(20).cloned()).collect();
        prop_assert_eq!(mixed, Gates::of(&straight));
    }
}

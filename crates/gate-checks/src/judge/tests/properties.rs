//! What must be so of every judgement.

use jiff::SignedDuration;
use pipeline_model::Verdict;
use proptest::prelude::*;

use super::super::rank;
use crate::testing::{Gate, alarm, at, place, policy};
use crate::{Facts, Memory, Policy, judge};

const STATES: &[&str] = &["OK", "ALARM", "INSUFFICIENT_DATA", "NEW", "?", "-"];

/// A gate with checks on the alarms `a0` to `a5`: some advisory, some in a group.
fn gates() -> impl Strategy<Value = Policy> {
    let check = (0..3_u16, 0..3_u16, 0..3_u16, 0..4_i64, 0..3_u8);
    (prop::collection::vec(check, 1..6), 0..30_i64).prop_map(|(checks, deadline)| {
        let written = checks.iter().enumerate().map(|(at, (failures, inconclusive, errors, hold, kind))| {
            let hold = hold.min(&deadline);
            let check = format!(
                "name: c{at}, alarms: {{ names: [a{at}] }}, failures: {failures}, inconclusive: {inconclusive}, errors: {errors}, for: {hold}m"
            );
            match kind {
                0 if at > 0 => format!("{{ {check}, advisory: true }}"),
                1 => format!("any: [{{ {check} }}, {{ name: d{at}, alarms: {{ names: [a5] }} }}]"),
                _ => format!("{{ {check} }}"),
            }
        });
        let written: Vec<String> = written.collect();
        policy(&format!("{deadline}m"), &written.iter().map(String::as_str).collect::<Vec<_>>())
    })
}

/// What is found of the six alarms, visit by visit.
fn visits() -> impl Strategy<Value = Vec<Vec<&'static str>>> {
    prop::collection::vec(prop::collection::vec(prop::sample::select(STATES), 6), 1..12)
}

fn line(states: &[&str]) -> String {
    states.iter().enumerate().map(|(at, state)| format!("a{at}={state} ")).collect()
}

proptest! {
    #[test]
    fn any_order_of_facts_gives_the_same_judgement(
        gate in gates(),
        pairs in Just((0..6).collect::<Vec<_>>()).prop_shuffle(),
        states in prop::collection::vec(prop::sample::select(STATES), 6),
    ) {
        let facts = |order: &[usize]| -> Facts {
            order.iter().map(|at| alarm(&format!("a{at}"), states[*at])).collect()
        };
        let judged = |order: &[usize]| judge(&gate, &place(), &facts(order), Memory::begin(at(0)), None, at(0));
        prop_assert_eq!(judged(&pairs), judged(&[0, 1, 2, 3, 4, 5]));
    }

    #[test]
    fn the_gate_is_as_bad_as_its_worst_check_that_stands_alone(gate in gates(), visits in visits()) {
        let mut release = Gate::new(gate);
        for (minute, states) in (0..).zip(&visits) {
            let judged = release.visit(minute, &line(states));
            let alone = judged.results.iter().filter(|result| !result.advisory && result.any.is_none());
            let worst = alone.map(|result| rank(&result.verdict)).max().unwrap_or_default();
            prop_assert!(rank(&judged.verdict) >= worst, "{:?}", judged);
            let members = judged.results.iter().filter(|result| result.any.is_some());
            let groups: Vec<_> = members.collect::<Vec<_>>().chunks(2).map(|pair| {
                pair.iter().map(|result| rank(&result.verdict)).min().unwrap_or_default()
            }).collect();
            let all_pass = worst == 0 && groups.iter().all(|best| *best == 0);
            prop_assert_eq!(judged.verdict == Verdict::Pass, all_pass);
        }
    }

    #[test]
    fn without_facts_nothing_passes(gate in gates(), minutes in prop::collection::vec(0..99_i64, 1..9)) {
        let mut release = Gate::new(gate);
        for minute in minutes {
            prop_assert_ne!(release.visit(minute, "").verdict, Verdict::Pass);
        }
    }

    #[test]
    fn a_check_never_passes_before_it_has_held_for_its_time(
        hold in 1..20_i64,
        visits in prop::collection::vec((1..200_i64, prop::sample::select(STATES)), 1..30),
    ) {
        let check = format!("{{ alarms: {{ names: [a], red: [ALARM] }}, for: {hold}m, failures: 99, errors: 99, inconclusive: 99 }}");
        let mut gate = Gate::new(policy("20h", &[&check]));
        let (mut now, mut good_since) = (at(0), None);
        for (seconds, state) in visits {
            now += SignedDuration::from_secs(seconds);
            good_since = good_since.or(Some(now)).filter(|_| ["OK", "INSUFFICIENT_DATA"].contains(&state));
            let judged = gate.visit_at(now, &format!("a={state}"));
            let held = good_since.is_some_and(|since| now.duration_since(since) >= SignedDuration::from_mins(hold));
            prop_assert_eq!(judged.verdict == Verdict::Pass, held, "{:?}", judged.results);
        }
    }

    #[test]
    fn after_its_deadline_a_gate_never_waits(gate in gates(), visits in visits()) {
        let deadline = gate.deadline().as_mins();
        let mut release = Gate::new(gate);
        release.visit(0, "");
        for (minute, states) in (deadline..).zip(&visits) {
            prop_assert_ne!(release.visit(minute, &line(states)).verdict, Verdict::Wait);
        }
    }

    #[test]
    fn every_sentence_is_one_line_that_ends_and_fits(gate in gates(), visits in visits()) {
        let mut release = Gate::new(gate);
        for (minute, states) in (0..).zip(&visits) {
            let judged = release.visit(minute, &line(states));
            let says = judged.results.iter().map(|result| &result.says);
            for text in says.chain([&judged.reason, &judged.summary]) {
                prop_assert!(text.ends_with('.') && !text.ends_with("..") && !text.contains('\n'), "{}", text);
                prop_assert!(text.chars().count() <= 2_048);
            }
        }
    }
}

//! Decisions come twice, late and in any order, and end the same; and they never grow beyond their bounds.

use pipeline_model::RollbackOutcome::{Done, Failed, Observed, Refused, Unknown};
use proptest::prelude::*;

use super::*;
use crate::testing::{at, decided, endless, in_any_order, in_words, with, without_end};

fn keys(decisions: &[Decision]) -> Vec<String> {
    in_words(Rollbacks::of(decisions).moments(1))
}

fn cleared(second: i64) -> Decision {
    with(decided(Done, second), |rollback| rollback.cleared_at = Some(at(second - 10)))
}

fn for_alarm(decision: Decision, alarm: &str) -> Decision {
    with(decision, |rollback| rollback.alarm = Some(alarm.to_owned()))
}

/// A night with an alarm that flaps: done, told again, cleared twice, refused, tried in vain for another alarm.
fn a_night() -> Vec<Decision> {
    vec![
        decided(Done, 100),
        decided(Done, 160),
        cleared(700),
        cleared(900),
        decided(Refused, 300),
        decided(Refused, 400),
        decided(Refused, 500),
        for_alarm(decided(Refused, 310), "orders-latency"),
        for_alarm(decided(Failed, 320), "orders-latency"),
        decided(Observed, 50),
    ]
}

#[test]
fn one_night_is_told_thing_by_thing() {
    let expected = [
        "rollback-observed 50",
        "rolled-back 100",
        "rollback-refused 300",
        "rollback-refused 310",
        "rollback-failed 320",
        "alarm-cleared 690",
    ];
    assert_eq!(keys(&a_night()), expected);
}

#[test]
fn an_alarm_that_flaps_is_refused_once_for_each_reason_and_a_second_alarm_once_more() {
    let mut refusals: Vec<_> = (0..100).map(|second| decided(Refused, second)).collect();
    refusals.push(with(decided(Refused, 7), |rollback| rollback.refusal = Some(String::from("daily-cap"))));
    refusals.push(for_alarm(decided(Refused, 9), "orders-latency"));
    assert_eq!(keys(&refusals), ["rollback-refused 0", "rollback-refused 7", "rollback-refused 9"]);
}

#[test]
fn an_alarm_that_is_quiet_before_the_rollback_is_heard_of_is_told_with_it() {
    assert_eq!(keys(&[cleared(700)]), ["alarm-cleared 690", "rolled-back 700"], "all that is known");
    assert_eq!(keys(&[cleared(700), decided(Done, 100)]), ["rolled-back 100", "alarm-cleared 690"]);
}

#[test]
fn an_outcome_of_a_later_version_says_nothing() {
    assert!(Rollbacks::of(&[decided(Unknown(String::from("postponed")), 1)]).is_empty());
}

#[test]
fn without_a_key_the_event_itself_is_the_incident() {
    let nameless = |second| Decision { key: None, ..decided(Done, second) };
    assert_eq!(keys(&[nameless(1), nameless(1), nameless(2)]), ["rolled-back 1", "rolled-back 2"]);
}

#[test]
fn what_is_kept_of_a_decision_is_bounded() {
    let long = without_end();
    let decision = with(decided(Failed, 1), |rollback| {
        rollback.alarm = Some(long.clone());
        rollback.alarm_reason = Some(long.clone());
        rollback.alarm_url = Some(format!("https://example.com/{long}"));
        rollback.refusal = Some(long.clone());
        rollback.steps = vec![long.clone(); 100];
        rollback.commands = vec![long.clone(); 100];
        rollback.to = Some(Revision { id: long.clone(), summary: Some(long.clone()), url: Some(long.clone()) });
    });
    let rollbacks = Rollbacks::of(&[endless(decision)]);
    let ruling = rollbacks.get(rollbacks.leading().unwrap()).unwrap();
    assert_eq!((ruling.steps.len(), ruling.commands.len(), ruling.alarm_url.clone()), (STEPS, COMMANDS, None));
    assert!(ruling.commands.iter().all(|command| command.ends_with('…') && !command.contains('\n')));
    assert!(serde_json::to_vec(&rollbacks).unwrap().len() < 8_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_order_and_any_duplicates_end_the_same(decisions in in_any_order(a_night(), 3)) {
        prop_assert_eq!(Rollbacks::of(&decisions), Rollbacks::of(&a_night()));
        prop_assert_eq!(keys(&decisions), keys(&a_night()));
    }

    #[test]
    fn however_many_alarms_ask_the_same_ones_are_kept_and_what_was_done_is_among_them(
        turns in Just((0..80).collect::<Vec<i64>>()).prop_shuffle(),
    ) {
        let refused = |turn: &i64| for_alarm(decided(Refused, *turn), &format!("alarm-{:02}", turn % 40));
        let mut decisions: Vec<_> = turns.iter().map(refused).collect();
        decisions.insert(20, decided(Done, 5));
        let mixed = Rollbacks::of(&decisions);
        prop_assert_eq!(mixed.0.len(), Ruling::KEPT);
        let leading = mixed.get(mixed.leading().unwrap()).unwrap();
        prop_assert_eq!((leading.ending, leading.steps.len()), (Ending::Done, 1), "with all that was said of it");
        prop_assert_eq!(mixed.0.values().filter(|ruling| ruling.alarm_reason.is_some()).count(), Ruling::DETAILED);
        let straight: Vec<_> = [decided(Done, 5)].into_iter().chain((0..80).map(|turn| refused(&turn))).collect();
        prop_assert_eq!(mixed, Rollbacks::of(&straight));
    }
}

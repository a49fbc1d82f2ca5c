//! Whether the alarm was red before the deployment: when it began, when it stood, and through times without data.

use super::*;
use crate::targets::RunStatus;
use crate::{Before, Turn};

const RED_BEFORE: &str = "alarm-red-before-deployment";
const CLAIM: &str = "claim orders/Production@bad";

/// Changes of the alarm: `no>ok@12 ok>red@45`.
fn turns(line: &str) -> Option<Vec<Turn>> {
    let state = |word: &str| match word {
        "ok" => AlarmState::Ok,
        "red" => AlarmState::Alarm,
        "no" => AlarmState::InsufficientData,
        other => AlarmState::Unknown(other.to_owned()),
    };
    let turn = |word: &str| {
        let (states, minute) = word.split_once('@').unwrap();
        let (from, to) = states.split_once('>').unwrap();
        Turn { at: at(minute.parse().unwrap()), from: state(from), to: state(to) }
    };
    Some(line.split_whitespace().map(turn).collect())
}

/// `bad` began at 35 and stood at 40; the alarm is red since 45 and was in this state since that minute.
fn after(state: AlarmState, since: i64, turns: Option<Vec<Turn>>) -> String {
    let mut desk = desk();
    desk.alarm.before = Some(Before { state, since: Some(at(since)) });
    desk.alarm.turns = turns;
    desk.outcome()
}

#[test]
fn an_alarm_that_was_something_else_since_the_deployment_began_is_looked_up_in_its_history() {
    let ok_since = |minute, turns| after(AlarmState::Ok, minute, turns);
    assert_eq!(ok_since(35, None), CLAIM, "the event covers the beginning");
    for minute in [36, 40, 43] {
        assert_eq!(ok_since(minute, None), "ask Turns", "{minute}");
    }
    assert_eq!(ok_since(43, turns("ok>red@20 red>ok@43 ok>red@45")), RED_BEFORE);
    assert_eq!(ok_since(43, turns("no>ok@43 ok>red@45")), CLAIM);
    assert_eq!(ok_since(43, turns("ok>red@41 red>ok@43 ok>red@45")), CLAIM, "its own doing");
    assert_eq!(ok_since(43, turns("frozen>ok@43 ok>red@45")), "alarm-past-unknown");
}

/// What lacks the change that rings may lack others: here that the alarm was red when the release stood.
#[test]
fn a_history_that_does_not_hold_this_red_yet_is_waited_for_and_then_not_believed() {
    for line in ["", "no>ok@5", "no>ok@5 ok>red@38 red>ok@43"] {
        let mut desk = desk();
        desk.alarm.before = Some(Before { state: AlarmState::Ok, since: Some(at(43)) });
        desk.alarm.turns = turns(line);
        assert_eq!(desk.outcome(), "wait", "{line}");
        desk.now = at(45 + 10);
        assert_eq!(desk.outcome(), "wait", "{line}");
        desk.now = at(45 + 11);
        assert_eq!(desk.outcome(), "alarm-past-unknown", "{line}");
    }
}

/// A fix is deployed while the alarm is red: it turns green before the fix stands, and red again.
#[test]
fn an_alarm_that_was_red_when_the_deployment_began_does_not_roll_the_fix_back() {
    assert_eq!(after(AlarmState::Ok, 38, turns("ok>red@20 red>ok@38 ok>red@45")), RED_BEFORE);
    assert_eq!(after(AlarmState::Ok, 36, turns("ok>red@20 red>ok@36 ok>red@45")), RED_BEFORE);
    assert_eq!(after(AlarmState::Ok, 34, None), CLAIM);
}

#[test]
fn a_red_that_comes_and_goes_while_the_deployment_is_under_way_is_no_red_before_it() {
    assert_eq!(after(AlarmState::Ok, 39, turns("ok>red@37 red>ok@39 ok>red@45")), CLAIM);
}

/// The execution waited for days before the stage.
#[test]
fn the_beginning_of_a_release_counts_for_no_longer_than_the_watch() {
    let began = |minute: i64, ok_since: i64| {
        let mut seen = stage("good@10 bad@40");
        seen.succeeded[0].started = Some(at(minute));
        let mut desk = Desk::new(seen, 45);
        desk.alarm.before = Some(Before { state: AlarmState::Ok, since: Some(at(ok_since)) });
        desk.outcome()
    };
    assert_eq!(began(-3 * 24 * 60, -20), CLAIM);
    assert_eq!(began(-3 * 24 * 60, -19), "ask Turns");
    assert_eq!(began(-10, -10), CLAIM);
    assert_eq!(began(-10, -9), "ask Turns");
}

#[test]
fn a_release_whose_beginning_nobody_knows_began_when_its_watch_would_have() {
    let ok_since = |minute| {
        let mut seen = stage("good@10 bad@40");
        seen.succeeded[0].started = None;
        let mut desk = Desk::new(seen, 45);
        desk.alarm.before = Some(Before { state: AlarmState::Ok, since: Some(at(minute)) });
        desk.outcome()
    };
    assert_eq!(ok_since(-20), CLAIM);
    assert_eq!(ok_since(-19), "ask Turns");
}

#[test]
fn the_history_is_asked_for_one_watch_before_the_beginning() {
    let mut desk = desk();
    desk.alarm.before = None;
    assert_eq!(desk.decide(), Decision::Ask(Question::Turns(at(35 - 60))));
}

/// No data is neither red nor green: what it was before counts.
#[test]
fn times_without_data_are_looked_through() {
    let no_data_since = |minute, turns| after(AlarmState::InsufficientData, minute, turns);
    assert_eq!(no_data_since(0, None), "ask Turns", "who had no data may have been red before");
    assert_eq!(no_data_since(30, turns("red>no@30 no>red@45")), RED_BEFORE);
    assert_eq!(no_data_since(30, turns("ok>red@10 red>no@20 no>ok@25 ok>no@30 no>red@45")), CLAIM);
    assert_eq!(no_data_since(42, turns("no>red@5 red>no@20 no>ok@41 ok>no@42 no>red@45")), RED_BEFORE);
    assert_eq!(no_data_since(30, turns("ok>no@30 no>red@45")), CLAIM);
    assert_eq!(after(AlarmState::Ok, 43, turns("red>no@30 no>ok@43 ok>red@45")), RED_BEFORE);
}

#[test]
fn an_alarm_that_never_had_any_data_was_not_red() {
    assert_eq!(after(AlarmState::InsufficientData, 0, turns("no>red@45")), CLAIM);
    assert_eq!(after(AlarmState::InsufficientData, 42, turns("no>red@45")), CLAIM);
}

/// What is under way has not changed anything for better or worse before it began.
#[test]
fn what_is_under_way_is_judged_by_its_beginning_alone() {
    let seen = crate::targets::EcsSeen {
        deployment: Some(String::from("d1")),
        status: String::from("IN_PROGRESS"),
        created: Some(at(30)),
        finished: None,
    };
    let mut desk = Desk::new(Seen::EcsService(seen), 45);
    desk.target = "ecs:shop/orders".parse().unwrap();
    desk.alarm.before = Some(Before { state: AlarmState::Ok, since: Some(at(30)) });
    assert_eq!(desk.outcome(), "claim ecs:shop/orders@d1");
    desk.alarm.before = Some(Before { state: AlarmState::Ok, since: Some(at(31)) });
    desk.alarm.turns = turns("red>ok@31 ok>red@45");
    assert_eq!(desk.outcome(), RED_BEFORE);
}

#[test]
fn a_stage_that_runs_is_not_judged_before_it_has_ended() {
    let mut seen = stage("good@10 bad@40");
    if let Some(run) = &mut seen.current {
        run.status = RunStatus::Running;
    }
    let mut desk = Desk::new(seen, 45);
    desk.alarm.before = None;
    assert_eq!(desk.outcome(), "wait for the stage");
}

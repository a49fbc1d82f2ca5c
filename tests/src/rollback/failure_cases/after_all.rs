//! The look a quarter of an hour after a rollback: at the alarm that asked, which may be gone or without data by then.
//! Case 43.

use pipeline_model::{AlarmState, Decided};
use rollback_plans::{CONSENT_TAG, Limits};

use crate::rollback::guard::{ALARM, Guard, PIPELINE, STAGE, words};

const STILL_RED: &str = "orders/Production@bad: refused (still-red)";

async fn rolled_back() -> Guard {
    let mut guard = Guard::after("good@10 bad@40").limits(Limits { closes_transition: true, ..Limits::default() });
    guard.go_to(45);
    guard.red().await;
    guard.told();
    guard.let_pass(10).await;
    guard
}

fn is_closed(guard: &Guard) -> bool {
    guard.world.services.is_closed(PIPELINE, STAGE)
}

/// Another alarm tells of the rollback, and is OK soon after.
#[tokio::test]
async fn an_adopted_rollback_is_looked_at_for_the_alarm_that_asked_for_it() {
    let mut guard = Guard::after("good@10 bad@40");
    guard.protect("other", &[(CONSENT_TAG, "orders/Production")]);
    guard.go_to(45);
    guard.world.services.lose_answers(1);
    assert_eq!(guard.red().await, "looked at again after 151 s");
    guard.wait_seconds(155);
    guard.hear(&guard.turn("other", AlarmState::Alarm).event()).await;
    guard.wait_seconds(1);
    guard.turn("other", AlarmState::Ok);
    assert_eq!(guard.told()[0], "orders/Production@bad: done to good");
    guard.let_pass(16).await;
    let decision = guard.world.bus.take_published().pop().unwrap();
    assert_eq!(words(&decision), STILL_RED);
    let Decided::Rollback(rollback) = decision.what else { panic!("a rollback") };
    assert_eq!(rollback.alarm.as_deref(), Some(ALARM));
    assert!(rollback.alarm_url.unwrap().ends_with(ALARM));
    guard.assert_settled("at the end");
}

#[tokio::test]
async fn of_an_alarm_that_was_deleted_nobody_says_that_it_is_ok_and_the_transition_is_opened() {
    let mut guard = rolled_back().await;
    guard.world.alarms.delete(ALARM);
    assert!(is_closed(&guard));
    guard.let_pass(60).await;
    assert_eq!(guard.told(), [""; 0]);
    assert!(!is_closed(&guard));
    assert_eq!(guard.errands(), 0);
    guard.assert_settled("at the end");
}

#[tokio::test]
async fn an_alarm_without_data_is_looked_at_until_it_has_some() {
    let cleared = "orders/Production@bad: done to good, cleared";
    for (state, last) in [(AlarmState::Ok, Some(cleared)), (AlarmState::Alarm, None)] {
        let mut guard = rolled_back().await;
        guard.turn(ALARM, AlarmState::InsufficientData);
        guard.let_pass(25).await;
        assert_eq!((guard.told(), guard.errands(), is_closed(&guard)), (Vec::new(), 1, true));
        guard.turn(ALARM, state);
        guard.let_pass(20).await;
        assert_eq!(guard.told(), last.into_iter().collect::<Vec<_>>());
        assert_eq!((guard.errands(), is_closed(&guard)), (0, last.is_none()));
    }
}

#[tokio::test]
async fn an_alarm_that_never_has_data_again_is_looked_at_for_three_hours() {
    let mut guard = rolled_back().await;
    guard.turn(ALARM, AlarmState::InsufficientData);
    guard.let_pass(2 * 60 + 45).await;
    assert_eq!(guard.errands(), 1);
    guard.let_pass(60).await;
    assert_eq!((guard.told(), guard.errands()), (Vec::new(), 0));
    guard.assert_settled("at the end");
}

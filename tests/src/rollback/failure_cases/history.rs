//! An alarm whose past only its history tells, and the history does not: case 40.

use pipeline_model::AlarmState;

use crate::rollback::guard::{ALARM, Guard, PIPELINE};

/// A release at minute 40, and an alarm that was red from one minute to 42 and is red again at 45.
async fn red_from(minute: i64) -> Guard {
    let guard = Guard::after("good@10");
    let release = |guard: &Guard| {
        guard.go_to(40);
        guard.world.services.release(PIPELINE, "bad");
    };
    let red = |guard: &Guard| {
        guard.go_to(minute);
        guard.turn(ALARM, AlarmState::Alarm);
    };
    if minute < 40 {
        red(&guard);
        release(&guard);
    } else {
        release(&guard);
        red(&guard);
    }
    guard.go_to(42);
    guard.turn(ALARM, AlarmState::Ok);
    guard.go_to(45);
    guard.world.alarms.remember_late(ALARM, true);
    assert_eq!(guard.red().await, "looked at again after 60 s");
    guard
}

/// Whether it was red cannot be known, so that it counts as if it had been.
#[tokio::test]
async fn an_alarm_whose_past_cloudwatch_does_not_know_rolls_nothing_back_in_the_end() {
    let mut guard = red_from(41).await;
    guard.world.alarms.remember_late(ALARM, false);
    guard.world.alarms.forget(ALARM);
    guard.let_pass(10).await;
    assert_eq!(guard.told(), [""; 0]);
    guard.let_pass(1).await;
    assert_eq!(guard.told(), ["orders/Production@bad: refused (alarm-past-unknown)"]);
    assert_eq!((guard.acts(), guard.errands()), (Vec::new(), 0));
}

/// The alarm has just turned red, and its history lacks that, and perhaps more.
#[tokio::test]
async fn an_alarm_whose_history_lags_behind_its_event_is_looked_up_again() {
    for (minute, told) in [(41, "done to good"), (39, "refused (alarm-red-before-deployment)")] {
        let mut guard = red_from(minute).await;
        guard.let_pass(2).await;
        assert_eq!((guard.acts(), guard.told()), (Vec::new(), Vec::new()));
        guard.world.alarms.remember_late(ALARM, false);
        guard.let_pass(1).await;
        assert_eq!(guard.told(), [format!("orders/Production@bad: {told}")]);
        guard.let_pass(60).await;
        guard.assert_settled("at the end");
    }
}

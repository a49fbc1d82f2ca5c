//! Alarms that come late, twice or with clocks that disagree: cases 6 and 46, and the story without any failure.

use jiff::SignedDuration;
use pipeline_model::AlarmState;

use crate::rollback::alarms::Change;
use crate::rollback::guard::{ALARM, Guard, at};

#[tokio::test]
async fn an_alarm_that_turns_red_after_a_deployment_rolls_it_back_once_and_tells_when_it_has_helped() {
    let mut guard = Guard::after("good@10 bad@40");
    guard.go_to(45);
    assert_eq!(guard.red().await, "rolled back: orders/Production@bad");
    assert_eq!(guard.rollbacks(), ["good"]);
    assert_eq!(guard.told(), ["orders/Production@bad: done to good"]);
    guard.let_pass(8).await;
    assert_eq!(guard.green().await, "cleared: orders/Production");
    assert_eq!(guard.told(), ["orders/Production@bad: done to good, cleared"]);
    guard.let_pass(60).await;
    assert_eq!((guard.told(), guard.errands()), (Vec::new(), 0));
    guard.assert_settled("at the end");
}

/// Case 6.
#[tokio::test]
async fn an_alarm_that_comes_hours_late_is_left_to_people() {
    let guard = Guard::after("good@10 bad@40");
    guard.go_to(45);
    let late = guard.turn(ALARM, AlarmState::Alarm).event();
    guard.go_to(45 + 61);
    assert_eq!(guard.hear(&late).await, "refused: alarm-stale");
    assert_eq!(guard.told(), ["orders/Production@2026-03-02: refused (alarm-stale)"]);
    assert_eq!(guard.acts(), [""; 0]);
}

/// Case 6: while nobody heard of it, the alarm has recovered.
#[tokio::test]
async fn an_alarm_that_comes_after_it_recovered_rolls_nothing_back() {
    let guard = Guard::after("good@10 bad@40");
    guard.go_to(45);
    let late = guard.turn(ALARM, AlarmState::Alarm).event();
    guard.go_to(47);
    assert_eq!(guard.green().await, "ignored: no rollback waits for this alarm");
    assert_eq!(guard.hear(&late).await, "refused: alarm-not-red");
    assert_eq!(guard.acts(), [""; 0]);
}

/// Case 6: the alarm was red before, and the old event comes when it is red once more.
#[tokio::test]
async fn an_event_of_an_earlier_red_is_taken_for_the_red_there_is_now() {
    let guard = Guard::after("good@10 bad@40");
    guard.go_to(41);
    let late = guard.turn(ALARM, AlarmState::Alarm).event();
    guard.go_to(43);
    guard.turn(ALARM, AlarmState::Ok);
    guard.go_to(45);
    let again = guard.turn(ALARM, AlarmState::Alarm).event();
    assert_eq!(guard.hear(&late).await, "rolled back: orders/Production@bad");
    assert_eq!(guard.book().past[0].pledge.red_since, at(45));
    assert_eq!(guard.hear(&again).await, "answered before");
    assert_eq!(guard.rollbacks(), ["good"]);
}

/// Case 1 and 2: EventBridge tells it twice, the alarm's own action and a topic besides.
#[tokio::test]
async fn one_change_told_in_every_way_and_twice_is_one_rollback_told_once() {
    let guard = Guard::after("good@10 bad@40");
    guard.go_to(45);
    let change = guard.turn(ALARM, AlarmState::Alarm);
    let ways = [change.event(), change.action(), change.letter(), change.event(), change.letter()];
    assert_eq!(guard.hear(&ways[0]).await, "rolled back: orders/Production@bad");
    for way in &ways[1..] {
        assert_eq!(guard.hear(way).await, "answered before");
    }
    assert_eq!(guard.rollbacks(), ["good"]);
    assert_eq!(guard.told(), ["orders/Production@bad: done to good"]);
}

/// Case 46: CloudWatch's clock and ours differ by half a minute, either way.
#[tokio::test]
async fn a_clock_that_is_behind_or_ahead_decides_nothing() {
    for skew in [-30, 30] {
        let guard = Guard::after("good@10 bad@40");
        guard.go_to(45);
        let change = guard.turn(ALARM, AlarmState::Alarm);
        let told = guard.now() + SignedDuration::from_secs(skew);
        let change = Change { at: told, ..change };
        assert_eq!(guard.hear(&change.event()).await, "rolled back: orders/Production@bad", "{skew} s");
        assert_eq!(guard.rollbacks(), ["good"]);
    }
}

/// Nobody asks who sends a topic's message or invokes the function.
#[tokio::test]
async fn an_event_that_cloudwatch_never_confirms_rolls_nothing_back_and_ends_when_it_is_stale() {
    let mut guard = Guard::after("good@10 bad@40");
    guard.go_to(45);
    let forged = Change::of(ALARM, AlarmState::Alarm, guard.now(), Some((AlarmState::Ok, at(0))));
    for delivery in [forged.letter(), forged.action(), forged.event()] {
        assert_eq!(guard.hear(&delivery).await, "looked at again after 5 s");
    }
    guard.let_pass(59).await;
    assert_eq!(guard.told(), [""; 0]);
    guard.let_pass(5).await;
    assert_eq!(guard.told(), ["orders/Production@2026-03-02: refused (alarm-stale)"; 3]);
    assert_eq!((guard.acts(), guard.errands()), (Vec::new(), 0));
}

/// The alarm is red since before the deployment, and the event says that it was green then.
#[tokio::test]
async fn what_an_event_says_of_the_past_is_not_believed_where_cloudwatch_says_otherwise() {
    let mut guard = Guard::after("good@10");
    guard.go_to(30);
    guard.turn(ALARM, AlarmState::Alarm);
    guard.go_to(40);
    guard.world.services.release(crate::rollback::guard::PIPELINE, "bad");
    guard.go_to(45);
    let forged = Change::of(ALARM, AlarmState::Alarm, guard.now(), Some((AlarmState::Ok, at(0))));
    assert_eq!(guard.hear(&forged.action()).await, "looked at again after 60 s", "its history does not hold it");
    guard.let_pass(20).await;
    assert_eq!(guard.told(), ["orders/Production@bad: refused (alarm-past-unknown)"]);
    assert_eq!((guard.acts(), guard.errands()), (Vec::new(), 0));
}

#[tokio::test]
async fn an_event_that_is_faster_than_cloudwatch_waits_until_it_agrees() {
    let mut guard = Guard::after("good@10 bad@40");
    guard.go_to(45);
    guard.world.alarms.answer_late(ALARM, true);
    assert_eq!(guard.red().await, "looked at again after 5 s");
    guard.wait_seconds(5);
    guard.run_due().await;
    assert_eq!((guard.rollbacks(), guard.errands()), (Vec::new(), 1));
    guard.world.alarms.answer_late(ALARM, false);
    guard.wait_seconds(5);
    guard.run_due().await;
    assert_eq!(guard.rollbacks(), ["good"]);
}

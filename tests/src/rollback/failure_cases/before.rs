//! Alarms that do not call: red before the deployment, without data, suppressed, muted, gone. Case 40.

use pipeline_model::AlarmState;
use rollback_plans::CONSENT_TAG;

use crate::rollback::alarms::Change;
use crate::rollback::guard::{ALARM, Guard, PIPELINE, STAGE, at};

/// Case 40.
#[tokio::test]
async fn an_alarm_that_was_red_before_the_deployment_rolls_nothing_back() {
    let guard = Guard::after("good@10");
    guard.go_to(30);
    let event = guard.turn(ALARM, AlarmState::Alarm).event();
    guard.go_to(40);
    guard.world.services.release(PIPELINE, "bad");
    assert_eq!(guard.hear(&event).await, "refused: alarm-red-before-deployment");
    assert_eq!(guard.told(), ["orders/Production@bad: refused (alarm-red-before-deployment)"]);
    assert_eq!(guard.acts(), [""; 0]);
}

/// Case 40: it was red, turned green for a moment after the deployment, and is red again. Only its history knows.
#[tokio::test]
async fn an_alarm_that_flapped_across_the_deployment_rolls_nothing_back() {
    let guard = Guard::after("good@10");
    guard.go_to(30);
    guard.turn(ALARM, AlarmState::Alarm);
    guard.go_to(40);
    guard.world.services.release(PIPELINE, "bad");
    guard.go_to(42);
    guard.turn(ALARM, AlarmState::Ok);
    guard.go_to(45);
    assert_eq!(guard.red().await, "refused: alarm-red-before-deployment");
    assert_eq!(guard.acts(), [""; 0]);
}

/// Case 40: the alarm is red, a fix begins, the alarm turns green while the fix is deployed, and red again. Whatever it
/// means, the fix was not what turned it red first.
#[tokio::test]
async fn a_fix_that_began_while_the_alarm_was_red_is_not_rolled_back() {
    let guard = Guard::after("good@1 bad@10");
    guard.go_to(20);
    guard.turn(ALARM, AlarmState::Alarm);
    guard.go_to(25);
    guard.world.services.start(PIPELINE, "fix");
    guard.go_to(38);
    guard.world.services.enter(PIPELINE, "fix", STAGE);
    guard.go_to(39);
    guard.turn(ALARM, AlarmState::Ok);
    guard.go_to(40);
    guard.world.services.leave(PIPELINE, "fix", STAGE, rollback_plans::targets::RunStatus::Succeeded);
    guard.go_to(45);
    assert_eq!(guard.red().await, "refused: alarm-red-before-deployment");
    assert_eq!(guard.acts(), [""; 0]);
}

/// Case 40: the release waited for its approval for hours; what the alarm was then says nothing about it.
#[tokio::test]
async fn a_red_of_long_before_a_release_was_approved_does_not_count() {
    let guard = Guard::after("good@1");
    guard.go_to(5);
    guard.world.services.start(PIPELINE, "bad");
    guard.turn(ALARM, AlarmState::Alarm);
    guard.go_to(9);
    guard.turn(ALARM, AlarmState::Ok);
    guard.go_to(299);
    guard.world.services.enter(PIPELINE, "bad", STAGE);
    guard.go_to(300);
    guard.world.services.leave(PIPELINE, "bad", STAGE, rollback_plans::targets::RunStatus::Succeeded);
    guard.go_to(305);
    assert_eq!(guard.red().await, "rolled back: orders/Production@bad");
}

/// Case 40: no data is inconclusive, so that what it was before counts.
#[tokio::test]
async fn an_alarm_that_lost_its_data_while_it_was_red_was_red_before_the_deployment() {
    for (first, told) in [
        (AlarmState::Alarm, "refused: alarm-red-before-deployment"),
        (AlarmState::Ok, "rolled back: orders/Production@bad"),
    ] {
        let guard = Guard::after("good@10");
        guard.go_to(20);
        guard.turn(ALARM, first);
        guard.go_to(30);
        guard.turn(ALARM, AlarmState::InsufficientData);
        guard.go_to(40);
        guard.world.services.release(PIPELINE, "bad");
        guard.go_to(45);
        assert_eq!(guard.red().await, told);
    }
}

/// Case 40: red while the deployment was under way may be its doing or not.
#[tokio::test]
async fn an_alarm_that_turned_red_during_the_deployment_is_left_to_people_with_the_command() {
    let guard = Guard::after("good@10");
    guard.go_to(35);
    guard.world.services.start(PIPELINE, "bad");
    guard.world.services.enter(PIPELINE, "bad", STAGE);
    guard.go_to(38);
    let event = guard.turn(ALARM, AlarmState::Alarm).event();
    guard.go_to(40);
    guard.world.services.leave(PIPELINE, "bad", STAGE, rollback_plans::targets::RunStatus::Succeeded);
    assert_eq!(guard.hear(&event).await, "refused: alarm-red-during-deployment");
    assert_eq!(guard.acts(), [""; 0]);
    let decision = guard.world.bus.take_published().remove(0).detail();
    let command = decision["commands"][0].as_str().unwrap();
    assert!(command.ends_with("--target-pipeline-execution-id good"), "{command}");
}

/// Case 40: no data is neither red nor green.
#[tokio::test]
async fn an_alarm_without_data_rolls_nothing_back_and_clears_nothing() {
    let mut guard = Guard::after("good@10 bad@40");
    guard.go_to(44);
    let no_data = guard.turn(ALARM, AlarmState::InsufficientData).event();
    assert_eq!(guard.hear(&no_data).await, "ignored: no data is neither red nor green");
    guard.go_to(45);
    assert_eq!(guard.red().await, "rolled back: orders/Production@bad", "it had no data before: it was not red");
    guard.let_pass(1).await;
    let no_data = guard.turn(ALARM, AlarmState::InsufficientData).event();
    guard.told();
    assert_eq!(guard.hear(&no_data).await, "ignored: no data is neither red nor green");
    assert_eq!(guard.told(), [""; 0]);
}

/// Case 40.
#[tokio::test]
async fn an_alarm_that_another_one_suppresses_rolls_nothing_back() {
    let guard = Guard::after("good@10 bad@40");
    guard.world.alarms.suppress(ALARM, Some("Alarm"));
    guard.go_to(45);
    assert_eq!(guard.red().await, "refused: alarm-suppressed");
    assert_eq!(guard.acts(), [""; 0]);
}

/// The alarm turns red while CloudWatch waits whether another one does, and the event says so.
async fn held_back(word: &str) -> Guard {
    let guard = Guard::after("good@10 bad@40");
    guard.world.alarms.suppress(ALARM, Some(word));
    guard.go_to(45);
    let mut event = guard.turn(ALARM, AlarmState::Alarm).event();
    event["detail"]["state"]["actionsSuppressedBy"] = word.into();
    assert_eq!(guard.hear(&event).await, "looked at again after 60 s");
    assert_eq!((guard.acts(), guard.told()), (Vec::new(), Vec::new()));
    guard
}

/// Case 40: "not yet" is no "no".
#[tokio::test]
async fn an_alarm_that_cloudwatch_holds_back_for_the_moment_rolls_back_when_it_may_act() {
    for word in ["WaitPeriod", "ExtensionPeriod"] {
        let mut guard = held_back(word).await;
        guard.let_pass(3).await;
        assert_eq!(guard.acts(), [""; 0], "{word}");
        guard.world.alarms.suppress(ALARM, None);
        guard.let_pass(1).await;
        assert_eq!(guard.rollbacks(), ["good"], "{word}");
        guard.let_pass(60).await;
        guard.assert_settled(word);
    }
}

/// Case 40: the other one does turn red.
#[tokio::test]
async fn an_alarm_that_is_suppressed_after_a_wait_rolls_nothing_back() {
    let mut guard = held_back("WaitPeriod").await;
    guard.world.alarms.suppress(ALARM, Some("Alarm"));
    guard.let_pass(30).await;
    assert_eq!(guard.told(), ["orders/Production@2026-03-02: refused (alarm-suppressed)"]);
    assert_eq!((guard.acts(), guard.errands()), (Vec::new(), 0));
}

/// Case 40: bounded.
#[tokio::test]
async fn an_alarm_that_is_held_back_without_end_is_left_to_people() {
    let mut guard = held_back("WaitPeriod").await;
    guard.let_pass(59).await;
    assert_eq!(guard.told(), [""; 0]);
    guard.let_pass(3).await;
    assert_eq!(guard.told(), ["orders/Production@2026-03-02: refused (alarm-stale)"]);
    assert_eq!((guard.acts(), guard.errands()), (Vec::new(), 0));
}

/// Case 40.
#[tokio::test]
async fn a_muted_alarm_rolls_nothing_back() {
    let guard = Guard::after("good@10 bad@40");
    guard.go_to(45);
    let change = guard.turn(ALARM, AlarmState::Alarm);
    let rule = "arn:aws:cloudwatch:us-east-1:111122223333:alarm-mute-rule:night";
    let change = Change { muted_by: Some(rule), ..change };
    assert_eq!(guard.hear(&change.event()).await, "refused: alarm-suppressed");
    let reason = guard.world.bus.take_published().remove(0).reason.unwrap();
    assert!(reason.contains(rule), "{reason}");
    assert_eq!(guard.acts(), [""; 0]);
}

/// Case 40: somebody deleted the alarm when it rang. Its tags are gone with it, so nothing is asked for.
#[tokio::test]
async fn an_alarm_that_is_gone_asks_for_nothing() {
    let guard = Guard::after("good@10 bad@40");
    guard.go_to(45);
    let event = guard.turn(ALARM, AlarmState::Alarm).event();
    guard.world.alarms.delete(ALARM);
    assert_eq!(guard.hear(&event).await, "ignored: nothing says what this alarm protects");
    assert_eq!(guard.acts(), [""; 0]);
}

/// Case 40: the watch is over.
#[tokio::test]
async fn an_alarm_long_after_the_deployment_rolls_nothing_back() {
    for (minute, told) in [(100, "rolled back: orders/Production@bad"), (101, "refused: deployed-too-long-ago")] {
        let guard = Guard::after("good@10 bad@40");
        guard.go_to(minute);
        assert_eq!(guard.red().await, told, "minute {minute}");
    }
}

/// Case 40: an alarm that is created red by a deployment of its own was never green.
#[tokio::test]
async fn an_alarm_created_after_the_deployment_has_no_past() {
    let guard = Guard::after("good@10 bad@40");
    guard.go_to(42);
    guard.world.alarms.create("new", &[(CONSENT_TAG, "orders/Production")]);
    guard.go_to(45);
    let change = guard.turn("new", AlarmState::Alarm);
    assert_eq!(change.before, Some((AlarmState::InsufficientData, at(42))));
    assert_eq!(guard.hear(&change.event()).await, "rolled back: orders/Production@bad", "it was not red before");
}

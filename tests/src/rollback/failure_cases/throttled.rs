//! AWS answers slowly, not at all or not yet: case 51. What cannot be read rolls nothing back, and comes again.

use pipeline_model::AlarmState;
use rollback_plans::Carried;

use crate::rollback::guard::{ALARM, Guard};

/// Case 51.
#[tokio::test]
async fn reads_that_fail_roll_nothing_back_and_the_event_comes_again() {
    type Failing = fn(&Guard);
    let failing: [(&str, Failing); 2] = [
        ("what stands at the target", |guard| guard.world.services.fail_next(1)),
        ("the alarm's tags", |guard| guard.world.alarms.fail_next(1)),
    ];
    for (words, fail) in failing {
        let mut guard = Guard::after("good@10 bad@40");
        guard.go_to(45);
        let event = guard.turn(ALARM, AlarmState::Alarm).event();
        fail(&guard);
        let failure = guard.invoke(&event).await.unwrap().unwrap_err();
        assert!(failure.to_string().starts_with(words) && !failure.is_permanent(), "{failure}");
        assert_eq!((guard.acts(), guard.told()), (Vec::new(), Vec::new()));
        guard.let_pass(1).await;
        assert_eq!(guard.hear(&event).await, "rolled back: orders/Production@bad");
    }
}

/// Case 51: CodePipeline throttles for a whole fleet's deployment.
#[tokio::test]
async fn a_throttled_step_is_tried_again_after_a_minute_and_done_once() {
    let mut guard = Guard::after("good@10 bad@40");
    (0..5).for_each(|_| {
        guard.world.services.answer_next(Carried::Later(String::from("ThrottlingException: Rate exceeded")))
    });
    guard.go_to(45);
    assert_eq!(guard.red().await, "looked at again after 60 s");
    guard.let_pass(10).await;
    assert_eq!(guard.rollbacks(), ["good"]);
    assert_eq!(guard.acts().len(), 6);
    guard.assert_settled("at the end");
}

/// Case 51: it never stops. The alarm is stale one day, and people are told.
#[tokio::test]
async fn a_service_that_throttles_for_hours_ends_with_a_refusal_and_no_storm() {
    let mut guard = Guard::after("good@10 bad@40");
    (0..500).for_each(|_| {
        guard.world.services.answer_next(Carried::Later(String::from("ThrottlingException: Rate exceeded")))
    });
    guard.go_to(45);
    guard.red().await;
    guard.let_pass(300).await;
    assert_eq!(guard.told(), ["orders/Production@2026-03-02: refused (alarm-stale)"]);
    assert!(guard.acts().len() <= 61, "{} tries", guard.acts().len());
    assert_eq!(guard.errands(), 0);
    guard.assert_settled("at the end");
}

/// Case 51: errands fail as well, and come again when their message does.
#[tokio::test]
async fn an_errand_that_fails_comes_again() {
    let mut guard = Guard::after("good@10 bad@40");
    guard.go_to(45);
    guard.red().await;
    guard.told();
    guard.world.alarms.fail_next(3);
    guard.let_pass(60).await;
    assert_eq!(guard.told(), ["orders/Production@bad: refused (still-red)"]);
    assert_eq!(guard.dead_letters(), [""; 0]);
}

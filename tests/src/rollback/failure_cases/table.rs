//! DynamoDB conflicts, throttles or is away: case 38. Without a claim nothing is rolled back.

use pipeline_model::AlarmState;

use crate::rollback::guard::{ALARM, Guard};

/// Case 38: fail closed, and the event comes again.
#[tokio::test]
async fn without_the_table_nothing_is_rolled_back_and_the_event_comes_again() {
    let mut guard = Guard::after("good@10 bad@40");
    guard.go_to(45);
    let event = guard.turn(ALARM, AlarmState::Alarm).event();
    guard.world.books.fail_next(1);
    let failure = guard.invoke(&event).await.unwrap().unwrap_err();
    assert!(!failure.is_permanent(), "{failure}");
    assert!(failure.to_string().starts_with("claiming the target: "), "{failure}");
    assert_eq!((guard.acts(), guard.told()), (Vec::new(), Vec::new()));
    guard.let_pass(1).await;
    assert_eq!(guard.hear(&event).await, "rolled back: orders/Production@bad");
    guard.let_pass(60).await;
    guard.assert_settled("at the end");
}

/// Case 38: the table is away for good. The dead letter rings an alarm; nobody has acted.
#[tokio::test]
async fn a_table_that_stays_away_ends_in_a_dead_letter_and_no_rollback() {
    let mut guard = Guard::after("good@10 bad@40");
    guard.go_to(45);
    let event = guard.turn(ALARM, AlarmState::Alarm).event();
    guard.world.books.fail_next(usize::MAX);
    assert_eq!(guard.deliver(&event).await, None);
    assert_eq!(guard.dead_letters().len(), 1);
    assert_eq!((guard.acts(), guard.told()), (Vec::new(), Vec::new()));
}

/// Case 38: it goes away between the claim and the end. The rollback is told, and repeated by nobody.
#[tokio::test]
async fn a_rollback_that_cannot_be_written_down_is_told_again_under_the_same_key() {
    for failures in 1..=2 {
        let mut guard = Guard::after("good@10 bad@40");
        guard.go_to(45);
        let event = guard.turn(ALARM, AlarmState::Alarm).event();
        guard.world.crash_at(9, lambda_kit::doubles::Moment::Before);
        assert!(guard.invoke(&event).await.is_none());
        guard.world.books.fail_next(failures);
        guard.let_pass(1).await;
        let _ = guard.deliver(&event).await;
        guard.let_pass(60).await;
        assert_eq!(guard.rollbacks(), ["good"], "{failures} failures");
        let told = guard.told();
        let known = ["orders/Production@bad: done to good", "orders/Production@bad: refused (still-red)"];
        assert!(told.iter().all(|words| known.contains(&words.as_str())), "{told:?}");
        guard.assert_settled(&format!("{failures} failures"));
        assert_eq!(guard.book().past.len(), 1, "{failures} failures");
    }
}

/// Case 38: a conditional failure says that somebody else has it.
#[tokio::test]
async fn a_target_that_somebody_else_holds_is_waited_for() {
    let mut guard = Guard::after("good@10 bad@40");
    guard.go_to(45);
    let event = guard.turn(ALARM, AlarmState::Alarm).event();
    // Somebody claims it and dies before the rollback.
    guard.world.crash_at(6, lambda_kit::doubles::Moment::Before);
    assert!(guard.invoke(&event).await.is_none());
    assert_eq!(guard.hear(&event).await, "looked at again after 151 s");
    assert_eq!(guard.acts(), [""; 0]);
    guard.let_pass(3).await;
    assert_eq!(guard.rollbacks(), ["good"]);
    assert_eq!(guard.told(), ["orders/Production@bad: done to good"]);
    guard.assert_settled("at the end");
}

/// Case 38: the bus is down. A notice may be repeated and is never lost.
#[tokio::test]
async fn a_rollback_the_bus_did_not_take_is_told_later() {
    let mut guard = Guard::after("good@10 bad@40");
    guard.go_to(45);
    let event = guard.turn(ALARM, AlarmState::Alarm).event();
    guard.world.bus.fail_next(2);
    assert!(guard.deliver(&event).await.is_some());
    guard.let_pass(10).await;
    assert_eq!(guard.rollbacks(), ["good"]);
    assert_eq!(guard.told(), ["orders/Production@bad: done to good"]);
    guard.assert_settled("at the end");
}

/// Case 38: the queue is down, and what would look whether the rollback helps cannot be sent.
#[tokio::test]
async fn without_the_queue_a_rollback_is_done_once_and_told() {
    let mut guard = Guard::after("good@10 bad@40");
    guard.go_to(45);
    let event = guard.turn(ALARM, AlarmState::Alarm).event();
    guard.world.laters.fail_next(1);
    assert!(guard.deliver(&event).await.is_some());
    guard.let_pass(10).await;
    assert_eq!(guard.rollbacks(), ["good"]);
    assert!(guard.told().iter().all(|words| words == "orders/Production@bad: done to good"));
    guard.assert_settled("at the end");
}

//! A rollback of a rollback never happens, and one that does not help calls a person once: case 43.

use std::time::Duration;

use rollback_plans::targets::RunStatus;

use crate::rollback::guard::{Guard, PIPELINE, STAGE};

/// Case 43.
#[tokio::test]
async fn an_alarm_that_stays_red_after_the_rollback_calls_a_person_once_after_a_quarter_of_an_hour() {
    let mut guard = Guard::after("good@10 bad@40");
    guard.go_to(45);
    guard.red().await;
    guard.told();
    guard.let_pass(14).await;
    assert_eq!(guard.told(), [""; 0]);
    guard.let_pass(1).await;
    let decision = guard.world.bus.take_published().remove(0);
    assert_eq!(crate::rollback::guard::words(&decision), "orders/Production@bad: refused (still-red)");
    assert!(!decision.detail()["commands"][0].as_str().unwrap().is_empty());
    guard.let_pass(24 * 60).await;
    assert_eq!((guard.told(), guard.errands()), (Vec::new(), 0));
    assert_eq!(guard.rollbacks(), ["good"]);
}

/// Case 43: it turned green and red again, which is not what was rolled back for.
#[tokio::test]
async fn an_alarm_that_was_green_since_the_rollback_does_not_count_as_still_red() {
    let mut guard = Guard::after("good@10 bad@40");
    guard.go_to(45);
    guard.red().await;
    guard.let_pass(5).await;
    guard.green().await;
    guard.let_pass(5).await;
    guard.told();
    assert_eq!(guard.red().await, "refused: current-is-rollback");
    assert_eq!(
        guard.told(),
        ["orders/Production@back: refused (current-is-rollback)".replace("back:", &id(&guard, ":"))]
    );
    guard.let_pass(30).await;
    assert_eq!(guard.told(), [""; 0]);
    assert_eq!(guard.rollbacks(), ["good"]);
}

fn id(guard: &Guard, after: &str) -> String {
    format!("{}{after}", guard.world.services.in_stage(PIPELINE, STAGE).unwrap().execution)
}

/// Case 43.
#[tokio::test]
async fn a_rollback_is_never_rolled_back_whoever_made_it() {
    let guard = Guard::after("good@10 bad@40");
    guard.go_to(42);
    guard.world.services.roll_back_by_hand(PIPELINE, STAGE, "good");
    for minute in [43, 50] {
        guard.go_to(minute);
        assert_eq!(guard.red().await, "refused: current-is-rollback");
        guard.go_to(minute + 1);
        guard.green().await;
    }
    assert_eq!(guard.acts(), [""; 0]);
    assert_eq!(guard.book(), rollback_plans::Book::default());
}

/// Case 43: the stage fails on its way back.
#[tokio::test]
async fn a_rollback_that_fails_is_not_followed_by_another_one() {
    let mut guard = Guard::after("older@5 good@10 bad@40");
    guard.world.services.rollbacks_end(Duration::from_secs(30), RunStatus::Ended(String::from("Failed")));
    guard.go_to(45);
    guard.red().await;
    guard.let_pass(5).await;
    guard.green().await;
    guard.let_pass(1).await;
    assert_eq!(guard.red().await, "refused: current-is-rollback");
    guard.let_pass(30).await;
    assert_eq!(guard.rollbacks(), ["good"]);
}

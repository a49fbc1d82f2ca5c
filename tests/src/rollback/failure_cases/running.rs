//! The stage runs, or something newer is on its way: case 45.

use std::time::Duration;

use rollback_plans::Carried;
use rollback_plans::targets::RunStatus;

use crate::rollback::guard::{Guard, PIPELINE, STAGE};

/// Case 45: what comes next may be the fix.
#[tokio::test]
async fn a_newer_release_that_is_on_its_way_through_the_stage_is_waited_for_and_never_rolled_back_for_the_older_one() {
    let mut guard = Guard::after("good@10 bad@40");
    guard.go_to(44);
    guard.world.services.start(PIPELINE, "fix");
    guard.world.services.enter(PIPELINE, "fix", STAGE);
    guard.go_to(45);
    assert_eq!(guard.red().await, "looked at again after 60 s");
    guard.let_pass(3).await;
    guard.world.services.leave(PIPELINE, "fix", STAGE, RunStatus::Succeeded);
    guard.let_pass(3).await;
    assert_eq!(guard.rollbacks(), [""; 0]);
    assert_eq!(guard.told(), ["orders/Production@fix: refused (alarm-red-during-deployment)"]);
    assert_eq!(guard.errands(), 0);
}

/// Case 45: bounded.
#[tokio::test]
async fn a_stage_that_does_not_end_is_waited_for_half_an_hour() {
    let mut guard = Guard::after("good@10 bad@40");
    guard.go_to(44);
    guard.world.services.start(PIPELINE, "slow");
    guard.world.services.enter(PIPELINE, "slow", STAGE);
    guard.go_to(45);
    guard.red().await;
    guard.let_pass(60).await;
    assert_eq!(guard.told(), ["orders/Production@slow: refused (deployment-still-running)"]);
    assert_eq!((guard.errands(), guard.acts()), (0, Vec::new()));
}

/// Case 45: the newer one fails in the stage.
#[tokio::test]
async fn a_newer_release_that_failed_in_the_stage_is_left_to_people() {
    let mut guard = Guard::after("good@10 bad@40");
    guard.go_to(44);
    guard.world.services.start(PIPELINE, "fix");
    guard.world.services.enter(PIPELINE, "fix", STAGE);
    guard.go_to(45);
    guard.red().await;
    guard.world.services.leave(PIPELINE, "fix", STAGE, RunStatus::Ended(String::from("Failed")));
    guard.let_pass(3).await;
    assert_eq!(guard.told(), ["orders/Production@fix: refused (deployment-not-succeeded)"]);
}

/// Case 45: something enters between our look and our step.
#[tokio::test]
async fn a_stage_that_is_busy_when_it_is_to_go_back_is_looked_at_again_and_not_forced() {
    let mut guard = Guard::after("good@10 bad@40");
    guard.go_to(45);
    let busy = "ConflictException: the stage is currently running";
    guard.world.services.answer_next(Carried::Later(busy.to_owned()));
    assert_eq!(guard.red().await, "looked at again after 60 s");
    assert_eq!(guard.book(), rollback_plans::Book::default(), "the claim and its pledge are given back");
    guard.let_pass(1).await;
    assert_eq!(guard.rollbacks(), ["good"]);
    guard.let_pass(60).await;
    guard.assert_settled("at the end");
}

/// Case 45: the rollback itself still runs when the alarm comes a second time.
#[tokio::test]
async fn while_the_rollback_runs_nothing_else_is_done() {
    let mut guard = Guard::after("good@10 bad@40");
    guard.world.services.rollbacks_end(Duration::from_secs(1_200), RunStatus::Succeeded);
    guard.go_to(45);
    guard.red().await;
    guard.let_pass(1).await;
    guard.green().await;
    guard.let_pass(1).await;
    assert_eq!(guard.red().await, "refused: current-is-rollback");
    guard.let_pass(60).await;
    assert_eq!(guard.rollbacks(), ["good"]);
}

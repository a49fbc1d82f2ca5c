//! The stage runs, or something newer is on its way: case 45. And the transition that can be closed meanwhile.

use std::time::Duration;

use pipeline_model::AlarmState;
use rollback_plans::targets::RunStatus;
use rollback_plans::{Carried, Limits};

use crate::rollback::guard::{ALARM, Guard, PIPELINE, STAGE};

fn closing() -> Limits {
    Limits { closes_transition: true, ..Limits::default() }
}

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

/// Case 45: a newer release waits before the stage. It must not enter after the rollback by itself where that is wanted.
#[tokio::test]
async fn a_closed_transition_keeps_newer_releases_out_until_the_alarm_is_green() {
    let mut guard = Guard::after("good@10 bad@40").limits(closing());
    guard.go_to(45);
    guard.red().await;
    assert!(guard.world.services.is_closed(PIPELINE, STAGE));
    assert_eq!(guard.acts()[0], "close the inbound transition of stage Production of orders: done");
    guard.let_pass(5).await;
    guard.world.services.start(PIPELINE, "newer");
    assert!(!guard.world.services.enter(PIPELINE, "newer", STAGE));
    guard.green().await;
    assert!(!guard.world.services.is_closed(PIPELINE, STAGE));
    assert!(guard.world.services.enter(PIPELINE, "newer", STAGE));
    assert_eq!(guard.told(), ["orders/Production@bad: done to good", "orders/Production@bad: done to good, cleared"]);
}

#[tokio::test]
async fn a_transition_that_cannot_be_closed_does_not_keep_a_stage_from_going_back() {
    let guard = Guard::after("good@10 bad@40").limits(closing());
    guard.world.services.answer_next(Carried::Impossible(String::from("AccessDeniedException: no")));
    guard.go_to(45);
    assert_eq!(guard.red().await, "rolled back: orders/Production@bad");
    assert_eq!(guard.rollbacks(), ["good"]);
    let steps = guard.world.bus.take_published().remove(0).detail()["steps"].clone();
    assert!(steps[0].as_str().unwrap().starts_with("Could not close the inbound transition"), "{steps}");
    guard.turn(ALARM, AlarmState::Ok);
    assert!(guard.world.services.done().len() == 1, "what was not closed is not opened");
}

/// What could not be rolled back is not left closed.
#[tokio::test]
async fn a_transition_is_opened_again_when_no_way_back_is_left_or_the_service_is_busy() {
    for answer in [Carried::Impossible(String::from("x: y")), Carried::Later(String::from("ConflictException: z"))] {
        let guard = Guard::after("good@10 bad@40").limits(closing());
        guard.world.services.answer_next(Carried::Done(None));
        guard.world.services.answer_next(answer);
        guard.go_to(45);
        guard.red().await;
        assert!(guard.acts().last().unwrap().starts_with("open the inbound transition"), "{:?}", guard.acts());
    }
}

#[tokio::test]
async fn a_transition_nobody_closed_for_us_is_never_opened() {
    let mut guard = Guard::after("good@10 bad@40");
    guard.go_to(45);
    guard.red().await;
    guard.let_pass(5).await;
    guard.green().await;
    assert!(guard.acts().iter().all(|act| !act.contains("transition")), "{:?}", guard.acts());
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

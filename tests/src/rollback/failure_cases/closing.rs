//! The transition into the stage, closed for a rollback and opened again: case 45, and case 7 for what was closed in vain.

use lambda_kit::doubles::Moment;
use pipeline_model::AlarmState;
use rollback_plans::{Carried, Limits};

use crate::rollback::guard::{ALARM, Guard, PIPELINE, STAGE};

fn closing() -> Limits {
    Limits { closes_transition: true, ..Limits::default() }
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

#[tokio::test]
async fn a_transition_nobody_closed_for_us_is_never_opened() {
    let mut guard = Guard::after("good@10 bad@40");
    guard.go_to(45);
    guard.red().await;
    guard.let_pass(5).await;
    guard.green().await;
    assert!(guard.acts().iter().all(|act| !act.contains("transition")), "{:?}", guard.acts());
}

fn why_closed(guard: &Guard) -> Option<String> {
    guard.world.services.closed_because(PIPELINE, STAGE)
}

/// Case 45: a person had closed it, for a reason of their own.
#[tokio::test]
async fn a_transition_that_a_person_had_closed_keeps_its_reason_and_stays_closed() {
    let mut guard = Guard::after("good@10 bad@40").limits(closing());
    guard.world.services.close_by_hand(PIPELINE, STAGE, "Freeze until Monday.");
    guard.go_to(45);
    assert_eq!(guard.red().await, "rolled back: orders/Production@bad");
    let steps = guard.world.bus.take_published().remove(0).detail()["steps"].clone();
    let said =
        "The inbound transition of stage Production of orders was closed before and stays closed: Freeze until Monday.";
    assert_eq!(steps[0], said);
    guard.let_pass(5).await;
    assert_eq!(guard.green().await, "cleared: orders/Production");
    assert_eq!(why_closed(&guard).as_deref(), Some("Freeze until Monday."));
    assert_eq!(guard.acts().len(), 1, "{:?}", guard.acts());
}

/// Case 45: a person opened ours, and closed it again.
#[tokio::test]
async fn a_transition_that_a_person_closed_after_the_rollback_is_not_opened_by_the_alarm() {
    let mut guard = Guard::after("good@10 bad@40").limits(closing());
    guard.go_to(45);
    guard.red().await;
    guard.let_pass(2).await;
    guard.world.services.close_by_hand(PIPELINE, STAGE, "Freeze until Monday.");
    guard.let_pass(5).await;
    assert_eq!(guard.green().await, "cleared: orders/Production");
    assert_eq!(why_closed(&guard).as_deref(), Some("Freeze until Monday."));
}

/// The alarm turns red, and the reverter dies between the closing, which is its sixth call, and the rollback.
async fn dies_after_closing() -> (Guard, serde_json::Value) {
    let mut guard = Guard::after("good@10 bad@40").limits(closing());
    guard.go_to(45);
    let event = guard.turn(ALARM, AlarmState::Alarm).event();
    guard.world.crash_at(6, Moment::After);
    assert!(guard.invoke(&event).await.is_none());
    guard.reverter = guard.another();
    assert!(why_closed(&guard).is_some());
    assert_eq!(guard.rollbacks(), [""; 0]);
    assert!(guard.book().pledges[0].closes);
    (guard, event)
}

/// Case 7.
#[tokio::test]
async fn a_transition_that_was_closed_in_vain_is_opened_by_whoever_finds_the_pledge() {
    let (mut guard, event) = dies_after_closing().await;
    guard.let_pass(1).await;
    let green = guard.turn(ALARM, AlarmState::Ok).event();
    assert!(guard.deliver(&green).await.is_some());
    assert!(guard.deliver(&event).await.is_some());
    guard.let_pass(10).await;
    assert_eq!(why_closed(&guard), None);
    assert_eq!(guard.rollbacks(), [""; 0], "the alarm is green");
    guard.assert_settled("at the end");
}

/// Case 7: a person closed it for a reason of their own meanwhile.
#[tokio::test]
async fn a_transition_that_a_person_closed_meanwhile_is_not_opened_for_a_pledge_in_vain() {
    let (mut guard, _) = dies_after_closing().await;
    guard.let_pass(4).await;
    guard.world.services.close_by_hand(PIPELINE, STAGE, "Freeze until Monday.");
    guard.green().await;
    assert_eq!(why_closed(&guard).as_deref(), Some("Freeze until Monday."));
    guard.assert_settled("at the end");
}

/// Case 7: whoever comes next rolls back, and the transition is opened when the alarm is green.
#[tokio::test]
async fn a_transition_that_was_closed_before_a_crash_is_part_of_the_rollback_that_follows() {
    let (mut guard, event) = dies_after_closing().await;
    guard.let_pass(1).await;
    assert!(guard.deliver(&event).await.is_some());
    guard.let_pass(4).await;
    assert_eq!(guard.rollbacks(), ["good"]);
    assert!(why_closed(&guard).is_some());
    let closings = guard.acts().iter().filter(|act| act.starts_with("close")).count();
    assert_eq!(closings, 1, "{:?}", guard.acts());
    assert_eq!(guard.green().await, "cleared: orders/Production");
    assert_eq!(why_closed(&guard), None);
    guard.assert_settled("at the end");
}

/// Case 7: no way back is left after all, and the answer to the opening gets lost. The pledge stays until it is open.
#[tokio::test]
async fn a_transition_that_could_not_be_opened_again_is_opened_later() {
    let mut guard = Guard::after("good@10 bad@40").limits(closing());
    guard
        .world
        .services
        .rollbacks_end(std::time::Duration::from_secs(1), rollback_plans::targets::RunStatus::Succeeded);
    guard.go_to(45);
    let event = guard.turn(ALARM, AlarmState::Alarm).event();
    let close = rollback_plans::Step::CloseTransition {
        pipeline: PIPELINE.into(),
        stage: STAGE.into(),
        reason: String::from("Pipewarden rolls back because alarm orders-errors is red"),
    };
    reverter::ports::Executor::carry_out(&guard.world.services, &close).await.unwrap();
    guard.world.services.answer_next(Carried::Impossible(String::from("UnableToRollbackStageException: no")));
    guard.world.services.answer_next(Carried::Later(String::from("ThrottlingException: Rate exceeded")));
    assert!(!guard.invoke(&event).await.unwrap().unwrap_err().is_permanent());
    assert!(why_closed(&guard).is_some());
    guard.world.services.answer_next(Carried::Impossible(String::from("UnableToRollbackStageException: no")));
    guard.let_pass(3).await;
    assert!(guard.deliver(&event).await.is_some());
    assert_eq!(why_closed(&guard), None);
    assert_eq!(guard.told(), ["orders/Production@bad: failed"]);
    guard.assert_settled("at the end");
}

/// What could not be rolled back is not left closed.
#[tokio::test]
async fn a_transition_is_opened_again_when_no_way_back_is_left_or_the_service_is_busy() {
    for answer in [Carried::Impossible(String::from("x: y")), Carried::Later(String::from("ConflictException: z"))] {
        let (mut guard, event) = dies_after_closing().await;
        guard.let_pass(3).await;
        guard.world.services.answer_next(answer);
        guard.hear(&event).await;
        assert!(guard.acts().last().unwrap().starts_with("open the inbound transition"), "{:?}", guard.acts());
        assert_eq!(why_closed(&guard), None);
    }
}

/// The role may not open it, or the stage was renamed.
#[tokio::test]
async fn a_transition_that_cannot_be_opened_is_told_with_the_command_and_remembered() {
    for answer in [Carried::Denied, Carried::Impossible].map(|kind| kind(String::from("AccessDeniedException: no"))) {
        let mut guard = Guard::after("good@10 bad@40").limits(closing());
        guard.go_to(45);
        guard.red().await;
        guard.let_pass(5).await;
        guard.told();
        guard.world.services.answer_next(answer);
        assert_eq!(guard.green().await, "cleared: orders/Production");
        assert!(why_closed(&guard).is_some() && guard.book().has_closed_door());
        let decision = guard.world.bus.take_published().remove(0);
        let command = "aws codepipeline enable-stage-transition --pipeline-name orders --stage-name Production";
        assert!(decision.detail()["commands"][0].as_str().unwrap().starts_with(command), "{}", decision.detail());
        let reason = decision.reason.unwrap();
        assert!(reason.ends_with("The inbound transition could not be opened again, so a person must."), "{reason}");
    }
}

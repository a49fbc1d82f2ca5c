//! A transition that was closed for one alarm and is needed by another: it is opened when none of them is red. Case 45.

use pipeline_model::AlarmState;
use rollback_plans::{CONSENT_TAG, Limits};

use crate::rollback::guard::{Guard, PIPELINE, STAGE};

const OTHER: &str = "orders-latency";

fn closing() -> Limits {
    Limits { closes_transition: true, ..Limits::default() }
}

fn why_closed(guard: &Guard) -> Option<String> {
    guard.world.services.closed_because(PIPELINE, STAGE)
}

/// Two alarms are red; the stage goes back for the first, and the second is told why not once more.
async fn closed_for_two() -> Guard {
    let mut guard = Guard::after("good@10").limits(closing());
    guard.protect(OTHER, &[(CONSENT_TAG, "orders/Production")]);
    guard.go_to(40);
    guard.world.services.release(PIPELINE, "bad");
    guard.go_to(45);
    guard.red().await;
    guard.let_pass(2).await;
    assert_eq!(guard.hear(&guard.turn(OTHER, AlarmState::Alarm).event()).await, "refused: current-is-rollback");
    guard.let_pass(2).await;
    guard.told();
    guard
}

#[tokio::test]
async fn a_transition_is_not_opened_by_the_first_of_two_alarms_that_is_ok() {
    let mut guard = closed_for_two().await;
    assert_eq!(guard.green().await, "cleared: orders/Production");
    let reason = guard.world.bus.take_published().remove(0).reason.unwrap();
    assert!(
        reason.ends_with("The inbound transition stays closed until alarm orders-latency is OK as well."),
        "{reason}"
    );
    assert!(why_closed(&guard).is_some());
    guard.let_pass(60).await;
    assert_eq!(guard.red().await, "refused: current-is-rollback");
    guard.let_pass(1).await;
    guard.told();
    let green = guard.turn(OTHER, AlarmState::Ok).event();
    assert_eq!(guard.hear(&green).await, "cleared: orders/Production");
    assert!(why_closed(&guard).is_some(), "the first is red once more");
    guard.let_pass(1).await;
    guard.green().await;
    assert_eq!(why_closed(&guard), None);
    assert_eq!(guard.told(), [""; 0], "that the alarm has cleared was told");
    assert_eq!(guard.book().door_needed_by().len(), 0);
    guard.assert_settled("at the end");
}

#[tokio::test]
async fn of_two_alarms_the_last_one_that_is_ok_opens_the_transition_whichever_it_is() {
    let guard = closed_for_two().await;
    guard.hear(&guard.turn(OTHER, AlarmState::Ok).event()).await;
    assert!(why_closed(&guard).is_some());
    guard.green().await;
    assert_eq!(why_closed(&guard), None);
}

/// The event that the other one is OK again was lost, or the other one is gone.
#[tokio::test]
async fn whether_another_alarm_still_needs_the_transition_closed_cloudwatch_says() {
    for is_gone in [false, true] {
        let guard = closed_for_two().await;
        match is_gone {
            true => guard.world.alarms.delete(OTHER),
            false => drop(guard.turn(OTHER, AlarmState::Ok)),
        }
        guard.green().await;
        assert_eq!(why_closed(&guard), None);
    }
    let guard = closed_for_two().await;
    guard.turn(OTHER, AlarmState::InsufficientData);
    guard.green().await;
    assert!(why_closed(&guard).is_some(), "without data it is what it was");
}

#[tokio::test]
async fn an_alarm_that_only_observes_keeps_no_transition_closed() {
    let guard = Guard::after("good@10 bad@40").limits(closing());
    guard.world.alarms.create(OTHER, &[(CONSENT_TAG, "orders/Production"), ("pipewarden:mode", "observe")]);
    guard.go_to(45);
    guard.red().await;
    guard.hear(&guard.turn(OTHER, AlarmState::Alarm).event()).await;
    guard.wait_seconds(60);
    guard.green().await;
    assert_eq!(why_closed(&guard), None);
}

//! An observer does everything but act and writes nothing.

use pipeline_model::AlarmState;
use rollback_plans::{CONSENT_TAG, Limits, MODE_TAG, Mode};

use crate::rollback::guard::{ALARM, Guard, PIPELINE};

async fn observe(guard: &Guard, alarm: &str) {
    guard.go_to(45);
    assert_eq!(guard.hear(&guard.turn(alarm, AlarmState::Alarm).event()).await, "observed");
    let decision = guard.world.bus.take_published().remove(0);
    assert_eq!(crate::rollback::guard::words(&decision), "orders/Production@bad: observed to good");
    let detail = decision.detail();
    assert_eq!(detail["steps"][0], "Roll stage Production of orders back to execution good.");
    assert!(detail["commands"][0].as_str().unwrap().starts_with("aws codepipeline rollback-stage"));
    assert_eq!((&detail["from"]["id"], &detail["to"]["id"]), (&"bad".into(), &"good".into()));
    assert_eq!(guard.acts(), [""; 0], "nothing is done");
    assert_eq!(guard.world.books.all(guard.now()).len(), 0, "nothing is written");
    assert_eq!(guard.errands(), 0, "nothing is left to be done");
}

#[tokio::test]
async fn a_stack_that_observes_acts_nowhere_and_writes_nothing() {
    observe(&Guard::after("good@10 bad@40").mode(Mode::Observe), ALARM).await;
}

#[tokio::test]
async fn an_alarm_that_observes_acts_nowhere_and_writes_nothing() {
    let guard = Guard::after("good@10 bad@40");
    let tags = [(CONSENT_TAG, "orders/Production"), (MODE_TAG, "observe")];
    guard.world.alarms.create("careful", &tags);
    guard.world.alarms.turn("careful", AlarmState::Ok);
    observe(&guard, "careful").await;
}

/// An alarm cannot ask for more than the stack allows.
#[tokio::test]
async fn an_alarm_that_wants_to_act_in_a_stack_that_observes_observes() {
    let guard = Guard::after("good@10 bad@40").mode(Mode::Observe);
    guard.protect("bold", &[(CONSENT_TAG, "orders/Production"), (MODE_TAG, "act")]);
    observe(&guard, "bold").await;
}

#[tokio::test]
async fn an_observer_refuses_as_whoever_acts_would() {
    let guard = Guard::after("bad@40").mode(Mode::Observe);
    guard.go_to(45);
    assert_eq!(guard.red().await, "refused: no-way-back");
}

/// Where the pipeline would be started anew, that is said and not done. What starts anew comes through the transition, so
/// that one would stay open.
#[tokio::test]
async fn an_observer_closes_and_starts_nothing() {
    let limits = Limits { closes_transition: true, redeploys: true, ..Limits::default() };
    let guard = Guard::after("good@10").mode(Mode::Observe).limits(limits);
    guard.world.services.edit_pipeline(PIPELINE);
    guard.go_to(40);
    guard.world.services.release(PIPELINE, "bad");
    guard.go_to(45);
    assert_eq!(guard.red().await, "observed");
    let steps = guard.world.bus.take_published().remove(0).detail()["steps"].clone();
    assert_eq!(steps, serde_json::json!(["Start orders again with the revisions of execution good."]));
    assert_eq!(guard.acts(), [""; 0]);
}

/// A mode that cannot be read is no reason to act, and is told.
#[tokio::test]
async fn a_mode_that_cannot_be_read_protects_nothing_and_is_told() {
    let guard = Guard::after("good@10 bad@40");
    guard.protect("wrong", &[(CONSENT_TAG, "orders/Production"), (MODE_TAG, "Act")]);
    guard.go_to(45);
    guard.hear(&guard.turn("wrong", AlarmState::Alarm).event()).await;
    assert_eq!(guard.told(), ["alarm wrong: refused (tag-unreadable)"]);
    assert_eq!(guard.acts(), [""; 0]);
}

//! Poison, dead letters and deliveries that hold several messages: case 36.

use pipeline_model::AlarmState;
use rollback_plans::CONSENT_TAG;
use serde_json::json;

use crate::rollback::alarms::{posted, together};
use crate::rollback::guard::{ALARM, Guard};

/// Case 36.
#[tokio::test]
async fn an_errand_nobody_can_read_becomes_a_dead_letter_and_others_go_on() {
    let mut guard = Guard::after("good@10 bad@40");
    guard.go_to(45);
    let poison =
        ["", "{", "null", "[]", r#"{"reconsider":{}}"#, r#"{"check-on":{"target":"nonsense"}}"#, r#"{"unknown":1}"#];
    poison.iter().for_each(|body| guard.send(body));
    guard.world.services.lose_answers(1);
    guard.red().await;
    guard.let_pass(180).await;
    assert_eq!(guard.dead_letters(), poison);
    assert_eq!(guard.rollbacks(), ["good"]);
    assert!(guard.told().contains(&String::from("orders/Production@bad: done to good")));
}

/// Case 36.
#[tokio::test]
async fn an_alarm_nobody_can_read_becomes_a_dead_letter_and_is_counted() {
    let mut guard = Guard::after("good@10 bad@40");
    guard.go_to(45);
    let mut event = guard.turn(ALARM, AlarmState::Alarm).event();
    event["detail"]["state"]["value"] = json!(7);
    assert_eq!(guard.deliver(&event).await, None);
    assert_eq!(guard.dead_letters(), [event.to_string()]);
    assert!(guard.world.metrics.sum("AlarmsNotUnderstood") >= 1.0);
    assert_eq!((guard.acts(), guard.told()), (Vec::new(), Vec::new()));
}

/// Case 36: what is no alarm at all is nothing to keep.
#[tokio::test]
async fn chatter_on_a_topic_is_ignored_and_the_alarm_beside_it_is_answered() {
    let guard = Guard::after("good@10 bad@40");
    guard.go_to(45);
    let alarm = guard.turn(ALARM, AlarmState::Alarm).letter();
    let told = guard.hear(&together(&[posted("Lunch?"), alarm, posted("{}")])).await;
    assert!(told.contains("; rolled back: orders/Production@bad; "), "{told}");
    assert_eq!(told.matches("ignored: ").count(), 2, "{told}");
    assert_eq!(guard.rollbacks(), ["good"]);
}

/// Case 36: SNS delivers one message at a time, but its envelope holds a list.
#[tokio::test]
async fn several_alarms_in_one_delivery_are_each_answered() {
    let guard = Guard::after("good@10 bad@40");
    guard.protect("other", &[(CONSENT_TAG, "billing/Production")]);
    guard.world.services.create_pipeline("billing", &["Source", "Production"]);
    ["fine", "broken"].iter().for_each(|release| guard.world.services.release("billing", release));
    guard.go_to(45);
    let letters = [ALARM, "other"].map(|alarm| guard.turn(alarm, AlarmState::Alarm).letter());
    let told = guard.hear(&together(&letters)).await;
    assert_eq!(told, "rolled back: orders/Production@bad; rolled back: billing/Production@broken");
    assert_eq!(guard.rollbacks(), ["good", "fine"]);
}

/// Case 36: one poisonous message must not make the others happen twice.
#[tokio::test]
async fn a_delivery_that_comes_again_because_of_one_message_rolls_back_once() {
    let mut guard = Guard::after("good@10 bad@40");
    guard.go_to(45);
    let change = guard.turn(ALARM, AlarmState::Alarm);
    guard.protect("other", &[(CONSENT_TAG, "billing/Production")]);
    guard.world.services.create_pipeline("billing", &["Source", "Production"]);
    let other = guard.turn("other", AlarmState::Alarm);
    let delivery = together(&[change.letter(), other.letter()]);
    // It dies after the nine calls of the first one.
    guard.world.crash_at(10, lambda_kit::doubles::Moment::Before);
    assert!(guard.deliver(&delivery).await.is_some());
    assert_eq!(guard.rollbacks(), ["good"]);
    let told = guard.told();
    assert_eq!(
        told,
        ["orders/Production@bad: done to good", "billing/Production@2026-03-02: refused (never-deployed)"]
    );
}

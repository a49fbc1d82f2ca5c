//! What ECS is told, stage by stage, and that a rollback is never held up.

use std::time::Duration;

use pipeline_model::AlarmState;
use serde_json::{Value, json};

use crate::Reply;
use crate::memory::{Memory, Pipeline};

const TARGET: &str = "arn:aws:ecs:us-west-2:111122223333:service-revision/c1/orders/9313423515462893900";
const SOURCE: &str = "arn:aws:ecs:us-west-2:111122223333:service-revision/c1/orders/1920498462936580504";

fn world(hold: &str) -> Memory {
    let memory = Memory::at("2026-03-02T10:00:00Z".parse().unwrap());
    memory
        .settings
        .set("policies/p", &format!("gate:\n  checks:\n    - alarms: {{ names: [orders-5xx] }}\n      for: {hold}\n"));
    memory.inquiry.set_alarm("orders-5xx", AlarmState::Ok);
    memory
}

fn event(stage: &str, weights: &Value, details: &Value) -> String {
    json!({
        "executionId": "f4fcae0f-0000-4000-8000-0eaa0cef8af5", "lifecycleStage": stage,
        "resourceArn": "arn:aws:ecs:us-west-2:111122223333:service-deployment/c1/orders/EZe5RNVLH6PPzHXINuP28",
        "executionDetails": {
            "serviceArn": "arn:aws:ecs:us-west-2:111122223333:service/c1/orders",
            "targetServiceRevisionArn": TARGET, "testTrafficWeights": {}, "productionTrafficWeights": weights,
        },
        "hookDetails": details,
    })
    .to_string()
}

async fn hooked(memory: &Memory, event: &str) -> Value {
    match Pipeline::with(memory, "").deliver(event).await {
        Some(Ok(reply @ Reply::Hook(_))) => serde_json::to_value(reply).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn shifting() -> Value {
    json!({ TARGET: 100, SOURCE: 0 })
}

#[tokio::test]
async fn a_hook_is_called_again_until_the_gate_decides() {
    let memory = world("1m");
    let mut details = json!({ "policy": "p" });
    for _ in 0..2 {
        let reply = hooked(&memory, &event("POST_TEST_TRAFFIC_SHIFT", &shifting(), &details)).await;
        assert_eq!((&reply["hookStatus"], &reply["callBackDelay"]), (&json!("IN_PROGRESS"), &json!(30)));
        details["pipewarden"] = reply["hookDetails"]["pipewarden"].clone();
        memory.clock.advance(Duration::from_secs(30));
    }
    let reply = hooked(&memory, &event("POST_TEST_TRAFFIC_SHIFT", &shifting(), &details)).await;
    assert_eq!(reply, json!({ "hookStatus": "SUCCEEDED", "hookDetails": { "pipewarden": "decided" } }));
    let target = memory.bus.published().remove(0).detail()["target"].clone();
    assert_eq!(target, "ecs:c1/orders");
}

#[tokio::test]
async fn a_red_alarm_fails_the_hook() {
    let memory = world("0s");
    memory.inquiry.set_alarm("orders-5xx", AlarmState::Alarm);
    let reply = hooked(&memory, &event("PRE_PRODUCTION_TRAFFIC_SHIFT", &shifting(), &json!({ "policy": "p" }))).await;
    assert_eq!(reply["hookStatus"], "FAILED");
}

#[tokio::test]
async fn a_rollback_is_told_succeeded_and_nothing_is_asked() {
    let memory = world("0s");
    memory.inquiry.set_alarm("orders-5xx", AlarmState::Alarm);
    let back = json!({ TARGET: 0, SOURCE: 100 });
    let reply = hooked(&memory, &event("PRODUCTION_TRAFFIC_SHIFT", &back, &json!({ "policy": "p" }))).await;
    assert_eq!(reply["hookStatus"], "SUCCEEDED");
    assert_eq!(memory.inquiry.asked().len(), 0);
}

#[tokio::test]
async fn a_revision_that_has_no_traffic_yet_is_no_rollback() {
    let not_yet = json!({ TARGET: 0, SOURCE: 100 });
    for (stage, weights) in [
        ("PRE_SCALE_UP", &not_yet),
        ("POST_SCALE_UP", &not_yet),
        ("PRE_PRODUCTION_TRAFFIC_SHIFT", &not_yet),
        ("TEST_TRAFFIC_SHIFT", &not_yet),
        ("PRODUCTION_TRAFFIC_SHIFT", &json!({})),
    ] {
        let memory = world("0s");
        memory.inquiry.set_alarm("orders-5xx", AlarmState::Alarm);
        let reply = hooked(&memory, &event(stage, weights, &json!({ "policy": "p" }))).await;
        assert_eq!(reply["hookStatus"], "FAILED", "{stage}");
    }
}

#[tokio::test]
async fn each_step_of_a_traffic_shift_is_a_gate_of_its_own() {
    let memory = world("1m");
    let details = json!({ "policy": "p", "pipewarden": "decided" });
    let reply = hooked(&memory, &event("PRODUCTION_TRAFFIC_SHIFT", &shifting(), &details)).await;
    assert_eq!(reply["hookStatus"], "IN_PROGRESS", "the minute begins anew");
}

#[tokio::test]
async fn details_that_name_no_policy_or_hold_a_broken_token_fail_the_hook() {
    for details in
        [json!(null), json!({}), json!({ "policy": "p", "minutes": 5 }), json!({ "policy": "p", "pipewarden": "x" })]
    {
        let memory = world("0s");
        let reply = hooked(&memory, &event("PRE_SCALE_UP", &shifting(), &details)).await;
        assert_eq!(reply["hookStatus"], "FAILED", "{details}");
    }
    let memory = world("0s");
    let broken = r#"{"lifecycleStage":7}"#;
    assert_eq!(hooked(&memory, broken).await["hookStatus"], "FAILED");
}

#[tokio::test]
async fn a_gate_of_another_stage_is_not_gone_on_with() {
    let memory = world("1m");
    let mut details = json!({ "policy": "p" });
    let reply = hooked(&memory, &event("POST_TEST_TRAFFIC_SHIFT", &shifting(), &details)).await;
    details["pipewarden"] = reply["hookDetails"]["pipewarden"].clone();
    memory.clock.advance(Duration::from_mins(1));
    let reply = hooked(&memory, &event("POST_PRODUCTION_TRAFFIC_SHIFT", &shifting(), &details)).await;
    assert_eq!(reply["hookStatus"], "IN_PROGRESS", "the minute begins anew");
    let same = hooked(&memory, &event("POST_TEST_TRAFFIC_SHIFT", &shifting(), &details)).await;
    assert_eq!(same["hookStatus"], "SUCCEEDED");
}

#[tokio::test]
async fn a_token_that_names_no_stage_begins_anew() {
    let memory = world("1m");
    let first = hooked(&memory, &event("PRE_SCALE_UP", &shifting(), &json!({ "policy": "p" }))).await;
    let (token, _) = first["hookDetails"]["pipewarden"].as_str().unwrap().split_once(' ').unwrap();
    memory.clock.advance(Duration::from_mins(1));
    let details = json!({ "policy": "p", "pipewarden": token });
    assert_eq!(hooked(&memory, &event("PRE_SCALE_UP", &shifting(), &details)).await["hookStatus"], "IN_PROGRESS");
}

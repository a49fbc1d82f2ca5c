//! Hooks of CodeDeploy: told once within the hour, whatever is lost or comes twice on the way.

use std::time::Duration;

use pipeline_model::AlarmState;
use serde_json::{Value, json};

use crate::Reply;
use crate::memory::{Delivered, Memory, Pipeline};

const SETTINGS: &str = "gates:\n  hooks:\n    codedeploy:\n      - { application: shop, group: blue, policy: p }\n";
const HOOK: &str = r#"{"DeploymentId":"d-EXAMPLE11","LifecycleEventHookExecutionId":"opaque=="}"#;

fn world(terms: &str) -> Memory {
    let memory = Memory::at("2026-03-02T10:00:00Z".parse().unwrap());
    let policy = format!("gate:\n  deadline: 4h\n  checks:\n    - alarms: {{ names: [orders-5xx] }}\n{terms}");
    memory.settings.set("policies/p", &policy);
    memory.settings.set("settings", SETTINGS);
    memory.inquiry.set_alarm("orders-5xx", AlarmState::Ok);
    memory.deployments.begin("d-EXAMPLE11", "shop", "blue");
    memory
}

fn batch(bodies: &[String]) -> String {
    let record = |(at, body): (usize, &String)| json!({ "messageId": format!("m-{at}"), "receiptHandle": "r", "body": body, "attributes": {}, "messageAttributes": {}, "md5OfBody": "", "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-east-1:111122223333:q", "awsRegion": "us-east-1" });
    let records: Vec<Value> = bodies.iter().enumerate().map(record).collect();
    json!({ "Records": records }).to_string()
}

async fn deliver(memory: &Memory, event: &str) -> Delivered {
    Pipeline::with(memory, "").deliver(event).await
}

fn failed_items(delivered: Delivered) -> usize {
    match delivered {
        Some(Ok(Reply::Errands(reply))) => reply.batch_item_failures.len(),
        other => panic!("{other:?}"),
    }
}

/// Begins the hook, and then delivers what the gate reminds itself of until nothing is left.
async fn to_the_end(memory: &Memory) -> Vec<bool> {
    deliver(memory, HOOK).await;
    while !memory.laters.waiting().is_empty() {
        memory.clock.advance(Duration::from_secs(30));
        for body in memory.laters.take_due() {
            deliver(memory, &batch(&[body])).await;
        }
    }
    memory.deployments.answers().into_iter().map(|(_, succeeded)| succeeded).collect()
}

#[tokio::test]
async fn a_hook_waits_for_its_bake_time_and_is_told_once() {
    let memory = world("      for: 2m\n");
    assert_eq!(to_the_end(&memory).await, [true]);
    assert_eq!(memory.inquiry.asked().len(), 5);
    assert_eq!(memory.bus.published()[0].detail()["target"], "codedeploy:shop/blue");
}

#[tokio::test]
async fn a_red_alarm_fails_the_deployment() {
    let memory = world("");
    memory.inquiry.set_alarm("orders-5xx", AlarmState::Alarm);
    assert_eq!(to_the_end(&memory).await, [false]);
}

#[tokio::test]
async fn a_gate_decides_within_the_hooks_hour_whatever_its_policy_allows() {
    let memory = world("      failures: 1000\n");
    memory.inquiry.set_alarm("orders-5xx", AlarmState::Alarm);
    let began = memory.clock.now();
    assert_eq!(to_the_end(&memory).await, [false]);
    assert_eq!(memory.clock.now().duration_since(began).as_mins(), 55);
}

#[tokio::test]
async fn a_deployment_group_without_a_policy_fails_and_the_settings_are_named() {
    let memory = world("");
    memory.deployments.begin("d-EXAMPLE11", "shop", "green");
    assert_eq!(to_the_end(&memory).await, [false]);
    let [told] = memory.bus.published().try_into().unwrap();
    assert_eq!(
        (&told.detail()["verdict"], &told.detail()["target"]),
        (&json!("error"), &json!("codedeploy:shop/green"))
    );
    assert!(told.reason.unwrap().contains("no entry of gates.hooks.codedeploy"));
    let memory = world("");
    memory.settings.remove("policies/p");
    assert_eq!(to_the_end(&memory).await, [false]);
    let told = memory.bus.published().remove(0);
    assert_eq!(told.detail()["verdict"], "error");
    assert!(told.reason.unwrap().contains("/pipewarden/policies/p"), "nothing else tells a person why");
}

#[tokio::test]
async fn while_the_policy_is_unknown_the_hook_waits_and_then_fails() {
    let memory = world("");
    memory.deployments.fail_next(3);
    assert_eq!(to_the_end(&memory).await, [true]);
    let memory = world("");
    memory.settings.fail_next(usize::MAX);
    assert_eq!(to_the_end(&memory).await, [false]);
    let [told] = memory.bus.published().try_into().unwrap();
    assert_eq!(told.detail()["target"], "codedeploy:shop/blue");
}

#[tokio::test]
async fn a_hook_that_comes_again_after_it_failed_for_want_of_a_policy_is_told_once() {
    let memory = world("");
    memory.settings.set("settings", "");
    deliver(&memory, HOOK).await;
    memory.settings.set("settings", SETTINGS);
    memory.clock.advance(Duration::from_mins(5));
    deliver(&memory, HOOK).await;
    memory.settings.set("settings", "");
    memory.clock.advance(Duration::from_mins(5));
    deliver(&memory, HOOK).await;
    assert_eq!(memory.deployments.answers().len(), 1);
    let errors = memory.bus.published().iter().filter(|told| told.detail()["verdict"] == "error").count();
    assert_eq!(errors, 1);
}

#[tokio::test]
async fn an_errand_that_another_version_wrote_fails_its_hook_and_says_why() {
    let token = "v2.key.1";
    let hook: Value = serde_json::from_str(HOOK).unwrap();
    for (errand, why) in [
        (json!({ "hook": hook, "policy": "p", "target": "codedeploy:shop/blue", "token": token }), "deployed anew"),
        (json!({ "hook": hook, "since": 7 }), "not one of the gatekeeper's"),
    ] {
        let memory = world("");
        assert_eq!(failed_items(deliver(&memory, &batch(&[errand.to_string()])).await), 0);
        let [(_, succeeded)] = memory.deployments.answers().try_into().unwrap();
        assert!(!succeeded);
        let reason = memory.bus.published().remove(0).reason.unwrap();
        assert!(reason.contains(why), "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_throttled_answer_is_given_again_within_the_same_invocation() {
    let memory = world("");
    memory.deployments.throttle_answers(3);
    deliver(&memory, HOOK).await;
    let answers = memory.deployments.answers();
    assert_eq!(answers.len(), 1);
    assert!(answers[0].1);
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_takes_no_answer_is_left_to_the_watchdog_and_an_errand_comes_again() {
    let memory = world("");
    memory.deployments.throttle_answers(usize::MAX);
    let delivered = deliver(&memory, HOOK).await;
    assert!(matches!(&delivered, Some(Err(failure)) if !failure.is_permanent()), "{delivered:?}");
    let memory = world("      for: 2m\n");
    deliver(&memory, HOOK).await;
    memory.clock.advance(Duration::from_secs(30));
    let body = memory.laters.take_due().remove(0);
    memory.inquiry.set_alarm("orders-5xx", AlarmState::Alarm);
    memory.deployments.throttle_answers(usize::MAX);
    assert_eq!(failed_items(deliver(&memory, &batch(std::slice::from_ref(&body))).await), 1);
    memory.deployments.throttle_answers(0);
    memory.clock.advance(Duration::from_mins(6));
    assert_eq!(failed_items(deliver(&memory, &batch(&[body])).await), 0);
    assert_eq!(memory.deployments.answers().len(), 1);
}

#[tokio::test]
async fn a_call_that_comes_again_after_its_invocation_is_nobodys() {
    let memory = world("");
    deliver(&memory, HOOK).await;
    memory.inquiry.set_alarm("orders-5xx", AlarmState::Alarm);
    memory.clock.advance(Duration::from_mins(5));
    deliver(&memory, HOOK).await;
    assert_eq!((memory.deployments.answers().len(), memory.bus.published().len()), (1, 1));
}

#[tokio::test]
async fn a_hook_that_calls_twice_at_once_is_one_gate() {
    let memory = world("      for: 2m\n");
    tokio::join!(deliver(&memory, HOOK), deliver(&memory, HOOK));
    assert_eq!(memory.laters.waiting().len(), 1);
}

#[tokio::test]
async fn an_errand_that_comes_twice_is_done_once() {
    let memory = world("      for: 2m\n");
    deliver(&memory, HOOK).await;
    memory.clock.advance(Duration::from_secs(30));
    let body = memory.laters.take_due().remove(0);
    let errand = batch(&[body]);
    let (a, b) = tokio::join!(deliver(&memory, &errand), deliver(&memory, &errand));
    assert_eq!((failed_items(a), failed_items(b)), (0, 0));
    assert_eq!(memory.laters.waiting().len(), 1);
}

#[tokio::test]
async fn an_errand_that_cannot_be_done_or_read_comes_again() {
    let memory = world("      for: 2m\n");
    deliver(&memory, HOOK).await;
    memory.clock.advance(Duration::from_secs(30));
    let body = memory.laters.take_due().remove(0);
    memory.laters.fail_next(1);
    let delivered = deliver(&memory, &batch(&[body, String::from("{}")])).await;
    assert_eq!(failed_items(delivered), 2);
}

#[tokio::test]
async fn while_the_settings_are_wrong_a_hook_waits_and_goes_on_when_they_are_mended() {
    let memory = world("");
    memory.settings.set("settings", "gates:\n  hook: {}\n");
    deliver(&memory, HOOK).await;
    assert_eq!((memory.laters.waiting().len(), memory.deployments.answers().len()), (1, 0));
    assert!(memory.metrics.sum("SettingsRefused") > 0.0);
    memory.settings.set("settings", SETTINGS);
    assert_eq!(to_the_end(&memory).await, [true]);
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_was_said_to_be_stopped_is_stopped_whatever_is_seen_when_its_errand_comes_again() {
    let memory = world("      for: 2m\n");
    deliver(&memory, HOOK).await;
    memory.clock.advance(Duration::from_secs(30));
    let errand = batch(&memory.laters.take_due());
    memory.inquiry.set_alarm("orders-5xx", AlarmState::Alarm);
    memory.deployments.throttle_answers(usize::MAX);
    assert_eq!(failed_items(deliver(&memory, &errand).await), 1);
    memory.deployments.throttle_answers(0);
    memory.clock.advance(Duration::from_mins(6));
    memory.inquiry.set_alarm("orders-5xx", AlarmState::Ok);
    assert_eq!(failed_items(deliver(&memory, &errand).await), 0);
    let [(_, succeeded)] = memory.deployments.answers().try_into().unwrap();
    assert!(!succeeded && memory.laters.waiting().is_empty());
    let told: Vec<_> = memory.bus.published().iter().map(|told| told.detail()["verdict"].clone()).collect();
    assert_eq!(told, [json!("wait"), json!("fail")], "it is told once");
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_had_no_policy_when_it_was_stopped_is_not_judged_by_one_that_came_since() {
    let memory = world("      for: 2m\n");
    deliver(&memory, HOOK).await;
    memory.clock.advance(Duration::from_secs(30));
    let errand = batch(&memory.laters.take_due());
    memory.settings.remove("policies/p");
    memory.deployments.throttle_answers(usize::MAX);
    assert_eq!(failed_items(deliver(&memory, &errand).await), 1);
    memory.deployments.throttle_answers(0);
    memory.clock.advance(Duration::from_mins(6));
    memory.settings.set("policies/p", "gate: { checks: [ { alarms: { names: [orders-5xx] } } ] }");
    assert_eq!(failed_items(deliver(&memory, &errand).await), 0);
    let [(_, succeeded)] = memory.deployments.answers().try_into().unwrap();
    assert!(!succeeded);
}

#[tokio::test]
async fn a_hook_that_refuses_its_answer_is_told_and_not_judged_anew() {
    for red in [false, true] {
        let memory = world("      for: 30s\n");
        deliver(&memory, HOOK).await;
        memory.clock.advance(Duration::from_secs(30));
        let errand = batch(&memory.laters.take_due());
        memory.inquiry.set_alarm("orders-5xx", if red { AlarmState::Alarm } else { AlarmState::Ok });
        memory.deployments.refuse_answers();
        assert_eq!(failed_items(deliver(&memory, &errand).await), 0, "nothing comes again");
        assert_eq!((memory.inquiry.asked().len(), memory.deployments.answers().len()), (2, 0));
        let told = memory.bus.published().pop().unwrap();
        assert_eq!(told.detail()["verdict"], "error");
        assert!(told.reason.unwrap().contains("could not be answered"));
    }
}

#[tokio::test]
async fn a_hook_is_answered_when_the_table_was_away_too_long_and_comes_back_in_that_moment() {
    let memory = world("      for: 30m\n");
    deliver(&memory, HOOK).await;
    // The eleventh blind visit finds no claim, and then a table that knows another worker.
    memory.shelf.fail_next(11);
    while !memory.laters.waiting().is_empty() {
        memory.clock.advance(Duration::from_secs(30));
        for body in memory.laters.take_due() {
            deliver(&memory, &batch(&[body])).await;
        }
    }
    assert_eq!(memory.deployments.answers().len(), 1);
}

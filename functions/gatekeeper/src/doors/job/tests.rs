//! Jobs that cannot be read or meant: each is answered, and none is a success.

use lambda_kit::jobs::{Answer, FailureKind};
use pipeline_model::AlarmState;
use proptest::prelude::*;
use serde_json::Value;

use crate::memory::{Memory, Pipeline};

/// A world in which every policy that is read lets the release pass at once.
fn open_world() -> Memory {
    let memory = Memory::at("2026-03-02T10:00:00Z".parse().unwrap());
    memory.settings.set("policies/p", "gate:\n  checks:\n    - alarms: { names: [orders-5xx] }\n");
    memory.inquiry.set_alarm("orders-5xx", AlarmState::Ok);
    memory
}

async fn answered(memory: &Memory, event: &str) -> Answer {
    let pipeline = Pipeline::with(memory, "");
    let delivered = pipeline.deliver(event).await;
    assert!(matches!(delivered, Some(Ok(_))), "{delivered:?}");
    pipeline.answer(0)
}

async fn refused(memory: &Memory, event: &str) -> String {
    match answered(memory, event).await {
        Answer::Failure { kind: FailureKind::ConfigurationError, message } => message.as_str().to_owned(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_job_with_good_parameters_passes_here() {
    let memory = open_world();
    let event = Pipeline::with(&memory, r#"{"policy":"p"}"#).event(0, None);
    assert!(matches!(answered(&memory, &event).await, Answer::Success { .. }));
}

#[tokio::test]
async fn a_continuation_token_nobody_wrote_is_told_in_clear_words() {
    let pipeline = |memory: &Memory| Pipeline::with(memory, r#"{"policy":"p"}"#);
    for (token, words) in
        [("opaque-state", "not one of the gatekeeper's"), ("v2.a.b", "deployed anew"), ("", "not one")]
    {
        let memory = open_world();
        let told = refused(&memory, &pipeline(&memory).event(0, Some(token))).await;
        assert!(told.contains(words) && told.contains("retry the stage"), "{told}");
        assert_eq!(memory.inquiry.asked().len(), 0);
    }
}

#[tokio::test]
async fn a_job_of_another_account_is_refused_before_anything_is_asked_and_one_of_no_account_is_not() {
    let memory = open_world();
    let event = Pipeline::with(&memory, r#"{"policy":"p"}"#).event(0, None);
    let told = refused(&memory, &event.replace("111122223333", "444455556666")).await;
    assert_eq!(
        told,
        "the job is of account 444455556666 and this gate of 111122223333; name a gate of the pipeline's own account"
    );
    assert_eq!((memory.inquiry.asked().len(), memory.bus.published().len(), memory.shelf.all().len()), (0, 0, 0));
    let mut event: Value = serde_json::from_str(&event).unwrap();
    event["CodePipeline.job"].as_object_mut().unwrap().remove("accountId");
    assert!(matches!(answered(&open_world(), &event.to_string()).await, Answer::Success { .. }));
}

#[tokio::test]
async fn a_job_of_which_only_the_id_can_be_read_is_answered() {
    let memory = open_world();
    let event: Value = serde_json::from_str(&Pipeline::with(&memory, r#"{"policy":"p"}"#).event(0, None)).unwrap();
    let mut wrong = event;
    wrong["CodePipeline.job"]["data"]["actionConfiguration"]["configuration"]["UserParameters"] = 7.into();
    let told = refused(&memory, &wrong.to_string()).await;
    assert!(told.contains("UserParameters"), "{told}");
    assert!(memory.metrics.sum("JobsNotUnderstood") > 0.0);
}

#[tokio::test]
async fn an_event_without_a_job_fails_and_no_job_is_answered() {
    for event in ["{}", "[]", "null", r#"{"CodePipeline.job":7}"#, r#"{"CodePipeline.job":{"id":"x"}}"#, r#"{"a":1}"#] {
        let memory = open_world();
        let delivered = Pipeline::with(&memory, "").deliver(event).await;
        assert!(matches!(&delivered, Some(Err(failure)) if failure.is_permanent()), "{event}: {delivered:?}");
        assert_eq!(memory.jobs.answers(), []);
    }
}

/// User parameters in which something was changed, and whatever else can stand there.
fn parameters() -> impl Strategy<Value = String> {
    let good = r#"{"policy":"p","pipeline":"orders","variables":{"coverage":"81"}}"#;
    let changed = (0..good.len(), 0..8_usize, "[{}\\[\\]\":,a-z0-9\\\\ ]{0,6}").prop_map(move |(at, length, put)| {
        let mut text = good.to_owned();
        text.replace_range(at..(at + length).min(good.len()), &put);
        text
    });
    let key = "[a-z]{1,8}";
    let added = (key, "[0-9]{1,3}|\"[a-z]{0,3}\"|null|true|\\[\\]|\\{\\}")
        .prop_map(|(key, value)| format!(r#"{{"policy":"p","{key}":{value}}}"#));
    let twice = "[a-z]{1,4}".prop_map(|other| format!(r#"{{"policy":"{other}","policy":"p"}}"#));
    let deep = (1..400_usize).prop_map(|depth| format!(r#"{{"policy":{}{}}}"#, "[".repeat(depth), "]".repeat(depth)));
    let long = (900..3_000_usize).prop_map(|length| format!(r#"{{"policy":"p","pipeline":"{}"}}"#, "x".repeat(length)));
    prop_oneof![4 => changed, 3 => added, 1 => twice, 1 => deep, 1 => long, 2 => "\\PC{0,60}".boxed()]
}

/// What may pass: the policy by name once, and besides it only what is known, each of its type.
fn may_pass(text: &str) -> bool {
    let Ok(Value::Object(members)) = serde_json::from_str::<Value>(text) else { return false };
    let texts = ["pipeline", "stage", "action", "execution"];
    let is_known = |key: &str, value: &Value| match key {
        "policy" => value == "p",
        "variables" => value.as_object().is_some_and(|all| all.values().all(Value::is_string)),
        key => texts.contains(&key) && (value.is_string() || value.is_null()),
    };
    text.matches("\"policy\"").count() == 1
        && text.chars().count() <= 1_000
        && members.contains_key("policy")
        && members.iter().all(|(key, value)| is_known(key, value))
}

proptest! {
    #[test]
    fn user_parameters_that_cannot_be_meant_never_let_a_release_pass(text in parameters()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let memory = open_world();
            let answer = answered(&memory, &Pipeline::with(&memory, &text).event(0, None)).await;
            if !may_pass(&text) {
                let is_refused = matches!(&answer, Answer::Failure { kind: FailureKind::ConfigurationError, .. });
                assert!(is_refused, "{text}: {answer:?}");
            }
        });
    }
}

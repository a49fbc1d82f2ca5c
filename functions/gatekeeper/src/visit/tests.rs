//! Releases that wait, pass and stop at a gate, whatever happens on the way.

mod crashes;
mod outages;
mod samples;

use gate_checks::Question;
use lambda_kit::doubles::World;
use lambda_kit::jobs::{Answer, FailureKind};
use pipeline_model::{AlarmState, Decided, Gate};

use crate::memory::{Memory, Pipeline};

/// Holds for two minutes: a release that comes at once passes at the fifth visit.
pub(super) const BAKE: &str =
    "gate:\n  checks:\n    - name: errors\n      alarms: { names: [orders-5xx] }\n      for: 2m\n";

pub(super) const PARAMETERS: &str = r#"{"policy":"orders/production","pipeline":"orders","stage":"Production","action":"Gate","execution":"11111111-2222-4333-8444-555555555555"}"#;

/// A world with a green alarm and a policy that looks at it.
pub(super) fn world(policy: &str) -> (Memory, Pipeline) {
    let memory = Memory::at("2026-03-02T10:00:00Z".parse().unwrap());
    memory.settings.set("policies/orders/production", policy);
    memory.inquiry.set_alarm("orders-5xx", AlarmState::Ok);
    let pipeline = Pipeline::with(&memory, PARAMETERS);
    (memory, pipeline)
}

pub(super) fn failure(answer: Answer) -> (FailureKind, String) {
    match answer {
        Answer::Failure { kind, message } => (kind, message.as_str().to_owned()),
        other => panic!("expected a failure, got {other:?}"),
    }
}

fn gates(memory: &Memory) -> Vec<Gate> {
    let gate = |what| if let Decided::Gate(gate) = what { *gate } else { panic!("expected a gate") };
    memory.bus.published().into_iter().map(|decision| gate(decision.what)).collect()
}

#[tokio::test]
async fn a_release_waits_for_its_bake_time_and_then_passes() {
    let (memory, pipeline) = world(BAKE);
    let Answer::Success { summary, variables, .. } = pipeline.run(9).await else { panic!("it passes") };
    assert_eq!(summary.as_str(), "Passed after 2 min: 1 check passes.");
    let said: Vec<_> = variables.iter().collect();
    assert_eq!(
        said,
        [("check_errors", "pass"), ("reason", "1 check passes."), ("verdict", "pass"), ("waited_seconds", "120")]
    );
    assert_eq!(memory.jobs.answers().len(), 5, "four visits wait, one passes");
    assert_eq!(memory.inquiry.asked().len(), 5);
    let verdicts: Vec<_> = gates(&memory).iter().map(|gate| gate.verdict.to_string()).collect();
    assert_eq!(verdicts, ["wait", "pass"], "a hold is told when it begins, and not at each visit");
}

#[tokio::test]
async fn what_is_published_names_the_place_the_policy_and_the_evidence() {
    let (memory, pipeline) = world(BAKE);
    pipeline.visit(0, None).await;
    let decision = memory.bus.published().remove(0);
    assert_eq!(decision.key.as_deref(), Some(Pipeline::job(0).as_str()));
    assert_eq!(decision.pipeline.as_ref().unwrap().to_string(), "arn:aws:codepipeline:us-east-1:111122223333:orders");
    assert_eq!(decision.execution.as_ref().unwrap().short(), "11111111");
    let gate = gates(&memory).remove(0);
    assert_eq!(gate.policy.as_deref(), Some("orders/production"));
    assert_eq!(gate.deadline_at, Some("2026-03-02T11:00:00Z".parse().unwrap()));
    let [check] = gate.checks.try_into().unwrap();
    assert_eq!((check.name.as_str(), check.kind.as_deref()), ("errors", Some("alarms")));
}

#[tokio::test]
async fn a_red_alarm_stops_the_release_at_the_first_visit() {
    let (memory, pipeline) = world(BAKE);
    memory.inquiry.set_alarm("orders-5xx", AlarmState::Alarm);
    let (kind, message) = failure(pipeline.run(9).await);
    assert_eq!(kind, FailureKind::JobFailed);
    assert!(message.starts_with("Stopped: errors (") && message.contains("orders-5xx"), "{message}");
    assert_eq!(memory.jobs.answers().len(), 1);
}

#[tokio::test]
async fn an_alarm_that_turns_red_while_the_release_waits_stops_it() {
    let (memory, pipeline) = world(BAKE);
    pipeline.visit(0, None).await;
    let Answer::Continue { token, .. } = pipeline.answer(0) else { panic!("it waits") };
    memory.inquiry.set_alarm("orders-5xx", AlarmState::Alarm);
    memory.clock.advance(std::time::Duration::from_secs(30));
    pipeline.visit(1, Some(token.as_str())).await;
    assert_eq!(failure(pipeline.answer(1)).0, FailureKind::JobFailed);
}

#[tokio::test]
async fn a_release_that_waited_too_long_is_stopped_and_told_for_what_it_waited() {
    let late = "gate:\n  deadline: 5m\n  checks:\n    - name: errors\n      alarms: { names: [orders-5xx] }\n      failures: 1000\n";
    let (memory, pipeline) = world(late);
    memory.inquiry.set_alarm("orders-5xx", AlarmState::Alarm);
    let (kind, message) = failure(pipeline.run(20).await);
    assert_eq!(kind, FailureKind::JobFailed);
    assert!(message.contains("the 5 min it may wait here are over") && message.contains("errors"), "{message}");
    assert_eq!(memory.jobs.answers().len(), 11);
}

#[tokio::test]
async fn a_policy_may_stand_in_the_user_parameters_and_needs_no_store() {
    let (memory, _) = world(BAKE);
    memory.settings.fail_next(99);
    let inline = r#"{"policy":{"gate":{"checks":[{"alarms":{"names":["orders-5xx"]}}]}}}"#;
    let pipeline = Pipeline::with(&memory, inline);
    assert!(matches!(pipeline.run(1).await, Answer::Success { .. }));
}

#[tokio::test]
async fn a_named_person_opens_the_gate_for_one_execution_and_that_is_told() {
    let (memory, pipeline) = world(BAKE);
    memory.inquiry.set_alarm("orders-5xx", AlarmState::Alarm);
    let opening = "gates:\n  openings:\n    - { pipeline: orders, stage: Production, execution: 11111111-2222-4333-8444-555555555555, by: sam@example.com, reason: hotfix }\n";
    memory.settings.set("settings", opening);
    let Answer::Success { variables, .. } = pipeline.run(1).await else { panic!("it is open") };
    assert_eq!(variables.get("opened_by"), Some("sam@example.com"));
    let gate = gates(&memory).remove(0);
    assert_eq!((gate.opened_by.as_deref(), gate.opened_because.as_deref()), (Some("sam@example.com"), Some("hotfix")));
}

#[tokio::test]
async fn settings_that_are_wrong_open_no_gate_and_close_none() {
    let (memory, pipeline) = world(BAKE);
    memory.settings.set("settings", "gates:\n  opening: []\n");
    assert!(matches!(pipeline.run(9).await, Answer::Success { .. }));
    assert!(memory.metrics.sum("SettingsRefused") > 0.0);
    let (memory, pipeline) = world(BAKE);
    memory.settings.set("settings", "gates: { openings: [ { pipeline: orders } ] }");
    memory.inquiry.set_alarm("orders-5xx", AlarmState::Alarm);
    assert_eq!(failure(pipeline.run(1).await).0, FailureKind::JobFailed);
}

#[tokio::test]
async fn a_policy_that_is_missing_is_named_by_its_whole_path() {
    let (memory, pipeline) = world(BAKE);
    memory.settings.remove("policies/orders/production");
    let (kind, message) = failure(pipeline.run(1).await);
    assert_eq!(kind, FailureKind::ConfigurationError);
    assert!(message.contains("there is no parameter /pipewarden/policies/orders/production"), "{message}");
}

#[tokio::test]
async fn all_problems_of_a_policy_are_told() {
    let (_, pipeline) = world("gate:\n  deadlin: 1h\n  checks:\n    - alarm: { names: [a] }\n");
    let (kind, message) = failure(pipeline.run(1).await);
    assert_eq!(kind, FailureKind::ConfigurationError);
    assert!(
        message.starts_with("parameter /pipewarden/policies/orders/production cannot be meant: line 2"),
        "{message}"
    );
    assert!(message.contains("line 4"), "{message}");
    let (_, pipeline) = world(&format!("gate:\n  checks:\n{}", "    - { x: 1 }\n".repeat(40)));
    assert!(failure(pipeline.run(1).await).1.ends_with("more"));
}

#[tokio::test]
async fn each_question_is_asked_once_however_many_checks_ask_it() {
    let twice = "gate:\n  checks:\n    - { name: a, alarms: { names: [orders-5xx] } }\n    - { name: b, alarms: { names: [orders-5xx] } }\n";
    let (memory, pipeline) = world(twice);
    assert!(matches!(pipeline.run(1).await, Answer::Success { .. }));
    let [asked] = memory.inquiry.asked().try_into().unwrap();
    assert!(matches!(asked.as_slice(), [Question::Alarms(_)]), "{asked:?}");
}

#[tokio::test]
async fn a_visit_makes_three_calls_besides_what_it_asks_and_two_if_it_finds_nothing_new() {
    let (memory, pipeline) = world(BAKE);
    let mut token = None;
    for (visit, expected) in [3, 2, 2, 2, 3].into_iter().enumerate() {
        let (earlier, asked) = (memory.calls(), memory.inquiry.asked().len());
        pipeline.visit(visit, token.as_deref()).await;
        // Each process of the test reads the settings; a real one does so once a minute.
        let besides = memory.calls() - earlier - (memory.inquiry.asked().len() - asked) - 1;
        assert_eq!(besides, expected, "visit {visit}");
        memory.clock.advance(std::time::Duration::from_secs(30));
        token = match pipeline.answer(visit) {
            Answer::Continue { token, .. } => Some(token.as_str().to_owned()),
            _ => None,
        };
    }
    assert_eq!(token, None, "it has passed");
}

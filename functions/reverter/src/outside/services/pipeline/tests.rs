//! What CodePipeline answers, and what becomes of it.

mod redeploying;
mod stages;

use lambda_kit::doubles::rehearsal::{Answer, Request};
use rollback_plans::targets::StageSeen;
use rollback_plans::{Carried, Seen, Step};
use serde_json::{Value, json};

use crate::outside::testing::{act, impossible, later, look, operations, refusal, said};

fn roll_back() -> Step {
    Step::RollBackStage { pipeline: "orders".into(), stage: "Production".into(), to: "e1".into() }
}

#[tokio::test]
async fn a_stage_is_rolled_back_by_one_call() {
    let (outcome, requests) = act(&roll_back(), [said(json!({ "pipelineExecutionId": "e3" }))]).await;
    assert_eq!(outcome, Ok(Carried::Done(Some(String::from("e3")))));
    assert_eq!(operations(&requests), ["RollbackStage"]);
    let expected = json!({ "pipelineName": "orders", "stageName": "Production", "targetPipelineExecutionId": "e1" });
    assert_eq!(requests[0].body, expected);
}

#[tokio::test]
async fn a_stage_that_cannot_go_back_there_is_told_in_codepipelines_words() {
    for code in [
        "PipelineExecutionOutdatedException",
        "UnableToRollbackStageException",
        "ValidationException",
        "PipelineExecutionNotFoundException",
        "StageNotFoundException",
        "PipelineNotFoundException",
    ] {
        let (outcome, requests) = act(&roll_back(), [refusal(400, code)]).await;
        assert_eq!((outcome, requests.len()), (impossible(code), 1));
    }
}

#[tokio::test]
async fn a_busy_pipeline_is_tried_again_later_and_not_at_once() {
    let (outcome, requests) = act(&roll_back(), [refusal(400, "ConflictException")]).await;
    assert_eq!((outcome, requests.len()), (later("ConflictException"), 1));
}

#[tokio::test]
async fn a_throttle_is_sat_out() {
    let done = said(json!({ "pipelineExecutionId": "e3" }));
    let (outcome, requests) = act(&roll_back(), [refusal(400, "ThrottlingException"), done]).await;
    assert_eq!((outcome, requests.len()), (Ok(Carried::Done(Some(String::from("e3")))), 2));
}

#[tokio::test]
async fn a_transition_is_closed_with_its_reason_and_opened_again() {
    let (pipeline, stage) = ("orders".into(), "Production".into());
    let close = Step::CloseTransition { pipeline, stage, reason: String::from("Pipewarden rolls back") };
    let (outcome, requests) = act(&close, [Answer::new(200, "", "")]).await;
    assert_eq!((outcome, operations(&requests)), (Ok(Carried::Done(None)), vec!["DisableStageTransition"]));
    let mut expected = json!({ "pipelineName": "orders", "stageName": "Production", "transitionType": "Inbound" });
    let open = Step::OpenTransition { pipeline: "orders".into(), stage: "Production".into() };
    let (outcome, opened) = act(&open, [Answer::new(200, "", "")]).await;
    assert_eq!((outcome, operations(&opened)), (Ok(Carried::Done(None)), vec!["EnableStageTransition"]));
    assert_eq!(opened[0].body, expected);
    expected["reason"] = json!("Pipewarden rolls back");
    assert_eq!(requests[0].body, expected);
}

async fn stage(answers: impl IntoIterator<Item = Answer>) -> (StageSeen, Vec<Request>) {
    match look("orders/Production", answers).await {
        (Ok(Seen::Stage(seen)), requests) => (seen, requests),
        (other, _) => panic!("expected a stage, got {other:?}"),
    }
}

/// `GetPipelineState` with the stage of interest.
fn state(execution: &str, status: &str, kind: &str) -> Answer {
    let at = |second: f64| json!({ "status": "Succeeded", "lastStatusChange": 1_772_445_600.0 + second });
    said(json!({ "pipelineName": "orders", "pipelineVersion": 4, "stageStates": [
        { "stageName": "Source", "latestExecution": { "pipelineExecutionId": "e9", "status": "InProgress" } },
        {
            "stageName": "Production",
            "latestExecution": { "pipelineExecutionId": execution, "status": status, "type": kind },
            "actionStates": [
                { "actionName": "Deploy", "latestExecution": at(120.5) },
                { "actionName": "Check", "latestExecution": at(60.0) },
                { "actionName": "Never" },
            ],
        },
    ]}))
}

/// One entry of `ListPipelineExecutions`.
fn execution(id: &str, restores: Option<&str>) -> Value {
    let mut entry = json!({
        "pipelineExecutionId": id, "status": "Succeeded", "startTime": 1_772_445_600, "executionMode": "QUEUED",
        "executionType": "STANDARD", "sourceRevisions": [{ "actionName": "Source", "revisionId": format!("commit-{id}") }],
    });
    if let Some(target) = restores {
        entry["executionType"] = json!("ROLLBACK");
        entry["rollbackMetadata"] = json!({ "rollbackTargetPipelineExecutionId": target });
    }
    entry
}

fn page(executions: &[Value], next: Option<&str>) -> Answer {
    said(json!({ "pipelineExecutionSummaries": executions, "nextToken": next }))
}

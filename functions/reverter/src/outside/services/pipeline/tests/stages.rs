//! What stands in a stage, and how much is asked to know it.

use jiff::Timestamp;
use lambda_kit::doubles::rehearsal::Server;
use pipeline_model::{PipelineName, Revision};
use rollback_plans::targets::{ExecutionSeen, RunStatus};

use super::*;
use crate::outside::testing::services;
use crate::ports::Releases;

#[tokio::test]
async fn a_stage_is_looked_at_with_two_calls() {
    let answers = [state("e2", "Succeeded", "STANDARD"), page(&[execution("e2", None), execution("e1", None)], None)];
    let (seen, requests) = stage(answers).await;
    assert_eq!(operations(&requests), ["GetPipelineState", "ListPipelineExecutions"]);
    assert_eq!(requests[0].body, json!({ "name": "orders" }));
    let filter = json!({ "succeededInStage": { "stageName": "Production" } });
    assert_eq!(requests[1].body, json!({ "pipelineName": "orders", "filter": filter }));
    let run = seen.current.unwrap();
    assert_eq!((run.execution.as_str(), run.status, run.is_rollback), ("e2", RunStatus::Succeeded, false));
    assert_eq!(run.changed, Some("2026-03-02T10:02:00.5Z".parse::<Timestamp>().unwrap()));
    let ids: Vec<_> = seen.succeeded.iter().map(|it| it.execution.as_str()).collect();
    assert_eq!((ids, seen.all), (vec!["e2", "e1"], None));
}

#[tokio::test]
async fn pages_are_read_until_there_is_enough_to_go_back_to() {
    let rollback = execution("r1", Some("e2"));
    let older =
        |numbers: std::ops::Range<usize>| numbers.map(|it| execution(&format!("a{it}"), None)).collect::<Vec<_>>();
    let answers = [
        state("e5", "Succeeded", "STANDARD"),
        page(&[execution("e6", None), execution("e5", None), rollback], Some("2")),
        page(&[execution("e4", None), execution("e3", None), execution("e2", None)], Some("3")),
        page(&older(0..51), Some("4")),
        page(&older(51..52), Some("5")),
    ];
    let (seen, requests) = stage(answers).await;
    assert_eq!(
        requests.len(),
        5,
        "e4 and e3 were thrown out, and 50 of the 53 others may have been, as the book may say"
    );
    assert_eq!(requests[4].body["nextToken"], "4");
    assert_eq!(seen.succeeded.len(), 58);
    assert_eq!(seen.succeeded[2].restores.as_ref().map(|id| id.as_str()), Some("e2"));
    assert!(seen.succeeded[2].is_rollback);
}

/// Nothing goes back to what ran in PARALLEL mode.
#[tokio::test]
async fn what_can_be_no_target_is_not_counted_as_one() {
    let mut parallel = execution("p", None);
    parallel["executionMode"] = json!("PARALLEL");
    let pages = [page(&[execution("e5", None)], Some("2")), page(&vec![parallel; 100], Some("3")), page(&[], None)];
    let (_, requests) = stage([state("e5", "Succeeded", "STANDARD")].into_iter().chain(pages)).await;
    assert_eq!(requests.len(), 4);
}

#[tokio::test]
async fn where_nothing_can_be_rolled_back_one_page_is_enough() {
    for (status, kind) in [("InProgress", "STANDARD"), ("Failed", "STANDARD"), ("Succeeded", "ROLLBACK")] {
        let (_, requests) = stage([state("e5", status, kind), page(&[execution("e4", None)], Some("2"))]).await;
        assert_eq!(requests.len(), 2, "{status} {kind}");
    }
}

#[tokio::test]
async fn a_history_without_end_is_read_for_ten_pages() {
    let pages = (0..20).map(|_| page(&[execution("r", Some("e"))], Some("more")));
    let (_, requests) = stage([state("e5", "Succeeded", "STANDARD")].into_iter().chain(pages)).await;
    assert_eq!(requests.len(), 11);
}

#[tokio::test]
async fn each_status_of_a_stage_is_known_and_a_new_one_is_kept_as_it_is() {
    for (text, status) in [
        ("InProgress", RunStatus::Running),
        ("Stopping", RunStatus::Running),
        ("Succeeded", RunStatus::Succeeded),
        ("Failed", RunStatus::Ended(String::from("Failed"))),
        ("Skipped", RunStatus::Ended(String::from("Skipped"))),
        ("Frozen", RunStatus::Ended(String::from("Frozen"))),
    ] {
        let (seen, _) = stage([state("e2", text, "STANDARD"), page(&[], None)]).await;
        assert_eq!(seen.current.unwrap().status, status);
    }
}

#[tokio::test]
async fn a_stage_that_nothing_has_reached_is_empty() {
    let state = said(json!({ "stageStates": [{ "stageName": "Production" }] }));
    let (seen, _) = stage([state, page(&[], None)]).await;
    assert_eq!(seen, StageSeen::default());
}

#[tokio::test]
async fn whether_anything_may_enter_a_stage_is_read_with_its_state() {
    let why = async |transition: Value| {
        let state = json!({ "stageName": "Production", "inboundTransitionState": transition });
        stage([said(json!({ "stageStates": [state] })), page(&[], None)]).await.0.closed
    };
    assert_eq!(why(json!({ "enabled": true, "disabledReason": "Freeze" })).await, None);
    assert_eq!(why(Value::Null).await, None);
    assert_eq!(why(json!({ "enabled": false, "disabledReason": "Freeze" })).await.as_deref(), Some("Freeze"));
    assert_eq!(why(json!({ "enabled": false })).await.as_deref(), Some(""));
}

#[tokio::test]
async fn a_pipeline_in_parallel_mode_shows_no_state_and_its_executions_say_why() {
    let mut parallel = execution("e2", None);
    parallel["executionMode"] = json!("PARALLEL");
    let (seen, _) = stage([said(json!({ "stageStates": [] })), page(&[parallel], None)]).await;
    assert_eq!(seen.current, None);
    assert!(seen.succeeded[0].is_parallel);
}

#[tokio::test]
async fn a_pipeline_or_stage_that_is_not_here_is_told_in_codepipelines_manner() {
    let unknown = async |answer| match look("orders/Production", [answer]).await {
        (Ok(Seen::Unknown(answer)), _) => answer,
        (other, _) => panic!("expected nothing, got {other:?}"),
    };
    let absent = refusal(400, "PipelineNotFoundException");
    assert_eq!(unknown(absent).await, "PipelineNotFoundException: no");
    let other = said(json!({ "stageStates": [{ "stageName": "Source" }, { "stageName": "production" }] }));
    assert_eq!(unknown(other).await, "StageNotFoundException: the pipeline's stages are Source, production");
}

#[tokio::test]
async fn what_goes_wrong_otherwise_is_an_error_and_never_an_empty_stage() {
    let failed = async |answers: Vec<Answer>| format!("{:#}", look("orders/Production", answers).await.0.unwrap_err());
    let throttled = || (0..3).map(|_| refusal(400, "ThrottlingException"));
    let error = failed(throttled().collect()).await;
    assert!(error.starts_with("GetPipelineState of orders: ThrottlingException"), "{error}");
    let error = failed([state("e2", "Succeeded", "STANDARD")].into_iter().chain(throttled()).collect()).await;
    assert!(error.starts_with("ListPipelineExecutions of orders, succeeded in Production: Throttling"), "{error}");
}

#[tokio::test]
async fn a_revision_is_told_with_its_commits_message_and_page() {
    let mut wrapped = execution("e2", None);
    wrapped["sourceRevisions"] = json!([
        { "actionName": "Unread" },
        {
            "actionName": "Source", "revisionId": "7e0f9b1", "revisionUrl": "https://example.com/commit/7e0f9b1",
            "revisionSummary": r#"{"ProviderType":"GitHub","CommitMessage":"Fix rounding\n\nCents were lost."}"#,
        },
        { "actionName": "Template", "revisionId": "v1", "revisionSummary": "{ braces", "revisionUrl": "" },
    ]);
    let (seen, _) = stage([state("e2", "Succeeded", "STANDARD"), page(&[wrapped], None)]).await;
    let revision = |id: &str, summary: &str, url: Option<&str>| Revision {
        id: id.to_owned(),
        summary: Some(summary.to_owned()),
        url: url.map(str::to_owned),
    };
    let sources = seen.succeeded[0].sources.iter().map(|it| (it.action.as_str(), it.revision.clone()));
    let page = Some("https://example.com/commit/7e0f9b1");
    assert_eq!(
        sources.collect::<Vec<_>>(),
        [
            ("Source", revision("7e0f9b1", "Fix rounding\n\nCents were lost.", page)),
            ("Template", revision("v1", "{ braces", None)),
        ]
    );
}

async fn all(answers: impl IntoIterator<Item = Answer>) -> (anyhow::Result<Vec<ExecutionSeen>>, Vec<Request>) {
    let server = Server::giving(answers).await;
    let all = services(&server).all_executions(&PipelineName::from("orders")).await;
    (all, server.requests())
}

#[tokio::test]
async fn all_executions_are_asked_for_without_a_filter_and_for_three_pages() {
    let of = |status: &str| {
        let mut execution = execution("e2", None);
        execution["status"] = json!(status);
        execution
    };
    let pages = (0..9).map(|_| page(&[of("Superseded"), of("Stopping"), of("Succeeded")], Some("more")));
    let (all, requests) = all(pages).await;
    let all = all.unwrap();
    let statuses: Vec<_> = all.iter().map(|it| it.status.clone()).take(3).collect();
    let ended = RunStatus::Ended(String::from("Superseded"));
    assert_eq!((all.len(), statuses), (9, vec![ended, RunStatus::Running, RunStatus::Succeeded]));
    assert_eq!((requests.len(), &requests[0].body), (3, &json!({ "pipelineName": "orders" })));
}

#[tokio::test]
async fn a_pipeline_that_is_gone_has_no_executions() {
    assert_eq!(all([refusal(400, "PipelineNotFoundException")]).await.0.unwrap(), []);
    assert!(all([refusal(400, "AccessDeniedException")]).await.0.is_err());
}

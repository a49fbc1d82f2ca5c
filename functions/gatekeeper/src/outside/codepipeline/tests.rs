//! What CodePipeline answers, and what becomes of it.

use lambda_kit::doubles::rehearsal::{Answer as Reply, Server};
use serde_json::{Value, json};

use super::*;

async fn answers(queries: Vec<ExecutionsQuery>, replies: Vec<Reply>) -> (Vec<Result<Answer, Unanswered>>, Vec<Value>) {
    let server = Server::giving(replies).await;
    let facts = ask(&Client::new(&server.aws()), queries).await;
    (facts.into_iter().map(|(_, answer)| answer).collect(), server.requests().into_iter().map(|it| it.body).collect())
}

fn last(last: u16) -> ExecutionsQuery {
    ExecutionsQuery::Finished { pipeline: "orders".into(), last }
}

fn stage(stage: &str) -> ExecutionsQuery {
    ExecutionsQuery::Stage { pipeline: "orders".into(), stage: stage.into() }
}

fn page(statuses: &[&str], next: Option<&str>) -> Reply {
    let summaries = statuses.iter().enumerate();
    let summaries: Vec<_> =
        summaries.map(|(at, status)| json!({ "pipelineExecutionId": format!("e{at}"), "status": status })).collect();
    Reply::json(200, &json!({ "pipelineExecutionSummaries": summaries, "nextToken": next }))
}

fn ids(answer: &Result<Answer, Unanswered>) -> Vec<String> {
    match answer {
        Ok(Answer::Executions(ExecutionsSeen::Finished(found))) => {
            found.iter().map(|it| format!("{}{}", if it.succeeded { '+' } else { '-' }, it.id)).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn only_what_succeeded_or_failed_has_finished() {
    let statuses = ["InProgress", "Succeeded", "Superseded", "Failed", "Stopped", "Cancelled", "Succeeded"];
    let (answers, _) = answers(vec![last(9)], vec![page(&statuses, None)]).await;
    assert_eq!(ids(&answers[0]), ["+e1", "-e3", "+e6"]);
}

#[tokio::test]
async fn a_rollback_is_no_release_whatever_became_of_it() {
    let of = |id: &str, status: &str, kind: Value| json!({ "pipelineExecutionId": id, "status": status, "executionType": kind });
    let summaries = [
        of("e0", "Succeeded", json!("ROLLBACK")),
        of("e1", "Failed", json!("STANDARD")),
        of("e2", "Failed", json!("ROLLBACK")),
        of("e3", "Succeeded", Value::Null),
    ];
    let page = Reply::json(200, &json!({ "pipelineExecutionSummaries": summaries }));
    let (answers, _) = answers(vec![last(9)], vec![page]).await;
    assert_eq!(ids(&answers[0]), ["-e1", "+e3"]);
}

#[tokio::test]
async fn a_pipeline_is_asked_once_for_all_checks() {
    let (answers, asked) = answers(vec![last(1), last(3)], vec![page(&["Succeeded"; 5], Some("2"))]).await;
    assert_eq!((ids(&answers[0]).len(), ids(&answers[1]).len()), (1, 3));
    assert_eq!(asked, [json!({ "pipelineName": "orders", "maxResults": 100 })]);
}

#[tokio::test]
async fn a_history_in_which_hardly_anything_finished_is_not_read_to_its_end() {
    let pages = (0..9).map(|_| page(&["Superseded"], Some("more"))).collect();
    let (answers, asked) = answers(vec![last(3)], pages).await;
    assert!(answers[0].as_ref().unwrap_err().why.contains("only 0 have finished"));
    assert_eq!(asked.len(), 5);
}

#[tokio::test]
async fn what_stands_in_a_stage_is_when_its_last_action_changed() {
    let action = |at: f64| json!({ "actionName": "a", "latestExecution": { "lastStatusChange": at } });
    let staging = json!({
        "stageName": "Staging", "latestExecution": { "pipelineExecutionId": "e1", "status": "Succeeded" },
        "actionStates": [action(1_772_445_600.5), action(1_772_445_000.0)],
    });
    let state = Reply::json(200, &json!({ "stageStates": [staging, { "stageName": "Production" }] }));
    let (answers, asked) = answers(vec![stage("Staging"), stage("Production"), stage("Prod")], vec![state]).await;
    assert_eq!(asked.len(), 1);
    let changed = Some("2026-03-02T10:00:00.5Z".parse().unwrap());
    let seen = StageSeen { execution: "e1".into(), status: "Succeeded".into(), changed };
    assert_eq!(answers[0], Ok(Answer::Executions(ExecutionsSeen::Stage(Some(seen)))));
    assert_eq!(answers[1], Ok(Answer::Executions(ExecutionsSeen::Stage(None))));
    let refused = "pipeline orders has no stage Prod; it has Staging, Production";
    assert_eq!(answers[2], Err(Unanswered::refused(refused)));
}

#[tokio::test]
async fn a_pipeline_that_is_gone_is_refused_and_a_throttle_is_an_outage() {
    let refusal = |code: &str| Reply::json(400, &json!({ "__type": code, "message": "no" }));
    let (told, _) = answers(vec![last(1)], vec![refusal("PipelineNotFoundException")]).await;
    assert_eq!(told[0].as_ref().unwrap_err().kind, gate_checks::UnansweredKind::Refused);
    let throttled = (0..3).map(|_| refusal("ThrottlingException")).collect();
    let (told, _) = answers(vec![stage("Staging")], throttled).await;
    assert_eq!(told[0].as_ref().unwrap_err().kind, gate_checks::UnansweredKind::Outage);
}

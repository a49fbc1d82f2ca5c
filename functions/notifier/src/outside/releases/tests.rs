//! CodePipeline's answers as they come over the wire, and what is made of them.

use serde_json::{Value, json};

use super::*;
use lambda_kit::Home;
use lambda_kit::doubles::rehearsal::{Answer, Server};
use notices::{Commit, CommitAuthor};
use pipeline_model::{ActionState, ExecutionState};

const ACCOUNT: &str = "111122223333";

async fn asked(answers: impl IntoIterator<Item = Value>) -> (CodePipeline, Server) {
    let server = Server::giving(answers.into_iter().map(|answer| Answer::json(200, &answer))).await;
    (at_home(&server), server)
}

fn at_home(server: &Server) -> CodePipeline {
    let home = Home { region: "us-east-1".to_owned(), account: ACCOUNT.to_owned() };
    CodePipeline::new(Client::new(&server.aws()), home)
}

fn orders() -> PipelineArn {
    PipelineArn::new("us-east-1", ACCOUNT, PipelineName::from("orders"))
}

fn execution(revisions: &Value) -> Value {
    json!({ "pipelineExecution": {
        "pipelineName": "orders", "pipelineVersion": 6, "pipelineExecutionId": "e1", "status": "InProgress",
        "artifactRevisions": revisions,
        "variables": [{ "name": "password", "resolvedValue": "hunter2" }],
        "trigger": { "triggerType": "CloudWatchEvent", "triggerDetail": "arn:aws:events:us-east-1:111122223333:rule/r" },
    }})
}

async fn commits(revisions: Value) -> Vec<Commit> {
    let (releases, _server) = asked([execution(&revisions)]).await;
    releases.execution(&orders(), &ExecutionId::from("e1")).await.unwrap().commits
}

fn action(stage: &str, name: &str, status: &str, more: Value) -> Value {
    let category = more.get("category").cloned().unwrap_or(json!("Build"));
    json!({
        "pipelineExecutionId": more.get("execution").unwrap_or(&json!("e1")), "actionExecutionId": "a1",
        "stageName": stage, "actionName": name, "status": status,
        "startTime": more.get("began").unwrap_or(&json!(1_772_445_600.5)), "lastUpdateTime": 1_772_445_660.0,
        "input": {
            "actionTypeId": { "category": category, "owner": "AWS", "provider": "Any", "version": "1" },
            "resolvedConfiguration": { "Token": "hunter2" },
        },
        "output": { "executionResult": more.get("result"), "outputVariables": more.get("variables") },
    })
}

fn page(actions: &[Value], next: Option<&str>) -> Value {
    json!({ "actionExecutionDetails": actions, "nextToken": next })
}

#[tokio::test]
async fn a_connection_wraps_the_commit_message_in_json() {
    let found = commits(json!([{
        "name": "Source", "revisionId": "7e0f9b1", "revisionUrl": "https://example.com/commit/7e0f9b1",
        "revisionSummary": r#"{"ProviderType":"GitHub","CommitMessage":"Fix rounding\n\nCents were lost."}"#,
    }]))
    .await;
    assert_eq!(
        found,
        [Commit {
            id: "7e0f9b1".to_owned(),
            message: Some("Fix rounding\n\nCents were lost.".to_owned()),
            author: None,
            url: Some("https://example.com/commit/7e0f9b1".to_owned()),
        }]
    );
}

#[tokio::test]
async fn other_sources_write_the_message_plainly() {
    for text in ["Fix rounding", "{ braces", r#"{"key":"value"}"#, "[1]"] {
        let found = commits(json!([{ "revisionId": "7e0f9b1", "revisionSummary": text }])).await;
        assert_eq!(found[0].message.as_deref(), Some(text));
    }
}

#[tokio::test]
async fn an_execution_whose_source_has_not_run_has_no_commit() {
    assert_eq!(commits(json!([])).await, []);
    assert_eq!(commits(json!([{ "name": "Source" }])).await, []);
}

#[tokio::test]
async fn the_revisions_of_all_sources_come_in_the_apis_order() {
    let found = commits(json!([{ "revisionId": "first" }, { "name": "Unread" }, { "revisionId": "second" }])).await;
    assert_eq!(found.iter().map(|commit| commit.id.as_str()).collect::<Vec<_>>(), ["first", "second"]);
}

#[tokio::test]
async fn states_of_the_api_become_states_of_events() {
    for (api, event) in [
        ("Cancelled", ExecutionState::Canceled),
        ("InProgress", ExecutionState::Started),
        ("Superseded", ExecutionState::Superseded),
        ("Paused", ExecutionState::Unknown("Paused".to_owned())),
    ] {
        let mut answer = execution(&json!([]));
        answer["pipelineExecution"]["status"] = json!(api);
        let (releases, _server) = asked([answer]).await;
        let facts = releases.execution(&orders(), &ExecutionId::from("e1")).await.unwrap();
        assert_eq!(facts.state, Some(event));
    }
}

#[tokio::test]
async fn a_rollback_names_its_target_and_its_trigger() {
    let mut answer = execution(&json!([]));
    answer["pipelineExecution"]["trigger"] = json!({ "triggerType": "NewKindOfTrigger" });
    answer["pipelineExecution"]["rollbackMetadata"] = json!({ "rollbackTargetPipelineExecutionId": "e0" });
    let (releases, _server) = asked([answer]).await;
    let facts = releases.execution(&orders(), &ExecutionId::from("e1")).await.unwrap();
    assert_eq!(facts.rollback_target, Some(ExecutionId::from("e0")));
    assert_eq!((facts.trigger_type.as_deref(), facts.trigger_detail), (Some("NewKindOfTrigger"), None));
}

#[tokio::test]
async fn the_structure_keeps_the_order_of_stages_and_what_approvals_ask() {
    let kind = |category| json!({ "category": category, "owner": "AWS", "provider": "Any", "version": "1" });
    let (releases, server) = asked([json!({ "pipeline": { "name": "orders", "roleArn": "r", "stages": [
        { "name": "Source", "actions": [{ "name": "Checkout", "actionTypeId": kind("Source") }] },
        { "name": "Approve", "actions": [{ "name": "Manager", "actionTypeId": kind("Approval"), "timeoutInMinutes": 60,
            "configuration": { "CustomData": "Read the report.", "ExternalEntityLink": "" } }] },
    ]}})])
    .await;
    let structure = releases.structure(&orders(), Some(6)).await.unwrap();
    assert_eq!(server.requests()[0].body, json!({ "name": "orders", "version": 6 }));
    assert_eq!(structure.stages.iter().map(ToString::to_string).collect::<Vec<_>>(), ["Source", "Approve"]);
    let [approval] = structure.approvals.as_slice() else { panic!("one approval") };
    assert_eq!((approval.stage.as_str(), approval.action.as_str()), ("Approve", "Manager"));
    assert_eq!((approval.custom_text.as_deref(), &approval.external_link), (Some("Read the report."), &None));
    assert_eq!(approval.timeout_minutes, Some(60));
}

#[tokio::test]
async fn actions_come_from_every_page_in_the_order_they_began() {
    let second = action("Build", "Compile", "Failed", json!({ "began": 1_772_445_700 }));
    let first = action("Source", "Checkout", "Succeeded", json!({}));
    let (releases, server) = asked([page(&[second], Some("more")), page(&[first], None)]).await;
    let actions = releases.actions(&orders(), &ExecutionId::from("e1")).await.unwrap();
    assert_eq!(actions.iter().map(|action| action.action.as_str()).collect::<Vec<_>>(), ["Checkout", "Compile"]);
    assert_eq!(actions[0].started.unwrap().to_string(), "2026-03-02T10:00:00.5Z");
    let requests = server.requests();
    assert_eq!(requests[0].body, json!({ "pipelineName": "orders", "filter": { "pipelineExecutionId": "e1" } }));
    assert_eq!(requests[1].body["nextToken"], "more");
}

#[tokio::test]
async fn paging_ends_even_if_the_pages_do_not() {
    let one = action("Build", "Compile", "Succeeded", json!({}));
    let (releases, server) = asked(std::iter::repeat_n(page(&[one], Some("again")), MOST_PAGES + 5)).await;
    let actions = releases.actions(&orders(), &ExecutionId::from("e1")).await.unwrap();
    assert_eq!((actions.len(), server.requests().len()), (MOST_PAGES, MOST_PAGES));
}

#[tokio::test]
async fn a_failure_without_a_summary_is_told_by_its_error_details() {
    let details = json!({ "errorDetails": { "code": "PermissionError", "message": "Access denied to the bucket." } });
    let (releases, _server) =
        asked([page(&[action("Build", "Compile", "Failed", json!({ "result": details }))], None)]).await;
    let result = releases.actions(&orders(), &ExecutionId::from("e1")).await.unwrap().remove(0).result.unwrap();
    assert_eq!(result.error_code.as_deref(), Some("PermissionError"));
    assert_eq!(result.summary.as_deref(), Some("Access denied to the bucket."));
}

#[tokio::test]
async fn of_the_output_variables_only_a_source_actions_author_and_commit_are_read() {
    let variables = json!({ "AuthorDisplayName": "Ana", "CommitId": "7e0f9b1", "Token": "hunter2" });
    let nameless = json!({ "category": "Source", "variables": { "AuthorDisplayName": "Ana" } });
    let more = |category| json!({ "category": category, "variables": variables });
    let actions = [
        action("Source", "Checkout", "Succeeded", more("Source")),
        action("Build", "Compile", "Paused", more("Build")),
        action("Source", "Other", "Succeeded", nameless),
    ];
    let (releases, _server) = asked([page(&actions, None)]).await;
    let actions = releases.actions(&orders(), &ExecutionId::from("e1")).await.unwrap();
    let author = CommitAuthor { commit: "7e0f9b1".to_owned(), name: "Ana".to_owned() };
    assert_eq!(actions[0].commit_author, Some(author));
    assert_eq!((&actions[1].commit_author, &actions[1].state), (&None, &ActionState::Unknown("Paused".into())));
    assert_eq!(actions[2].commit_author, None, "nobody knows what she wrote");
    assert!(!format!("{actions:?}").contains("hunter2"));
}

fn approval(region: &str) -> ApprovalRequest {
    let message = json!({ "region": region, "approval": {
        "pipelineName": "orders", "stageName": "Approve", "actionName": "Manager", "token": "t-2",
    }});
    ApprovalRequest::parse(&message.to_string()).unwrap()
}

fn waiting(execution: &str, token: &str) -> Value {
    let result = json!({ "externalExecutionId": token });
    action(
        "Approve",
        "Manager",
        "InProgress",
        json!({ "category": "Approval", "execution": execution, "result": result }),
    )
}

async fn waiting_among(actions: &[Value]) -> Option<String> {
    let (releases, _server) = asked([page(actions, None)]).await;
    let found = releases.waiting_for(&approval("us-east-1")).await.unwrap();
    found.map(|(pipeline, execution)| {
        assert_eq!(pipeline, orders());
        execution.to_string()
    })
}

#[tokio::test]
async fn an_approval_belongs_to_the_execution_with_its_token() {
    assert_eq!(waiting_among(&[waiting("e3", "t-3"), waiting("e2", "t-2")]).await.as_deref(), Some("e2"));
}

#[tokio::test]
async fn without_its_token_an_approval_belongs_to_the_only_execution_that_waits() {
    let elsewhere = action("Approve", "Other", "InProgress", json!({ "category": "Approval", "execution": "e8" }));
    let answered = action("Approve", "Manager", "Succeeded", json!({ "category": "Approval", "execution": "e1" }));
    assert_eq!(waiting_among(&[elsewhere, waiting("e2", ""), answered]).await.as_deref(), Some("e2"));
}

#[tokio::test]
async fn an_approval_that_could_belong_to_several_executions_belongs_to_none() {
    assert_eq!(waiting_among(&[waiting("e3", ""), waiting("e2", "")]).await, None);
}

#[tokio::test]
async fn an_answered_approval_is_no_longer_waited_for() {
    assert_eq!(waiting_among(&[]).await, None);
}

#[tokio::test]
async fn nothing_is_asked_about_a_pipeline_elsewhere() {
    let (releases, server) = asked([]).await;
    let namesake = PipelineArn::new("us-east-1", "999999999999", PipelineName::from("orders"));
    let id = ExecutionId::from("e1");
    assert_eq!(releases.structure(&namesake, None).await.unwrap(), Structure::default());
    assert_eq!(releases.execution(&namesake, &id).await.unwrap(), ExecutionFacts::default());
    assert_eq!(releases.actions(&namesake, &id).await.unwrap(), []);
    assert_eq!(releases.waiting_for(&approval("eu-west-1")).await.unwrap(), None);
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn a_pipeline_that_is_gone_has_no_facts() {
    let gone = || Answer::json(400, &json!({ "__type": "PipelineNotFoundException", "message": "gone" }));
    let server = Server::giving([gone(), gone(), gone()]).await;
    let releases = at_home(&server);
    let id = ExecutionId::from("e1");
    assert_eq!(releases.structure(&orders(), None).await.unwrap(), Structure::default());
    assert_eq!(releases.execution(&orders(), &id).await.unwrap(), ExecutionFacts::default());
    assert_eq!(releases.actions(&orders(), &id).await.unwrap(), []);
}

#[tokio::test]
async fn a_throttled_call_is_made_again() {
    let throttled = Answer::json(400, &json!({ "__type": "ThrottlingException", "message": "Rate exceeded" }));
    let server =
        Server::giving([throttled, Answer::json(200, &execution(&json!([{ "revisionId": "7e0f9b1" }])))]).await;
    let facts = at_home(&server).execution(&orders(), &ExecutionId::from("e1")).await.unwrap();
    assert_eq!(facts.commits[0].id, "7e0f9b1");
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_call_that_stays_throttled_is_an_error_that_says_so() {
    let throttled = || Answer::json(400, &json!({ "__type": "ThrottlingException", "message": "Rate exceeded" }));
    let server = Server::giving([throttled(), throttled(), throttled()]).await;
    let error = at_home(&server).execution(&orders(), &ExecutionId::from("e1")).await.unwrap_err();
    let expected = "GetPipelineExecution of orders, e1: ThrottlingException: Rate exceeded; \
                    AWS limits the rate of such calls, so try again later";
    assert_eq!(format!("{error:#}"), expected);
}

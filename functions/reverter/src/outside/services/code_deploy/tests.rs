//! What CodeDeploy answers, and what becomes of it.

use jiff::Timestamp;
use lambda_kit::doubles::rehearsal::Answer;
use rollback_plans::Step;
use serde_json::{Value, json};

use super::*;
use crate::outside::testing::{self, act, impossible, later, operations, refusal, said};

const TARGET: &str = "codedeploy:orders/blue";

/// Seconds since 1970 of a time on that day.
fn at(time: &str) -> i64 {
    format!("2026-03-02T{time}Z").parse::<Timestamp>().unwrap().as_second()
}

fn info(id: &str, created: &str, more: &Value) -> Value {
    let mut info = json!({ "deploymentId": id, "status": "Succeeded", "createTime": at(created), "creator": "user" });
    info.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    info
}

fn listed(ids: &[&str]) -> Answer {
    said(json!({ "deployments": ids }))
}

async fn seen(answers: impl IntoIterator<Item = Answer>) -> CodeDeploySeen {
    match testing::look(TARGET, answers).await {
        (Ok(Seen::CodeDeploy(seen)), _) => seen,
        (other, _) => panic!("expected a deployment, got {other:?}"),
    }
}

#[tokio::test]
async fn the_newest_deployment_counts_whatever_the_order_of_the_list() {
    let previous = json!({ "previousRevision": { "revisionType": "S3" }, "completeTime": at("10:05:00") });
    let infos =
        [info("d-1", "09:00:00", &json!({})), info("d-3", "10:00:00", &previous), info("d-2", "09:30:00", &json!({}))];
    let answers = [listed(&["d-1", "d-3", "d-2"]), said(json!({ "deploymentsInfo": infos }))];
    let (found, requests) = testing::look(TARGET, answers).await;
    assert_eq!(operations(&requests), ["ListDeployments", "BatchGetDeployments"]);
    assert_eq!(
        requests[0].body,
        json!({
            "applicationName": "orders", "deploymentGroupName": "blue",
            "createTimeRange": { "start": at("04:30:00") },
        }),
        "six hours are enough to see what an alarm can be about"
    );
    assert_eq!(requests[1].body, json!({ "deploymentIds": ["d-1", "d-3", "d-2"] }));
    assert_eq!(
        found.unwrap(),
        Seen::CodeDeploy(CodeDeploySeen {
            deployment: Some(String::from("d-3")),
            status: String::from("Succeeded"),
            created: Some("2026-03-02T10:00:00Z".parse().unwrap()),
            completed: Some("2026-03-02T10:05:00Z".parse().unwrap()),
            is_rollback: false,
            rolls_back: None,
            has_previous: true,
        })
    );
}

#[tokio::test]
async fn an_older_deployment_is_looked_for_step_by_step() {
    let found = said(json!({ "deploymentsInfo": [info("d-1", "00:00:00", &json!({}))] }));
    let (_, requests) = testing::look(TARGET, [listed(&[]), listed(&[]), listed(&["d-1"]), found]).await;
    let starts: Vec<_> = requests.iter().map(|it| it.body["createTimeRange"]["start"].as_i64()).collect();
    assert_eq!(starts, [Some(at("04:30:00")), Some(at("10:30:00") - 7 * 86_400), None, None]);
    assert_eq!(seen([listed(&[]), listed(&[]), listed(&[])]).await, CodeDeploySeen::default(), "or there was none");
}

#[tokio::test]
async fn a_busy_group_is_read_in_batches_of_25_and_up_to_100() {
    let ids: Vec<String> = (0..140).map(|number| format!("d-{number}")).collect();
    let pages = ids.chunks(70).map(|ids| said(json!({ "deployments": ids, "nextToken": "more" })));
    let batch = |number| {
        said(json!({ "deploymentsInfo": [info(&format!("d-{number}"), &format!("10:0{number}:00"), &json!({}))] }))
    };
    let (found, requests) = testing::look(TARGET, pages.chain([2, 4, 1, 3].map(batch))).await;
    let Seen::CodeDeploy(seen) = found.unwrap() else { panic!("a deployment") };
    assert_eq!(seen.deployment.as_deref(), Some("d-4"));
    let sizes: Vec<_> = requests[2..].iter().map(|it| it.body["deploymentIds"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [25, 25, 25, 25]);
    assert_eq!(requests[1].body["nextToken"], "more");
}

#[tokio::test]
async fn a_rollback_is_known_by_its_creator_or_by_what_it_names() {
    for (more, is_rollback, of) in [
        (json!({ "creator": "codeDeployRollback" }), true, None),
        (json!({ "rollbackInfo": { "rollbackDeploymentId": "d-9" } }), true, None),
        (json!({ "rollbackInfo": { "rollbackTriggeringDeploymentId": "d-8" } }), true, Some("d-8")),
        (json!({ "rollbackInfo": { "rollbackMessage": "none", "rollbackDeploymentId": "" } }), false, None),
        (json!({}), false, None),
    ] {
        let answer = said(json!({ "deploymentsInfo": [info("d-1", "10:00:00", &more)] }));
        let seen = seen([listed(&["d-1"]), answer]).await;
        assert_eq!((seen.is_rollback, seen.rolls_back.as_deref()), (is_rollback, of), "{more}");
    }
}

#[tokio::test]
async fn a_group_that_is_not_here_is_told_in_codedeploys_words() {
    for code in ABSENT {
        let (found, _) = testing::look(TARGET, [refusal(400, code)]).await;
        assert_eq!(found.unwrap(), Seen::Unknown(format!("{code}: no")));
    }
    let (found, _) = testing::look(TARGET, [refusal(400, "AccessDeniedException")]).await;
    assert!(found.is_err());
}

fn stopping() -> Step {
    Step::StopDeployment { deployment: String::from("d-2") }
}

#[tokio::test]
async fn a_deployment_under_way_is_stopped_with_rollback() {
    for status in ["Pending", "Succeeded"] {
        let (outcome, requests) = act(&stopping(), [said(json!({ "status": status, "statusMessage": "" }))]).await;
        assert_eq!((outcome, operations(&requests)), (Ok(Carried::Done(None)), vec!["StopDeployment"]));
        assert_eq!(requests[0].body, json!({ "deploymentId": "d-2", "autoRollbackEnabled": true }));
    }
}

#[tokio::test]
async fn a_deployment_that_cannot_be_stopped_is_told_in_codedeploys_words() {
    for code in [
        "DeploymentAlreadyCompletedException",
        "DeploymentDoesNotExistException",
        "DeploymentGroupDoesNotExistException",
        "InvalidDeploymentIdException",
        "UnsupportedActionForDeploymentTypeException",
    ] {
        assert_eq!(act(&stopping(), [refusal(400, code)]).await.0, impossible(code));
    }
}

fn deploying() -> Step {
    let (application, group) = (String::from("orders"), String::from("blue"));
    Step::DeployPrevious { application, group, instead_of: String::from("d-2") }
}

fn before(more: &Value) -> Answer {
    said(json!({ "deploymentInfo": info("d-2", "10:00:00", more) }))
}

#[tokio::test]
async fn what_stood_before_a_deployment_is_deployed_as_that_was() {
    let revision = json!({ "revisionType": "AppSpecContent", "appSpecContent": { "content": "{}", "sha256": "ab" } });
    let known = json!({
        "previousRevision": revision, "deploymentConfigName": "CodeDeployDefault.LambdaAllAtOnce",
        "fileExistsBehavior": "OVERWRITE",
    });
    let (outcome, requests) = act(&deploying(), [before(&known), said(json!({ "deploymentId": "d-3" }))]).await;
    assert_eq!(outcome, Ok(Carried::Done(Some(String::from("d-3")))));
    assert_eq!(operations(&requests), ["GetDeployment", "CreateDeployment"]);
    assert_eq!(requests[0].body, json!({ "deploymentId": "d-2" }));
    assert_eq!(
        requests[1].body,
        json!({
            "applicationName": "orders", "deploymentGroupName": "blue", "revision": revision,
            "deploymentConfigName": "CodeDeployDefault.LambdaAllAtOnce", "fileExistsBehavior": "OVERWRITE",
            "description": "Pipewarden rolls back deployment d-2",
        })
    );
}

#[tokio::test]
async fn where_nothing_stood_before_nothing_is_deployed() {
    let (outcome, requests) = act(&deploying(), [before(&json!({}))]).await;
    let told = "CodeDeploy knows no revision before deployment d-2";
    assert_eq!((outcome, requests.len()), (Ok(Carried::Impossible(told.to_owned())), 1));
    let gone = "DeploymentDoesNotExistException";
    assert_eq!(act(&deploying(), [refusal(400, gone)]).await.0, impossible(gone));
}

#[tokio::test]
async fn a_deployment_that_is_refused_is_told_and_a_group_at_its_limit_is_tried_later() {
    let previous = json!({ "previousRevision": { "revisionType": "S3" } });
    let refused = async |code| act(&deploying(), [before(&previous), refusal(400, code)]).await.0;
    for code in ["RevisionDoesNotExistException", "InvalidRoleException", "DeploymentConfigDoesNotExistException"] {
        assert_eq!(refused(code).await, impossible(code));
    }
    assert_eq!(refused("DeploymentLimitExceededException").await, later("DeploymentLimitExceededException"));
}

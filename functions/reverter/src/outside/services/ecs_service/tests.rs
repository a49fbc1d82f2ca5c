//! What ECS answers, and what becomes of it.

use lambda_kit::doubles::rehearsal::Answer;
use rollback_plans::Step;
use serde_json::{Value, json};

use super::*;
use crate::outside::testing::{self, act, impossible, later, operations, refusal, said};

const TARGET: &str = "ecs:shop/orders";

fn deployment(name: &str, created: f64, status: &str) -> Value {
    let arn = format!("arn:aws:ecs:us-east-1:111122223333:service-deployment/shop/orders/{name}");
    json!({ "serviceDeploymentArn": arn, "createdAt": 1_772_445_600.0 + created, "status": status })
}

fn listed(deployments: &[Value], next: Option<&str>) -> Answer {
    said(json!({ "serviceDeployments": deployments, "nextToken": next }))
}

#[tokio::test]
async fn the_newest_deployment_counts_whatever_the_order_of_the_list() {
    let mut newest = deployment("new", 60.5, "IN_PROGRESS");
    newest["finishedAt"] = json!(1_772_445_700);
    let pages = [
        listed(&[deployment("old", 0.0, "SUCCESSFUL"), newest], Some("2")),
        listed(&[deployment("older", -1.0, "STOPPED")], None),
    ];
    let (seen, requests) = testing::look(TARGET, pages).await;
    assert_eq!(operations(&requests), ["ListServiceDeployments"; 2]);
    let created = requests[0].body["createdAt"].clone();
    assert_eq!(
        requests[0].body,
        json!({ "cluster": "shop", "service": "orders", "maxResults": 100, "createdAt": created })
    );
    assert_eq!(created["after"].as_f64(), Some(1_772_425_800.0), "six hours before");
    assert_eq!(requests[1].body["nextToken"], "2");
    assert_eq!(
        seen.unwrap(),
        Seen::EcsService(EcsSeen {
            deployment: Some(String::from("arn:aws:ecs:us-east-1:111122223333:service-deployment/shop/orders/new")),
            status: String::from("IN_PROGRESS"),
            created: Some("2026-03-02T10:01:00.5Z".parse().unwrap()),
            finished: Some("2026-03-02T10:01:40Z".parse().unwrap()),
        })
    );
}

#[tokio::test]
async fn an_older_deployment_is_looked_for_step_by_step_and_may_not_exist() {
    let (seen, requests) = testing::look(TARGET, [listed(&[], None), listed(&[], None), listed(&[], None)]).await;
    assert_eq!((seen.unwrap(), requests.len()), (Seen::EcsService(EcsSeen::default()), 3));
    assert_eq!(requests[2].body.get("createdAt"), None);
}

#[tokio::test]
async fn a_service_that_is_not_here_or_not_ecss_to_deploy_is_told_in_its_words() {
    for code in ABSENT {
        let (found, _) = testing::look(TARGET, [refusal(400, code)]).await;
        assert_eq!(found.unwrap(), Seen::Unknown(format!("{code}: no")));
    }
    for code in ["AccessDeniedException", "ClientException"] {
        assert!(testing::look(TARGET, [refusal(400, code)]).await.0.is_err());
    }
}

fn stopping() -> Step {
    Step::StopServiceDeployment {
        arn: String::from("arn:aws:ecs:us-east-1:111122223333:service-deployment/shop/orders/new"),
    }
}

#[tokio::test]
async fn a_deployment_under_way_is_stopped_with_rollback() {
    let Step::StopServiceDeployment { arn } = stopping() else { panic!("a stop") };
    let (outcome, requests) = act(&stopping(), [said(json!({ "serviceDeploymentArn": arn }))]).await;
    assert_eq!((outcome, operations(&requests)), (Ok(Carried::Done(None)), vec!["StopServiceDeployment"]));
    assert_eq!(requests[0].body, json!({ "serviceDeploymentArn": arn, "stopType": "ROLLBACK" }));
}

#[tokio::test]
async fn a_deployment_that_cannot_be_stopped_is_told_and_a_busy_one_is_tried_later() {
    for code in [
        "ServiceDeploymentNotFoundException",
        "UnsupportedFeatureException",
        "InvalidParameterException",
        "ClientException",
    ] {
        assert_eq!(act(&stopping(), [refusal(400, code)]).await.0, impossible(code));
    }
    assert_eq!(act(&stopping(), [refusal(400, "ConflictException")]).await.0, later("ConflictException"));
    assert!(act(&stopping(), [refusal(500, "ServerException")]).await.0.is_err(), "it may have been stopped");
}

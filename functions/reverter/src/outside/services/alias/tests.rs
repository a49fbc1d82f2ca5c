//! What Lambda answers, and what becomes of it.

use lambda_kit::doubles::rehearsal::Answer;
use rollback_plans::Step;
use serde_json::{Value, json};

use super::*;
use crate::outside::testing::{self, act, impossible, later, operations, refusal, said};

const TARGET: &str = "lambda:orders:live";

fn alias(routing: &Value) -> Answer {
    said(json!({ "Name": "live", "FunctionVersion": "7", "RevisionId": "r-1", "RoutingConfig": routing }))
}

fn versions(numbers: &[&str], next: Option<&str>) -> Answer {
    let versions = numbers.iter().map(|number| {
        json!({ "Version": number, "LastModified": "2026-03-02T10:00:00.125+0000", "Environment": { "Variables": {} } })
    });
    said(json!({ "Versions": versions.collect::<Vec<_>>(), "NextMarker": next }))
}

async fn seen(answers: impl IntoIterator<Item = Answer>) -> AliasSeen {
    match testing::look(TARGET, answers).await {
        (Ok(Seen::Alias(seen)), _) => seen,
        (other, _) => panic!("expected an alias, got {other:?}"),
    }
}

#[tokio::test]
async fn an_alias_is_known_with_all_versions_and_when_they_were_published() {
    let answers = [alias(&Value::Null), versions(&["$LATEST", "6"], Some("m")), versions(&["7"], None)];
    let (found, requests) = testing::look(TARGET, answers).await;
    let base = "/2015-03-31/functions/orders";
    assert_eq!(
        operations(&requests),
        [format!("{base}/aliases/live"), format!("{base}/versions"), format!("{base}/versions?Marker=m")]
    );
    let published = Some("2026-03-02T10:00:00.125Z".parse().unwrap());
    assert_eq!(
        found.unwrap(),
        Seen::Alias(AliasSeen {
            version: String::from("7"),
            canary: None,
            revision_id: Some(String::from("r-1")),
            versions: vec![(6, published), (7, published)],
        })
    );
}

#[tokio::test]
async fn a_canary_counts_if_it_gets_traffic() {
    for (weights, version, canary) in [
        (json!({ "8": 0.1 }), "7", Some("8")),
        (json!({ "8": 0.0 }), "7", None),
        (json!({ "6": 1.0 }), "6", None),
        (json!({}), "7", None),
    ] {
        let found = seen([alias(&json!({ "AdditionalVersionWeights": weights })), versions(&["7"], None)]).await;
        assert_eq!((found.version.as_str(), found.canary.as_deref()), (version, canary), "{weights}");
    }
}

#[tokio::test]
async fn of_a_function_with_too_many_versions_none_is_said_to_be_the_one_before() {
    let pages = (0..MOST_PAGES).map(|_| versions(&["1"], Some("more")));
    let (found, requests) = testing::look(TARGET, [alias(&Value::Null)].into_iter().chain(pages)).await;
    let Seen::Alias(found) = found.unwrap() else { panic!("an alias") };
    assert_eq!((found.versions, requests.len()), (Vec::new(), 1 + MOST_PAGES));
}

#[tokio::test]
async fn an_alias_that_is_not_here_is_told_in_lambdas_words() {
    for code in ABSENT {
        let (found, _) = testing::look(TARGET, [refusal(404, code)]).await;
        assert_eq!(found.unwrap(), Seen::Unknown(format!("{code}: no")));
    }
    assert!(testing::look(TARGET, [refusal(403, "AccessDeniedException")]).await.0.is_err());
}

fn pointing(revision_id: Option<&str>) -> Step {
    Step::PointAlias {
        function: String::from("orders"),
        alias: String::from("live"),
        version: String::from("6"),
        revision_id: revision_id.map(str::to_owned),
    }
}

#[tokio::test]
async fn an_alias_is_pointed_back_with_all_traffic_and_only_if_nobody_changed_it() {
    let (outcome, requests) = act(&pointing(Some("r-1")), [said(json!({ "FunctionVersion": "6" }))]).await;
    assert_eq!(outcome, Ok(Carried::Done(Some(String::from("6")))));
    assert!(requests[0].head[0].to_ascii_uppercase().starts_with("PUT /2015-03-31/FUNCTIONS/ORDERS/ALIASES/LIVE"));
    let expected = json!({
        "FunctionVersion": "6", "RoutingConfig": { "AdditionalVersionWeights": {} }, "RevisionId": "r-1",
    });
    assert_eq!(requests[0].body, expected);
}

#[tokio::test]
async fn an_alias_that_somebody_changed_in_between_is_left_alone() {
    let (outcome, requests) = act(&pointing(Some("r-1")), [refusal(412, "PreconditionFailedException")]).await;
    let Ok(Carried::Impossible(told)) = outcome else { panic!("expected a refusal, got {outcome:?}") };
    assert!(told.contains("alias live of function orders was changed after it was looked at"), "{told}");
    assert_eq!(requests.len(), 1);
}

#[tokio::test]
async fn refusals_are_told_and_conflicts_are_tried_later() {
    for (status, code) in [(404, "ResourceNotFoundException"), (400, "InvalidParameterValueException")] {
        assert_eq!(act(&pointing(None), [refusal(status, code)]).await.0, impossible(code));
    }
    assert_eq!(
        act(&pointing(None), [refusal(409, "ResourceConflictException")]).await.0,
        later("ResourceConflictException")
    );
    let throttles = (0..3).map(|_| refusal(429, "TooManyRequestsException"));
    assert_eq!(act(&pointing(None), throttles).await.0, later("TooManyRequestsException"));
    assert!(act(&pointing(None), [refusal(500, "ServiceException")]).await.0.is_err(), "it may have been pointed");
}

//! What CloudFormation answers, and what becomes of it.

use rollback_plans::Step;

use super::*;
use crate::outside::testing::{self, act, impossible, later, xml_refusal, xml_said};

const TARGET: &str = "cloudformation:orders";

fn described(members: &str) -> lambda_kit::doubles::rehearsal::Answer {
    xml_said("DescribeStacks", &format!("<Stacks><member>{members}</member></Stacks>"))
}

async fn seen(members: &str) -> StackSeen {
    match testing::look(TARGET, [described(members)]).await {
        (Ok(Seen::Stack(seen)), requests) => {
            assert_eq!(requests.len(), 1);
            assert_eq!(requests[0].text, "Action=DescribeStacks&Version=2010-05-15&StackName=orders");
            seen
        }
        (other, _) => panic!("expected a stack, got {other:?}"),
    }
}

#[tokio::test]
async fn a_stack_is_known_by_its_status_and_its_last_update() {
    let created = "<StackName>orders</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime>";
    let updated =
        "<LastUpdatedTime>2026-03-02T10:00:00.5Z</LastUpdatedTime><StackStatus>UPDATE_IN_PROGRESS</StackStatus>";
    let stack = seen(&format!("{created}{updated}")).await;
    assert_eq!(stack.status, "UPDATE_IN_PROGRESS");
    assert_eq!(stack.changed, Some("2026-03-02T10:00:00.5Z".parse().unwrap()));
    let stack = seen(&format!("{created}<StackStatus>CREATE_COMPLETE</StackStatus>")).await;
    assert_eq!(stack.changed, Some("2026-01-01T00:00:00Z".parse().unwrap()), "one that was never updated");
}

#[tokio::test]
async fn a_stack_that_is_not_here_is_told_in_cloudformations_words() {
    let (found, _) = testing::look(TARGET, [xml_refusal(400, "ValidationError")]).await;
    assert_eq!(found.unwrap(), Seen::Unknown(String::from("ValidationError: no")));
    let (found, _) = testing::look(TARGET, [xml_said("DescribeStacks", "<Stacks/>")]).await;
    assert!(matches!(found, Ok(Seen::Unknown(_))), "{found:?}");
    let error = testing::look(TARGET, [xml_refusal(403, "AccessDenied")]).await.0.unwrap_err().to_string();
    assert!(error.starts_with("DescribeStacks of orders: AccessDenied"), "{error}");
}

fn steps() -> [(Step, &'static str); 2] {
    let (stack, token) = (String::from("orders"), String::from("pipewarden-1"));
    let cancel = Step::CancelUpdate { stack: stack.clone(), token: token.clone() };
    [(cancel, "CancelUpdateStack"), (Step::RollBackStack { stack, token }, "RollbackStack")]
}

#[tokio::test]
async fn an_update_is_cancelled_and_a_failed_one_rolled_back_with_a_token() {
    for (step, call) in steps() {
        let (outcome, requests) = act(&step, [xml_said(call, "")]).await;
        assert_eq!((outcome, requests.len()), (Ok(Carried::Done(None)), 1));
        let expected = format!("Action={call}&Version=2010-05-15&StackName=orders&ClientRequestToken=pipewarden-1");
        let mut sent: Vec<_> = requests[0].text.split('&').collect();
        let mut expected: Vec<_> = expected.split('&').collect();
        sent.sort_unstable();
        expected.sort_unstable();
        assert_eq!(sent, expected);
    }
}

#[tokio::test]
async fn a_request_that_was_taken_before_is_done() {
    for (step, _) in steps() {
        assert_eq!(act(&step, [xml_refusal(400, "TokenAlreadyExistsException")]).await.0, Ok(Carried::Done(None)));
    }
}

#[tokio::test]
async fn a_stack_in_another_state_is_told_and_a_throttle_is_tried_later() {
    for (step, _) in steps() {
        assert_eq!(act(&step, [xml_refusal(400, "ValidationError")]).await.0, impossible("ValidationError"));
        let throttles = (0..3).map(|_| xml_refusal(400, "Throttling"));
        assert_eq!(act(&step, throttles).await.0, later("Throttling"));
    }
}

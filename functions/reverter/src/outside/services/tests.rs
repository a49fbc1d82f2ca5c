//! What holds for every step, whichever service carries it out.

use std::time::Duration;

use lambda_kit::doubles::rehearsal::{Answer, Server};
use rollback_plans::{Carried, Step};
use serde_json::json;
use tokio::task::JoinSet;

use super::*;
use crate::outside::testing::{act, act_within, refusal, said, services, xml_refusal};

/// A step, the answers to what is read before it, and whether its service takes a client token or does not mind a
/// second request.
struct Case {
    step: Step,
    read: fn() -> Vec<Answer>,
    may_repeat: bool,
}

impl Case {
    fn is_unclear(&self, outcome: &Result<Carried, Unclear>, requests: usize) {
        let sent = requests - (self.read)().len();
        assert!(outcome.is_err(), "{:?}: {outcome:?}", self.step);
        assert_eq!(sent, if self.may_repeat { 3 } else { 1 }, "{:?}", self.step);
    }
}

fn cases() -> Vec<Case> {
    let step = |step, may_repeat| Case { step, read: Vec::new, may_repeat };
    let text = String::from;
    vec![
        step(Step::RollBackStage { pipeline: "orders".into(), stage: "Production".into(), to: "e1".into() }, false),
        step(Step::StopDeployment { deployment: text("d-2") }, false),
        Case {
            step: Step::DeployPrevious { application: text("orders"), group: text("blue"), instead_of: text("d-2") },
            read: || {
                let revision = json!({ "revisionType": "S3", "s3Location": { "bucket": "b", "key": "k" } });
                vec![said(json!({ "deploymentInfo": { "previousRevision": revision } }))]
            },
            may_repeat: false,
        },
        step(
            Step::StopServiceDeployment { arn: text("arn:aws:ecs:us-east-1:111122223333:service-deployment/a/b/c") },
            false,
        ),
        step(
            Step::PointAlias { function: text("orders"), alias: text("live"), version: text("6"), revision_id: None },
            false,
        ),
        step(
            Step::CloseTransition { pipeline: "orders".into(), stage: "Production".into(), reason: text("red") },
            true,
        ),
        step(Step::OpenTransition { pipeline: "orders".into(), stage: "Production".into() }, true),
        Case {
            step: Step::Redeploy {
                pipeline: "orders".into(),
                of: "e1".into(),
                revisions: Vec::new(),
                token: text("t-1"),
            },
            read: || {
                let pipeline = json!({ "name": "orders", "roleArn": "arn:aws:iam::111122223333:role/p", "stages": [] });
                vec![said(json!({ "pipeline": pipeline }))]
            },
            may_repeat: true,
        },
        step(Step::CancelUpdate { stack: text("orders"), token: text("t-1") }, true),
        step(Step::RollBackStack { stack: text("orders"), token: text("t-1") }, true),
    ]
}

fn error(step: &Step, status: u16, code: &str) -> Answer {
    let is_stack = matches!(step, Step::CancelUpdate { .. } | Step::RollBackStack { .. });
    if is_stack { xml_refusal(status, code) } else { refusal(status, code) }
}

#[tokio::test]
async fn what_leaves_open_whether_it_was_done_is_unclear_and_is_not_sent_again_without_a_token() {
    let faults: [fn(&Step) -> Answer; 4] = [
        |_| Answer::Slam,
        |_| Answer::torn(200, "content-type: application/x-amz-json-1.1\r\n", "{"),
        |step| error(step, 500, "InternalFailure"),
        |_| Answer::new(502, "content-type: text/html\r\n", "<html>Bad Gateway</html>"),
    ];
    for case in cases() {
        for fault in faults {
            let answers = (0..3).map(|_| fault(&case.step));
            let (outcome, requests) = act(&case.step, (case.read)().into_iter().chain(answers)).await;
            case.is_unclear(&outcome, requests.len());
        }
    }
}

#[tokio::test]
async fn a_service_that_does_not_answer_in_time_may_have_done_it() {
    let mut waiting = JoinSet::new();
    for case in cases() {
        waiting.spawn(async move {
            let answers = (case.read)().into_iter().chain((0..3).map(|_| Answer::Silence));
            let (outcome, requests) = act_within(Duration::from_millis(500), &case.step, answers).await;
            case.is_unclear(&outcome, requests.len());
        });
    }
    waiting.join_all().await;
}

#[tokio::test]
async fn a_request_that_nobody_took_is_sent_again_and_then_left_for_later() {
    for Case { step, read, .. } in cases() {
        let throttles = || (0..3).map(|_| error(&step, 400, "ThrottlingException"));
        let before = read().len();
        let (outcome, requests) = act(&step, read().into_iter().chain(throttles())).await;
        assert_eq!(outcome, Ok(Carried::Later(String::from("ThrottlingException: no"))), "{step:?}");
        assert_eq!(requests.len() - before, 3, "{step:?}");
    }
}

#[tokio::test]
async fn a_service_that_cannot_be_reached_has_done_nothing() {
    let mut server = Server::giving([]).await;
    // Not one that was free a moment ago: another test may have it by now.
    server.url = String::from("http://127.0.0.1:1");
    let services = services(&server);
    for Case { step, .. } in cases() {
        let outcome = services.carry_out(&step).await;
        assert!(matches!(&outcome, Ok(Carried::Later(why)) if why.contains("Connection refused")), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_missing_permission_is_no_reason_to_try_the_same_again() {
    for Case { step, read, .. } in cases() {
        let before = read().len();
        let (outcome, requests) =
            act(&step, read().into_iter().chain([error(&step, 400, "AccessDeniedException")])).await;
        assert_eq!(outcome, Ok(Carried::Denied(String::from("AccessDeniedException: no"))), "{step:?}");
        assert_eq!(requests.len() - before, 1);
    }
}

#[tokio::test]
async fn credentials_that_have_just_ended_are_replaced_by_the_next_invocation() {
    for Case { step, read, .. } in cases() {
        let answers = read().into_iter().chain([error(&step, 400, "ExpiredTokenException")]);
        let (outcome, _) = act(&step, answers).await;
        assert_eq!(outcome, Ok(Carried::Later(String::from("ExpiredTokenException: no"))), "{step:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_before_a_step_means_that_nothing_was_done() {
    for Case { step, read, .. } in cases() {
        if read().is_empty() {
            continue;
        }
        let (outcome, _) = act(&step, (0..3).map(|_| Answer::Slam)).await;
        assert!(matches!(outcome, Ok(Carried::Later(_))), "{step:?}: {outcome:?}");
    }
}

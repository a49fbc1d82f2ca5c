//! What goes over the wire, and what CodeDeploy's refusals mean.

use lambda_kit::doubles::rehearsal::{Answer, Server};
use serde_json::json;

use super::*;

fn hook() -> Hook {
    Hook { deployment: "d-EXAMPLE11".to_owned(), execution: "example".to_owned() }
}

async fn failing(answer: Answer) -> Result<Put, PutProblem> {
    let server = Server::giving([answer]).await;
    let put = CodeDeployHooks::new(&server.aws()).fail(&hook()).await;
    let request = server.requests().remove(0);
    let target = "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus";
    assert_eq!(request.header("x-amz-target"), Some(target));
    let expected =
        json!({ "deploymentId": "d-EXAMPLE11", "lifecycleEventHookExecutionId": "example", "status": "Failed" });
    assert_eq!(request.body, expected);
    assert_eq!(server.requests().len(), 1);
    put
}

fn refusal(code: &str) -> Answer {
    Answer::json(400, &json!({ "__type": code, "message": "no" }))
}

#[tokio::test]
async fn a_hook_is_told_that_it_failed() {
    let answered = Answer::json(200, &json!({ "lifecycleEventHookExecutionId": "example" }));
    assert_eq!(failing(answered).await.unwrap(), Put::Accepted);
}

#[tokio::test]
async fn a_hook_that_is_over_is_no_problem() {
    let over = failing(refusal("LifecycleEventAlreadyCompletedException")).await.unwrap();
    assert_eq!(over, Put::AlreadyAnswered(Gone::InvalidJobState));
    let unknown = failing(refusal("DeploymentDoesNotExistException")).await.unwrap();
    assert_eq!(unknown, Put::AlreadyAnswered(Gone::JobNotFound));
}

#[tokio::test]
async fn a_throttle_may_pass_and_a_wrong_id_stays_wrong() {
    assert!(matches!(failing(refusal("ThrottlingException")).await, Err(PutProblem::Passing(_))));
    let refused = failing(refusal("InvalidLifecycleEventHookExecutionIdException")).await;
    assert!(matches!(refused, Err(PutProblem::Refused(_))));
}

#[test]
fn the_id_that_answers_a_hook_is_in_no_debug_output() {
    assert_eq!(format!("{:?}", Some(hook())), "Some(hook of d-EXAMPLE11)");
}

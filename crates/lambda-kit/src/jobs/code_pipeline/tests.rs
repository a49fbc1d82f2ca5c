//! What goes over the wire, and what each of CodePipeline's refusals means.

use serde_json::{Value, json};

use super::*;
use crate::doubles::rehearsal::{Answer as Reply, Request, Server};
use crate::jobs::{ContinuationToken, Variables};

fn job() -> JobId {
    "11111111-abcd-1111-abcd-111111abcdef".parse().unwrap()
}

async fn put(reply: Reply, answer: &Answer) -> (Result<Put, PutProblem>, Vec<Request>) {
    let server = Server::giving([reply]).await;
    let put = CodePipelineJobs::new(&server.aws()).put(&job(), answer).await;
    (put, server.requests())
}

fn refusal(status: u16, code: &str) -> Reply {
    Reply::json(status, &json!({ "__type": code, "message": "no" }))
}

async fn sent(answer: &Answer) -> (String, Value) {
    let (put, mut requests) = put(Reply::json(200, &json!({})), answer).await;
    assert_eq!(put.unwrap(), Put::Accepted);
    let request = requests.remove(0);
    (request.header("x-amz-target").unwrap().replace("CodePipeline_20150709.", ""), request.body)
}

#[tokio::test]
async fn a_success_carries_its_words_and_variables() {
    let answer = Answer::Success {
        summary: "All checks pass.".into(),
        external_id: Some("gate-1".into()),
        percent: Some(Percent::new(100)),
        variables: Variables::default().with("verdict", "pass").with("waited-seconds", "61"),
    };
    let expected = json!({
        "jobId": job(),
        "executionDetails": { "summary": "All checks pass.", "externalExecutionId": "gate-1", "percentComplete": 100 },
        "outputVariables": { "verdict": "pass", "waited-seconds": "61" },
    });
    assert_eq!(sent(&answer).await, ("PutJobSuccessResult".to_owned(), expected));
}

#[tokio::test]
async fn a_continuation_carries_its_token_and_no_variables() {
    let token = ContinuationToken::new("v1.key.sum").unwrap();
    let answer = Answer::Continue { token, summary: "Waiting.".into(), percent: None };
    let expected =
        json!({ "jobId": job(), "continuationToken": "v1.key.sum", "executionDetails": { "summary": "Waiting." } });
    assert_eq!(sent(&answer).await, ("PutJobSuccessResult".to_owned(), expected));
}

#[tokio::test]
async fn a_failure_carries_its_kind_as_aws_spells_it() {
    use FailureKind::*;
    for kind in
        [JobFailed, ConfigurationError, PermissionError, RevisionOutOfSync, RevisionUnavailable, SystemUnavailable]
    {
        let expected =
            json!({ "jobId": job(), "failureDetails": { "type": format!("{kind:?}"), "message": "An alarm is red." } });
        let answer = Answer::failure(kind, "An alarm is red.");
        assert_eq!(sent(&answer).await, ("PutJobFailureResult".to_owned(), expected));
    }
}

#[tokio::test]
async fn a_job_that_takes_no_answer_is_no_problem() {
    for (code, gone) in
        [("InvalidJobStateException", Gone::InvalidJobState), ("JobNotFoundException", Gone::JobNotFound)]
    {
        for answer in [Answer::success("Done."), Answer::failure(FailureKind::JobFailed, "Red.")] {
            let (put, _) = put(refusal(400, code), &answer).await;
            assert_eq!(put.unwrap(), Put::AlreadyAnswered(gone));
        }
    }
}

#[tokio::test]
async fn what_may_pass_is_told_from_what_stays_and_each_attempt_is_one_request() {
    let passing = [
        refusal(400, "ThrottlingException"),
        refusal(429, "TooManyRequestsException"),
        refusal(500, "InternalFailure"),
        refusal(503, "ServiceUnavailableException"),
        Reply::new(502, "", "<html>bad gateway</html>"),
        Reply::torn(200, "", "{"),
        Reply::Slam,
    ];
    for reply in passing {
        let shown = format!("{reply:?}");
        let (put, requests) = put(reply, &Answer::success("Done.")).await;
        assert!(matches!(put, Err(PutProblem::Passing(_))), "{shown}: {put:?}");
        assert_eq!(requests.len(), 1, "{shown}");
    }
    for code in ["ValidationException", "AccessDeniedException", "SomethingNewException"] {
        let (put, _) = put(refusal(400, code), &Answer::success("Done.")).await;
        let problem = put.unwrap_err();
        assert!(matches!(problem, PutProblem::Refused(_)), "{code}: {problem:?}");
        assert!(problem.to_string().starts_with(&format!("PutJobSuccessResult: {code}: no")), "{problem}");
    }
}

#[tokio::test]
async fn variables_that_are_too_large_are_told_from_an_answer_that_is_wrong() {
    let (put, _) = put(refusal(400, "OutputVariablesSizeExceededException"), &Answer::success("Done.")).await;
    assert!(matches!(put, Err(PutProblem::VariablesTooLarge(_))), "{put:?}");
}

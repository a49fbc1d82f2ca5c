//! Services on loopback that give prepared answers, and those answers in each service's protocol.

use std::time::Duration;

use aws_smithy_types::timeout::TimeoutConfig;
use lambda_kit::Clock;
use lambda_kit::doubles::rehearsal::{Answer, Request, Server};
use rollback_plans::{Carried, Seen, Step, Target};
use serde_json::{Value, json};

use super::Services;
use crate::ports::{Executor, Releases, Unclear};

/// Half past ten: the moment at which everything is looked at.
pub(super) const NOW: &str = "2026-03-02T10:30:00Z";

/// Longer than any answer takes that comes.
const PATIENCE: Duration = Duration::from_secs(10);

/// All services at one address.
pub(super) fn services(server: &Server) -> Services {
    services_within(server, PATIENCE)
}

/// All services at one address, given up after a time.
fn services_within(server: &Server, limit: Duration) -> Services {
    let limits = TimeoutConfig::builder().operation_attempt_timeout(limit).build();
    let config = server.aws().to_builder().timeout_config(limits).build();
    Services::new(&config, Clock::stopped_at(NOW.parse().unwrap()))
}

/// What is seen at a target when the service gives these answers, and what it was asked.
pub(super) async fn look(
    target: &str,
    answers: impl IntoIterator<Item = Answer>,
) -> (anyhow::Result<Seen>, Vec<Request>) {
    let server = Server::giving(answers).await;
    let target: Target = target.parse().unwrap();
    let seen = services(&server).look(&target).await;
    (seen, server.requests())
}

/// What becomes of a step when the service gives these answers, and what it was asked.
pub(super) async fn act(
    step: &Step,
    answers: impl IntoIterator<Item = Answer>,
) -> (Result<Carried, Unclear>, Vec<Request>) {
    act_within(PATIENCE, step, answers).await
}

/// The same, given up after a time.
pub(super) async fn act_within(
    limit: Duration,
    step: &Step,
    answers: impl IntoIterator<Item = Answer>,
) -> (Result<Carried, Unclear>, Vec<Request>) {
    let server = Server::giving(answers).await;
    let outcome = services_within(&server, limit).carry_out(step).await;
    (outcome, server.requests())
}

/// An answer of AWS's JSON protocols.
pub(super) fn said(body: Value) -> Answer {
    Answer::json(200, &body)
}

/// A refusal in AWS's JSON protocols, and in Lambda's, which names the error in a header.
pub(super) fn refusal(status: u16, code: &str) -> Answer {
    let body = json!({ "__type": format!("com.amazonaws#{code}"), "message": "no" }).to_string();
    Answer::new(status, &format!("content-type: application/x-amz-json-1.1\r\nx-amzn-errortype: {code}\r\n"), &body)
}

/// A refusal in CloudFormation's protocol.
pub(super) fn xml_refusal(status: u16, code: &str) -> Answer {
    let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error>");
    xml(status, &format!("<ErrorResponse {XMLNS}>{error}<RequestId>r-1</RequestId></ErrorResponse>"))
}

/// A whole answer in CloudFormation's protocol.
pub(super) fn xml_said(call: &str, result: &str) -> Answer {
    let result = format!("<{call}Result>{result}</{call}Result>");
    xml(200, &format!("<{call}Response {XMLNS}>{result}</{call}Response>"))
}

const XMLNS: &str = r#"xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/""#;

fn xml(status: u16, body: &str) -> Answer {
    Answer::new(status, "content-type: text/xml\r\n", body)
}

/// The operation a request is for: `RollbackStage`, or a path.
pub(super) fn operation(request: &Request) -> &str {
    match request.header("x-amz-target") {
        Some(target) => target.rsplit('.').next().unwrap_or(target),
        None => request.head[0].split(' ').nth(1).unwrap_or_default(),
    }
}

/// What was asked for, in order.
pub(super) fn operations(requests: &[Request]) -> Vec<&str> {
    requests.iter().map(operation).collect()
}

pub(super) fn impossible(code: &str) -> Result<Carried, Unclear> {
    Ok(Carried::Impossible(format!("{code}: no")))
}

pub(super) fn later(code: &str) -> Result<Carried, Unclear> {
    Ok(Carried::Later(format!("{code}: no")))
}

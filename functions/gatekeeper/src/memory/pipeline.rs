//! CodePipeline as a gate sees it: a job, and another one with the token after each continuation.

use std::time::Duration;

use lambda_kit::jobs::{Answer, FailureKind, Jobs};
use lambda_kit::start::{Handler, Invocation};
use lambda_kit::{Deadline, Failure};
use pipeline_model::JobId;
use serde_json::json;
use serde_json::value::RawValue;

use super::Memory;
use crate::Reply;

/// Lambda's timeout.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Between an answer and the job that follows it.
const PAUSE: Duration = Duration::from_secs(30);

/// What became of one delivery; `None` is a process that died.
pub type Delivered = Option<Result<Reply, Failure>>;

/// An action that asks a gate.
#[derive(Debug, Clone)]
pub struct Pipeline {
    memory: Memory,
    parameters: Option<String>,
}

impl Pipeline {
    /// An action with these user parameters.
    pub fn with(memory: &Memory, parameters: &str) -> Self {
        Self { memory: memory.clone(), parameters: Some(parameters.to_owned()) }
    }

    /// The id of the action's job of this number.
    pub fn job(number: usize) -> JobId {
        let id = format!("{number:08x}-abcd-4111-abcd-111111abcdef");
        id.parse().expect("a UUID")
    }

    /// The event of a job.
    pub fn event(&self, number: usize, token: Option<&str>) -> String {
        let mut data = json!({
            "actionConfiguration": { "configuration": { "FunctionName": "pipewarden-gatekeeper" } },
            "inputArtifacts": [], "outputArtifacts": [],
            "artifactCredentials": { "accessKeyId": "ASIAEXAMPLE", "secretAccessKey": "EXAMPLE", "sessionToken": "EXAMPLE" },
        });
        if let Some(parameters) = &self.parameters {
            data["actionConfiguration"]["configuration"]["UserParameters"] = json!(parameters);
        }
        if let Some(token) = token {
            data["continuationToken"] = json!(token);
        }
        let job = json!({ "id": Self::job(number).as_str(), "accountId": "111122223333", "data": data });
        json!({ "CodePipeline.job": job }).to_string()
    }

    /// Hands the function an event, in a process of its own.
    pub async fn deliver(&self, event: &str) -> Delivered {
        let event = RawValue::from_string(event.to_owned()).expect("Lambda hands over JSON");
        let gatekeeper = self.memory.gatekeeper();
        let deadline = Deadline::after(&self.memory.clock, TIMEOUT);
        let invocation = Invocation { request_id: String::from("r-1"), deadline };
        self.memory.run(gatekeeper.handle(event, invocation)).await
    }

    /// Hands over a job; if the function dies or fails, the watchdog answers in its place.
    pub async fn visit(&self, number: usize, token: Option<&str>) -> Delivered {
        let delivered = self.deliver(&self.event(number, token)).await;
        if !matches!(delivered, Some(Ok(_))) {
            let told = Answer::failure(FailureKind::JobFailed, "the gatekeeper died");
            self.memory.jobs.put(&Self::job(number), &told).await.expect("the watchdog reaches CodePipeline");
        }
        delivered
    }

    /// Visits the gate until it decides, half a minute apart, at most `most` times. What the action was told last.
    pub async fn run(&self, most: usize) -> Answer {
        let mut token: Option<String> = None;
        for number in 0..most {
            self.visit(number, token.as_deref()).await;
            match self.answer(number) {
                Answer::Continue { token: next, .. } => token = Some(next.as_str().to_owned()),
                end => return end,
            }
            self.memory.clock.advance(PAUSE);
        }
        self.answer(most - 1)
    }

    /// The one answer of a job.
    ///
    /// # Panics
    /// If it has none, or more than one.
    pub fn answer(&self, number: usize) -> Answer {
        let answers = self.memory.jobs.answers();
        let mut own = answers.into_iter().filter(|(job, _)| *job == Self::job(number)).map(|(_, answer)| answer);
        let answer = own.next().expect("every job has an answer");
        assert_eq!(own.next(), None, "no job has two answers");
        answer
    }
}

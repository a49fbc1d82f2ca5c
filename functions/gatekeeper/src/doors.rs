//! The doors a release comes through, told apart by the shape of the event.

mod code_deploy;
mod ecs;
mod job;

use aws_lambda_events::sqs::SqsBatchResponse;
use lambda_kit::Failure;
use lambda_kit::start::Invocation;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::{Gatekeeper, Outside};

pub use ecs::HookReply;

/// What the function returns. Only ECS and the queue look at it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Reply {
    /// CodePipeline and CodeDeploy are told by a call; this is for people who invoke the function by hand.
    Told(String),
    /// The answer to ECS.
    Hook(HookReply),
    /// The messages that are to come again.
    Errands(SqsBatchResponse),
}

/// Enough of an event to know its door. Nothing of it is kept: a job's event holds credentials.
#[derive(Deserialize)]
struct Shape {
    #[serde(rename = "CodePipeline.job")]
    job: Option<IgnoredAny>,
    #[serde(rename = "LifecycleEventHookExecutionId")]
    code_deploy: Option<IgnoredAny>,
    #[serde(rename = "lifecycleStage")]
    ecs: Option<IgnoredAny>,
    #[serde(rename = "Records")]
    records: Option<IgnoredAny>,
}

impl<O: Outside> Gatekeeper<O> {
    pub(crate) async fn open(&self, event: &str, invocation: &Invocation) -> Result<Reply, Failure> {
        let shape: Shape = serde_json::from_str(event).map_err(|_| self.unknown())?;
        match shape {
            Shape { job: Some(_), .. } => self.job(event, &invocation.deadline).await,
            Shape { code_deploy: Some(_), .. } => self.code_deploy(event, &invocation.deadline).await,
            Shape { ecs: Some(_), .. } => Ok(Reply::Hook(self.ecs(event, &invocation.deadline).await)),
            Shape { records: Some(_), .. } => self.errands(event, &invocation.deadline).await.map(Reply::Errands),
            _ => Err(self.unknown()),
        }
    }

    fn unknown(&self) -> Failure {
        self.metrics.count(self.clock.now(), "EventsNotUnderstood", 1);
        Failure::permanent(anyhow::anyhow!(
            "the event is neither a job of CodePipeline's nor a lifecycle hook of CodeDeploy's or ECS's"
        ))
    }
}

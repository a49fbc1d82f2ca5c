//! Lifecycle hooks of CodeDeploy: a deployment that waits for a word from a function.

#[cfg(test)]
mod tests;

use std::fmt;

use aws_sdk_codedeploy::Client;
use aws_sdk_codedeploy::config::Builder;
use aws_sdk_codedeploy::config::retry::RetryConfig;
use aws_sdk_codedeploy::types::LifecycleEventStatus;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use lambda_kit::aws::SdkConfig;
use lambda_kit::jobs::{Gone, Put, PutProblem};
use serde::Deserialize;

/// One hook of one deployment.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Hook {
    /// The deployment.
    #[serde(rename = "DeploymentId")]
    pub deployment: String,
    /// With it, anybody who may call CodeDeploy answers for the function.
    #[serde(rename = "LifecycleEventHookExecutionId")]
    pub execution: String,
}

impl fmt::Debug for Hook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "hook of {}", self.deployment)
    }
}

/// Where hooks are answered.
#[expect(async_fn_in_trait, reason = "used with static dispatch on one thread only")]
pub trait Hooks {
    /// Says that a hook failed, in one attempt.
    async fn fail(&self, hook: &Hook) -> Result<Put, PutProblem>;
}

/// CodeDeploy itself.
#[derive(Debug, Clone)]
pub struct CodeDeployHooks(Client);

impl CodeDeployHooks {
    /// Attempts are repeated by [`lambda_kit::jobs::insist`], so the SDK repeats none.
    pub fn new(config: &SdkConfig) -> Self {
        Self(Client::from_conf(Builder::from(config).retry_config(RetryConfig::disabled()).build()))
    }
}

impl Hooks for CodeDeployHooks {
    async fn fail(&self, hook: &Hook) -> Result<Put, PutProblem> {
        let request = self.0.put_lifecycle_event_hook_execution_status().deployment_id(&hook.deployment);
        let request = request.lifecycle_event_hook_execution_id(&hook.execution).status(LifecycleEventStatus::Failed);
        let Err(error) = request.send().await else { return Ok(Put::Accepted) };
        match error.code() {
            Some("LifecycleEventAlreadyCompletedException") => Ok(Put::AlreadyAnswered(Gone::InvalidJobState)),
            Some("DeploymentDoesNotExistException") => Ok(Put::AlreadyAnswered(Gone::JobNotFound)),
            _ => Err(PutProblem::of("PutLifecycleEventHookExecutionStatus", error)),
        }
    }
}

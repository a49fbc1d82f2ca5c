//! CodeDeploy's deployments and their lifecycle hooks.

use anyhow::{Context, Result};
use aws_sdk_codedeploy::Client;
use aws_sdk_codedeploy::config::Config;
use aws_sdk_codedeploy::config::retry::RetryConfig;
use aws_sdk_codedeploy::types::LifecycleEventStatus;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use lambda_kit::OnDemand;
use lambda_kit::aws::failed;
use lambda_kit::jobs::{Gone, Put, PutProblem};

use crate::ports::{Deployment, Deployments, Hook};

/// CodeDeploy in one region and account.
#[derive(Debug, Clone)]
pub struct CodeDeploy(OnDemand<Client>);

impl CodeDeploy {
    /// The deployments this client reaches.
    pub fn new(client: impl Into<OnDemand<Client>>) -> Self {
        Self(client.into())
    }
}

impl Deployments for CodeDeploy {
    async fn look(&self, deployment: &str) -> Result<Deployment> {
        let call = format!("GetDeployment of {deployment}");
        let answer = self.0.get_deployment().deployment_id(deployment).send().await;
        let info = answer.map_err(|error| failed(&call, error))?.deployment_info;
        let named = info.and_then(|info| {
            Some(Deployment { application: info.application_name?, group: info.deployment_group_name? })
        });
        named.with_context(|| format!("{call}: it names no application and no deployment group"))
    }

    async fn answer(&self, hook: &Hook, succeeded: bool) -> Result<Put, PutProblem> {
        let status = if succeeded { LifecycleEventStatus::Succeeded } else { LifecycleEventStatus::Failed };
        let request = self
            .0
            .put_lifecycle_event_hook_execution_status()
            .deployment_id(&hook.deployment_id)
            .lifecycle_event_hook_execution_id(&hook.lifecycle_event_hook_execution_id)
            .status(status);
        // Whoever answers repeats it, in its own time.
        let once = Config::builder().retry_config(RetryConfig::disabled());
        let Err(error) = request.customize().config_override(once).send().await else { return Ok(Put::Accepted) };
        match error.code() {
            Some("LifecycleEventAlreadyCompletedException") => Ok(Put::AlreadyAnswered(Gone::InvalidJobState)),
            Some("DeploymentDoesNotExistException") => Ok(Put::AlreadyAnswered(Gone::JobNotFound)),
            _ => Err(PutProblem::of("PutLifecycleEventHookExecutionStatus", error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use lambda_kit::doubles::rehearsal::{Answer, Server};
    use serde_json::json;

    use super::*;

    fn hook() -> Hook {
        Hook { deployment_id: "d-EXAMPLE11".into(), lifecycle_event_hook_execution_id: "opaque".into() }
    }

    async fn asked(answer: Answer) -> (CodeDeploy, Server) {
        let server = Server::giving([answer]).await;
        (CodeDeploy::new(Client::new(&server.aws())), server)
    }

    #[tokio::test]
    async fn a_hook_is_answered_with_one_of_the_two_words_codedeploy_takes() {
        for (succeeded, status) in [(true, "Succeeded"), (false, "Failed")] {
            let (codedeploy, server) = asked(Answer::json(200, &json!({}))).await;
            assert_eq!(codedeploy.answer(&hook(), succeeded).await.unwrap(), Put::Accepted);
            let expected = json!({
                "deploymentId": "d-EXAMPLE11", "lifecycleEventHookExecutionId": "opaque", "status": status,
            });
            assert_eq!(server.requests()[0].body, expected);
        }
    }

    #[tokio::test]
    async fn a_hook_that_has_an_answer_keeps_it_and_everything_else_is_an_error() {
        let refusal = |code: &str| Answer::json(400, &json!({ "__type": code, "message": "no" }));
        for (code, gone) in [
            ("LifecycleEventAlreadyCompletedException", Gone::InvalidJobState),
            ("DeploymentDoesNotExistException", Gone::JobNotFound),
        ] {
            let (codedeploy, _server) = asked(refusal(code)).await;
            assert_eq!(codedeploy.answer(&hook(), true).await.unwrap(), Put::AlreadyAnswered(gone));
        }
        let (codedeploy, _server) = asked(refusal("InvalidLifecycleEventHookExecutionIdException")).await;
        assert!(matches!(codedeploy.answer(&hook(), true).await, Err(PutProblem::Refused(_))));
    }

    #[tokio::test]
    async fn a_throttled_answer_may_pass_and_is_repeated_by_nobody_else() {
        let throttled = Answer::json(400, &json!({ "__type": "ThrottlingException", "message": "Rate exceeded" }));
        let (codedeploy, server) = asked(throttled).await;
        assert!(matches!(codedeploy.answer(&hook(), true).await, Err(PutProblem::Passing(_))));
        assert_eq!(server.requests().len(), 1);
    }

    #[tokio::test]
    async fn a_deployment_says_whose_it_is() {
        let info = json!({ "deploymentInfo": { "applicationName": "shop", "deploymentGroupName": "blue" } });
        let (codedeploy, _server) = asked(Answer::json(200, &info)).await;
        let found = codedeploy.look("d-EXAMPLE11").await.unwrap();
        assert_eq!((found.application.as_str(), found.group.as_str()), ("shop", "blue"));
        let (codedeploy, _server) = asked(Answer::json(200, &json!({ "deploymentInfo": {} }))).await;
        assert!(codedeploy.look("d-EXAMPLE11").await.unwrap_err().to_string().contains("names no application"));
    }
}

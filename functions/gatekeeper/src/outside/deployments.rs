//! CodeDeploy's deployments and their lifecycle hooks.

use anyhow::{Context, Result};
use aws_sdk_codedeploy::Client;
use aws_sdk_codedeploy::types::LifecycleEventStatus;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use lambda_kit::aws::failed;

use crate::ports::{Deployment, Deployments, Hook, Hooked};

/// The hook has an answer, or its deployment is over (botocore's CodeDeploy model).
const OVER: [&str; 2] = ["LifecycleEventAlreadyCompletedException", "DeploymentDoesNotExistException"];

/// CodeDeploy in one region and account.
#[derive(Debug, Clone)]
pub struct CodeDeploy(Client);

impl CodeDeploy {
    /// The deployments this client reaches.
    pub fn new(client: Client) -> Self {
        Self(client)
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

    async fn answer(&self, hook: &Hook, succeeded: bool) -> Result<Hooked> {
        let status = if succeeded { LifecycleEventStatus::Succeeded } else { LifecycleEventStatus::Failed };
        let request = self
            .0
            .put_lifecycle_event_hook_execution_status()
            .deployment_id(&hook.deployment_id)
            .lifecycle_event_hook_execution_id(&hook.lifecycle_event_hook_execution_id)
            .status(status);
        match request.send().await {
            Ok(_) => Ok(Hooked::Accepted),
            Err(error) if error.code().is_some_and(|code| OVER.contains(&code)) => {
                Ok(Hooked::Over(error.code().unwrap_or_default().to_owned()))
            }
            Err(error) => Err(failed(format!("PutLifecycleEventHookExecutionStatus of {}", hook.deployment_id), error)),
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
        (CodeDeploy(Client::new(&server.aws())), server)
    }

    #[tokio::test]
    async fn a_hook_is_answered_with_one_of_the_two_words_codedeploy_takes() {
        for (succeeded, status) in [(true, "Succeeded"), (false, "Failed")] {
            let (codedeploy, server) = asked(Answer::json(200, &json!({}))).await;
            assert_eq!(codedeploy.answer(&hook(), succeeded).await.unwrap(), Hooked::Accepted);
            let expected = json!({
                "deploymentId": "d-EXAMPLE11", "lifecycleEventHookExecutionId": "opaque", "status": status,
            });
            assert_eq!(server.requests()[0].body, expected);
        }
    }

    #[tokio::test]
    async fn a_hook_that_has_an_answer_keeps_it_and_everything_else_is_an_error() {
        let refusal = |code: &str| Answer::json(400, &json!({ "__type": code, "message": "no" }));
        let (codedeploy, _server) = asked(refusal(OVER[0])).await;
        assert_eq!(codedeploy.answer(&hook(), true).await.unwrap(), Hooked::Over(OVER[0].to_owned()));
        let (codedeploy, _server) = asked(refusal("InvalidLifecycleEventHookExecutionIdException")).await;
        assert!(codedeploy.answer(&hook(), true).await.is_err());
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

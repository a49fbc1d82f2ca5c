//! A lifecycle hook of CodeDeploy. It is told by a call within the hour and calls once, so the gate reminds itself.

#[cfg(test)]
mod tests;

use std::time::Duration;

use anyhow::anyhow;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use gate_checks::Place;
use jiff::SignedDuration;
use lambda_kit::batch::Batch;
use lambda_kit::{Deadline, Failure, OrFail};
use pipeline_model::Verdict;
use serde::{Deserialize, Serialize};

use crate::doors::Reply;
use crate::policies::Trouble;
use crate::ports::{Deployment, Deployments, Hook, Hooked, Laters};
use crate::request::Asked;
use crate::token::Token;
use crate::visit::{Arrival, Outcome};
use crate::{Gatekeeper, Outside};

/// CodeDeploy gives a hook one hour.
const LONGEST: SignedDuration = SignedDuration::from_mins(55);

/// Until the release is looked at again.
const PAUSE: Duration = Duration::from_secs(30);

/// What the gate reminds itself of, as the body of a message in its own queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Errand {
    hook: Hook,
    /// The policy's name; unknown while the settings cannot be read.
    policy: Option<String>,
    /// What is deployed, `codedeploy:shop/orders`; known together with the policy.
    target: Option<String>,
    token: String,
}

/// The same for each delivery of a hook's call, and within the alphabet of a key.
fn key(hook: &Hook) -> String {
    let deployment: String = hook.deployment_id.chars().filter(char::is_ascii_alphanumeric).take(32).collect();
    format!("{deployment}-{:08x}", crc32fast::hash(hook.lifecycle_event_hook_execution_id.as_bytes()))
}

impl<O: Outside> Gatekeeper<O> {
    pub(super) async fn code_deploy(&self, event: &str, deadline: &Deadline) -> Result<Reply, Failure> {
        let hook: Hook = serde_json::from_str(event).or_permanent("not a lifecycle hook of CodeDeploy's")?;
        let token = Token::first(&key(&hook), self.clock.now());
        let errand = Errand { hook, policy: None, target: None, token: token.to_string() };
        self.hook(errand, deadline).await.map(Reply::Told)
    }

    pub(super) async fn errands(&self, event: &str, deadline: &Deadline) -> Result<SqsBatchResponse, Failure> {
        let event: SqsEvent = serde_json::from_str(event).or_permanent("not a batch of SQS")?;
        let mut batch = Batch::new(event)?;
        for record in batch.records() {
            let errand = serde_json::from_str(&record.body).or_permanent("not an errand of the gatekeeper's");
            let outcome = match errand {
                Ok(errand) => deadline.limit(self.hook(errand, deadline)).await.or_retry("the hook comes again"),
                Err(failure) => Ok(Err(failure)),
            };
            match outcome.and_then(|told| told) {
                Ok(_) => batch.done(&record.id),
                Err(failure) => tracing::error!(error = %failure, "this errand comes again"),
            }
        }
        Ok(batch.reply())
    }

    async fn hook(&self, errand: Errand, deadline: &Deadline) -> Result<String, Failure> {
        let token: Token = errand.token.parse().or_permanent("reading the errand's token")?;
        let (policy, target) = match self.asked(&errand).await {
            Ok(known) => known,
            Err(Trouble::Wrong(why)) => return self.tell(&errand.hook, false, &why).await,
            Err(Trouble::Unreadable(why)) => return self.wait_blind(errand, &token, &why).await,
        };
        let job = format!("{}/{}", errand.hook.deployment_id, token.visit);
        let (asked, place) = (Asked::Named(policy.clone()), Place::default());
        let arrival =
            Arrival { asked, place, action: None, target: Some(target.clone()), token, job, longest: LONGEST };
        let known = Errand { policy: Some(policy), target: Some(target), ..errand.clone() };
        match Box::pin(self.visit(&arrival, deadline)).await {
            Outcome::Judged(judgement, next) => match judgement.verdict {
                Verdict::Wait => self.later(Errand { token: next.to_string(), ..known }).await,
                verdict => self.tell(&errand.hook, verdict == Verdict::Pass, &judgement.reason).await,
            },
            Outcome::Blind(next, _) => self.later(Errand { token: next.to_string(), ..known }).await,
            Outcome::Unable(_, why) => self.tell(&errand.hook, false, &why).await,
            Outcome::Others => Ok(String::from("left to others")),
        }
    }

    /// The policy's name, and what is deployed.
    async fn asked(&self, errand: &Errand) -> Result<(String, String), Trouble> {
        if let (Some(policy), Some(target)) = (&errand.policy, &errand.target) {
            return Ok((policy.clone(), target.clone()));
        }
        let deployment = self.deployments.look(&errand.hook.deployment_id).await;
        let Deployment { application, group } =
            deployment.map_err(|error| Trouble::Unreadable(format!("{error:#}")))?;
        let policy = self.policies.of_deployment(&application, &group).await?;
        Ok((policy, format!("codedeploy:{application}/{group}")))
    }

    /// The policy is not known yet, so there is no gate; within the hook's hour it is asked for again.
    async fn wait_blind(&self, errand: Errand, token: &Token, why: &str) -> Result<String, Failure> {
        let waited = self.clock.now().duration_since(token.since);
        if waited >= LONGEST {
            return self.tell(&errand.hook, false, why).await;
        }
        tracing::warn!(hook.deployment = errand.hook.deployment_id, error = why, "the hook's policy is not known yet");
        self.later(errand).await
    }

    async fn later(&self, errand: Errand) -> Result<String, Failure> {
        let body = serde_json::to_string(&errand).expect("an errand has a JSON form");
        self.laters.again(&body, PAUSE).await.or_retry("the gate cannot remind itself")?;
        Ok(String::from("continue"))
    }

    async fn tell(&self, hook: &Hook, succeeded: bool, why: &str) -> Result<String, Failure> {
        let deployment = &hook.deployment_id;
        match self.deployments.answer(hook, succeeded).await {
            Ok(Hooked::Accepted) => {
                tracing::info!(hook.deployment = deployment, hook.succeeded = succeeded, hook.reason = why, "answered");
            }
            Ok(Hooked::Over(code)) => {
                tracing::warn!(hook.deployment = deployment, hook.over = code, "the hook takes no answer any more");
            }
            Err(error) => return Err(Failure::retry(anyhow!("{error:#}"))),
        }
        Ok(String::from(if succeeded { "success" } else { "failure" }))
    }
}

//! A lifecycle hook of CodeDeploy. It is told by a call within the hour and calls once, so the gate reminds itself.

#[cfg(test)]
mod tests;

use std::time::Duration;

use anyhow::anyhow;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use gate_checks::Place;
use jiff::SignedDuration;
use lambda_kit::batch::Batch;
use lambda_kit::jobs::{Asked, Put, PutProblem, insist};
use lambda_kit::laters::Laters;
use lambda_kit::{Deadline, Failure, OrFail};
use pipeline_model::Verdict;
use serde::{Deserialize, Serialize};

use crate::doors::Reply;
use crate::policies::Trouble;
use crate::ports::{Deployment, Deployments, Hook};
use crate::token::Token;
use crate::visit::{Afterwards, Arrival, Outcome};
use crate::{Gatekeeper, Outside, report};

/// CodeDeploy gives a hook one hour from its call, and the call does not say when it was made. What is left of the hour is
/// more than Lambda may keep the call before it hands it over (`MaximumEventAgeInSeconds` of the function).
const LONGEST: SignedDuration = SignedDuration::from_mins(55);

/// Until the release is looked at again.
const PAUSE: Duration = Duration::from_secs(30);

/// What the gate reminds itself of, as the body of a message in its own queue. Another version may have written it: as
/// long as the hook can be read, it gets its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Errand {
    hook: Hook,
    /// The policy's name; unknown while the settings cannot be read.
    #[serde(default)]
    policy: Option<String>,
    /// What is deployed, `codedeploy:shop/orders`.
    #[serde(default)]
    target: Option<String>,
    #[serde(default)]
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
        self.hook(errand, Afterwards::Watchdog, deadline).await.map(Reply::Told)
    }

    pub(super) async fn errands(&self, event: &str, deadline: &Deadline) -> Result<SqsBatchResponse, Failure> {
        let event: SqsEvent = serde_json::from_str(event).or_permanent("not a batch of SQS")?;
        let mut batch = Batch::new(event)?;
        for record in batch.records() {
            match self.errand(&record.body, deadline).await {
                Ok(()) => batch.done(&record.id),
                Err(failure) => tracing::error!(error = %failure, "this errand comes again"),
            }
        }
        Ok(batch.reply())
    }

    async fn errand(&self, body: &str, deadline: &Deadline) -> Result<(), Failure> {
        let errand: Errand = serde_json::from_str(body).or_permanent("not an errand of the gatekeeper's")?;
        let hook = self.hook(errand.clone(), Afterwards::Again, deadline);
        match deadline.limit(hook).await.or_retry("the hook comes again")? {
            // CodeDeploy would refuse the next answer too, so nothing is judged anew; the hook ends with its hour.
            Err(failure) if failure.is_permanent() => {
                self.publish_unable(&errand, &failure.to_string()).await;
                tracing::error!(error = %failure, "the hook takes no answer");
                Ok(())
            }
            told => told.map(drop),
        }
    }

    async fn hook(&self, mut errand: Errand, afterwards: Afterwards, deadline: &Deadline) -> Result<String, Failure> {
        let token: Token = match errand.token.parse() {
            Ok(token) => token,
            Err(error) => return Box::pin(self.refuse(&errand, &error.to_string(), deadline)).await,
        };
        let policy = match self.policy(&mut errand).await {
            Ok(policy) => policy,
            Err(Trouble::Wrong(why)) => return Box::pin(self.refuse(&errand, &why, deadline)).await,
            Err(Trouble::Unreadable(why)) => return self.wait_blind(errand, &token, &why, deadline).await,
        };
        let arrival = errand.arrival(Asked::Named(policy), token, afterwards);
        match Box::pin(self.visit(&arrival, deadline)).await {
            Outcome::Judged(judgement, next) => match judgement.verdict {
                Verdict::Wait => self.later(Errand { token: next.to_string(), ..errand }).await,
                verdict => self.tell(&errand.hook, verdict == Verdict::Pass, &judgement.reason, deadline).await,
            },
            Outcome::Blind(next, _) => self.later(Errand { token: next.to_string(), ..errand }).await,
            Outcome::Unable(_, why) | Outcome::Stopped(why) => self.tell(&errand.hook, false, &why, deadline).await,
            Outcome::Others => Ok(String::from("left to others")),
        }
    }

    /// The policy's name. It is noted, and so is what is deployed.
    async fn policy(&self, errand: &mut Errand) -> Result<String, Trouble> {
        if let (Some(policy), Some(_)) = (&errand.policy, &errand.target) {
            return Ok(policy.clone());
        }
        let deployment = self.deployments.look(&errand.hook.deployment_id).await;
        let Deployment { application, group } =
            deployment.map_err(|error| Trouble::Unreadable(format!("{error:#}")))?;
        errand.target = Some(format!("codedeploy:{application}/{group}"));
        let policy = self.policies.of_deployment(&application, &group).await?;
        errand.policy = Some(policy.clone());
        Ok(policy)
    }

    /// The policy is not known yet, so there is no gate; within the hook's hour it is asked for again.
    async fn wait_blind(
        &self,
        errand: Errand,
        token: &Token,
        why: &str,
        deadline: &Deadline,
    ) -> Result<String, Failure> {
        let waited = self.clock.now().duration_since(token.since);
        if waited >= LONGEST {
            return Box::pin(self.refuse(&errand, why, deadline)).await;
        }
        tracing::warn!(hook.deployment = errand.hook.deployment_id, error = why, "the hook's policy is not known yet");
        self.later(errand).await
    }

    async fn later(&self, errand: Errand) -> Result<String, Failure> {
        let body = serde_json::to_string(&errand).expect("an errand has a JSON form");
        self.laters.again(&body, PAUSE).await.or_retry("the gate cannot remind itself")?;
        Ok(String::from("continue"))
    }

    /// Fails a hook that has no gate, and says why. Nobody claims it, so it is told only by whoever's answer was taken.
    async fn refuse(&self, errand: &Errand, why: &str, deadline: &Deadline) -> Result<String, Failure> {
        if self.answer(&errand.hook, false, why, deadline).await? == Put::Accepted {
            self.publish_unable(errand, why).await;
        }
        Ok(String::from("failure"))
    }

    async fn publish_unable(&self, errand: &Errand, why: &str) {
        let token = Token::first(&key(&errand.hook), self.clock.now());
        // Without a name, the policy is none that could be named.
        let asked = errand.policy.clone().map_or_else(|| Asked::Inline(String::new()), Asked::Named);
        let arrival = errand.arrival(asked, token, Afterwards::Again);
        self.publish(report::unable(&self.home, &arrival, why, self.clock.now())).await;
    }

    async fn tell(&self, hook: &Hook, succeeded: bool, why: &str, deadline: &Deadline) -> Result<String, Failure> {
        self.answer(hook, succeeded, why, deadline).await?;
        Ok(String::from(if succeeded { "success" } else { "failure" }))
    }

    /// Answers a hook, as often as needed and as long as the time allows.
    async fn answer(&self, hook: &Hook, succeeded: bool, why: &str, deadline: &Deadline) -> Result<Put, Failure> {
        let deployment = &hook.deployment_id;
        match insist(deadline, async || self.deployments.answer(hook, succeeded).await).await {
            Ok(put) => {
                let over = put != Put::Accepted;
                tracing::info!(
                    hook.deployment = deployment,
                    hook.succeeded = succeeded,
                    hook.over = over,
                    hook.reason = why,
                    "answered"
                );
                Ok(put)
            }
            Err(problem) => {
                let told = anyhow!("the hook of {deployment} could not be answered: {problem}");
                let is_refused = matches!(problem, PutProblem::Refused(_));
                Err(if is_refused { Failure::permanent(told) } else { Failure::retry(told) })
            }
        }
    }
}

impl Errand {
    fn arrival(&self, asked: Asked, token: Token, afterwards: Afterwards) -> Arrival {
        let deployment = &self.hook.deployment_id;
        Arrival {
            asked,
            place: Place::default(),
            action: None,
            target: Some(self.target.clone().unwrap_or_else(|| format!("codedeploy:{deployment}"))),
            job: format!("{deployment}/{}", token.visit),
            token,
            longest: LONGEST,
            afterwards,
        }
    }
}

//! A lifecycle hook of ECS: the answer is what the function returns, and ECS calls again while it says `IN_PROGRESS`.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use gate_checks::Place;
use jiff::SignedDuration;
use lambda_kit::Deadline;
use lambda_kit::jobs::{Request, SealError};
use pipeline_model::Verdict;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::token::Token;
use crate::visit::{Afterwards, Arrival, Outcome};
use crate::{Gatekeeper, Outside};

/// A hook's own limit is a day, unless its service says less (`timeoutConfiguration`).
const LONGEST: SignedDuration = SignedDuration::from_hours(23);

/// Seconds until ECS calls again.
const PAUSE: u32 = 30;

/// Where the token and its stage stand in `hookDetails`, which ECS merges and hands back.
const TOKEN: &str = "pipewarden";

/// What ECS is told, in its spelling.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HookReply {
    /// `SUCCEEDED`, `FAILED` or `IN_PROGRESS`; everything else rolls back.
    pub hook_status: &'static str,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_back_delay: Option<u32>,
    /// Handed back with the next call.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub hook_details: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    lifecycle_stage: String,
    execution_details: Option<Details>,
    #[serde(default)]
    hook_details: Value,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    service_arn: Option<String>,
    target_service_revision_arn: Option<String>,
    #[serde(default)]
    test_traffic_weights: BTreeMap<String, f64>,
    #[serde(default)]
    production_traffic_weights: BTreeMap<String, f64>,
}

impl<O: Outside> Gatekeeper<O> {
    /// What cannot be read or meant is `FAILED`: the deployment is rolled back.
    pub(super) async fn ecs(&self, event: &str, deadline: &Deadline) -> HookReply {
        let event: Event = match serde_json::from_str(event) {
            Ok(event) => event,
            Err(error) => return failed(&format!("the event of the hook cannot be read: {error}")),
        };
        if event.is_rollback() {
            tracing::info!(hook.stage = event.lifecycle_stage, "the deployment is rolled back, which no gate holds up");
            return reply("SUCCEEDED", None, "decided");
        }
        let arrival = match self.hooked(&event) {
            Ok(arrival) => arrival,
            Err(wrong) => return failed(&wrong),
        };
        match Box::pin(self.visit(&arrival, deadline)).await {
            Outcome::Judged(judgement, next) => match judgement.verdict {
                Verdict::Pass => reply("SUCCEEDED", None, "decided"),
                Verdict::Wait => event.goes_on(&next),
                _ => reply("FAILED", None, "decided"),
            },
            Outcome::Blind(next, _) => event.goes_on(&next),
            // Whoever makes this visit answers with its own token.
            Outcome::Others => event.goes_on(&arrival.token),
            Outcome::Unable(..) | Outcome::Stopped(_) => reply("FAILED", None, "decided"),
        }
    }

    /// The policy and all else the gate is asked for stands in the hook's details, in the words of user parameters.
    fn hooked(&self, event: &Event) -> Result<Arrival, String> {
        let mut details = match &event.hook_details {
            Value::Object(details) => details.clone(),
            _ => return Err(String::from("hookDetails is no object; write {\"policy\": \"orders/production\"} there")),
        };
        let token = event.token(details.remove(TOKEN)).map_err(|error| error.to_string())?;
        // A service may call a hook once for each step of its traffic; each step is a gate of its own.
        let token = token.unwrap_or_else(|| Token::first(&format!("{:032x}", fastrand::u128(..)), self.clock.now()));
        let asked = Request::parse(Some(&Value::Object(details).to_string())).map_err(|error| error.to_string())?;
        let Request { policy: asked, pipeline, stage, action, execution, variables } = asked;
        let place = Place { pipeline, stage, execution, variables };
        // A call that takes up the token of another one continues its gate.
        let (target, job) = (event.target(), token.key.clone());
        Ok(Arrival { asked, place, action, target, token, job, longest: LONGEST, afterwards: Afterwards::Again })
    }
}

impl Event {
    /// ECS calls again, with the token and the stage it is for.
    fn goes_on(&self, token: &Token) -> HookReply {
        reply("IN_PROGRESS", Some(PAUSE), &format!("{token} {}", self.lifecycle_stage))
    }

    /// The token this stage's gate goes on with. ECS merges what the hooks of all stages of a deployment return, and what
    /// was measured at another stage says nothing of this one.
    fn token(&self, kept: Option<Value>) -> Result<Option<Token>, SealError> {
        let Some(Value::String(text)) = kept else { return Ok(None) };
        if text == "decided" {
            return Ok(None);
        }
        let (token, stage) = text.split_once(' ').unwrap_or((&text, ""));
        token.parse().map(|token| Some(token).filter(|_| stage == self.lifecycle_stage))
    }

    /// `ecs:c1/orders`, by the end of `arn:aws:ecs:us-west-2:111122223333:service/c1/orders`.
    fn target(&self) -> Option<String> {
        let service = self.execution_details.as_ref()?.service_arn.as_ref()?;
        service.split_once(":service/").map(|(_, service)| format!("ecs:{service}"))
    }

    /// During a rollback ECS calls the hooks of traffic shifts once more, and then the new revision has no traffic there.
    /// At any other stage no traffic means that none was shifted yet.
    fn is_rollback(&self) -> bool {
        let Some(details) = &self.execution_details else { return false };
        let weights = match self.lifecycle_stage.as_str() {
            "PRODUCTION_TRAFFIC_SHIFT" => &details.production_traffic_weights,
            "TEST_TRAFFIC_SHIFT" => &details.test_traffic_weights,
            _ => return false,
        };
        let target = details.target_service_revision_arn.as_ref();
        target.and_then(|target| weights.get(target)).is_some_and(|weight| *weight == 0.0)
    }
}

fn failed(why: &str) -> HookReply {
    tracing::error!(error = why, "the hook is answered with FAILED");
    reply("FAILED", None, "decided")
}

fn reply(hook_status: &'static str, call_back_delay: Option<u32>, token: &str) -> HookReply {
    let hook_details = Map::from_iter([(TOKEN.to_owned(), json!(token))]);
    HookReply { hook_status, call_back_delay, hook_details }
}

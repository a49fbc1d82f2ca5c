//! The event bus on which functions tell each other what they decided.

use anyhow::{Result, bail};
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use pipeline_model::{Decision, Published};

use crate::OnDemand;
use crate::aws::{advice, failed};

/// Where decisions are published.
#[expect(async_fn_in_trait, reason = "used with static dispatch on one thread only")]
pub trait Bus {
    /// Publishes a decision. After an error it may be published all the same, and publishing it again is harmless:
    /// its key names it, not its delivery.
    async fn publish(&self, decision: &Decision) -> Result<()>;
}

/// The default bus of the account and region, which gives each delivery its own id.
#[derive(Debug, Clone)]
pub struct EventBus(OnDemand<Client>);

impl EventBus {
    /// The bus this client reaches.
    pub fn new(client: impl Into<OnDemand<Client>>) -> Self {
        Self(client.into())
    }
}

impl Bus for EventBus {
    async fn publish(&self, decision: &Decision) -> Result<()> {
        let call = format!("PutEvents of `{}`", decision.detail_type());
        let request = self.0.put_events().entries(entry(decision));
        let answer = request.send().await.map_err(|error| failed(&call, error))?;
        if answer.failed_entry_count == 0 {
            return Ok(());
        }
        // The call succeeds even if its one entry is refused.
        let refused = answer.entries().first();
        let code = refused.and_then(|entry| entry.error_code()).unwrap_or("no code");
        let message = refused.and_then(|entry| entry.error_message()).unwrap_or("no message");
        let advice = advice(code).map(|words| format!("; {words}")).unwrap_or_default();
        bail!("{call}: {code}: {message}{advice}")
    }
}

fn entry(decision: &Decision) -> PutEventsRequestEntry {
    PutEventsRequestEntry::builder()
        .source(Published::SOURCE)
        .detail_type(decision.detail_type())
        .detail(decision.detail().to_string())
        .time(DateTime::from_millis(decision.time.as_millisecond()))
        .set_resources(decision.pipeline.as_ref().map(|arn| vec![arn.to_string()]))
        .build()
}

#[cfg(test)]
mod tests {
    use pipeline_model::{Decided, PipelineArn, PipelineName, Rollback, RollbackOutcome};
    use serde_json::{Value, json};

    use super::*;
    use crate::doubles::rehearsal::{Answer, Server};

    fn decision() -> Decision {
        Decision {
            id: String::new(),
            time: "2026-03-02T17:04:42.5Z".parse().unwrap(),
            region: String::from("us-east-1"),
            account: String::from("111122223333"),
            key: Some(String::from("incident-1")),
            pipeline: Some(PipelineArn::new("us-east-1", "111122223333", PipelineName::from("orders"))),
            execution: None,
            stage: None,
            action: None,
            reason: Some(String::from("Größer, \"quoted\"\nand on two lines.")),
            what: Decided::Rollback(Box::new(Rollback::new(RollbackOutcome::Done))),
        }
    }

    fn taken() -> Answer {
        Answer::json(200, &json!({ "FailedEntryCount": 0, "Entries": [{ "EventId": "e-1" }] }))
    }

    async fn publishing(answers: impl IntoIterator<Item = Answer>, decision: &Decision) -> (Result<()>, Server) {
        let server = Server::giving(answers).await;
        let bus = EventBus::new(Client::new(&server.aws()));
        (bus.publish(decision).await, server)
    }

    #[tokio::test]
    async fn a_decision_goes_to_the_default_bus_as_the_model_writes_it() {
        let (result, server) = publishing([taken()], &decision()).await;
        result.unwrap();
        let request = server.requests().remove(0);
        assert_eq!(request.header("x-amz-target"), Some("AWSEvents.PutEvents"));
        let detail = request.body["Entries"][0]["Detail"].as_str().unwrap();
        assert_eq!(serde_json::from_str::<Value>(detail).unwrap(), decision().detail());
        let expected = json!({ "Entries": [{
            "Source": "pipewarden", "DetailType": "Rollback Decided", "Detail": detail, "Time": 1_772_471_082.5,
            "Resources": ["arn:aws:codepipeline:us-east-1:111122223333:orders"],
        }] });
        assert_eq!(request.body, expected);
    }

    #[tokio::test]
    async fn what_concerns_no_pipeline_names_no_resource() {
        let (result, server) = publishing([taken()], &Decision { pipeline: None, ..decision() }).await;
        result.unwrap();
        assert_eq!(server.requests().remove(0).body["Entries"][0].get("Resources"), None);
    }

    #[tokio::test]
    async fn a_refused_entry_is_an_error_although_the_call_succeeds() {
        let refused = |entries: Value| Answer::json(200, &json!({ "FailedEntryCount": 1, "Entries": entries }));
        for (entries, words) in [
            (
                json!([{ "ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed." }]),
                "PutEvents of `Rollback Decided`: MalformedDetail: Detail is malformed.",
            ),
            (
                json!([{ "ErrorCode": "AccessDeniedException", "ErrorMessage": "not authorized" }]),
                "PutEvents of `Rollback Decided`: AccessDeniedException: not authorized; \
                 the function's role must allow this call",
            ),
            (json!([]), "PutEvents of `Rollback Decided`: no code: no message"),
        ] {
            let (result, _server) = publishing([refused(entries)], &decision()).await;
            assert_eq!(result.unwrap_err().to_string(), words);
        }
    }

    #[tokio::test]
    async fn a_throttled_call_is_made_again() {
        let throttled = json!({ "__type": "ThrottlingException", "message": "Rate exceeded" });
        let (result, server) = publishing([Answer::json(400, &throttled), taken()], &decision()).await;
        result.unwrap();
        assert_eq!(server.requests().len(), 2);
    }

    #[tokio::test]
    async fn a_missing_permission_is_named() {
        let refusal = json!({ "__type": "AccessDeniedException", "message": "not authorized" });
        let (result, _server) = publishing([Answer::json(400, &refusal)], &decision()).await;
        let error = result.unwrap_err().to_string();
        assert!(error.starts_with("PutEvents of `Rollback Decided`: AccessDeniedException: not auth"), "{error}");
        assert!(error.ends_with("the function's role must allow this call"), "{error}");
    }
}

//! The message a manual approval puts on its SNS topic.

use jiff::Timestamp;
use serde::Deserialize;
use thiserror::Error;

use crate::{ActionName, PipelineName, StageName, time};

/// A pending approval, as CodePipeline announces it on the action's `NotificationArn`.
///
/// Source: CodePipeline user guide, approvals-json-format. The message carries no execution id; it is matched to its
/// execution by pipeline, stage and action while that action waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalRequest {
    /// The pipeline's region.
    pub region: String,
    /// The pipeline that waits.
    pub pipeline: PipelineName,
    /// The stage that waits.
    pub stage: StageName,
    /// The approval action.
    pub action: ActionName,
    /// Names this one request; every attempt has another.
    pub token: String,
    /// When the action fails for want of an answer (no seconds in the message).
    pub expires: Option<Timestamp>,
    /// The console page with the two buttons.
    pub review_link: Option<String>,
    /// `ExternalEntityLink` of the action: what is to be reviewed.
    pub external_link: Option<String>,
    /// `CustomData` of the action: words for the reviewer.
    pub custom_text: Option<String>,
}

/// The text is not an approval message.
#[derive(Debug, Error)]
#[error("not a CodePipeline approval message: {0}")]
pub struct ApprovalError(#[from] serde_json::Error);

impl ApprovalRequest {
    /// Reads the SNS message's text.
    ///
    /// # Errors
    /// When the text is not JSON, or has no pipeline, stage, action or token.
    pub fn parse(message: &str) -> Result<Self, ApprovalError> {
        let Wire { region, approval } = serde_json::from_str(message)?;
        let not_empty = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        Ok(Self {
            region,
            pipeline: approval.pipeline_name,
            stage: approval.stage_name,
            action: approval.action_name,
            token: approval.token,
            expires: approval.expires,
            review_link: not_empty(approval.approval_review_link),
            external_link: not_empty(approval.external_entity_link),
            custom_text: not_empty(approval.custom_data),
        })
    }
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    region: String,
    approval: Approval,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Approval {
    pipeline_name: PipelineName,
    stage_name: StageName,
    action_name: ActionName,
    token: String,
    #[serde(default, deserialize_with = "time::lenient")]
    expires: Option<Timestamp>,
    #[serde(default)]
    approval_review_link: Option<String>,
    #[serde(default)]
    external_entity_link: Option<String>,
    #[serde(default)]
    custom_data: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn message() -> serde_json::Value {
        json!({
            "region": "us-east-1",
            "consoleLink": "https://console.aws.amazon.com/codepipeline/home?region=us-east-1#/view/orders",
            "approval": {
                "pipelineName": "orders", "stageName": "Approve", "actionName": "ReleaseManager",
                "token": "1a2b3c4d-0000-4000-8000-00000000abcd", "expires": "2026-07-07T20:22Z",
                "externalEntityLink": "https://example.com/changes",
                "approvalReviewLink": "https://console.aws.amazon.com/review",
                "customData": "Read the test report first."
            }
        })
    }

    #[test]
    fn a_time_without_seconds_is_read() {
        let request = ApprovalRequest::parse(&message().to_string()).unwrap();
        assert_eq!(request.expires, time::parse("2026-07-07T20:22:00Z"));
        assert_eq!(request.custom_text.as_deref(), Some("Read the test report first."));
    }

    #[test]
    fn what_the_action_does_not_configure_may_be_missing_null_or_empty() {
        let mut value = message();
        value["approval"]["customData"] = json!(null);
        value["approval"]["externalEntityLink"] = json!("");
        value["approval"].as_object_mut().unwrap().remove("expires");
        let request = ApprovalRequest::parse(&value.to_string()).unwrap();
        assert_eq!((request.custom_text, request.external_link, request.expires), (None, None, None));
    }

    #[test]
    fn a_message_without_its_token_is_refused_by_name() {
        let mut value = message();
        value["approval"].as_object_mut().unwrap().remove("token");
        let error = ApprovalRequest::parse(&value.to_string()).unwrap_err().to_string();
        assert!(error.contains("missing field `token`"), "{error}");
    }
}

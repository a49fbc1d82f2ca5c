//! Publishing to the notice topic.

use std::collections::BTreeMap;

use aws_sdk_sns::Client;
use aws_sdk_sns::error::ProvideErrorMetadata;
use notices::Reply;
use serde_json::json;

use lambda_kit::aws::failed;

/// Errors of SNS that the same message meets again until a person changes something.
///
/// Source: the SNS API reference, Publish, and the common errors of AWS. Everything else may pass.
const LASTING: [&str; 13] = [
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "EndpointDisabled",
    "InvalidParameter",
    "InvalidSecurity",
    "KMSAccessDenied",
    "KMSDisabled",
    "KMSInvalidState",
    "KMSNotFound",
    "KMSOptInRequired",
    "NotFound",
    "ParameterValueInvalid",
];

pub(super) async fn publish(client: &Client, topic: &str, subject: &str, messages: &BTreeMap<String, String>) -> Reply {
    let request = client
        .publish()
        .topic_arn(topic)
        .subject(subject)
        .message_structure("json")
        .message(json!(messages).to_string());
    let Err(error) = request.send().await else { return Reply::Published };
    let lasting = error.code().is_some_and(|code| LASTING.contains(&code));
    let reason = format!("{:#}", failed(format!("Publish to {topic}"), error));
    if lasting { Reply::Denied(reason) } else { Reply::Unreachable(reason) }
}

//! Why the reverter is invoked: an alarm, in whatever shape, or its own queue.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Why the reverter is invoked.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Value")]
pub enum Occasion {
    /// EventBridge, an alarm's Lambda action, or SNS.
    Alarm(Value),
    /// What it reminded itself of.
    Errands(SqsEvent),
}

/// The answer, each to its occasion.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// What became of each alarm: nobody reads it but people who invoke the function by hand.
    Alarm(Vec<String>),
    /// The records that are to come again.
    Errands(SqsBatchResponse),
}

impl From<Value> for Occasion {
    fn from(value: Value) -> Self {
        let from_queue = value["Records"][0]["eventSource"] == "aws:sqs";
        match serde_json::from_value(value.clone()) {
            Ok(event) if from_queue => Self::Errands(event),
            _ => Self::Alarm(value),
        }
    }
}

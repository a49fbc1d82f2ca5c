//! Changes of alarms as CloudWatch tells them: by EventBridge, by an action of their own, through a topic.

use jiff::Timestamp;
use pipeline_model::AlarmState;
use serde_json::{Value, json};

/// Why CloudWatch says that an alarm is red.
pub(crate) const REASON: &str = "Threshold Crossed: 1 out of the last 1 datapoints [9.0 (02/03/26 12:44:00)] was \
                                 greater than the threshold (5.0) (minimum 1 datapoint for OK -> ALARM transition).";

/// One change of an alarm; the fields are to be changed.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) name: String,
    pub(crate) partition: &'static str,
    pub(crate) region: String,
    pub(crate) account: String,
    pub(crate) state: AlarmState,
    pub(crate) at: Timestamp,
    pub(crate) before: Option<(AlarmState, Timestamp)>,
    pub(crate) reason: String,
    pub(crate) muted_by: Option<&'static str>,
}

impl Change {
    /// An alarm of this account and region.
    pub(crate) fn of(name: &str, state: AlarmState, at: Timestamp, before: Option<(AlarmState, Timestamp)>) -> Self {
        Self {
            name: name.to_owned(),
            partition: "aws",
            region: String::from("us-east-1"),
            account: String::from("111122223333"),
            state,
            at,
            before,
            reason: String::from(REASON),
            muted_by: None,
        }
    }

    fn arn(&self) -> String {
        format!("arn:{}:cloudwatch:{}:{}:alarm:{}", self.partition, self.region, self.account, self.name)
    }

    /// What EventBridge delivers.
    pub(crate) fn event(&self) -> Value {
        json!({
            "version": "0", "id": "8b1d0f8a-0000-4000-8000-000000000001", "source": "aws.cloudwatch",
            "detail-type": "CloudWatch Alarm State Change", "account": self.account, "region": self.region,
            "time": self.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), "resources": [self.arn()],
            "detail": self.detail(),
        })
    }

    /// What an alarm invokes a function with.
    pub(crate) fn action(&self) -> Value {
        json!({
            "source": "aws.cloudwatch", "alarmArn": self.arn(), "accountId": self.account, "region": self.region,
            "time": written(self.at), "alarmData": self.detail(),
        })
    }

    /// What a topic delivers.
    pub(crate) fn letter(&self) -> Value {
        let message = json!({
            "AlarmName": self.name, "AWSAccountId": self.account, "NewStateValue": self.state.as_str(),
            "NewStateReason": self.reason, "StateChangeTime": written(self.at), "Region": "US East (N. Virginia)",
            "AlarmArn": self.arn(), "OldStateValue": self.before.as_ref().map(|(state, _)| state.as_str()),
            "Trigger": { "MetricName": "Errors", "Namespace": "AWS/Lambda" },
        });
        posted(&message.to_string())
    }

    fn detail(&self) -> Value {
        let state = |state: &AlarmState, at, reason: &str| json!({ "value": state.as_str(), "reason": reason, "timestamp": written(at) });
        let metric = json!({ "metric": { "namespace": "AWS/Lambda", "name": "Errors", "dimensions": {} }, "period": 60, "stat": "Sum" });
        let mut detail = json!({
            "alarmName": self.name, "state": state(&self.state, self.at, &self.reason),
            "configuration": { "metrics": [{ "id": "m1", "metricStat": metric, "returnData": true }] },
        });
        if let Some((before, since)) = &self.before {
            detail["previousState"] = state(before, *since, "");
        }
        if let Some(rule) = self.muted_by {
            detail["muteDetail"] = json!({ "mutedByArn": rule });
        }
        detail
    }
}

/// A topic's delivery of one message.
pub(crate) fn posted(message: &str) -> Value {
    json!({ "Records": [{
        "EventSource": "aws:sns", "EventVersion": "1.0",
        "EventSubscriptionArn": "arn:aws:sns:us-east-1:111122223333:alarms:8b1d0f8a-0000-4000-8000-000000000011",
        "Sns": {
            "Type": "Notification", "MessageId": "8b1d0f8a-0000-4000-8000-000000000012", "Message": message,
            "TopicArn": "arn:aws:sns:us-east-1:111122223333:alarms", "Timestamp": "2026-03-02T12:45:00.995Z",
        },
    }] })
}

/// One delivery of several messages.
pub(crate) fn together(deliveries: &[Value]) -> Value {
    let records: Vec<&Value> = deliveries.iter().map(|delivery| &delivery["Records"][0]).collect();
    json!({ "Records": records })
}

fn written(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string()
}

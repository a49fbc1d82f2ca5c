//! Stands in for CloudWatch towards EventBridge: MiniStack's alarms change their state and tell no event bus of it.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use uuid::Uuid;

use super::cloud::Cloud;
use super::environment::{ACCOUNT, REGION};
use crate::codepipeline::{AwsEndpoint, EventBridgeSink, EventSink};

/// CloudWatch looks at its alarms every few seconds, too.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// Publishes `CloudWatch Alarm State Change` for each alarm that changes its state, for as long as it lives.
#[derive(Debug)]
pub(crate) struct AlarmEvents(JoinHandle<()>);

impl AlarmEvents {
    /// Begins with the alarms as they are now.
    pub(crate) fn start(endpoint: &str) -> Self {
        let (cloud, bus) = (Cloud::at(endpoint), EventBridgeSink::new(AwsEndpoint::local(endpoint)));
        Self(tokio::spawn(async move {
            let mut known = BTreeMap::new();
            loop {
                // Where this fails a check does too: what Slack should tell does not come.
                let _ = forward(&cloud, &bus, &mut known).await;
                sleep(BETWEEN_LOOKS).await;
            }
        }))
    }
}

impl Drop for AlarmEvents {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn forward(cloud: &Cloud, bus: &EventBridgeSink, known: &mut BTreeMap<String, Value>) -> Result<()> {
    for alarm in cloud.alarms().await? {
        let name = alarm["AlarmName"].as_str().context("an alarm without a name")?;
        if let Some(before) = known.get(name).filter(|before| before["StateValue"] != alarm["StateValue"]) {
            bus.publish(&event(before, &alarm)?).await?;
        }
        known.insert(name.to_owned(), alarm);
    }
    Ok(())
}

/// The event in the shape CloudWatch documents.
fn event(before: &Value, alarm: &Value) -> Result<Value> {
    let (previous, state) = (state(before)?, state(alarm)?);
    Ok(json!({
        "version": "0",
        "id": Uuid::new_v4().to_string(),
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": ACCOUNT,
        "time": changed(alarm)?.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "region": REGION,
        "resources": [alarm["AlarmArn"]],
        "detail": {
            "alarmName": alarm["AlarmName"],
            "configuration": { "description": alarm["AlarmDescription"], "metrics": [metric(alarm)] },
            "previousState": previous,
            "state": state,
        },
    }))
}

fn state(alarm: &Value) -> Result<Value> {
    let at = changed(alarm)?.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S.%3f%z").to_string();
    Ok(json!({ "value": alarm["StateValue"], "reason": alarm["StateReason"], "timestamp": at }))
}

fn changed(alarm: &Value) -> Result<Timestamp> {
    let written = &alarm["StateUpdatedTimestamp"];
    match (written.as_f64(), written.as_str()) {
        (Some(seconds), _) => Ok(Timestamp::from_microsecond((seconds * 1e6) as i64)?),
        (None, Some(text)) => Ok(text.parse()?),
        (None, None) => anyhow::bail!("an alarm does not say since when it has its state"),
    }
}

fn metric(alarm: &Value) -> Value {
    let dimensions = alarm["Dimensions"].as_array().into_iter().flatten();
    let dimensions: Map<String, Value> = dimensions
        .filter_map(|dimension| Some((dimension["Name"].as_str()?.to_owned(), dimension["Value"].clone())))
        .collect();
    json!({
        "id": "m1",
        "metricStat": {
            "metric": { "namespace": alarm["Namespace"], "name": alarm["MetricName"], "dimensions": dimensions },
            "period": alarm["Period"],
            "stat": alarm["Statistic"],
        },
        "returnData": true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarm(state: &str, since: Value) -> Value {
        json!({
            "AlarmName": "shop-checkout-errors",
            "AlarmArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:shop-checkout-errors",
            "AlarmDescription": "Customers cannot pay",
            "Namespace": "Shop", "MetricName": "CheckoutErrors", "Statistic": "Sum", "Period": 10,
            "Dimensions": [{"Name": "Shop", "Value": "north"}],
            "StateValue": state, "StateReason": "Threshold Crossed", "StateUpdatedTimestamp": since,
        })
    }

    #[test]
    fn an_alarm_that_goes_red_becomes_the_documented_event() {
        let event = event(&alarm("OK", json!(1_772_470_600)), &alarm("ALARM", json!(1_772_471_080.989))).unwrap();
        assert_eq!(event["time"], "2026-03-02T17:04:40Z");
        let detail = &event["detail"];
        assert_eq!(detail["state"]["timestamp"], "2026-03-02T17:04:40.989+0000");
        assert_eq!(detail["previousState"]["value"], "OK");
        assert_eq!(detail["previousState"]["timestamp"], "2026-03-02T16:56:40.000+0000");
        let dimensions = &detail["configuration"]["metrics"][0]["metricStat"]["metric"]["dimensions"];
        assert_eq!(*dimensions, json!({"Shop": "north"}));
    }

    #[test]
    fn both_ways_to_write_a_time_are_read_and_none_is_an_error() {
        let written = |since: Value| changed(&alarm("OK", since));
        assert_eq!(written(json!("2026-03-02T17:04:40Z")).unwrap(), written(json!(1_772_471_080)).unwrap());
        assert!(written(Value::Null).is_err());
    }
}

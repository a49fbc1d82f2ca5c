//! Reads dashboards, metrics and values from the CloudWatch API.

use anyhow::{Context, Result};
use bytes::Bytes;
use http::Method;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::metric::{Answers, Metric, Points, Query};
use super::window::Window;
use crate::codepipeline::{AwsEndpoint, SignedClient};

/// `GetMetricData` takes no more in one request.
const QUERIES_AT_ONCE: usize = 500;

/// `CloudWatch` of a local AWS.
pub(super) struct CloudWatch(SignedClient);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    namespace: String,
    metric_name: String,
    #[serde(default)]
    dimensions: Vec<Dimension>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Dimension {
    name: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    id: String,
    timestamps: Vec<Moment>,
    values: Vec<f64>,
}

/// AWS writes seconds, some local ones ISO 8601.
#[derive(Deserialize)]
#[serde(untagged)]
enum Moment {
    Seconds(f64),
    Text(Timestamp),
}

impl CloudWatch {
    pub(super) fn at(url: &str) -> Self {
        Self(SignedClient::new(AwsEndpoint::local(url), "monitoring"))
    }

    /// The body of a dashboard.
    pub(super) async fn dashboard(&self, name: &str) -> Result<String> {
        let found = self.call("GetDashboard", &json!({ "DashboardName": name })).await?;
        Ok(found["DashboardBody"].as_str().with_context(|| format!("the dashboard {name} has no body"))?.to_owned())
    }

    /// Every metric of a namespace, sorted.
    pub(super) async fn metrics(&self, namespace: &str) -> Result<Vec<Metric>> {
        let mut metrics = Vec::new();
        let mut input = json!({ "Namespace": namespace });
        loop {
            let mut page = self.call("ListMetrics", &input).await?;
            let listed: Vec<Listed> = serde_json::from_value(page["Metrics"].take())?;
            metrics.extend(listed.into_iter().map(Metric::from));
            match page["NextToken"].take() {
                Value::String(token) => input["NextToken"] = token.into(),
                _ => break,
            }
        }
        metrics.sort();
        Ok(metrics)
    }

    /// Answers every query for the window.
    pub(super) async fn answers(&self, queries: &[Query], window: &Window) -> Result<Answers> {
        let mut answers = Answers::new();
        for queries in queries.chunks(QUERIES_AT_ONCE) {
            let mut input = json!({
                "MetricDataQueries": queries.iter().enumerate().map(written).collect::<Value>(),
                "StartTime": window.start.as_second(),
                "EndTime": window.end.as_second(),
            });
            loop {
                let mut page = self.call("GetMetricData", &input).await?;
                let results: Vec<Answer> = serde_json::from_value(page["MetricDataResults"].take())?;
                for answer in results {
                    let index: usize =
                        answer.id.trim_start_matches('q').parse().context("an answer nobody asked for")?;
                    let query = queries.get(index).context("an answer nobody asked for")?;
                    answers.entry(query.clone()).or_default().extend(answer.points());
                }
                match page["NextToken"].take() {
                    Value::String(token) => input["NextToken"] = token.into(),
                    _ => break,
                }
            }
        }
        Ok(answers)
    }

    async fn call(&self, operation: &str, input: &Value) -> Result<Value> {
        let target = format!("GraniteServiceVersion20100801.{operation}");
        let headers = [("content-type", "application/x-amz-json-1.0"), ("x-amz-target", target.as_str())];
        let answer = self.0.send(Method::POST, "/", &headers, Bytes::from(input.to_string())).await;
        let answer = answer.with_context(|| format!("CloudWatch did not answer {operation}"))?;
        serde_json::from_slice(&answer).with_context(|| format!("{operation} was not answered with JSON"))
    }
}

impl From<Listed> for Metric {
    fn from(listed: Listed) -> Self {
        let dimensions = listed.dimensions.into_iter().map(|dimension| (dimension.name, dimension.value));
        Self { namespace: listed.namespace, name: listed.metric_name, dimensions: dimensions.collect() }
    }
}

impl Answer {
    fn points(self) -> Points {
        #[expect(clippy::cast_possible_truncation, reason = "buckets begin at whole seconds")]
        let second = |moment: Moment| match moment {
            Moment::Seconds(seconds) => seconds as i64,
            Moment::Text(time) => time.as_second(),
        };
        self.timestamps.into_iter().map(second).zip(self.values).collect()
    }
}

fn written((index, query): (usize, &Query)) -> Value {
    let metric = &query.metric;
    let dimensions: Value =
        metric.dimensions.iter().map(|(name, value)| json!({ "Name": name, "Value": value })).collect();
    json!({
        "Id": format!("q{index}"),
        "MetricStat": {
            "Metric": { "Namespace": metric.namespace, "MetricName": metric.name, "Dimensions": dimensions },
            "Period": query.period,
            "Stat": query.statistic,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_write_a_time_are_read() {
        let answer = |times: Value| -> Answer {
            serde_json::from_value(json!({"Id": "q0", "Timestamps": times, "Values": [1.5]})).unwrap()
        };
        let expected = Points::from([(1_772_445_600, 1.5)]);
        assert_eq!(answer(json!([1_772_445_600])).points(), expected);
        assert_eq!(answer(json!(["2026-03-02T10:00:00Z"])).points(), expected);
    }
}

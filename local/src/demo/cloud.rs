//! The few AWS calls the demo makes itself: parameters, buckets and what is in them, a key, outputs of a stack, depth of
//! a queue, alarms, logs, a table.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use crate::codepipeline::{AwsEndpoint, SignedClient};

/// Signed calls to one local AWS.
pub(crate) struct Cloud {
    endpoint: AwsEndpoint,
}

impl Cloud {
    pub(crate) fn at(url: &str) -> Self {
        Self { endpoint: AwsEndpoint::local(url) }
    }

    /// Stores a parameter of Parameter Store.
    pub(crate) async fn put_parameter(&self, name: &str, kind: &str, value: &str) -> Result<()> {
        let input = json!({"Name": name, "Type": kind, "Value": value, "Overwrite": true});
        self.json("ssm", "AmazonSSM.PutParameter", &input).await.map(drop)
    }

    /// Makes a bucket with versions, as CodePipeline asks of its buckets.
    pub(crate) async fn create_bucket(&self, name: &str) -> Result<()> {
        let client = self.client("s3");
        let made = client.send(Method::PUT, &format!("/{name}"), &[], Bytes::new()).await;
        made.with_context(|| format!("cannot make the bucket {name}"))?;
        let versions = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
        let kept = client.send(Method::PUT, &format!("/{name}?versioning="), &[], versions.into()).await;
        kept.with_context(|| format!("cannot let the bucket {name} keep versions")).map(drop)
    }

    /// Keys of the objects whose keys begin so, oldest first. The demo has fewer than fit on one page.
    pub(crate) async fn objects(&self, bucket: &str, prefix: &str) -> Result<Vec<String>> {
        let path = format!("/{bucket}?list-type=2&prefix={}", prefix.replace('/', "%2F"));
        let listed = self.client("s3").send(Method::GET, &path, &[], Bytes::new()).await;
        let listed = listed.with_context(|| format!("cannot list the bucket {bucket}"))?;
        Ok(parse_objects(&String::from_utf8_lossy(&listed)))
    }

    /// The content of an object.
    pub(crate) async fn object(&self, bucket: &str, key: &str) -> Result<Vec<u8>> {
        let got = self.client("s3").send(Method::GET, &format!("/{bucket}/{key}"), &[], Bytes::new()).await;
        got.with_context(|| format!("cannot read {key} in the bucket {bucket}")).map(Vec::from)
    }

    /// Everything a log group holds.
    pub(crate) async fn logged(&self, group: &str) -> Result<String> {
        let (mut logged, mut next) = (String::new(), Value::Null);
        loop {
            let mut input = json!({ "logGroupName": group });
            if next.is_string() {
                input["nextToken"] = next;
            }
            let mut page = self.json("logs", "Logs_20140328.FilterLogEvents", &input).await?;
            for event in page["events"].as_array().into_iter().flatten() {
                logged.push_str(event["message"].as_str().unwrap_or_default());
                logged.push('\n');
            }
            next = page["nextToken"].take();
            if next.is_null() {
                return Ok(logged);
            }
        }
    }

    /// Everything a table holds.
    pub(crate) async fn items(&self, table: &str) -> Result<String> {
        let (mut items, mut start) = (String::new(), Value::Null);
        loop {
            let mut input = json!({ "TableName": table });
            if start.is_object() {
                input["ExclusiveStartKey"] = start;
            }
            let mut page = self.json("dynamodb", "DynamoDB_20120810.Scan", &input).await?;
            items.push_str(&page["Items"].to_string());
            start = page["LastEvaluatedKey"].take();
            if start.is_null() {
                return Ok(items);
            }
        }
    }

    /// Makes a KMS key and returns its ARN.
    pub(crate) async fn create_key(&self) -> Result<String> {
        let made = self.json("kms", "TrentService.CreateKey", &json!({"Description": "Artifacts of the demo"})).await?;
        Ok(made["KeyMetadata"]["Arn"].as_str().context("KMS made a key without an ARN")?.to_owned())
    }

    /// The outputs of a stack, by name.
    pub(crate) async fn outputs(&self, stack: &str) -> Result<BTreeMap<String, String>> {
        let form = format!("Action=DescribeStacks&Version=2010-05-15&StackName={stack}");
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let answer = self.client("cloudformation").send(Method::POST, "/", &headers, form.into()).await;
        let answer = answer.with_context(|| format!("cannot describe the stack {stack}"))?;
        Ok(parse_outputs(&String::from_utf8_lossy(&answer)))
    }

    /// Messages in a queue, in flight or not.
    pub(crate) async fn messages_in(&self, queue_url: &str) -> Result<u64> {
        const DEPTHS: [&str; 2] = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
        let input = json!({"QueueUrl": queue_url, "AttributeNames": DEPTHS});
        let found = self.json("sqs", "AmazonSQS.GetQueueAttributes", &input).await?;
        let depth = |name: &str| found["Attributes"][name].as_str()?.parse::<u64>().ok();
        DEPTHS
            .iter()
            .map(|name| depth(name).with_context(|| format!("the queue {queue_url} does not say its {name}")))
            .sum()
    }

    /// Gives a function another time limit, in seconds.
    pub(crate) async fn set_time_limit(&self, function: &str, seconds: u64) -> Result<()> {
        let path = format!("/2015-03-31/functions/{function}/configuration");
        let body = json!({"Timeout": seconds}).to_string();
        let set = self.client("lambda").send(Method::PUT, &path, &[], body.into()).await;
        set.with_context(|| format!("cannot set the time limit of {function}")).map(drop)
    }

    /// Calls a function that takes messages with none, so that a process of it runs.
    pub(crate) async fn wake(&self, function: &str) -> Result<()> {
        let path = format!("/2015-03-31/functions/{function}/invocations");
        let called = self.client("lambda").send(Method::POST, &path, &[], r#"{"Records": []}"#.into()).await;
        called.with_context(|| format!("cannot call {function}")).map(drop)
    }

    /// Makes a metric alarm of what `PutMetricAlarm` takes.
    pub(crate) async fn put_alarm(&self, alarm: &Value) -> Result<()> {
        self.monitoring("PutMetricAlarm", alarm).await.map(drop)
    }

    /// Sends samples of metrics.
    pub(crate) async fn put_metrics(&self, namespace: &str, data: &[Value]) -> Result<()> {
        self.monitoring("PutMetricData", &json!({"Namespace": namespace, "MetricData": data})).await.map(drop)
    }

    /// All metric alarms, as `DescribeAlarms` tells them. The demo has fewer than fit on one page.
    pub(crate) async fn alarms(&self) -> Result<Vec<Value>> {
        let mut found = self.monitoring("DescribeAlarms", &json!({"MaxRecords": 100})).await?;
        serde_json::from_value(found["MetricAlarms"].take()).context("DescribeAlarms answered without a list")
    }

    async fn monitoring(&self, operation: &str, input: &Value) -> Result<Value> {
        self.json("monitoring", &format!("GraniteServiceVersion20100801.{operation}"), input).await
    }

    async fn json(&self, service: &'static str, target: &str, input: &Value) -> Result<Value> {
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target)];
        let answer = self.client(service).send(Method::POST, "/", &headers, input.to_string().into()).await;
        let answer = answer.with_context(|| format!("{target} failed"))?;
        serde_json::from_slice(&answer).with_context(|| format!("{target} did not answer with JSON"))
    }

    fn client(&self, service: &'static str) -> SignedClient {
        SignedClient::new(self.endpoint.clone(), service)
    }
}

/// Enough XML for names, ARNs and addresses: none of them holds a character that would be escaped.
fn parse_outputs(xml: &str) -> BTreeMap<String, String> {
    let pairs = xml.split("<OutputKey>").skip(1).filter_map(|rest| {
        let (key, rest) = rest.split_once("</OutputKey>")?;
        let (value, _) = rest.split_once("<OutputValue>")?.1.split_once("</OutputValue>")?;
        Some((key.to_owned(), value.to_owned()))
    });
    pairs.collect()
}

/// Keys by the time of their objects. Keys of artifacts hold no character that would be escaped.
fn parse_objects(xml: &str) -> Vec<String> {
    let text = |from: &str, name: &str| {
        let (_, rest) = from.split_once(&format!("<{name}>"))?;
        Some(rest.split_once("</")?.0.to_owned())
    };
    let objects = xml.split("<Contents>").skip(1);
    let mut found: Vec<(String, String)> =
        objects.filter_map(|object| Some((text(object, "LastModified")?, text(object, "Key")?))).collect();
    found.sort();
    found.into_iter().map(|(_, key)| key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_come_oldest_first() {
        let object = |key: &str, at: &str| {
            format!("<Contents><Key>{key}</Key><LastModified>2026-03-02T10:00:{at}Z</LastModified></Contents>")
        };
        let xml = format!(
            "<ListBucketResult>{}{}</ListBucketResult>",
            object("p/Report/b", "09.000"),
            object("p/Report/a", "41.000")
        );
        assert_eq!(parse_objects(&xml), ["p/Report/b", "p/Report/a"]);
        assert_eq!(parse_objects("<ListBucketResult></ListBucketResult>"), [""; 0]);
    }

    #[test]
    fn outputs_are_found_whatever_stands_between_name_and_value() {
        let xml = "<member><OutputKey>A</OutputKey><Description>x</Description><OutputValue>1</OutputValue></member>\
                   <member><OutputKey>B</OutputKey><OutputValue>2</OutputValue></member>";
        let expected = [("A", "1"), ("B", "2")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(parse_outputs(xml), expected.into());
    }
}

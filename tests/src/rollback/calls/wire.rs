//! Requests as they go out, and CloudWatch's answers in its protocol.

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use lambda_kit::aws::SdkConfig;
use lambda_kit::doubles::rehearsal::{Answer, Request};
use serde_json::{Value, json};

use crate::stage::aws;

/// Writes down which operations are asked for. Clones share the list.
#[derive(Debug, Clone, Default)]
pub(super) struct Listening {
    operations: Arc<Mutex<Vec<String>>>,
}

impl Listening {
    /// What AWS clients are made of that speak to this address.
    pub(super) fn to(&self, url: &str) -> SdkConfig {
        let config = aws(url);
        let inner = config.http_client().expect("a client");
        let client = SharedHttpClient::new(Ear { inner, listening: self.clone() });
        config.into_builder().http_client(client).build()
    }

    pub(super) fn operations(&self) -> Vec<String> {
        self.operations.lock().unwrap().clone()
    }
}

#[derive(Debug)]
struct Ear {
    inner: SharedHttpClient,
    listening: Listening,
}

impl HttpClient for Ear {
    fn http_connector(&self, settings: &HttpConnectorSettings, parts: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, parts);
        SharedHttpConnector::new(Line { inner, listening: self.listening.clone() })
    }
}

#[derive(Debug)]
struct Line {
    inner: SharedHttpConnector,
    listening: Listening,
}

impl HttpConnector for Line {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        self.listening.operations.lock().unwrap().push(last(target, '.'));
        self.inner.call(request)
    }
}

/// The operation of a request to CloudWatch.
pub(super) fn operation(request: &Request) -> String {
    last(request.head[0].split(' ').nth(1).unwrap_or_default(), '/')
}

fn last(text: &str, separator: char) -> String {
    text.rsplit(separator).next().unwrap_or_default().to_owned()
}

/// The answer to `ListTagsForResource`.
pub(super) fn tagged(key: &str, value: &str) -> Answer {
    cbor(&json!({ "Tags": [{ "Key": key, "Value": value }] }))
}

/// The answer to `DescribeAlarms`.
pub(super) fn described(state: &str) -> Answer {
    cbor(&json!({ "MetricAlarms": [{ "StateValue": state }] }))
}

/// An answer with a body of HTTP's own bytes: CBOR is no text.
fn cbor(value: &Value) -> Answer {
    let mut body = Vec::new();
    write(&mut body, value);
    let head = format!(
        "HTTP/1.1 200 Prepared\r\ncontent-length: {}\r\nconnection: close\r\n\
         content-type: application/cbor\r\nsmithy-protocol: rpc-v2-cbor\r\n\r\n",
        body.len()
    );
    Answer::Bytes([head.into_bytes(), body].concat())
}

/// Texts, lists and maps with a length of one byte (RFC 8949: major types 3, 4 and 5).
fn write(bytes: &mut Vec<u8>, value: &Value) {
    let mut head = |major: u8, length: usize| bytes.extend([major << 5 | 24, u8::try_from(length).expect("short")]);
    match value {
        Value::String(text) => {
            head(3, text.len());
            bytes.extend(text.as_bytes());
        }
        Value::Array(values) => {
            head(4, values.len());
            values.iter().for_each(|value| write(bytes, value));
        }
        Value::Object(members) => {
            head(5, members.len());
            for (name, value) in members {
                write(bytes, &json!(name));
                write(bytes, value);
            }
        }
        other => panic!("no answer holds {other}"),
    }
}

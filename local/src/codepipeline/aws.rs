//! The ports over HTTP: S3, Lambda, SNS and EventBridge of a local AWS, every request signed (`SigV4`).
//!
//! Plain HTTP only, so that no TLS stack is linked and nothing can be pointed at the real AWS by accident.

use std::time::SystemTime;

use aws_credential_types::Credentials as SigningCredentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use super::clock::{Clock, SystemClock};
use super::config::Credentials;
use super::ports::{ApprovalNotifier, ArtifactStore, EventSink, LambdaInvoker, Pending, Problem, S3Location};

/// A local AWS: where it listens and how to sign for it.
#[derive(Debug, Clone)]
pub struct AwsEndpoint {
    /// For instance `http://127.0.0.1:4566`, without a slash at the end.
    pub url: String,
    /// Region to sign for.
    pub region: String,
    /// Credentials to sign with.
    pub credentials: Credentials,
}

impl AwsEndpoint {
    /// A local AWS with its root credentials in us-east-1.
    pub fn local(url: &str) -> Self {
        Self {
            url: url.trim_end_matches('/').to_owned(),
            region: "us-east-1".to_owned(),
            credentials: Credentials::local(),
        }
    }
}

/// Artifacts in S3, path style.
pub struct S3Artifacts(SignedClient);

/// Functions through the Lambda API.
pub struct LambdaApi(SignedClient);

/// Topics through the SNS query API.
pub struct SnsTopics(SignedClient);

/// The default event bus through `PutEvents`. The bus must accept the source `aws.codepipeline`, which AWS refuses.
pub struct EventBridgeSink(SignedClient);

impl S3Artifacts {
    /// A store at an endpoint.
    pub fn new(endpoint: AwsEndpoint) -> Self {
        Self(SignedClient::new(endpoint, "s3"))
    }
}

impl LambdaApi {
    /// An invoker at an endpoint.
    pub fn new(endpoint: AwsEndpoint) -> Self {
        Self(SignedClient::new(endpoint, "lambda"))
    }
}

impl SnsTopics {
    /// A notifier at an endpoint.
    pub fn new(endpoint: AwsEndpoint) -> Self {
        Self(SignedClient::new(endpoint, "sns"))
    }
}

impl EventBridgeSink {
    /// A sink at an endpoint.
    pub fn new(endpoint: AwsEndpoint) -> Self {
        Self(SignedClient::new(endpoint, "events"))
    }
}

impl ArtifactStore for S3Artifacts {
    fn put<'a>(&'a self, at: &'a S3Location, zip: Vec<u8>, encryption_key: Option<&'a str>) -> Pending<'a, ()> {
        Box::pin(async move {
            let mut headers = vec![("content-type", "application/zip")];
            if let Some(key) = encryption_key {
                headers.push(("x-amz-server-side-encryption", "aws:kms"));
                headers.push(("x-amz-server-side-encryption-aws-kms-key-id", key));
            }
            let path = format!("/{}/{}", at.bucket, at.key);
            self.0.send(Method::PUT, &path, &headers, zip.into()).await.map(drop)
        })
    }

    fn get<'a>(&'a self, at: &'a S3Location) -> Pending<'a, Vec<u8>> {
        Box::pin(async move {
            let path = format!("/{}/{}", at.bucket, at.key);
            self.0.send(Method::GET, &path, &[], Bytes::new()).await.map(Vec::from)
        })
    }

    fn find<'a>(&'a self, at: &'a S3Location) -> Pending<'a, ()> {
        Box::pin(async move {
            let path = format!("/{}/{}", at.bucket, at.key);
            self.0.send(Method::HEAD, &path, &[], Bytes::new()).await.map(drop)
        })
    }
}

impl LambdaInvoker for LambdaApi {
    fn invoke<'a>(&'a self, function: &'a str, event: &'a Value) -> Pending<'a, ()> {
        Box::pin(async move {
            let path = format!("/2015-03-31/functions/{function}/invocations");
            let headers = [("x-amz-invocation-type", "Event"), ("content-type", "application/json")];
            self.0.send(Method::POST, &path, &headers, event.to_string().into()).await.map(drop)
        })
    }
}

impl ApprovalNotifier for SnsTopics {
    fn publish<'a>(&'a self, topic: &'a str, subject: &'a str, message: &'a str) -> Pending<'a, ()> {
        Box::pin(async move {
            let form = [("Action", "Publish"), ("Version", "2010-03-31"), ("TopicArn", topic)];
            let form = form.into_iter().chain([("Subject", subject), ("Message", message)]);
            let pairs: Vec<String> = form.map(|(name, value)| format!("{name}={}", form_encoded(value))).collect();
            let headers = [("content-type", "application/x-www-form-urlencoded")];
            self.0.send(Method::POST, "/", &headers, pairs.join("&").into()).await.map(drop)
        })
    }
}

impl EventSink for EventBridgeSink {
    fn publish<'a>(&'a self, envelope: &'a Value) -> Pending<'a, ()> {
        Box::pin(async move {
            let entries = put_events_entries(envelope);
            let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", "AWSEvents.PutEvents")];
            let answer = self.0.send(Method::POST, "/", &headers, entries.to_string().into()).await?;
            refused_entry(&answer).map_or(Ok(()), Err)
        })
    }
}

fn put_events_entries(envelope: &Value) -> Value {
    let seconds = envelope["time"].as_str().and_then(|time| time.parse::<jiff::Timestamp>().ok());
    json!({ "Entries": [{
        "Source": envelope["source"],
        "DetailType": envelope["detail-type"],
        "Detail": envelope["detail"].to_string(),
        "Time": seconds.map(jiff::Timestamp::as_second),
        "Resources": envelope["resources"],
    }] })
}

/// `PutEvents` answers 200 even if it takes nothing.
fn refused_entry(answer: &[u8]) -> Option<Problem> {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    if answer["FailedEntryCount"].as_u64() == Some(0) {
        return None;
    }
    let entry = &answer["Entries"][0];
    let code = entry["ErrorCode"].as_str().unwrap_or("SystemUnavailable");
    Some(Problem::new(code, entry["ErrorMessage"].as_str().unwrap_or("PutEvents did not take the event.")))
}

pub(super) fn form_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let encode = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(encode).collect()
}

/// Signed requests to one service of a local AWS.
pub(crate) struct SignedClient {
    http: Client<HttpConnector, Full<Bytes>>,
    endpoint: AwsEndpoint,
    service: &'static str,
}

impl SignedClient {
    pub(crate) fn new(endpoint: AwsEndpoint, service: &'static str) -> Self {
        Self { http: Client::builder(TokioExecutor::new()).build_http(), endpoint, service }
    }

    /// Sends a signed request and returns the body of a successful answer.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Bytes, Problem> {
        let request = self.signed(method, path, headers, body).map_err(|error| {
            Problem::new("ConfigurationError", format!("The request for {} cannot be made: {error}.", self.place(path)))
        })?;
        let unreachable = |error: &dyn std::fmt::Display| {
            Problem::new("SystemUnavailable", format!("{}: {error}.", self.place(path)))
        };
        let answer = self.http.request(request).await.map_err(|error| unreachable(&error))?;
        let status = answer.status();
        let body = answer.into_body().collect().await.map_err(|error| unreachable(&error))?.to_bytes();
        if status.is_success() {
            return Ok(body);
        }
        let code = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "PermissionError",
            status if status.is_client_error() => "ConfigurationError",
            _ => "SystemUnavailable",
        };
        let said: String = String::from_utf8_lossy(&body).chars().take(500).collect();
        Err(Problem::new(code, format!("{} answered {status}: {said}", self.place(path))))
    }

    fn place(&self, path: &str) -> String {
        format!("{} at {}{path}", self.service, self.endpoint.url)
    }

    fn signed(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Request<Full<Bytes>>, Box<dyn std::error::Error + Send + Sync>> {
        let uri = format!("{}{path}", self.endpoint.url);
        let credentials = &self.endpoint.credentials;
        let identity = SigningCredentials::new(
            &credentials.access_key_id,
            &credentials.secret_access_key,
            credentials.session_token.clone(),
            None,
            "configuration",
        )
        .into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.endpoint.region)
            .name(self.service)
            .time(SystemTime::from(SystemClock.now()))
            .settings(self.signing_settings())
            .build()?
            .into();
        let signable =
            SignableRequest::new(method.as_str(), &uri, headers.iter().copied(), SignableBody::Bytes(&body))?;
        let (instructions, _) = sign(signable, &parameters)?.into_parts();
        let mut request = Request::builder().method(method).uri(&uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.header(header::CONTENT_LENGTH, body.len()).body(Full::new(body))?;
        instructions.apply_to_request_http1x(&mut request);
        Ok(request)
    }

    fn signing_settings(&self) -> SigningSettings {
        let mut settings = SigningSettings::default();
        // S3 signs the path as it is and wants the payload's hash in a header.
        if self.service == "s3" {
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        settings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_signed_for_their_service() {
        let client = SignedClient::new(AwsEndpoint::local("http://127.0.0.1:4566/"), "s3");
        let request = client.signed(Method::PUT, "/bucket/p/Source/Ab1", &[], Bytes::from_static(b"zip")).unwrap();
        let authorization = request.headers()["authorization"].to_str().unwrap();
        assert!(authorization.contains("Credential=test/") && authorization.contains("/us-east-1/s3/aws4_request"));
        assert!(request.headers().contains_key("x-amz-content-sha256"));
    }

    #[test]
    fn an_event_becomes_an_entry_with_its_detail_as_text() {
        let detail = json!({"version": 4.0});
        let envelope = json!({"source": "aws.codepipeline", "detail-type": "t", "detail": detail,
                              "time": "2026-03-02T10:00:05Z", "resources": ["arn"]});
        let entry = &put_events_entries(&envelope)["Entries"][0];
        assert_eq!(entry["Detail"], r#"{"version":4.0}"#);
        assert_eq!(entry["Time"], 1_772_445_605);
    }

    #[test]
    fn a_refused_event_is_noticed_although_the_answer_is_200() {
        let refused = br#"{"FailedEntryCount":1,"Entries":[{"ErrorCode":"NotAuthorizedForSourceException"}]}"#;
        assert_eq!(refused_entry(refused).unwrap().code, "NotAuthorizedForSourceException");
        assert!(refused_entry(br#"{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}"#).is_none());
        assert!(refused_entry(b"<html>").is_some());
    }

    #[test]
    fn forms_are_percent_encoded() {
        assert_eq!(form_encoded("a b&c=é"), "a%20b%26c%3D%C3%A9");
    }
}

//! AWS on loopback for functions that are processes of their own: it keeps what they did, and lets one die at a call.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use lambda_kit::doubles::Moment;
use lambda_kit::doubles::cloudwatch::said;
use lambda_kit::doubles::rehearsal::Answer as Prepared;
use local::codepipeline::{ArtifactStore, MemoryArtifacts, S3Location, Server};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use winterbaume_core::{MockRequest, MockService};
use winterbaume_dynamodb::DynamoDbService;

use super::process::Blow;

pub(super) const TABLE: &str = "state";
pub(super) const PREFIX: &str = "/pipewarden";

/// Of every object: none of them changes.
const ETAG: &str = "\"e7a6\"";

/// What is in Parameter Store: a gate that stops at once, one that waits once, one whose second visit begins to wait for a
/// second and saves that, a scan, and who of CodeDeploy asks which.
const PARAMETERS: [(&str, &str); 5] = [
    ("policies/strict", r#"{"gate": {"checks": [{"alarms": {"names": ["orders-5xx"]}}]}}"#),
    ("policies/patient", r#"{"gate": {"checks": [{"alarms": {"names": ["orders-5xx"]}, "failures": 1}]}}"#),
    ("policies/baking", r#"{"gate": {"checks": [{"alarms": {"names": ["orders-5xx"]}, "failures": 1, "for": "1s"}]}}"#),
    ("policies/scan", r#"{"scan": {}}"#),
    ("settings", r#"{"gates": {"hooks": {"codedeploy": [{"application": "orders", "policy": "patient"}]}}}"#),
];

/// One answer to a job or a hook.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Given {
    /// The job's id, or the hook's.
    pub(super) to: String,
    /// `success`, `continue` or `failure`.
    pub(super) what: &'static str,
    pub(super) taken: bool,
}

/// Shared by everybody who knows it.
#[derive(Clone)]
pub(super) struct Cloud(Arc<Inner>);

struct Inner {
    url: String,
    codepipeline: Server,
    artifacts: Arc<MemoryArtifacts>,
    table: DynamoDbService,
    seen: Mutex<Seen>,
}

/// One of many calls.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Call {
    /// The so many-th from now on; 1 is the next.
    Number(usize),
    /// The next one of this operation.
    Of(&'static str),
}

#[derive(Default)]
struct Seen {
    calls: usize,
    doom: Option<(Call, Moment, Blow)>,
    alarm_is_red: bool,
    given: Vec<Given>,
    queue: VecDeque<String>,
    /// How often what was measured was stored by a later visit than the first.
    saved: usize,
    /// The keys of all items.
    keys: BTreeSet<String>,
    /// Every request, headers and body.
    heard: Vec<String>,
}

impl Cloud {
    /// With the artifacts of that CodePipeline in its S3.
    pub(super) async fn start(codepipeline: Server, artifacts: Arc<MemoryArtifacts>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let inner = Inner { url, codepipeline, artifacts, table: DynamoDbService::new(), seen: Mutex::default() };
        let cloud = Self(Arc::new(inner));
        let key = json!([{ "AttributeName": "pk", "KeyType": "HASH" }]);
        let attributes = json!([{ "AttributeName": "pk", "AttributeType": "S" }]);
        let table = json!({ "TableName": TABLE, "KeySchema": key, "AttributeDefinitions": attributes,
                            "BillingMode": "PAY_PER_REQUEST" });
        let made = cloud.table("CreateTable", table.to_string().into()).await;
        assert!(made.status().is_success(), "{made:?}");
        let router = Router::new().fallback(answer).with_state(cloud.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        cloud
    }

    pub(super) fn url(&self) -> &str {
        &self.0.url
    }

    pub(super) fn codepipeline(&self) -> &Server {
        &self.0.codepipeline
    }

    /// Whoever makes this call is struck by it, before or after it takes effect.
    pub(super) fn strike_at(&self, call: Call, moment: Moment, blow: Blow) {
        let mut seen = self.seen();
        let call = if let Call::Number(number) = call { Call::Number(seen.calls + number) } else { call };
        seen.doom = Some((call, moment, blow));
    }

    /// Nobody is struck any more.
    pub(super) fn spare(&self) {
        self.seen().doom = None;
    }

    pub(super) fn alarm_is_red(&self, red: bool) {
        self.seen().alarm_is_red = red;
    }

    /// Every answer to this job or hook, in order.
    pub(super) fn given(&self, to: &str) -> Vec<Given> {
        self.seen().given.iter().filter(|given| given.to == to).cloned().collect()
    }

    /// The next message in the gatekeeper's own queue, however late it was to come.
    pub(super) fn take_message(&self) -> Option<String> {
        self.seen().queue.pop_front()
    }

    /// As if time had passed: no lease lasts any more.
    pub(super) async fn let_leases_end(&self) {
        let keys = self.seen().keys.clone();
        for key in keys {
            let update = json!({ "TableName": TABLE, "Key": { "pk": { "S": key } },
                                 "UpdateExpression": "SET leased_until = :over",
                                 "ExpressionAttributeValues": { ":over": { "N": "0" } } });
            self.table("UpdateItem", update.to_string().into()).await;
        }
    }

    /// How often what was measured was stored by a later visit than the first.
    pub(super) fn saved(&self) -> usize {
        self.seen().saved
    }

    /// How many calls there were.
    pub(super) fn calls(&self) -> usize {
        self.seen().calls
    }

    /// All that was asked of AWS, as text. The credentials of a job belong into what is asked of S3, so its headers are none
    /// of it.
    pub(super) fn heard(&self) -> String {
        self.seen().heard.join("\n")
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.seen.lock().unwrap()
    }

    /// Strikes whoever is to be struck at this call.
    fn strikes(&self, number: usize, operation: &str, moment: Moment) -> bool {
        let is_it = |call: &Call| match call {
            Call::Number(at) => *at == number,
            Call::Of(name) => *name == operation,
        };
        let doom = self.seen().doom.take_if(|(call, when, _)| is_it(call) && *when == moment);
        doom.is_some_and(|(_, _, blow)| {
            blow.fall();
            true
        })
    }

    async fn effect(&self, operation: &str, head: &Parts, body: Bytes) -> Response {
        let input: Value = serde_json::from_slice(&body).unwrap_or_default();
        match operation {
            "GetItem" => self.table(operation, body).await,
            "UpdateItem" => {
                let is_save = input["UpdateExpression"].as_str().is_some_and(|text| text.starts_with("SET kept"));
                self.seen().saved += usize::from(is_save);
                self.seen().keys.insert(input["Key"]["pk"]["S"].as_str().unwrap().to_owned());
                self.table(operation, body).await
            }
            "GetParametersByPath" => parameters(),
            "GetParameters" => json_answer(200, &json!({ "Parameters": [] })),
            "DescribeAlarms" => self.alarms(),
            "PutJobSuccessResult" | "PutJobFailureResult" => self.job(operation, input).await,
            "GetDeployment" => json_answer(
                200,
                &json!({ "deploymentInfo": { "applicationName": "orders", "deploymentGroupName": "blue" } }),
            ),
            "PutLifecycleEventHookExecutionStatus" => self.hook(&input),
            "SendMessage" => {
                self.seen().queue.push_back(input["MessageBody"].as_str().unwrap().to_owned());
                json_answer(200, &json!({ "MessageId": "m-1" }))
            }
            "PutEvents" => json_answer(200, &json!({ "FailedEntryCount": 0, "Entries": [{ "EventId": "e-1" }] })),
            "GetObject" => self.object(head).await,
            "PutObject" => {
                self.0.artifacts.put(&place(head), body.to_vec(), None).await.unwrap();
                ([("etag", ETAG)], "").into_response()
            }
            other => panic!("nobody answers {other}"),
        }
    }

    async fn object(&self, head: &Parts) -> Response {
        let bytes = self.0.artifacts.get(&place(head)).await.unwrap();
        let range = head.headers["range"].to_str().unwrap().strip_prefix("bytes=").unwrap();
        let (first, last) = range.split_once('-').unwrap();
        let length = bytes.len();
        let (from, to) = match first {
            "" => (length.saturating_sub(last.parse().unwrap()), length),
            first => (first.parse().unwrap(), last.parse::<usize>().unwrap() + 1),
        };
        let range = format!("bytes {from}-{}/{length}", to - 1);
        (StatusCode::PARTIAL_CONTENT, [("etag", ETAG), ("content-range", &range)], bytes[from..to].to_vec())
            .into_response()
    }

    async fn table(&self, operation: &str, body: Bytes) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert("x-amz-target", format!("DynamoDB_20120810.{operation}").parse().unwrap());
        let request = MockRequest { method: "POST".into(), uri: self.0.url.clone(), headers, body };
        let answer = self.0.table.handle(request).await;
        let status = StatusCode::from_u16(answer.status).unwrap();
        (status, answer.headers, answer.body).into_response()
    }

    fn alarms(&self) -> Response {
        let state = if self.seen().alarm_is_red { "ALARM" } else { "OK" };
        let page = json!({ "MetricAlarms": [{ "AlarmName": "orders-5xx", "StateValue": state }] });
        let Prepared::Bytes(bytes) = said(200, &page) else { unreachable!("an answer") };
        let body = bytes.windows(4).position(|part| part == b"\r\n\r\n").map(|at| bytes[at + 4..].to_vec()).unwrap();
        ([("smithy-protocol", "rpc-v2-cbor"), ("content-type", "application/cbor")], body).into_response()
    }

    async fn job(&self, operation: &str, input: Value) -> Response {
        let to = input["jobId"].as_str().unwrap().to_owned();
        let what = match operation {
            "PutJobFailureResult" => "failure",
            _ if input["continuationToken"].is_string() => "continue",
            _ => "success",
        };
        let told = self.0.codepipeline.call(operation, input).await;
        self.seen().given.push(Given { to, what, taken: told.is_ok() });
        match told {
            Ok(_) => json_answer(200, &json!({})),
            Err(error) => refusal(error.code),
        }
    }

    fn hook(&self, input: &Value) -> Response {
        let to = input["lifecycleEventHookExecutionId"].as_str().unwrap().to_owned();
        let what = if input["status"] == "Succeeded" { "success" } else { "failure" };
        let taken = self.given(&to).iter().all(|given| !given.taken);
        self.seen().given.push(Given { to, what, taken });
        if taken {
            return json_answer(200, &json!({}));
        }
        refusal("LifecycleEventAlreadyCompletedException")
    }
}

async fn answer(State(cloud): State<Cloud>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let object = head.uri.query().and_then(|query| query.strip_prefix("x-id="));
    let target = head.headers.get("x-amz-target").map(|target| target.to_str().unwrap());
    let name = object.or(target).unwrap_or_else(|| head.uri.path());
    let operation = name.rsplit(['.', '/']).next().unwrap_or_default();
    let number = {
        let mut seen = cloud.seen();
        seen.calls += 1;
        let headers = if object.is_some() { None } else { Some(&head.headers) };
        seen.heard.push(format!("{headers:?} {}", String::from_utf8_lossy(&body)));
        seen.calls
    };
    // A process that was stopped keeps its connections, and hears nothing.
    if cloud.strikes(number, operation, Moment::Before) {
        std::future::pending::<()>().await;
    }
    let answer = cloud.effect(operation, &head, body).await;
    if cloud.strikes(number, operation, Moment::After) {
        std::future::pending::<()>().await;
    }
    answer
}

/// The artifact that a request to S3 is about.
fn place(head: &Parts) -> S3Location {
    let (bucket, key) = head.uri.path()[1..].split_once('/').unwrap();
    S3Location { bucket: bucket.to_owned(), key: key.to_owned() }
}

fn parameters() -> Response {
    let parameter = |(name, value): (&str, &str)| json!({ "Name": format!("{PREFIX}/{name}"), "Value": value });
    json_answer(200, &json!({ "Parameters": PARAMETERS.map(parameter) }))
}

fn refusal(code: &str) -> Response {
    json_answer(400, &json!({ "__type": code, "message": "no" }))
}

fn json_answer(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    (status, [("content-type", "application/x-amz-json-1.1")], body.to_string()).into_response()
}

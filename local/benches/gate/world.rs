//! Everything around the gatekeeper: the Runtime API, AWS, and addresses that answer slowly.

use std::collections::BTreeMap;
use std::io::BufReader;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use jiff::{SignedDuration, Timestamp};
use lambda_kit::doubles::cloudwatch::{asked, at, said};
use lambda_kit::doubles::rehearsal;
use serde_json::{Value, json};

use crate::process::Process;
use crate::requests::{Answer, Request, write};
use crate::{PRIVATE, SLOW, policy};

const PATIENCE: Duration = Duration::from_secs(20);
/// The template's timeout.
const TIMEOUT: SignedDuration = SignedDuration::from_secs(60);

pub(crate) struct World {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    policy: String,
}

#[derive(Default)]
struct State {
    wanted: usize,
    given: usize,
    done: usize,
    problem: Option<String>,
    token: Option<String>,
    /// What the first visit remembered. Later ones are given it again, so that none is too early to count.
    kept: Option<String>,
    calls: BTreeMap<String, u32>,
}

impl World {
    pub(crate) fn start() -> Result<Self> {
        let aws = TcpListener::bind("127.0.0.1:0").context("binding a loopback port")?;
        let targets = TcpListener::bind((PRIVATE, 0)).context("binding the private address")?;
        let policy = policy::policy(targets.local_addr()?.port());
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new(), policy });
        let address = aws.local_addr()?;
        listen(aws, &shared);
        listen(targets, &shared);
        Ok(Self { address, shared })
    }

    /// Lets the release be visited so many times more.
    pub(crate) fn visits(&self, process: &mut Process, number: usize) -> Result<()> {
        let mut state = self.shared.state();
        state.wanted += number;
        self.shared.changed.notify_all();
        while state.done < state.wanted && state.problem.is_none() {
            let before = state.done;
            let waited = self.shared.changed.wait_timeout(state, PATIENCE).unwrap_or_else(PoisonError::into_inner);
            state = waited.0;
            process.check()?;
            if waited.1.timed_out() && state.done == before {
                bail!("the gatekeeper did not answer within {} s", PATIENCE.as_secs());
            }
        }
        state.problem.take().map_or(Ok(()), |problem| bail!("the gatekeeper failed: {problem}"))
    }

    pub(crate) fn calls(&self) -> BTreeMap<String, u32> {
        self.shared.state().calls.clone()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next job; waits until one is wanted.
    fn next(&self) -> Answer {
        let mut state = self.state();
        while state.given == state.wanted {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.given += 1;
        invocation(policy::job(state.given, state.token.as_deref()))
    }

    fn answered(&self, request: &Request) -> Answer {
        let mut state = self.state();
        state.done += 1;
        let body = String::from_utf8_lossy(&request.body);
        if !request.path.ends_with("/response") || body != "\"continue\"" {
            state.problem.get_or_insert(body.into_owned());
        }
        self.changed.notify_all();
        Answer::accepted()
    }

    fn aws(&self, request: Request) -> Answer {
        let operation = operation(&request);
        let mut state = self.state();
        *state.calls.entry(operation.clone()).or_default() += 1;
        let input: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        if request.kind.contains("cbor") {
            return cbor(&measured(request));
        }
        Answer::json(match operation.as_str() {
            "GetParametersByPath" => {
                json!({ "Parameters": [{ "Name": "/bench/policies/orders/production", "Value": self.policy }] })
                    .to_string()
            }
            "UpdateItem" => state.item(&input).to_string(),
            "PutJobSuccessResult" => {
                state.token = input["continuationToken"].as_str().map(str::to_owned);
                "{}".to_owned()
            }
            "PutJobFailureResult" => {
                state.problem = Some(input.to_string());
                "{}".to_owned()
            }
            "PutEvents" => json!({ "FailedEntryCount": 0, "Entries": [{ "EventId": "e-1" }] }).to_string(),
            _ => "{}".to_owned(),
        })
    }
}

impl State {
    fn item(&mut self, input: &Value) -> Value {
        if self.kept.is_none() {
            self.kept = input["ExpressionAttributeValues"][":kept"]["S"].as_str().map(str::to_owned);
        }
        json!({ "Attributes": { "kept": { "S": self.kept } } })
    }
}

fn listen(listener: TcpListener, shared: &Arc<Shared>) {
    let shared = shared.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let shared = shared.clone();
            std::thread::spawn(move || serve(stream, &shared));
        }
    });
}

/// A connection that breaks off ends quietly: its program was stopped.
fn serve(stream: TcpStream, shared: &Shared) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut writer = stream;
    loop {
        let request = Request::read(&mut reader)?;
        let answer = match request.path.strip_prefix("/2018-06-01/runtime/") {
            Some("invocation/next") => shared.next(),
            Some(_) => shared.answered(&request),
            None if request.path.starts_with("/health/") => {
                std::thread::sleep(SLOW);
                Answer::json(r#"{"queue": {"depth": 3}}"#)
            }
            None => shared.aws(request),
        };
        write(&mut writer, &answer)?;
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn now() -> Timestamp {
    Timestamp::now()
}

fn invocation(event: String) -> Answer {
    let deadline = (now() + TIMEOUT).as_millisecond();
    let headers = format!(
        "content-type: application/json\r\nlambda-runtime-aws-request-id: f4fcae0f-0000-4000-8000-0eaa0cef8af5\r\n\
         lambda-runtime-deadline-ms: {deadline}\r\n\
         lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:111122223333:function:bench-gatekeeper\r\n"
    );
    Answer { status: "200 OK", headers, body: event.into_bytes() }
}

/// What CloudWatch says of everything it is asked for.
fn measured(request: Request) -> Value {
    let Request { path, body, .. } = request;
    let head = vec![format!("POST {path} HTTP/1.1")];
    let request = rehearsal::Request { head, body: Value::Null, text: String::new(), bytes: body };
    let (operation, input) = asked(&request);
    if operation == "DescribeAlarms" {
        let state = |name: &str| if name == policy::alarm(0) { "ALARM" } else { "OK" };
        let names = input["AlarmNames"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let alarm = |name: &str| json!({ "AlarmName": name, "StateValue": state(name) });
        return json!({ "MetricAlarms": names.map(alarm).collect::<Vec<_>>() });
    }
    let queries = input["MetricDataQueries"].as_array().into_iter().flatten();
    let minute = now().as_second() / 60 * 60;
    let times = (3..33).rev().filter_map(|ago| Timestamp::from_second(minute - 60 * ago).ok());
    let times: Vec<Value> = times.map(|time| at(&time.to_string())).collect();
    let values = vec![1.5; times.len()];
    let result = |query: &Value| json!({ "Id": query["Id"], "Label": "Errors", "Timestamps": times, "Values": values, "StatusCode": "Complete" });
    json!({ "MetricDataResults": queries.map(result).collect::<Vec<_>>() })
}

fn cbor(value: &Value) -> Answer {
    let rehearsal::Answer::Bytes(bytes) = said(200, value) else { return Answer::accepted() };
    let body = bytes.windows(4).position(|part| part == b"\r\n\r\n").map(|end| bytes[end + 4..].to_vec());
    let headers = "content-type: application/cbor\r\nsmithy-protocol: rpc-v2-cbor\r\n".to_owned();
    Answer { status: "200 OK", headers, body: body.unwrap_or_default() }
}

/// `UpdateItem` of `DynamoDB_20120810.UpdateItem`, or the end of the path where the protocol has it there.
fn operation(request: &Request) -> String {
    let name = request.target.rsplit('.').next().filter(|name| !name.is_empty());
    name.or(request.path.rsplit('/').next()).unwrap_or_default().to_owned()
}

//! Everything around a function on one loopback port: the Runtime API, and AWS with answers that are just enough.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io::BufReader;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::batches::{Batch, Tale};
use crate::program::Process;
use crate::requests::{Answer, Request, write};
use crate::story::{Asked, Stories};
use crate::table::Table;

/// Longest wait for one batch; Python under valgrind takes the longest.
const PATIENCE: Duration = Duration::from_secs(300);
/// The template's timeout.
const TIMEOUT: SignedDuration = SignedDuration::from_secs(120);

/// What a function was given, and what it did.
pub(crate) struct World {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    pipeline: Value,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<String>,
    invocations: usize,
    answered: usize,
    problem: Option<String>,
    /// Calls by operation.
    calls: BTreeMap<String, usize>,
    table: Table,
    /// What CodePipeline knows of executions, by their ids.
    asked: HashMap<String, Asked>,
    /// The bodies of `PutMetricData`, if somebody wants them.
    metrics: Option<Vec<Vec<u8>>>,
}

impl World {
    pub(crate) fn start(stories: &Stories) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("binding a loopback port")?;
        let address = listener.local_addr()?;
        let shared =
            Arc::new(Shared { state: Mutex::default(), changed: Condvar::new(), pipeline: stories.pipeline.clone() });
        let of_connections = shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = of_connections.clone();
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Ok(Self { address, shared })
    }

    /// Gives the function a tale and waits until it has answered all of it.
    pub(crate) fn tell(&self, process: &mut Process, tale: &Tale) -> Result<()> {
        self.prepare(tale);
        self.invoke(process, &tale.batches)
    }

    /// Lets CodePipeline know the executions of a tale.
    pub(crate) fn prepare(&self, tale: &Tale) {
        self.shared.state().asked.extend(tale.asked.clone());
    }

    /// Gives the function these batches and waits until it has answered them all.
    pub(crate) fn invoke(&self, process: &mut Process, batches: &[Batch]) -> Result<()> {
        let mut state = self.shared.state();
        state.waiting.extend(batches.iter().map(|batch| batch.json.clone()));
        let all = state.answered + batches.len();
        self.shared.changed.notify_all();
        while state.answered < all && state.problem.is_none() {
            let before = state.answered;
            let (later, waited) =
                self.shared.changed.wait_timeout(state, PATIENCE).unwrap_or_else(PoisonError::into_inner);
            state = later;
            if let Some(status) = process.0.try_wait()? {
                bail!("the function ended: {status}");
            }
            if waited.timed_out() && state.answered == before {
                bail!("the function did not answer within {} s", PATIENCE.as_secs());
            }
        }
        state.problem.take().map_or(Ok(()), |problem| bail!("the function failed: {problem}"))
    }

    /// Calls by operation, since the first batch was asked for.
    pub(crate) fn calls(&self) -> BTreeMap<String, usize> {
        self.shared.state().calls.clone()
    }

    /// The bytes of each item of the table.
    pub(crate) fn item_bytes(&self) -> Vec<usize> {
        self.shared.state().table.bytes()
    }

    /// From now on, what is recorded is kept.
    pub(crate) fn keep_metrics(&self) {
        self.shared.state().metrics = Some(Vec::new());
    }

    pub(crate) fn metrics(&self) -> Vec<Vec<u8>> {
        self.shared.state().metrics.clone().unwrap_or_default()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next batch; waits for one.
    fn next(&self) -> Answer {
        let mut state = self.state();
        if state.invocations == 0 {
            // What was done at start-up is done once per process.
            state.calls.clear();
        }
        loop {
            if let Some(batch) = state.waiting.pop_front() {
                state.invocations += 1;
                return invocation(state.invocations, batch);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn answered(&self, request: &Request) -> Answer {
        let body = String::from_utf8_lossy(&request.body);
        let is_good = request.path.ends_with("/response")
            && serde_json::from_str(&body).is_ok_and(|reply: Value| reply["batchItemFailures"] == json!([]));
        let mut state = self.state();
        state.answered += 1;
        if !is_good {
            state.problem = Some(body.into_owned());
        }
        self.changed.notify_all();
        Answer::accepted()
    }

    fn aws(&self, request: Request) -> Answer {
        let operation = operation(&request);
        let mut state = self.state();
        *state.calls.entry(operation.clone()).or_default() += 1;
        if operation == "PutMetricData" {
            if let Some(metrics) = &mut state.metrics {
                metrics.push(request.body);
            }
            return nothing_as(&request.kind);
        }
        let input: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let output = match operation.as_str() {
            "UpdateItem" => state.table.update(&input),
            "GetParametersByPath" => json!({ "Parameters": [] }),
            "GetPipeline" => self.pipeline.clone(),
            "ListActionExecutions" => state.about(&input["filter"]).map(Asked::actions).unwrap_or_default(),
            "GetPipelineExecution" => state.about(&input).map(Asked::execution).unwrap_or_default(),
            "GetItem" => json!({}),
            other => {
                state.problem = Some(format!("nobody answers {other}"));
                json!({})
            }
        };
        Answer::json(output.to_string())
    }
}

impl State {
    fn about(&self, named: &Value) -> Option<&Asked> {
        self.asked.get(named["pipelineExecutionId"].as_str()?)
    }
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
            None => shared.aws(request),
        };
        write(&mut writer, &answer)?;
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn invocation(number: usize, batch: String) -> Answer {
    let deadline = (Timestamp::now() + TIMEOUT).as_millisecond();
    let headers = format!(
        "content-type: application/json\r\nlambda-runtime-aws-request-id: {number:08x}-0000-4000-8000-000000000000\r\n\
         lambda-runtime-deadline-ms: {deadline}\r\n\
         lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:111122223333:function:bench-recorder\r\n"
    );
    Answer { status: "200 OK", headers, body: batch.into_bytes() }
}

/// `UpdateItem` of `DynamoDB_20120810.UpdateItem`, or the end of the path where the protocol has it there.
fn operation(request: &Request) -> String {
    let name = request.target.rsplit('.').next().filter(|name| !name.is_empty());
    name.or(request.path.rsplit('/').next()).unwrap_or_default().to_owned()
}

/// An answer without members in the protocol of the request.
fn nothing_as(kind: &str) -> Answer {
    if kind.contains("cbor") {
        let headers = "content-type: application/cbor\r\nsmithy-protocol: rpc-v2-cbor\r\n".to_owned();
        return Answer { status: "200 OK", headers, body: vec![0xa0] };
    }
    Answer::json("{}")
}

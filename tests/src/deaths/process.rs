//! A function in a process of its own, with a Lambda Runtime API of its own in front of it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use lambda_kit::Clock;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, Notify, mpsc};

use super::cloud::{Cloud, PREFIX, TABLE};

/// The request's id in headers and records.
pub(super) const REQUEST: &str = "f4fcae0f-0000-4000-8000-0eaa0cef8af5";
/// How long Lambda waits for a process that was stopped; on AWS, its time limit.
const LIMIT: Duration = Duration::from_millis(40);
/// Longest wait for a process at all.
const PATIENCE: Duration = Duration::from_secs(60);

/// A signal on its way to one process.
#[derive(Debug, Clone)]
pub(super) struct Blow {
    pid: Pid,
    signal: Signal,
    fallen: Arc<Notify>,
}

impl Blow {
    pub(super) fn fall(&self) {
        kill(self.pid, self.signal).expect("a child that nobody has waited for");
        self.fallen.notify_one();
    }
}

/// How an invocation ended.
#[derive(Debug)]
pub(super) enum End {
    Replied(Value),
    /// What the function said of its own failure.
    Failed(Value),
    /// The process is gone.
    Died,
}

/// One process; it is killed when dropped.
pub(super) struct Process {
    child: Child,
    events: mpsc::UnboundedSender<String>,
    ends: mpsc::UnboundedReceiver<End>,
    ready: Arc<Notify>,
}

#[derive(Clone)]
struct RuntimeApi {
    events: Arc<Mutex<mpsc::UnboundedReceiver<String>>>,
    ends: mpsc::UnboundedSender<End>,
    ready: Arc<Notify>,
}

impl Process {
    /// Starts `program` as the function `name`; what it prints is added to the file `log`.
    pub(super) async fn start(program: &str, name: &str, cloud: &Cloud, log: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (events, waiting) = mpsc::unbounded_channel();
        let (told, ends) = mpsc::unbounded_channel();
        let ready = Arc::new(Notify::new());
        let api = RuntimeApi { events: Arc::new(Mutex::new(waiting)), ends: told, ready: ready.clone() };
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(serve).with_state(api)).await });
        let log = File::options().create(true).append(true).open(log).unwrap();
        let mut command = Command::new(built(program));
        command.env_clear().envs(variables(name, &address, cloud.url())).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        Self { child: command.spawn().unwrap(), events, ends, ready }
    }

    /// Until it asks for work.
    pub(super) async fn ready(&self) {
        tokio::time::timeout(PATIENCE, self.ready.notified()).await.expect("the function asks for work");
    }

    pub(super) fn blow(&self, signal: Signal) -> Blow {
        let pid = i32::try_from(self.child.id().expect("it runs")).unwrap();
        Blow { pid: Pid::from_raw(pid), signal, fallen: Arc::new(Notify::new()) }
    }

    /// One invocation. A process that was stopped by `blow` is killed, as Lambda does at its time limit.
    pub(super) async fn invoke(&mut self, event: &str, blow: Option<&Blow>) -> End {
        self.events.send(event.to_owned()).expect("the Runtime API runs");
        let over_time = async {
            match blow {
                Some(blow) => blow.fallen.notified().await,
                None => std::future::pending().await,
            }
            tokio::time::sleep(LIMIT).await;
        };
        let ended = tokio::select! {
            biased;
            end = self.ends.recv() => end,
            _ = self.child.wait() => None,
            () = over_time => None,
            () = tokio::time::sleep(PATIENCE) => panic!("the function answers nothing"),
        };
        // What it said with its last breath counts.
        ended.or_else(|| self.ends.try_recv().ok()).unwrap_or(End::Died)
    }
}

/// Examples of this package whose file is the function's own `main.rs`: `cargo test` builds them.
fn built(program: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let folder = tests.ancestors().nth(2).unwrap().join("examples");
    let path = folder.join(program);
    assert!(path.exists(), "{} is not built; run `cargo build -p tests --examples`", path.display());
    path
}

fn variables(name: &str, runtime: &str, cloud: &str) -> Vec<(&'static str, String)> {
    let own = [
        ("AWS_LAMBDA_FUNCTION_NAME", name),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_RUNTIME_API", runtime),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_ENDPOINT_URL", cloud),
        ("SETTINGS_PREFIX", PREFIX),
        ("STACK_ID", "arn:aws:cloudformation:us-east-1:111122223333:stack/pipewarden/1a2b3c4d"),
        ("TABLE_NAME", TABLE),
        ("QUEUE_URL", cloud),
        ("METRIC_NAMESPACE", "Pipewarden"),
    ];
    own.map(|(name, value)| (name, value.to_owned())).to_vec()
}

async fn serve(State(api): State<RuntimeApi>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    if path.ends_with("/invocation/next") {
        api.ready.notify_one();
        let event = api.events.lock().await.recv().await;
        let Some(event) = event else { return std::future::pending().await };
        return invocation(event);
    }
    let body = to_bytes(request.into_body(), 1 << 20).await.unwrap();
    let said = serde_json::from_slice(&body).unwrap_or_default();
    // Whoever asked may have been content with the death of the process.
    let _ = api.ends.send(if path.ends_with("/response") { End::Replied(said) } else { End::Failed(said) });
    StatusCode::ACCEPTED.into_response()
}

fn invocation(event: String) -> Response {
    let deadline = Clock::system().now().as_millisecond() + 60_000;
    Response::builder()
        .header("lambda-runtime-aws-request-id", REQUEST)
        .header("lambda-runtime-deadline-ms", deadline)
        .header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:111122223333:function:gate")
        .body(Body::from(event))
        .unwrap()
}

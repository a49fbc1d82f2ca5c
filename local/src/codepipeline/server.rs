//! Starting and stopping the server.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::config::Config;
use super::error::ApiError;
use super::http::{Throttle, router};
use super::push::GitPush;
use super::shell::Shell;

/// How long the last events may take to be handed out.
const PATIENCE: Duration = Duration::from_secs(5);

/// A running CodePipeline. Dropping it leaves the tasks to the tokio runtime; [`Server::shutdown`] ends them.
pub struct Server {
    address: SocketAddr,
    shell: Arc<Shell>,
    throttle: Arc<Throttle>,
    stop: oneshot::Sender<()>,
    listener: JoinHandle<io::Result<()>>,
    clock: JoinHandle<()>,
    publisher: JoinHandle<()>,
}

impl Server {
    /// Starts listening. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// If the address is not a loopback address, is taken, or the speed is not a positive number.
    pub async fn start(config: Config) -> io::Result<Self> {
        check(&config)?;
        let listener = TcpListener::bind(config.address).await?;
        let address = listener.local_addr()?;
        let throttle = Throttle::new(config.throttle_every_nth);
        let (shell, background) = Shell::new(config);
        let (stop, stopped) = oneshot::channel::<()>();
        let serve = axum::serve(listener, router(shell.clone(), throttle.clone())).with_graceful_shutdown(async {
            let _ = stopped.await;
        });
        Ok(Self {
            address,
            throttle,
            stop,
            listener: tokio::spawn(async { serve.await }),
            clock: tokio::spawn(shell.clone().keep_time()),
            publisher: tokio::spawn(background.publish()),
            shell,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The endpoint URL for SDKs, for instance `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Any operation without the way over HTTP: same validation, same answers, never throttled.
    ///
    /// # Errors
    /// What the API would answer.
    pub async fn call(&self, operation: &str, input: Value) -> Result<Value, ApiError> {
        self.shell.call(operation, &input)
    }

    /// Starts an execution as a Git trigger of the pipeline does. Returns the execution's id.
    ///
    /// # Errors
    /// If there is no such pipeline, or it has no Git trigger.
    pub async fn push(&self, pipeline: &str, push: GitPush) -> Result<String, ApiError> {
        self.shell.push(pipeline, &push)
    }

    /// From now on every `nth` request over HTTP is answered with `ThrottlingException`, as
    /// [`Config::throttle_every_nth`] does from the start; none with `None`.
    pub fn throttle_every_nth(&self, nth: Option<u32>) {
        self.throttle.set(nth);
    }

    /// Stops listening, stops the clock, and hands out the events that are still on their way.
    pub async fn shutdown(self) {
        let _ = self.stop.send(());
        self.clock.abort();
        self.listener.abort();
        let _ = self.clock.await;
        let _ = self.listener.await;
        self.shell.end_of_events();
        let _ = tokio::time::timeout(PATIENCE, self.publisher).await;
    }
}

fn check(config: &Config) -> io::Result<()> {
    let refuse = |why: String| Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    if !config.address.ip().is_loopback() {
        return refuse(format!("{} is not a loopback address; this server has no access control.", config.address));
    }
    if !(config.speed.is_finite() && config.speed > 0.0) {
        return refuse(format!("The speed must be a positive number; it is {}.", config.speed));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use bytes::Bytes;
    use http::{Request, Response};
    use http_body_util::{BodyExt, Full};
    use hyper_util::client::legacy::Client;
    use hyper_util::rt::TokioExecutor;
    use serde_json::json;
    use tokio::sync::mpsc::UnboundedReceiver;

    use super::super::artifacts::{MemoryArtifacts, zip_folder};
    use super::super::bench::{action, pipeline, plain, stage};
    use super::super::ports::{ArtifactStore, EventChannel, LambdaInvoker, Pending, S3Location};
    use super::*;
    use crate::script::Script;

    async fn post(server: &Server, operation: &str, body: &Value) -> Response<Bytes> {
        let request = Request::post(server.url())
            .header("x-amz-target", format!("CodePipeline_20150709.{operation}"))
            .body(Full::new(Bytes::from(body.to_string())))
            .unwrap();
        let client = Client::builder(TokioExecutor::new()).build_http();
        let (head, body) = client.request(request).await.unwrap().into_parts();
        Response::from_parts(head, body.collect().await.unwrap().to_bytes())
    }

    fn body(response: &Response<Bytes>) -> Value {
        serde_json::from_slice(response.body()).unwrap()
    }

    /// The next event in this state, or a failed test.
    async fn until(events: &mut UnboundedReceiver<Value>, kind: &str, state: &str) -> Value {
        let found = async {
            loop {
                let event = events.recv().await.unwrap();
                if event["detail-type"].as_str().unwrap().contains(kind) && event["detail"]["state"] == state {
                    return event;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(10), found).await.expect("the event should come")
    }

    #[tokio::test]
    async fn answers_look_like_the_services() {
        let server = Server::start(Config::default()).await.unwrap();
        let created = post(&server, "CreatePipeline", &json!({"pipeline": plain()})).await;
        assert_eq!(created.status(), 200);
        assert_eq!(created.headers()["content-type"], "application/x-amz-json-1.1");
        assert_eq!(created.headers()["x-amzn-requestid"].len(), 36);
        let refused = post(&server, "GetPipeline", &json!({"name": "nobody"})).await;
        assert_eq!(refused.status(), 400);
        assert_eq!(body(&refused)["__type"], "PipelineNotFoundException");
        assert!(body(&refused)["message"].as_str().unwrap().contains("nobody"));
        let nothing = post(&server, "DeletePipeline", &json!({"name": "p"})).await;
        assert_eq!((nothing.status().as_u16(), nothing.body().len()), (200, 0));
        server.shutdown().await;
    }

    #[tokio::test]
    async fn what_it_does_not_know_is_named() {
        let server = Server::start(Config::default()).await.unwrap();
        let unknown = post(&server, "PollForJobs", &json!({})).await;
        assert_eq!(body(&unknown)["__type"], "UnknownOperationException");
        assert!(body(&unknown)["message"].as_str().unwrap().contains("PollForJobs"));
        let no_object = post(&server, "ListPipelines", &json!([])).await;
        assert_eq!(body(&no_object)["__type"], "SerializationException");
        server.shutdown().await;
    }

    #[tokio::test]
    async fn every_nth_request_is_throttled_if_asked() {
        let server = Server::start(Config { throttle_every_nth: Some(2), ..Config::default() }).await.unwrap();
        let mut statuses = Vec::new();
        for _ in 0..4 {
            statuses.push(post(&server, "ListPipelines", &json!({})).await.status().as_u16());
        }
        assert_eq!(statuses, [200, 400, 200, 400]);
        server.throttle_every_nth(None);
        let statuses = [
            post(&server, "ListPipelines", &json!({})).await.status().as_u16(),
            post(&server, "ListPipelines", &json!({})).await.status().as_u16(),
        ];
        assert_eq!(statuses, [200, 200]);
        server.shutdown().await;
    }

    #[derive(Default)]
    struct Gate(Mutex<Vec<Value>>);

    impl LambdaInvoker for Gate {
        fn invoke<'a>(&'a self, _: &'a str, event: &'a Value) -> Pending<'a, ()> {
            self.0.lock().unwrap().push(event["CodePipeline.job"].clone());
            Box::pin(async { Ok(()) })
        }
    }

    #[tokio::test]
    async fn a_release_runs_with_artifacts_a_function_and_events() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("app")).unwrap();
        std::fs::write(folder.path().join("app/main.py"), "print(1)").unwrap();
        let script = "pipelines: {p: {Source: {Checkout: [{artifacts: {SourceArtifact: app}}]}}}";
        let (sink, mut events) = EventChannel::new();
        let (artifacts, gate) = (Arc::new(MemoryArtifacts::default()), Arc::new(Gate::default()));
        let server = Server::start(Config {
            script: Script::parse(script, folder.path()).unwrap(),
            speed: 1000.0,
            events: Arc::new(sink),
            artifacts: artifacts.clone(),
            lambda: gate.clone(),
            ..Config::default()
        })
        .await
        .unwrap();
        let declaration = pipeline("p", vec![stage("Gate", vec![action("Invoke", "Lambda", "Gate")])]);
        server.call("CreatePipeline", json!({"pipeline": declaration})).await.unwrap();

        let mut token = None;
        for _ in 0..2 {
            let job = next_job(&gate).await;
            assert_eq!(job["data"]["continuationToken"].as_str(), token);
            let at = &job["data"]["inputArtifacts"][0]["location"]["s3Location"];
            let text = |name: &str| at[name].as_str().unwrap().to_owned();
            let at = S3Location { bucket: text("bucketName"), key: text("objectKey") };
            assert_eq!(artifacts.get(&at).await.unwrap(), zip_folder(&folder.path().join("app")).unwrap());
            let mut result = json!({"jobId": job["id"]});
            if token.is_none() {
                token = Some("again");
                result["continuationToken"] = json!("again");
            }
            assert_eq!(post(&server, "PutJobSuccessResult", &result).await.status(), 200);
        }
        let ended = until(&mut events, "Pipeline Execution", "SUCCEEDED").await;
        assert_eq!(ended["detail"]["pipeline"], "p");
        server.shutdown().await;
    }

    async fn next_job(gate: &Gate) -> Value {
        for _ in 0..500 {
            if let Some(job) = gate.0.lock().unwrap().pop() {
                return job;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the function was not invoked");
    }

    #[tokio::test]
    async fn a_missing_artifact_folder_fails_the_action_that_makes_it() {
        let script = "pipelines: {p: {Source: {Checkout: [{artifacts: {SourceArtifact: nowhere}}]}}}";
        let (sink, mut events) = EventChannel::new();
        let script = Script::parse(script, "/does/not/exist".as_ref()).unwrap();
        let config = Config { script, speed: 1000.0, events: Arc::new(sink), ..Config::default() };
        let server = Server::start(config).await.unwrap();
        server.call("CreatePipeline", json!({"pipeline": plain()})).await.unwrap();
        let failed = until(&mut events, "Action", "FAILED").await;
        assert_eq!(failed["detail"]["execution-result"]["error-code"], "ConfigurationError");
        server.shutdown().await;
    }

    #[tokio::test]
    async fn it_listens_on_loopback_only_and_at_a_sensible_speed() {
        let anywhere = Config { address: "0.0.0.0:0".parse().unwrap(), ..Config::default() };
        assert!(Server::start(anywhere).await.is_err());
        assert!(Server::start(Config { speed: 0.0, ..Config::default() }).await.is_err());
    }
}

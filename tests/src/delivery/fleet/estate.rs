//! Many pipelines in a local CodePipeline whose time a test turns, and a recorder that asks it through the real SDK.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use aws_sdk_cloudwatch::config::retry::RetryConfig;
use aws_sdk_codepipeline::Client;
use delivery_metrics::ExecutionSummary;
use lambda_kit::{Clock, Home};
use local::codepipeline::{Config, EventChannel, ManualClock, Server};
use local::script::Script;
use pipeline_model::{ExecutionId, PipelineArn, PipelineName, StageName};
use recorder::memory::Memory;
use recorder::outside::CodePipeline;
use recorder::ports::{Actions, Origin, Page, Releases, Unlisted};
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::delivery::office::{Office, at};
use crate::stage::{aws, start};

/// The local CodePipeline, and what it has published so far.
pub(super) struct Estate {
    pub(super) server: Rc<Server>,
    clock: Arc<ManualClock>,
    events: UnboundedReceiver<Value>,
}

/// Names in CodePipeline's order.
pub(super) fn names(number: usize) -> Vec<String> {
    (0..number).map(|number| format!("pipeline-{number:05}")).collect()
}

/// The state an event tells.
pub(super) fn state(event: &Value) -> Option<&str> {
    event["detail"]["state"].as_str()
}

impl Estate {
    pub(super) async fn new(script: &str) -> Self {
        let (channel, events) = EventChannel::new();
        let clock = Arc::new(ManualClock::at(start()));
        let config = Config {
            script: Script::parse(script, "".as_ref()).expect("the script"),
            start_on_create: false,
            most_pipelines: 10_000,
            events: Arc::new(channel),
            clock: clock.clone(),
            ..Config::default()
        };
        let server = Rc::new(Server::start(config).await.expect("a free port on loopback"));
        Self { server, clock, events }
    }

    pub(super) async fn call(&self, operation: &str, input: Value) -> Value {
        self.server.call(operation, input).await.unwrap_or_else(|error| panic!("{operation}: {error:?}"))
    }

    /// So many pipelines of two stages with one action each, of one second each.
    pub(super) async fn create(&self, number: usize) {
        let build = stage("Build", &[action("Build", "CodeBuild", "Compile", json!({ "ProjectName": "orders" }))]);
        for name in names(number) {
            self.call("CreatePipeline", json!({ "pipeline": declaration(&name, vec![build.clone()]) })).await;
        }
    }

    /// Runs each of these pipelines once and returns what was published.
    pub(super) async fn release(&mut self, pipelines: &[&str]) -> Vec<Value> {
        for name in pipelines {
            self.start(name).await;
        }
        self.let_pass(4).await
    }

    pub(super) async fn start(&self, pipeline: &str) -> String {
        let answer = self.call("StartPipelineExecution", json!({ "name": pipeline })).await;
        answer["pipelineExecutionId"].as_str().expect("an id").to_owned()
    }

    /// Lets time pass second by second, and returns what was published.
    pub(super) async fn let_pass(&mut self, seconds: u32) -> Vec<Value> {
        let mut heard = Vec::new();
        for _ in 0..seconds {
            self.clock.advance(Duration::from_secs(1));
            self.listen(&mut heard).await;
        }
        heard
    }

    /// Hears everything until it stays quiet: artifacts are stored beside the engine.
    async fn listen(&mut self, heard: &mut Vec<Value>) {
        let mut quiet = 0;
        while quiet < 4 {
            tokio::time::sleep(Duration::from_millis(1)).await;
            let before = heard.len();
            heard.extend(std::iter::from_fn(|| self.events.try_recv().ok()));
            quiet = if heard.len() == before { quiet + 1 } else { 0 };
        }
    }

    /// A recorder to which everything so far happened an hour ago.
    pub(super) fn office(&self, limit: Option<Rc<RefCell<Limit>>>) -> Office<Witnessed<CodePipeline>> {
        let world = Memory::at(at(3_600));
        let home = Home { region: "us-east-1".to_owned(), account: "111122223333".to_owned() };
        // As many attempts as the function makes, without their pauses.
        let retries = RetryConfig::standard().with_initial_backoff(Duration::from_micros(1));
        let config = aws(&self.server.url()).to_builder().retry_config(retries).build();
        let client = CodePipeline::new(Client::new(&config), home);
        let mut releases = Witnessed::of(client, &world.clock, Duration::ZERO);
        releases.throttle = limit.map(|limit| (limit, self.server.clone()));
        Office::with(world, releases)
    }
}

/// A source stage in front of the given ones.
pub(super) fn declaration(name: &str, stages: Vec<Value>) -> Value {
    let repository = json!({ "RepositoryName": "orders", "BranchName": "main" });
    let mut checkout = action("Source", "CodeCommit", "Checkout", repository);
    checkout["outputArtifacts"] = checkout["inputArtifacts"].take();
    checkout["inputArtifacts"] = json!([]);
    let stages: Vec<Value> = std::iter::once(stage("Source", &[checkout])).chain(stages).collect();
    json!({
        "name": name, "roleArn": "arn:aws:iam::111122223333:role/pipeline", "pipelineType": "V2",
        "artifactStore": { "type": "S3", "location": "artifacts-111122223333" },
        "stages": stages,
    })
}

/// Its actions run one after the other.
pub(super) fn stage(name: &str, actions: &[Value]) -> Value {
    let mut actions = actions.to_vec();
    for (order, action) in (1..).zip(&mut actions) {
        action["runOrder"] = json!(order);
    }
    json!({ "name": name, "actions": actions })
}

pub(super) fn action(category: &str, provider: &str, name: &str, configuration: Value) -> Value {
    let inputs = if category == "Approval" { json!([]) } else { json!([{ "name": "SourceArtifact" }]) };
    json!({
        "name": name, "configuration": configuration, "inputArtifacts": inputs,
        "actionTypeId": { "category": category, "owner": "AWS", "provider": provider, "version": "1" },
    })
}

/// So many calls a second are allowed, and as many at once.
pub(super) struct Limit {
    per_second: f64,
    left: f64,
    counted: Duration,
}

impl Limit {
    pub(super) fn per_second(per_second: f64) -> Self {
        Self { per_second, left: per_second, counted: Duration::ZERO }
    }

    fn allows(&mut self, now: Duration) -> bool {
        let passed = now.saturating_sub(std::mem::replace(&mut self.counted, now)).as_secs_f64();
        self.left = (self.left + passed * self.per_second).min(self.per_second);
        let is_allowed = self.left >= 1.0;
        self.left -= f64::from(u8::from(is_allowed));
        is_allowed
    }
}

/// The way to CodePipeline, with a witness who notes each call and lets it take its time.
pub(super) struct Witnessed<R> {
    inner: R,
    clock: Clock,
    answer_time: Duration,
    throttle: Option<(Rc<RefCell<Limit>>, Rc<Server>)>,
    seen: RefCell<(usize, Vec<(PipelineName, Duration)>)>,
}

impl<R> Witnessed<R> {
    pub(super) fn of(inner: R, clock: &Clock, answer_time: Duration) -> Self {
        Self { inner, clock: clock.clone(), answer_time, throttle: None, seen: RefCell::default() }
    }

    /// How many calls were made, those of the SDK's further attempts not among them.
    pub(super) fn calls(&self) -> usize {
        self.seen.borrow().0
    }

    /// Whose executions were listed, and when.
    pub(super) fn visits(&self) -> Vec<(PipelineName, Duration)> {
        self.seen.borrow().1.clone()
    }

    pub(super) fn visited(&self) -> Vec<String> {
        self.visits().into_iter().map(|(name, _)| name.as_str().to_owned()).collect()
    }

    fn note(&self, visited: Option<&PipelineName>) {
        let now = self.clock.monotonic();
        let mut seen = self.seen.borrow_mut();
        seen.0 += 1;
        seen.1.extend(visited.map(|name| (name.clone(), now)));
        if let Some((limit, server)) = &self.throttle {
            let is_allowed = limit.borrow_mut().allows(now);
            server.throttle_every_nth((!is_allowed).then_some(1));
        }
        self.clock.advance(self.answer_time);
    }
}

impl<R: Releases> Releases for Witnessed<R> {
    async fn stages(&self, pipeline: &PipelineArn) -> Result<Option<(u32, Vec<StageName>)>> {
        self.note(None);
        self.inner.stages(pipeline).await
    }

    async fn actions(&self, pipeline: &PipelineArn, execution: &ExecutionId) -> Result<Actions> {
        self.note(None);
        self.inner.actions(pipeline, execution).await
    }

    async fn origin(&self, pipeline: &PipelineArn, execution: &ExecutionId) -> Result<Origin> {
        self.note(None);
        self.inner.origin(pipeline, execution).await
    }

    async fn executions(&self, pipeline: &PipelineArn, most: u8) -> Result<Vec<ExecutionSummary>> {
        self.note(Some(&pipeline.pipeline));
        self.inner.executions(pipeline, most).await
    }

    async fn pipelines(&self, page: Option<&str>) -> Result<Page, Unlisted> {
        self.note(None);
        self.inner.pipelines(page).await
    }

    fn arn(&self, pipeline: &PipelineName) -> PipelineArn {
        self.inner.arn(pipeline)
    }
}

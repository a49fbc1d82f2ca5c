//! Releases as the local CodePipeline plays them, to be told again under other names and at other times.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use jiff::{SignedDuration, Timestamp};
use local::codepipeline::{Config, EventChannel, GitPush, ManualClock, Server};
use local::script::Script;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::rules::Rules;

/// Where the stories are played; what is told later is moved away from here.
const PIPELINE: &str = "orders";
const START: &str = "2026-03-02T10:00:00Z";
/// Stages and actions of the pipeline.
pub(crate) const STAGES: usize = 4;
pub(crate) const ACTIONS: usize = 8;

/// About ten minutes, two of them waiting for an approval. The last play of an action repeats.
const SCRIPT: &str = "
pipelines:
  orders:
    Source: { Checkout: [{ duration: 8s, revision: { message: Add a discount field } }] }
    Build: { Compile: [{ duration: 150s }], UnitTests: [{ duration: 60s }] }
    Staging: { Deploy: [{ duration: 90s }], Smoke: [{ duration: 40s }] }
    Production:
      Deploy: [{ duration: 90s }, { duration: 90s, outcome: failed }, { duration: 90s }]
      Verify: [{ duration: 40s }]
";

/// How long the approval waits.
const APPROVAL: u32 = 120;

/// One execution: its events in order, and what CodePipeline answers about it.
pub(crate) struct Story {
    events: Vec<Value>,
    began: Timestamp,
    id: String,
    answers: Arc<Answers>,
}

/// CodePipeline's answers about one execution.
pub(crate) struct Answers {
    pub(crate) actions: Value,
    pub(crate) execution: Value,
}

/// What was played.
pub(crate) struct Stories {
    pub(crate) succeeded: Story,
    /// It fails in its last stage.
    pub(crate) failed: Story,
    /// A rollback of what succeeded, with the event that tells that it was decided.
    pub(crate) rollback: Story,
    /// What `GetPipeline` answers.
    pub(crate) pipeline: Value,
}

/// An event as it is told again.
pub(crate) struct Told {
    pub(crate) at: Timestamp,
    pub(crate) body: String,
}

impl Story {
    /// Tells the story as execution `number` of `pipeline`, begun at `at`. Numbers must be unique over all pipelines.
    pub(crate) fn tell(&self, pipeline: &str, number: usize, at: Timestamp) -> Telling {
        let retelling = Retelling { pipeline: pipeline.to_owned(), number, shift: at.duration_since(self.began) };
        let tell = |event: &Value| {
            let mut event = event.clone();
            retelling.retell("", &mut event);
            let at = event["time"].as_str().and_then(|time| time.parse().ok()).expect("events have a time");
            Told { at, body: event.to_string() }
        };
        let events = self.events.iter().map(tell).collect();
        Telling {
            events,
            execution: retelling.renamed(&self.id),
            asked: Asked { answers: self.answers.clone(), retelling },
        }
    }

    /// How many of its events reach the recorder.
    pub(crate) fn events(&self) -> usize {
        self.events.len()
    }
}

/// A story told again: its events, and what CodePipeline answers about its execution.
pub(crate) struct Telling {
    pub(crate) events: Vec<Told>,
    pub(crate) execution: String,
    pub(crate) asked: Asked,
}

/// What CodePipeline answers about an execution that was told again.
#[derive(Clone)]
pub(crate) struct Asked {
    answers: Arc<Answers>,
    retelling: Retelling,
}

impl Asked {
    /// What `ListActionExecutions` answers.
    pub(crate) fn actions(&self) -> Value {
        self.told(&self.answers.actions)
    }

    /// What `GetPipelineExecution` answers.
    pub(crate) fn execution(&self) -> Value {
        self.told(&self.answers.execution)
    }

    fn told(&self, answer: &Value) -> Value {
        let mut answer = answer.clone();
        self.retelling.retell("", &mut answer);
        answer
    }
}

/// What is different when something is told again.
#[derive(Clone)]
struct Retelling {
    pipeline: String,
    number: usize,
    shift: SignedDuration,
}

impl Retelling {
    fn retell(&self, key: &str, value: &mut Value) {
        match value {
            Value::Object(members) => members.iter_mut().for_each(|(key, value)| self.retell(key, value)),
            Value::Array(values) => values.iter_mut().for_each(|value| self.retell(key, value)),
            Value::String(text) => *text = self.word(key, text),
            Value::Number(epoch) if ["startTime", "lastUpdateTime", "created"].contains(&key) => {
                *value = json!(epoch.as_f64().unwrap_or_default() + self.shift.as_secs_f64());
            }
            _ => {}
        }
    }

    fn word(&self, key: &str, text: &str) -> String {
        match key {
            "pipeline" | "pipelineName" => self.pipeline.clone(),
            "resources" => text.replace(&format!(":{PIPELINE}"), &format!(":{}", self.pipeline)),
            "time"
            | "start-time"
            | "stage-last-retry-attempt-time"
            | "author-date"
            | "AuthorDate"
            | "CommitterDate" => self.moved(text).unwrap_or_else(|| text.to_owned()),
            _ if key == "id" || key.ends_with("-id") || key.ends_with("Id") => self.renamed(text),
            _ => text.to_owned(),
        }
    }

    fn moved(&self, text: &str) -> Option<String> {
        let time: Timestamp = text.parse().ok()?;
        let moved = time.checked_add(self.shift).ok()?;
        Some(if text.contains('.') { format!("{moved:.3}") } else { format!("{moved:.0}") })
    }

    /// Ids keep their first 24 characters and count on in the rest.
    fn renamed(&self, text: &str) -> String {
        match text.get(..24) {
            Some(first) if text.is_ascii() && text.len() >= 36 => {
                format!("{first}{:0width$x}", self.number, width = text.len() - 24)
            }
            _ => text.to_owned(),
        }
    }
}

/// Plays everything once.
pub(crate) fn play() -> Result<Stories> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { Stage::open().await?.play().await })
}

struct Stage {
    server: Server,
    clock: Arc<ManualClock>,
    events: UnboundedReceiver<Value>,
    now: Timestamp,
}

impl Stage {
    async fn open() -> Result<Self> {
        let now: Timestamp = START.parse().context("a time")?;
        let (channel, events) = EventChannel::new();
        let clock = Arc::new(ManualClock::at(now));
        let config = Config {
            script: Script::parse(SCRIPT, "".as_ref())?,
            start_on_create: false,
            events: Arc::new(channel),
            clock: clock.clone(),
            ..Config::default()
        };
        let server = Server::start(config).await?;
        Ok(Self { server, clock, events, now })
    }

    async fn play(mut self) -> Result<Stories> {
        self.call("CreatePipeline", json!({ "pipeline": declaration() })).await?;
        let pipeline = self.call("GetPipeline", json!({ "name": PIPELINE })).await?;
        let authored = Some(self.now - SignedDuration::from_mins(55));
        let commit = "7f3c2a90d1e4b5c6a7980f1e2d3c4b5a69788796".to_owned();
        let push = GitPush { commit, message: "Add a discount field".to_owned(), authored, ..GitPush::default() };
        let first = self.server.push(PIPELINE, push).await.map_err(refused)?;
        let succeeded = self.watch(first).await?;
        let second = self.call("StartPipelineExecution", json!({ "name": PIPELINE })).await?;
        let failed = self.watch(id_of(&second)?).await?;
        let target =
            json!({ "pipelineName": PIPELINE, "stageName": "Production", "targetPipelineExecutionId": succeeded.id });
        let third = self.call("RollbackStage", target).await?;
        let mut rollback = self.watch(id_of(&third)?).await?;
        rollback.events.push(decision(&rollback, &succeeded)?);
        Ok(Stories { succeeded, failed, rollback, pipeline })
    }

    /// Everything until nothing happens any more.
    async fn watch(&mut self, id: String) -> Result<Story> {
        let began = self.now;
        let mut events = Vec::new();
        let mut waited = 0;
        for _ in 0..900 {
            events.extend(self.second().await);
            if self.approval().await?.is_some() {
                waited += 1;
                if waited == APPROVAL {
                    self.approve().await?;
                }
            }
        }
        let rules = Rules::read()?;
        events.retain(|event| rules.match_any(event));
        let filter = json!({ "pipelineName": PIPELINE, "filter": { "pipelineExecutionId": id } });
        let actions = self.call("ListActionExecutions", filter).await?;
        let get = json!({ "pipelineName": PIPELINE, "pipelineExecutionId": id });
        let answers = Arc::new(Answers { actions, execution: self.call("GetPipelineExecution", get).await? });
        Ok(Story { events, began, id, answers })
    }

    async fn second(&mut self) -> Vec<Value> {
        self.clock.advance(Duration::from_secs(1));
        self.now += Duration::from_secs(1);
        let (mut heard, mut quiet) = (Vec::new(), 0);
        while quiet < 3 {
            tokio::time::sleep(Duration::from_micros(300)).await;
            let before = heard.len();
            heard.extend(std::iter::from_fn(|| self.events.try_recv().ok()));
            quiet = if heard.len() == before { quiet + 1 } else { 0 };
        }
        heard
    }

    async fn approval(&self) -> Result<Option<Value>> {
        let mut state = self.call("GetPipelineState", json!({ "name": PIPELINE })).await?;
        let latest = state["stageStates"][STAGES - 1]["actionStates"][0]["latestExecution"].take();
        Ok((latest["status"] == "InProgress").then(|| latest["token"].clone()))
    }

    async fn approve(&self) -> Result<()> {
        let token = self.approval().await?.context("the approval waits")?;
        let answer = json!({
            "pipelineName": PIPELINE, "stageName": "Production", "actionName": "Manager", "token": token,
            "result": { "summary": "", "status": "Approved" },
        });
        self.call("PutApprovalResult", answer).await.map(drop)
    }

    async fn call(&self, operation: &str, input: Value) -> Result<Value> {
        self.server.call(operation, input).await.map_err(refused).with_context(|| operation.to_owned())
    }
}

fn refused(error: local::codepipeline::ApiError) -> anyhow::Error {
    anyhow!("{error:?}")
}

fn id_of(answer: &Value) -> Result<String> {
    Ok(answer["pipelineExecutionId"].as_str().context("no execution was started")?.to_owned())
}

/// What is published when an execution was rolled back by another.
fn decision(rollback: &Story, rolled_back: &Story) -> Result<Value> {
    let mut event = rollback.events.last().context("the rollback ran")?.clone();
    event["id"] = json!("6f1f0f8a-0000-4000-8000-000000000001");
    event["source"] = json!("pipewarden");
    event["detail-type"] = json!("Rollback Decided");
    event["detail"] = json!({
        "version": 1, "pipeline": PIPELINE, "execution-id": rolled_back.id, "key": "incident-1",
        "stage": "Production", "outcome": "done", "alarm": "orders-errors", "rollback-execution-id": rollback.id,
    });
    Ok(event)
}

fn declaration() -> Value {
    let action = |category: &str, provider: &str, name: &str, configuration: Value| {
        let inputs = if category == "Approval" { json!([]) } else { json!([{ "name": "SourceArtifact" }]) };
        json!({
            "name": name, "configuration": configuration, "inputArtifacts": inputs,
            "actionTypeId": { "category": category, "owner": "AWS", "provider": provider, "version": "1" },
        })
    };
    let mut checkout = action(
        "Source",
        "CodeStarSourceConnection",
        "Checkout",
        json!({
            "ConnectionArn": "arn:aws:codeconnections:us-east-1:111122223333:connection/aEXAMPLE-8aad-4d5d-8878-dfcab0bc441f",
            "FullRepositoryId": "example/orders", "BranchName": "main",
        }),
    );
    checkout["outputArtifacts"] = checkout["inputArtifacts"].take();
    checkout["inputArtifacts"] = json!([]);
    let build = |name: &str| action("Build", "CodeBuild", name, json!({ "ProjectName": "orders" }));
    let deploy = action("Deploy", "S3", "Deploy", json!({ "BucketName": "site-111122223333", "Extract": "true" }));
    let approve = action("Approval", "Manual", "Manager", json!({}));
    json!({
        "name": PIPELINE, "roleArn": "arn:aws:iam::111122223333:role/pipeline", "pipelineType": "V2",
        "artifactStore": { "type": "S3", "location": "artifacts-111122223333" },
        "triggers": [{ "providerType": "CodeStarSourceConnection", "gitConfiguration": {
            "sourceActionName": "Checkout", "push": [{ "branches": { "includes": ["main"] } }],
        }}],
        "stages": [
            stage("Source", vec![checkout]),
            stage("Build", vec![build("Compile"), build("UnitTests")]),
            stage("Staging", vec![deploy.clone(), build("Smoke")]),
            stage("Production", vec![approve, deploy, build("Verify")]),
        ],
    })
}

/// Actions that run one after the other.
fn stage(name: &str, mut actions: Vec<Value>) -> Value {
    for (order, action) in (1..).zip(&mut actions) {
        action["runOrder"] = json!(order);
    }
    json!({ "name": name, "actions": actions })
}

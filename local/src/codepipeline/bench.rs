//! A workbench for tests: an engine, a clock turned by hand, and the events it has emitted.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::clock::ManualClock;
use super::config::Config;
use super::effects::{Effect, Signal};
use super::engine::Engine;
use super::error::ApiError;
use super::ids::CountingIds;
use super::ports::Problem;
use crate::script::Script;

/// The time every bench starts at.
pub(crate) const START: &str = "2026-03-02T10:00:00Z";

pub(crate) struct Bench {
    pub(crate) engine: Engine,
    pub(crate) now: Timestamp,
    pub(crate) events: Vec<Value>,
    /// Function and event of every invocation.
    pub(crate) invocations: Vec<(String, Value)>,
    /// Whether functions upload what they are to.
    pub(crate) uploads: bool,
    /// Topic and message of every approval message.
    pub(crate) notices: Vec<(String, Value)>,
}

impl Bench {
    /// A bench with one pipeline, not running yet.
    pub(crate) fn with(declaration: &Value) -> Self {
        Self::scripted(declaration, "{}")
    }

    pub(crate) fn scripted(declaration: &Value, script: &str) -> Self {
        let mut bench = Self::empty(Config {
            script: Script::parse(script, "".as_ref()).unwrap(),
            start_on_create: false,
            ..Config::default()
        });
        bench.call("CreatePipeline", json!({"pipeline": declaration})).unwrap();
        bench
    }

    pub(crate) fn empty(config: Config) -> Self {
        let now = START.parse().unwrap();
        let clock = Arc::new(ManualClock::at(now));
        let engine = Engine::new(Config { ids: Box::new(CountingIds::default()), clock, ..config });
        Self { engine, now, events: Vec::new(), invocations: Vec::new(), uploads: true, notices: Vec::new() }
    }

    pub(crate) fn call(&mut self, operation: &str, input: Value) -> Result<Value, ApiError> {
        let answer = self.engine.call(self.now, operation, &input);
        self.carry_out();
        answer
    }

    pub(crate) fn refusal(&mut self, operation: &str, input: Value) -> &'static str {
        self.call(operation, input).expect_err("the call should be refused").code
    }

    /// Starts pipeline `p`.
    pub(crate) fn start(&mut self) -> String {
        let answer = self.call("StartPipelineExecution", json!({"name": "p"})).unwrap();
        answer["pipelineExecutionId"].as_str().unwrap().to_owned()
    }

    pub(crate) fn wait(&mut self, seconds: u64) {
        let until = self.now + Duration::from_secs(seconds);
        // Step by step, because what becomes due may ask for more.
        while let Some(due) = self.engine.next_wake().filter(|due| *due <= until) {
            self.now = due;
            self.engine.advance(due);
            self.carry_out();
        }
        self.now = until;
        self.engine.advance(until);
    }

    fn carry_out(&mut self) {
        loop {
            let effects = std::mem::take(&mut self.engine.effects);
            if effects.is_empty() {
                return;
            }
            for effect in effects {
                match effect {
                    Effect::Publish(envelope) => self.events.push(envelope),
                    Effect::Invoke { function, event, .. } => self.invocations.push((function, event)),
                    Effect::Store { run, .. } => self.engine.signal(self.now, Signal::Stored { run, result: Ok(()) }),
                    Effect::Find { run, .. } => {
                        let missing = Problem::new("ConfigurationError", "It is not there.");
                        let result = if self.uploads { Ok(()) } else { Err(missing) };
                        self.engine.signal(self.now, Signal::Stored { run, result });
                    }
                    Effect::Notify { topic, message, .. } => {
                        self.notices.push((topic, serde_json::from_str(&message).unwrap()));
                    }
                }
            }
        }
    }

    /// The events since the last call, short: `pipeline STARTED`, `Build FAILED`, `Build/Compile FAILED`.
    pub(crate) fn told(&mut self) -> Vec<String> {
        self.events.drain(..).map(|event| short(&event["detail"])).collect()
    }

    pub(crate) fn status(&mut self, execution: &str) -> String {
        let input = json!({"pipelineName": "p", "pipelineExecutionId": execution});
        let answer = self.call("GetPipelineExecution", input).unwrap();
        answer["pipelineExecution"]["status"].as_str().unwrap().to_owned()
    }

    /// State of stage number `stage`.
    pub(crate) fn state(&mut self, stage: usize) -> Value {
        self.call("GetPipelineState", json!({"name": "p"})).unwrap()["stageStates"][stage].take()
    }

    pub(crate) fn last_job(&self) -> String {
        self.invocations.last().unwrap().1["CodePipeline.job"]["id"].as_str().unwrap().to_owned()
    }
}

fn short(detail: &Value) -> String {
    let text = |name: &str| detail[name].as_str();
    let what = match (text("stage"), text("action")) {
        (Some(stage), Some(action)) => format!("{stage}/{action}"),
        (Some(stage), None) => stage.to_owned(),
        (None, _) => "pipeline".to_owned(),
    };
    format!("{what} {}", text("state").unwrap())
}

/// A pipeline with a source stage in front of the given ones.
pub(crate) fn pipeline(name: &str, stages: Vec<Value>) -> Value {
    let mut checkout = action("Source", "S3", "Checkout");
    checkout["outputArtifacts"] = json!([{"name": "SourceArtifact"}]);
    let all: Vec<Value> = std::iter::once(stage("Source", vec![checkout])).chain(stages).collect();
    json!({
        "name": name,
        "roleArn": "arn:aws:iam::111122223333:role/pipeline",
        "artifactStore": {"type": "S3", "location": "artifacts-111122223333"},
        "pipelineType": "V2",
        "stages": all,
    })
}

/// Source and Build, both with one action of a second.
pub(crate) fn plain() -> Value {
    pipeline("p", vec![stage("Build", vec![action("Build", "CodeBuild", "Compile")])])
}

pub(crate) fn stage(name: &str, actions: Vec<Value>) -> Value {
    json!({"name": name, "actions": actions})
}

/// An action with what its provider requires; all but sources and approvals take the source artifact.
pub(crate) fn action(category: &str, provider: &str, name: &str) -> Value {
    let configuration = match (category, provider) {
        ("Source", "S3") => json!({"S3Bucket": "source", "S3ObjectKey": "app.zip"}),
        ("Source", "CodeStarSourceConnection") => json!({
            "ConnectionArn": "arn:aws:codestar-connections:us-east-1:111122223333:connection/1",
            "FullRepositoryId": "example/orders", "BranchName": "main",
        }),
        (_, "CodeBuild") => json!({"ProjectName": "orders-build"}),
        (_, "CodeDeploy") => json!({"ApplicationName": "orders", "DeploymentGroupName": "prod"}),
        (_, "Lambda") => json!({"FunctionName": "gate"}),
        _ => json!({}),
    };
    let inputs =
        if matches!(category, "Source" | "Approval") { json!([]) } else { json!([{"name": "SourceArtifact"}]) };
    json!({
        "name": name,
        "actionTypeId": {"category": category, "owner": "AWS", "provider": provider, "version": "1"},
        "configuration": configuration,
        "inputArtifacts": inputs,
    })
}

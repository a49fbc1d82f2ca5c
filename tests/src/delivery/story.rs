//! Releases of the pipeline `orders-release`: what CodePipeline tells of them in events, and afterwards in its lists.

use delivery_metrics::{ActionRun, ExecutionSummary};
use jiff::{SignedDuration, Timestamp};
use pipeline_model::StageName;
use recorder::memory::Memory;
use recorder::ports::{Actions, Revision};
use serde_json::{Value, json};

use crate::stage::{Letters, start};

/// Each stage, and the seconds after the beginning at which it begins and ends.
pub(crate) const STAGES: [(&str, i64, i64); 4] =
    [("Source", 0, 5), ("Build", 6, 125), ("Staging", 126, 190), ("Production", 191, 300)];

/// One execution.
#[derive(Debug, Clone)]
pub(crate) struct Story(pub(crate) Letters);

impl Story {
    /// It begins at the time the stories begin.
    pub(crate) fn of(execution: &str) -> Self {
        Self(Letters::of(execution).pipeline("orders-release"))
    }

    /// It begins so many seconds later.
    pub(crate) fn after(mut self, seconds: i64) -> Self {
        self.0.began = start() + SignedDuration::from_secs(seconds);
        self
    }

    pub(crate) fn at(&self, second: i64) -> Timestamp {
        self.0.began + SignedDuration::from_secs(second)
    }

    pub(crate) fn run(&self, state: &str, second: i64) -> Value {
        self.0.run(state, second)
    }

    /// A stage that began and ended at these seconds.
    pub(crate) fn stage(&self, stage: &str, state: &str, (from, to): (i64, i64)) -> Value {
        self.since(self.0.stage(stage, state, to), from)
    }

    /// An approval that was asked and answered at these seconds.
    pub(crate) fn approval(&self, id: &str, state: &str, (from, to): (i64, i64)) -> Value {
        let mut event = self.since(self.0.approval("Staging", state, to), from);
        event["detail"]["action-execution-id"] = json!(id);
        event
    }

    /// One of our own events.
    pub(crate) fn decided(&self, kind: &str, second: i64, detail: Value) -> Value {
        let mut event = self.run("", second);
        event["source"] = json!("pipewarden");
        event["detail-type"] = json!(kind);
        event["detail"] = detail;
        event["detail"]["version"] = json!(1);
        event["detail"]["pipeline"] = json!(self.0.pipeline);
        event["detail"]["execution-id"] = json!(self.0.execution);
        event
    }

    /// Everything told of a release that succeeds.
    pub(crate) fn release(&self) -> Vec<Value> {
        let stages = STAGES.iter().map(|(stage, from, to)| self.stage(stage, "SUCCEEDED", (*from, *to)));
        let approval = self.approval("approved", "SUCCEEDED", (130, 170));
        [self.run("STARTED", 0)].into_iter().chain(stages).chain([approval, self.run("SUCCEEDED", 300)]).collect()
    }

    /// A gate let it pass: nobody but the gate knows.
    pub(crate) fn gate(&self) -> Value {
        self.decided("Gate Decided", 127, json!({ "key": "job-1", "verdict": "pass", "waited-seconds": 25.0 }))
    }

    /// A gate, and everything CodePipeline tells of a release that succeeds.
    pub(crate) fn gated_release(&self) -> Vec<Value> {
        [vec![self.gate()], self.release()].concat()
    }

    /// Everything told of a release that fails while it is deployed.
    pub(crate) fn failure(&self) -> Vec<Value> {
        let stages = STAGES[..3].iter().map(|(stage, from, to)| self.stage(stage, "SUCCEEDED", (*from, *to)));
        let end = [self.stage("Production", "FAILED", (191, 300)), self.run("FAILED", 300)];
        [self.run("STARTED", 0)].into_iter().chain(stages).chain(end).collect()
    }

    /// Its entry in the list of executions.
    pub(crate) fn summary(&self, status: &str, ended: i64) -> ExecutionSummary {
        ExecutionSummary {
            id: self.0.id(),
            status: status.to_owned(),
            started: Some(self.0.began),
            updated: Some(self.at(ended)),
            is_rollback: false,
            trigger: Some("StartPipelineExecution".to_owned()),
        }
    }

    /// An entry in its list of actions.
    pub(crate) fn action(
        &self,
        id: &str,
        stage: &str,
        category: &str,
        status: &str,
        (from, to): (i64, i64),
    ) -> ActionRun {
        ActionRun {
            id: id.to_owned(),
            stage: StageName::from(stage),
            action: format!("{category}-{stage}"),
            category: category.to_owned(),
            status: status.to_owned(),
            started: Some(self.at(from)),
            updated: Some(self.at(to)),
        }
    }

    /// Its list of actions: one per stage and the approval, the last stage ending with this status.
    fn actions(&self, status: &str) -> Vec<ActionRun> {
        let works = STAGES.iter().map(|(stage, from, to)| {
            let status = if *stage == "Production" { status } else { "Succeeded" };
            self.action(stage, stage, "Build", status, (*from, *to))
        });
        works.chain([self.action("approved", "Staging", "Approval", "Succeeded", (130, 170))]).collect()
    }

    /// CodePipeline knows of the release and of its commit, made a minute and 40 seconds before it began.
    pub(crate) fn is_known(&self, world: &Memory, status: &str) {
        self.is_known_by(world, self.actions(status));
    }

    /// CodePipeline knows of these actions and of the commit.
    pub(crate) fn is_known_by(&self, world: &Memory, runs: Vec<ActionRun>) {
        let revision = Revision { id: Some(format!("commit-{}", self.0.execution)), made: Some(self.at(-100)) };
        world.releases.set_actions(&self.0.execution, Actions { runs, revisions: vec![revision] });
    }

    /// The last stage failed and then succeeded, from second 900 to second 960.
    pub(crate) fn is_known_as_retried(&self, world: &Memory) {
        let mut runs = self.actions("Failed");
        runs.push(self.action("again", "Production", "Build", "Succeeded", (900, 960)));
        self.is_known_by(world, runs);
    }

    fn since(&self, mut event: Value, second: i64) -> Value {
        event["detail"]["start-time"] = json!(self.at(second).to_string());
        event
    }
}

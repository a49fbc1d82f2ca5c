//! What the engine remembers: pipelines, executions, stages in them, action runs, jobs.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::declaration::{Action, Declaration, ExecutionMode, RetryMode};
use super::ports::S3Location;
use super::push::GitPush;
use super::variables::Namespaces;
use crate::script::Play;

/// Index of a pipeline; a deleted and recreated pipeline is a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PipelineIndex(pub(crate) usize);

/// Index of an execution; a higher one started later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ExecutionIndex(pub(crate) usize);

/// Index of one run of one action; a higher one started later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RunIndex(pub(crate) usize);

pub(crate) struct Pipeline {
    pub(crate) name: String,
    pub(crate) declaration: Arc<Declaration>,
    /// The JSON of every version; version n is at n - 1.
    pub(crate) versions: Vec<Value>,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) tags: BTreeMap<String, String>,
    /// Oldest first.
    pub(crate) executions: Vec<ExecutionIndex>,
    /// By stage name.
    pub(crate) transitions: BTreeMap<String, Transitions>,
    /// By stage name: the execution that entered last.
    pub(crate) latest_in_stage: BTreeMap<String, ExecutionIndex>,
    /// clientRequestToken to what it started.
    pub(crate) start_tokens: BTreeMap<String, ExecutionIndex>,
    /// Stage and action name to runs played so far.
    pub(crate) plays: BTreeMap<(String, String), usize>,
}

impl Pipeline {
    pub(crate) fn version(&self) -> u32 {
        u32::try_from(self.versions.len()).expect("a pipeline is not updated four billion times")
    }
}

#[derive(Default)]
pub(crate) struct Transitions {
    pub(crate) inbound: Option<TransitionChange>,
    pub(crate) outbound: Option<TransitionChange>,
}

/// The last change of a transition; never changed means enabled.
pub(crate) struct TransitionChange {
    pub(crate) disabled_reason: Option<String>,
    pub(crate) at: Timestamp,
    pub(crate) by: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum Status {
    InProgress,
    Stopping,
    Stopped,
    Succeeded,
    Failed,
    Superseded,
    Cancelled,
    /// Of a stage that its entry condition passes over.
    Skipped,
}

impl Status {
    pub(crate) fn is_running(self) -> bool {
        matches!(self, Self::InProgress | Self::Stopping)
    }
}

/// Where an execution is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In front of a stage.
    Waiting(usize),
    /// In a stage, which it locks.
    Inside(usize),
    /// Nowhere: it has ended, or failed and left.
    Gone,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Standard,
    /// Runs one stage with what the target used. `target` is an execution id.
    Rollback {
        target: String,
    },
}

/// What started an execution.
#[derive(Debug, Clone)]
pub(crate) struct Trigger {
    pub(crate) kind: &'static str,
    pub(crate) detail: String,
    /// Set for Git triggers, whose events carry this instead of type and detail.
    pub(crate) git: Option<Value>,
    /// The push that a Git trigger saw.
    pub(crate) pushed: Option<GitPush>,
}

impl Trigger {
    pub(crate) fn new(kind: &'static str, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), git: None, pushed: None }
    }
}

pub(crate) struct Execution {
    pub(crate) pipeline: PipelineIndex,
    pub(crate) id: String,
    pub(crate) version: u32,
    pub(crate) declaration: Arc<Declaration>,
    pub(crate) status: Status,
    pub(crate) place: Place,
    pub(crate) kind: Kind,
    pub(crate) trigger: Trigger,
    pub(crate) started: Timestamp,
    pub(crate) updated: Timestamp,
    /// Starts at 1 and grows with each retry.
    pub(crate) attempt: u32,
    pub(crate) variables: BTreeMap<String, String>,
    /// Output variables by namespace.
    pub(crate) outputs: Namespaces,
    pub(crate) artifacts: BTreeMap<String, S3Location>,
    pub(crate) revisions: Vec<FoundRevision>,
    /// Source action name to what `StartPipelineExecution` asked for.
    pub(crate) wanted_revisions: BTreeMap<String, String>,
    pub(crate) stop: Option<StopRequest>,
    /// One per declared stage.
    pub(crate) stages: Vec<StageRun>,
    /// Every run of every action, oldest first.
    pub(crate) runs: Vec<RunIndex>,
}

impl Execution {
    pub(crate) fn mode(&self) -> ExecutionMode {
        self.declaration.execution_mode
    }
}

pub(crate) struct StopRequest {
    pub(crate) abandon: bool,
    pub(crate) reason: Option<String>,
}

/// A stage within one execution.
#[derive(Default)]
pub(crate) struct StageRun {
    /// None: not entered yet.
    pub(crate) status: Option<Status>,
    pub(crate) started: Option<Timestamp>,
    /// Its start was told. What an entry condition keeps out has none.
    pub(crate) told: bool,
    /// By action index: the run that counts. After the actions come the rules of the entry condition.
    pub(crate) runs: BTreeMap<usize, RunIndex>,
    /// A failed stage whose last action has ended and whose reaction is decided.
    pub(crate) settled: bool,
    pub(crate) retries: Retries,
}

#[derive(Default)]
pub(crate) struct Retries {
    pub(crate) automatic: u32,
    pub(crate) manual: u32,
    pub(crate) latest: Option<RetryTrigger>,
    pub(crate) at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum RetryTrigger {
    AutomatedStageRetry,
    ManualStageRetry,
}

/// A retry that was asked for or configured.
#[derive(Clone, Copy)]
pub(crate) struct Retry {
    pub(crate) mode: RetryMode,
    pub(crate) trigger: RetryTrigger,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum RunStatus {
    InProgress,
    Abandoned,
    Succeeded,
    Failed,
}

/// One run of one action.
pub(crate) struct Run {
    pub(crate) execution: ExecutionIndex,
    pub(crate) stage: usize,
    pub(crate) action: usize,
    pub(crate) id: String,
    pub(crate) status: RunStatus,
    pub(crate) started: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) updated_by: Option<String>,
    pub(crate) configuration: BTreeMap<String, String>,
    pub(crate) inputs: Vec<PlacedArtifact>,
    pub(crate) outputs: Vec<PlacedArtifact>,
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) outcome: Outcome,
    /// Set for approvals, and kept after the answer.
    pub(crate) approval_token: Option<String>,
    pub(crate) work: Work,
}

#[derive(Debug, Clone)]
pub(crate) struct PlacedArtifact {
    pub(crate) name: String,
    pub(crate) at: S3Location,
}

impl PlacedArtifact {
    /// As events and `ListActionExecutions` write it.
    pub(crate) fn detail(&self) -> Value {
        json!({ "name": self.name, "s3location": self.at })
    }
}

/// What is known of a run's result so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outcome {
    pub(crate) external_id: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) summary: Option<String>,
    pub(crate) percent: Option<i64>,
    pub(crate) error: Option<ErrorDetails>,
    /// What a source action found, or a job reported.
    pub(crate) revision: Option<FoundRevision>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ErrorDetails {
    pub(crate) code: Option<String>,
    pub(crate) message: String,
}

#[derive(Debug, Clone)]
pub(crate) struct FoundRevision {
    pub(crate) action: String,
    pub(crate) artifact: Option<String>,
    pub(crate) id: String,
    pub(crate) change_id: Option<String>,
    pub(crate) summary: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) created: Timestamp,
}

/// What a run is waiting for.
pub(crate) enum Work {
    /// A scripted action is under way.
    Playing { until: Timestamp, play: Box<Play> },
    /// Its artifacts are on their way to the store, or looked for there.
    Storing { left: usize },
    /// A function has been invoked and owes an answer.
    Answer { job: String, silent_at: Timestamp },
    /// A function asked to be invoked again.
    Reinvoke { at: Timestamp, token: String },
    /// A person has to decide.
    Approval { expires: Timestamp },
    /// Nothing any more.
    Done,
}

/// A job handed to a function. A continuation makes a new one.
pub(crate) struct Job {
    pub(crate) run: RunIndex,
    pub(crate) open: bool,
    /// The `data` of the job as the function got it.
    pub(crate) event: Value,
}

impl Run {
    pub(crate) fn in_progress(&self) -> bool {
        self.status == RunStatus::InProgress
    }

    pub(crate) fn declared<'a>(&self, declaration: &'a Declaration) -> &'a Action {
        declaration.stages[self.stage].part(self.action)
    }
}

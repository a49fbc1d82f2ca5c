//! CodePipeline's three EventBridge events, as values.

mod render;
#[cfg(test)]
mod tests;
mod wire;

use jiff::Timestamp;
use serde_json::Value;
use thiserror::Error;

use crate::{ActionName, ActionState, ExecutionId, ExecutionState, PipelineArn, PipelineName, StageName, StageState};

/// Anything the CodePipeline rule can deliver.
///
/// Source: CodePipeline user guide, detect-state-changes-cloudwatch-events, and the EventBridge reference for
/// CodePipeline. Delivery is at least once or best effort, depending on which of the two pages is read: expect
/// duplicates, losses and any order.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// One of the three documented detail types.
    Pipeline(Box<PipelineEvent>),
    /// A detail type this version does not know.
    Unknown(UnknownEvent),
}

/// An execution, a stage or an action changed its state.
#[derive(Debug, Clone, PartialEq)]
pub struct PipelineEvent {
    /// Names this delivery, not this change: a change that is emitted again has a new id.
    pub id: String,
    /// When the change happened, to the second.
    pub time: Timestamp,
    /// The pipeline, from `resources` or else from the envelope's region and account.
    pub pipeline: PipelineArn,
    /// The execution that changed.
    pub execution: ExecutionId,
    /// `pipeline-execution-attempt`: 1 at first, one more with each retry of a stage.
    pub attempt: Option<u32>,
    /// `version`: the version of the pipeline's structure.
    pub structure_version: Option<u32>,
    /// `start-time`: when the execution, stage or action began, to the millisecond.
    pub started: Option<Timestamp>,
    /// What changed.
    pub change: Change,
}

/// What changed.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// The execution as a whole.
    Execution {
        /// Its new state.
        state: ExecutionState,
        /// Who or what began it. Documented for `STARTED`; elsewhere only with Git triggers.
        trigger: Option<Trigger>,
        /// The words given to `StopPipelineExecution`; comes with `STOPPING`.
        stop_comment: Option<String>,
    },
    /// One stage of it.
    Stage {
        /// The stage.
        stage: StageName,
        /// Its new state.
        state: StageState,
        /// When the stage was last retried; on every stage event after a retry.
        retried: Option<Timestamp>,
    },
    /// One action of a stage.
    Action(Box<ActionChange>),
}

/// An action's change of state.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionChange {
    /// The stage the action belongs to.
    pub stage: StageName,
    /// The action.
    pub action: ActionName,
    /// Its new state.
    pub state: ActionState,
    /// Names this run of the action; a retry has another.
    pub action_execution: Option<String>,
    /// Category, owner, provider and version.
    pub kind: ActionType,
    /// The region the action runs in, where it is not the pipeline's or is given.
    pub region: Option<String>,
    /// What the provider said at the end.
    pub result: Option<ExecutionResult>,
    /// What the action read.
    pub inputs: Vec<Artifact>,
    /// What the action wrote.
    pub outputs: Vec<Artifact>,
}

/// `detail.type` of an action event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ActionType {
    /// `Source`, `Build`, `Deploy`, `Test`, `Invoke`, `Approval` or `Compute`.
    pub category: String,
    /// `AWS`, `ThirdParty` or `Custom`.
    pub owner: String,
    /// `CodeBuild`, `Manual`, `CloudFormation`, `Lambda` and so on.
    pub provider: String,
    /// `"1"`: a text in real events, a number in the schema registry.
    pub version: String,
}

impl ActionType {
    /// A manual approval: `STARTED` means that it waits for a person.
    pub fn is_approval(&self) -> bool {
        self.category == "Approval"
    }
}

/// `execution-result` of an action event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExecutionResult {
    /// The provider's id: a build id, a deployment id, a log stream.
    pub external_id: Option<String>,
    /// The provider's page for it.
    pub url: Option<String>,
    /// The provider's sentence.
    pub summary: Option<String>,
    /// Only on failure: `JobFailed` and its kin.
    pub error_code: Option<String>,
}

/// An artifact's name and place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// The artifact's name in the pipeline.
    pub name: String,
    /// The bucket it lies in.
    pub bucket: String,
    /// Its key there.
    pub key: String,
}

/// Who or what began an execution: one of two documented shapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// Everything but Git triggers: `StartPipelineExecution`, `CloudWatchEvent`, `ManualRollback` and so on.
    Typed {
        /// The API's `TriggerType`, as text because it grows.
        kind: String,
        /// An ARN: of the caller, the rule or the webhook.
        detail: Option<String>,
    },
    /// A Git trigger of a V2 pipeline, which brings its commit along.
    Git {
        /// The commit's id.
        commit: Option<String>,
        /// The commit's message.
        message: Option<String>,
        /// The author's display name.
        author: Option<String>,
        /// When the commit was written, by the author's own clock.
        authored: Option<Timestamp>,
        /// `owner/repository`.
        repository: Option<String>,
        /// `GitHub`, `Bitbucket` and so on.
        provider: Option<String>,
        /// The branch, where a branch triggered.
        branch: Option<String>,
        /// The tag, where a tag triggered.
        tag: Option<String>,
    },
}

/// An event whose detail type is new.
#[derive(Debug, Clone, PartialEq)]
pub struct UnknownEvent {
    /// Names this delivery.
    pub id: String,
    /// The envelope's `source`.
    pub source: String,
    /// The detail type, as AWS wrote it.
    pub detail_type: String,
    /// When it happened.
    pub time: Timestamp,
    /// The region it came from.
    pub region: String,
    /// The account it came from.
    pub account: String,
    /// Its content, untouched.
    pub detail: Value,
}

/// The bytes are not an event of CodePipeline.
#[derive(Debug, Error)]
pub enum EventError {
    /// Not JSON, or a required field is missing or of a wrong type.
    #[error("not an EventBridge event of CodePipeline: {0}")]
    Shape(#[from] serde_json::Error),
    /// JSON, with a time that is none.
    #[error("not an EventBridge event: `time` is `{0}`, expected a time such as 2026-03-02T10:00:05Z")]
    Time(String),
}

impl Event {
    /// Reads an EventBridge envelope with its CodePipeline detail.
    ///
    /// # Errors
    /// When the bytes are not JSON, or the pipeline, the execution id, the state or the time is missing.
    pub fn parse(bytes: &[u8]) -> Result<Self, EventError> {
        wire::parse(bytes)
    }

    /// Writes the event as EventBridge would: what [`Event::parse`] reads back is the same value.
    pub fn to_json(&self) -> Value {
        render::render(self)
    }
}

impl PipelineEvent {
    /// The pipeline's name.
    pub fn pipeline_name(&self) -> &PipelineName {
        &self.pipeline.pipeline
    }
}

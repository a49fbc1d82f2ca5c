//! What the CodePipeline API knows and events do not say. The shell fetches it; the story learns it.

use jiff::Timestamp;
use pipeline_model::{ActionName, ActionState, ActionType, ExecutionId, ExecutionResult, ExecutionState, StageName};
use serde::{Deserialize, Serialize};

/// The pipeline's structure (`GetPipeline`): the order of its stages, and what its approvals ask.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Structure {
    /// Every stage, in order.
    pub stages: Vec<StageName>,
    /// Every manual approval.
    pub approvals: Vec<ApprovalSettings>,
}

/// How a manual approval is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalSettings {
    /// The stage it belongs to.
    pub stage: StageName,
    /// The approval action.
    pub action: ActionName,
    /// `CustomData`: words for the reviewer.
    pub custom_text: Option<String>,
    /// `ExternalEntityLink`: what is to be reviewed.
    pub external_link: Option<String>,
    /// `timeoutInMinutes`, 5 to 86,400; without it an approval waits seven days.
    pub timeout_minutes: Option<u32>,
}

/// One execution, as the API sees it (`GetPipelineExecution`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExecutionFacts {
    /// The status in the spelling of events, where the API knows one.
    pub state: Option<ExecutionState>,
    /// What is being released: one revision for each source that names one.
    pub commits: Vec<Commit>,
    /// `trigger.triggerType`.
    pub trigger_type: Option<String>,
    /// `trigger.triggerDetail`: an ARN or a Git description.
    pub trigger_detail: Option<String>,
    /// `rollbackMetadata.rollbackTargetPipelineExecutionId`: set when this execution is a rollback.
    pub rollback_target: Option<ExecutionId>,
}

/// The commit, or other source revision, that an execution releases.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Commit {
    /// The revision's id: a commit hash, an S3 version id, an image digest.
    pub id: String,
    /// The commit's message, all of it.
    pub message: Option<String>,
    /// The author's name.
    pub author: Option<String>,
    /// The repository's page for it.
    pub url: Option<String>,
}

/// Who wrote a commit, as its source action says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitAuthor {
    /// `CommitId`: a pipeline may have several sources, each with an author of its own.
    pub commit: String,
    /// `AuthorDisplayName`.
    pub name: String,
}

/// One run of an action, as the API sees it (`ListActionExecutions`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionFacts {
    /// The stage the action belongs to.
    pub stage: StageName,
    /// The action.
    pub action: ActionName,
    /// Names this run.
    pub action_execution: Option<String>,
    /// Category, owner, provider and version.
    pub kind: ActionType,
    /// The status in the spelling of events.
    pub state: ActionState,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When it last changed.
    pub updated: Option<Timestamp>,
    /// What the provider said.
    pub result: Option<ExecutionResult>,
    /// From a source action's output variables. No other variable is read: they may hold secrets.
    pub commit_author: Option<CommitAuthor>,
}

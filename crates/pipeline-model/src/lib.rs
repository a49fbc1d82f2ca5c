//! The words of a release, as values without effects.
#![doc = include_str!("../README.md")]

mod alarm;
mod approval;
mod arn;
mod event;
mod job;
mod name;
mod published;
mod secret;
mod state;
mod time;

pub use alarm::{AlarmChange, AlarmError, AlarmEvent, AlarmKind, AlarmState, PreviousState};
pub use approval::{ApprovalError, ApprovalRequest};
pub use arn::{AlarmArn, ArnError, Partition, PipelineArn};
pub use event::{
    ActionChange, ActionType, Artifact, Change, Event, EventError, ExecutionResult, PipelineEvent, Trigger,
    UnknownEvent,
};
pub use job::{ArtifactCredentials, EncryptionKey, Job, JobArtifact, JobError, JobId, JobIdError, S3Location};
pub use name::{ActionName, ExecutionId, PipelineName, StageName};
pub use published::{
    ApprovalOutcome, Decided, Decision, FindingCounts, FindingSeverity, Gate, GateCheck, Published, PublishedError,
    Revision, Rollback, RollbackOutcome, Scan, ScanCoverage, ScanFinding, ScanGap, ScanOutcome, Verdict,
};
pub use secret::Secret;
pub use state::{ActionState, ExecutionState, StageState};

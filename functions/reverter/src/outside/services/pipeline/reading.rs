//! CodePipeline's answers as facts.

use aws_sdk_codepipeline::types::{
    ExecutionMode, ExecutionType, PipelineExecutionStatus, PipelineExecutionSummary, StageExecutionStatus, StageState,
};
use lambda_kit::aws::timestamp;
use pipeline_model::{ExecutionId, Revision};
use rollback_plans::targets::{ExecutionSeen, RunStatus, SourceRevision, StageRun, StageSeen};
use serde::Deserialize;

/// What ran in a stage last, if anything ever did, and why nothing enters it. Tokens of approvals are among what is not
/// read.
pub(super) fn state(mut state: StageState) -> StageSeen {
    let closed = state.inbound_transition_state.take().filter(|transition| !transition.enabled);
    let closed = closed.map(|transition| transition.disabled_reason.unwrap_or_default());
    StageSeen { closed, current: run(state), ..StageSeen::default() }
}

fn run(state: StageState) -> Option<StageRun> {
    let latest = state.latest_execution?;
    let actions = state.action_states.unwrap_or_default().into_iter();
    Some(StageRun {
        execution: ExecutionId::new(latest.pipeline_execution_id),
        status: match latest.status {
            StageExecutionStatus::InProgress | StageExecutionStatus::Stopping => RunStatus::Running,
            StageExecutionStatus::Succeeded => RunStatus::Succeeded,
            other => RunStatus::Ended(other.as_str().to_owned()),
        },
        is_rollback: latest.r#type == Some(ExecutionType::Rollback),
        changed: actions.filter_map(|action| timestamp(action.latest_execution?.last_status_change?)).max(),
    })
}

/// `None` for an answer without an id, which says nothing.
pub(super) fn execution(summary: PipelineExecutionSummary) -> Option<ExecutionSeen> {
    let restores = summary.rollback_metadata.and_then(|metadata| metadata.rollback_target_pipeline_execution_id);
    Some(ExecutionSeen {
        execution: ExecutionId::new(summary.pipeline_execution_id?),
        is_rollback: summary.execution_type == Some(ExecutionType::Rollback),
        restores: restores.map(ExecutionId::new),
        started: summary.start_time.and_then(timestamp),
        is_parallel: summary.execution_mode == Some(ExecutionMode::Parallel),
        status: summary.status.map_or(RunStatus::Running, status),
        sources: summary.source_revisions.unwrap_or_default().into_iter().filter_map(source).collect(),
    })
}

fn status(status: PipelineExecutionStatus) -> RunStatus {
    match status {
        PipelineExecutionStatus::InProgress | PipelineExecutionStatus::Stopping => RunStatus::Running,
        PipelineExecutionStatus::Succeeded => RunStatus::Succeeded,
        other => RunStatus::Ended(other.as_str().to_owned()),
    }
}

fn source(revision: aws_sdk_codepipeline::types::SourceRevision) -> Option<SourceRevision> {
    let not_empty = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    Some(SourceRevision {
        action: revision.action_name,
        revision: Revision {
            id: not_empty(revision.revision_id)?,
            summary: not_empty(revision.revision_summary.map(message)),
            url: not_empty(revision.revision_url),
        },
    })
}

/// Sources behind a connection wrap the commit's message: `{"ProviderType":"GitHub","CommitMessage":"…"}`.
fn message(summary: String) -> String {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Wrapped {
        commit_message: String,
    }
    serde_json::from_str(&summary).map_or(summary, |wrapped: Wrapped| wrapped.commit_message)
}

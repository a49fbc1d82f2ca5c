//! The API's answers in the notifier's words. Values that may hold secrets are not read at all.

use std::collections::HashMap;

use aws_sdk_codepipeline::types::{
    ActionDeclaration, ActionExecutionDetail, ActionExecutionResult, ActionExecutionStatus, ActionTypeId,
    ArtifactRevision, PipelineDeclaration, PipelineExecution,
};
use lambda_kit::aws::timestamp;
use notices::{ActionFacts, ApprovalSettings, Commit, CommitAuthor, ExecutionFacts, Structure};
use pipeline_model::{
    ActionName, ActionState, ActionType, ApprovalRequest, ExecutionId, ExecutionResult, ExecutionState, StageName,
};
use serde::Deserialize;

pub(super) fn structure(pipeline: PipelineDeclaration) -> Structure {
    let mut structure = Structure::default();
    for stage in pipeline.stages {
        let name = StageName::new(stage.name);
        structure.approvals.extend(stage.actions.into_iter().filter_map(|action| approval(&name, action)));
        structure.stages.push(name);
    }
    structure
}

fn approval(stage: &StageName, action: ActionDeclaration) -> Option<ApprovalSettings> {
    if !kind(action.action_type_id.as_ref()).is_approval() {
        return None;
    }
    let mut configuration = action.configuration.unwrap_or_default();
    Some(ApprovalSettings {
        stage: stage.clone(),
        action: ActionName::new(action.name),
        custom_text: not_empty(configuration.remove("CustomData")),
        external_link: not_empty(configuration.remove("ExternalEntityLink")),
        timeout_minutes: action.timeout_in_minutes.and_then(|minutes| u32::try_from(minutes).ok()),
    })
}

pub(super) fn execution(execution: PipelineExecution) -> ExecutionFacts {
    let trigger = execution.trigger;
    let rollback = execution.rollback_metadata.and_then(|rollback| rollback.rollback_target_pipeline_execution_id);
    ExecutionFacts {
        state: execution.status.map(|status| execution_state(status.as_str())),
        commits: execution.artifact_revisions.unwrap_or_default().into_iter().filter_map(commit).collect(),
        trigger_type: trigger.as_ref().and_then(|trigger| Some(trigger.trigger_type.as_ref()?.as_str().to_owned())),
        trigger_detail: trigger.and_then(|trigger| not_empty(trigger.trigger_detail)),
        rollback_target: not_empty(rollback).map(ExecutionId::new),
    }
}

/// The API writes `Cancelled` and `InProgress` where events write `CANCELED` and `STARTED`.
fn execution_state(status: &str) -> ExecutionState {
    match status {
        "Cancelled" => ExecutionState::Canceled,
        "InProgress" => ExecutionState::Started,
        "Stopped" => ExecutionState::Stopped,
        "Stopping" => ExecutionState::Stopping,
        "Succeeded" => ExecutionState::Succeeded,
        "Superseded" => ExecutionState::Superseded,
        "Failed" => ExecutionState::Failed,
        other => ExecutionState::Unknown(other.to_owned()),
    }
}

/// The author is not here: see [`ActionFacts::commit_author`].
fn commit(revision: ArtifactRevision) -> Option<Commit> {
    Some(Commit {
        id: not_empty(revision.revision_id)?,
        message: not_empty(revision.revision_summary).and_then(message),
        author: None,
        url: not_empty(revision.revision_url),
    })
}

/// Sources behind a connection wrap the commit's message: `{"ProviderType":"GitHub","CommitMessage":"…"}`.
fn message(summary: String) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Wrapped {
        commit_message: String,
    }
    match serde_json::from_str(&summary) {
        Ok(Wrapped { commit_message }) => not_empty(Some(commit_message)),
        Err(_) => Some(summary),
    }
}

/// `None` for an answer without names or status, which says nothing.
pub(super) fn action(detail: ActionExecutionDetail) -> Option<ActionFacts> {
    let kind = kind(detail.input.as_ref().and_then(|input| input.action_type_id.as_ref()));
    let (result, variables) = detail.output.map(|output| (output.execution_result, output.output_variables)).unzip();
    Some(ActionFacts {
        stage: StageName::new(detail.stage_name?),
        action: ActionName::new(detail.action_name?),
        action_execution: not_empty(detail.action_execution_id),
        state: action_state(detail.status?.as_str()),
        started: detail.start_time.and_then(timestamp),
        updated: detail.last_update_time.and_then(timestamp),
        result: result.flatten().and_then(self::result),
        commit_author: variables.flatten().filter(|_| kind.category == "Source").and_then(author),
        kind,
    })
}

fn action_state(status: &str) -> ActionState {
    match status {
        "InProgress" => ActionState::Started,
        "Abandoned" => ActionState::Abandoned,
        "Succeeded" => ActionState::Succeeded,
        "Failed" => ActionState::Failed,
        other => ActionState::Unknown(other.to_owned()),
    }
}

/// An action that failed inside CodePipeline has no summary, only error details.
fn result(result: ActionExecutionResult) -> Option<ExecutionResult> {
    let (code, text) = result.error_details.map(|details| (details.code, details.message)).unzip();
    let result = ExecutionResult {
        external_id: not_empty(result.external_execution_id),
        url: not_empty(result.external_execution_url),
        summary: not_empty(result.external_execution_summary).or(not_empty(text.flatten())),
        error_code: not_empty(code.flatten()),
    };
    (result != ExecutionResult::default()).then_some(result)
}

/// Sources behind a connection have both variables.
fn author(mut variables: HashMap<String, String>) -> Option<CommitAuthor> {
    let name = not_empty(variables.remove("AuthorDisplayName"))?;
    Some(CommitAuthor { commit: not_empty(variables.remove("CommitId"))?, name })
}

fn kind(id: Option<&ActionTypeId>) -> ActionType {
    id.map_or_else(ActionType::default, |id| ActionType {
        category: id.category.as_str().to_owned(),
        owner: id.owner.as_str().to_owned(),
        provider: id.provider.clone(),
        version: id.version.clone(),
    })
}

/// Whether this is a run of the approval's action that nobody has answered yet.
pub(super) fn waits_for(detail: &ActionExecutionDetail, approval: &ApprovalRequest) -> bool {
    let id = detail.input.as_ref().and_then(|input| input.action_type_id.as_ref());
    kind(id).is_approval()
        && detail.stage_name.as_deref() == Some(approval.stage.as_str())
        && detail.action_name.as_deref() == Some(approval.action.as_str())
        && detail.status == Some(ActionExecutionStatus::InProgress)
}

pub(super) fn has_token(detail: &ActionExecutionDetail, token: &str) -> bool {
    let result = detail.output.as_ref().and_then(|output| output.execution_result.as_ref());
    result.and_then(|result| result.external_execution_id.as_deref()) == Some(token)
}

fn not_empty(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

//! What a rollback does to a pipeline.

use aws_sdk_codepipeline::Client;
use aws_sdk_codepipeline::config::Builder;
use aws_sdk_codepipeline::types::{
    ActionCategory, PipelineDeclaration, SourceRevisionOverride, SourceRevisionType, StageTransitionType,
};
use lambda_kit::Clock;
use pipeline_model::{ExecutionId, PipelineName, StageName};
use rollback_plans::Carried;

use crate::outside::acting::{never_again, not_read, once, refused};
use crate::ports::Unclear;

/// `RollbackStage` knows no client token, so it is sent once.
pub(in crate::outside) async fn roll_back(
    (client, clock): (&Client, &Clock),
    pipeline: &PipelineName,
    stage: &StageName,
    to: &ExecutionId,
) -> Result<Carried, Unclear> {
    let request = client.rollback_stage().pipeline_name(pipeline.as_str()).stage_name(stage.as_str());
    let request = request.target_pipeline_execution_id(to.as_str());
    let send = || request.clone().customize().config_override(Builder::new().retry_config(never_again())).send();
    match once(clock, send).await {
        Ok(answer) => Ok(Carried::Done(Some(answer.pipeline_execution_id))),
        Err(error) => refused(&format!("RollbackStage of {pipeline}, {stage}"), error),
    }
}

/// `DisableStageTransition`, inbound. Doing it twice changes nothing.
pub(in crate::outside) async fn close(
    client: &Client,
    pipeline: &PipelineName,
    stage: &StageName,
    reason: &str,
) -> Result<Carried, Unclear> {
    let request = client.disable_stage_transition().pipeline_name(pipeline.as_str()).stage_name(stage.as_str());
    match request.transition_type(StageTransitionType::Inbound).reason(reason).send().await {
        Ok(_) => Ok(Carried::Done(None)),
        Err(error) => refused(&format!("DisableStageTransition of {pipeline}, {stage}"), error),
    }
}

/// `EnableStageTransition`, inbound. Doing it twice changes nothing.
pub(in crate::outside) async fn open(
    client: &Client,
    pipeline: &PipelineName,
    stage: &StageName,
) -> Result<Carried, Unclear> {
    let request = client.enable_stage_transition().pipeline_name(pipeline.as_str()).stage_name(stage.as_str());
    match request.transition_type(StageTransitionType::Inbound).send().await {
        Ok(_) => Ok(Carried::Done(None)),
        Err(error) => refused(&format!("EnableStageTransition of {pipeline}, {stage}"), error),
    }
}

/// `StartPipelineExecution` with `revisions`; the token lets a second one start nothing.
pub(in crate::outside) async fn redeploy(
    client: &Client,
    pipeline: &PipelineName,
    revisions: &[(String, String)],
    token: &str,
) -> Result<Carried, Unclear> {
    let declaration = match client.get_pipeline().name(pipeline.as_str()).send().await {
        Ok(answer) => answer.pipeline,
        Err(error) => return Ok(not_read(&format!("GetPipeline of {pipeline}"), error)),
    };
    let overrides = match declaration.ok_or_else(|| String::from("no pipeline")).and_then(|it| pins(&it, revisions)) {
        Ok(overrides) => overrides,
        Err(why) => return Ok(Carried::Impossible(why)),
    };
    let request = client.start_pipeline_execution().name(pipeline.as_str()).client_request_token(token);
    match request.set_source_revisions(Some(overrides)).send().await {
        Ok(answer) => Ok(Carried::Done(answer.pipeline_execution_id)),
        Err(error) => refused(&format!("StartPipelineExecution of {pipeline}"), error),
    }
}

/// Every source of the pipeline at its revision. A source left out would be deployed as new as it is.
fn pins(
    declaration: &PipelineDeclaration,
    revisions: &[(String, String)],
) -> Result<Vec<SourceRevisionOverride>, String> {
    let actions = declaration.stages.iter().flat_map(|stage| &stage.actions);
    let sources = actions.filter_map(|action| {
        let kind = action.action_type_id.as_ref().filter(|kind| kind.category == ActionCategory::Source)?;
        Some((action.name.as_str(), kind.provider.as_str()))
    });
    sources
        .map(|(action, provider)| {
            let revision = revisions.iter().find(|(name, _)| name == action);
            let (_, revision) = revision.ok_or_else(|| format!("no revision of source action {action} is known"))?;
            let kind = revision_type(provider).ok_or_else(|| {
                format!("source action {action} is of provider {provider}, for which no revision can be chosen")
            })?;
            let chosen = SourceRevisionOverride::builder().action_name(action).revision_type(kind);
            chosen.revision_value(revision).build().map_err(|error| error.to_string())
        })
        .collect()
}

/// How a source's revision is named (CodePipeline user guide, "Start a pipeline with a source revision override").
fn revision_type(provider: &str) -> Option<SourceRevisionType> {
    match provider {
        "CodeStarSourceConnection" | "CodeCommit" | "GitHub" => Some(SourceRevisionType::CommitId),
        "ECR" => Some(SourceRevisionType::ImageDigest),
        "S3" => Some(SourceRevisionType::S3ObjectVersionId),
        _ => None,
    }
}

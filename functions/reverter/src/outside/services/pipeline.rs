//! CodePipeline: what stands in a stage, and which executions it has seen.

mod reading;
mod steps;
#[cfg(test)]
mod tests;

use anyhow::Result;
use aws_sdk_codepipeline::Client;
use aws_sdk_codepipeline::error::SdkError;
use aws_sdk_codepipeline::operation::list_pipeline_executions::ListPipelineExecutionsError;
use aws_sdk_codepipeline::types::{PipelineExecutionFilter, StageState, SucceededInStageFilter};
use lambda_kit::aws::failed;
use pipeline_model::{PipelineName, StageName};
use rollback_plans::Seen;
use rollback_plans::targets::{ExecutionSeen, StageSeen};

use super::not_seen;

pub(super) use steps::{close, open, redeploy, roll_back};

/// Most pages read of a stage's executions, with up to 100 each.
const MOST_PAGES: usize = 10;

/// Most pages read of all executions: the last good release is among the last 300, or too old to go back to.
const MOST_PAGES_OF_ALL: usize = 3;

pub(super) async fn look(client: &Client, pipeline: &PipelineName, stage: &StageName) -> Result<Seen> {
    let state = match client.get_pipeline_state().name(pipeline.as_str()).send().await {
        Ok(state) => state.stage_states.unwrap_or_default(),
        // A name that is none is refused as invalid.
        Err(error) => {
            let absent = ["PipelineNotFoundException", "ValidationException"];
            return not_seen(format!("GetPipelineState of {pipeline}"), error, &absent);
        }
    };
    let seen = match current(state, stage) {
        Ok(seen) => seen,
        Err(answer) => return Ok(Seen::Unknown(answer)),
    };
    let filter = SucceededInStageFilter::builder().stage_name(stage.as_str()).build();
    let filter = PipelineExecutionFilter::builder().succeeded_in_stage(filter).build();
    let enough = |found: &[ExecutionSeen]| StageSeen::is_enough(seen.current.as_ref(), found);
    match executions(client, pipeline, Some(filter), MOST_PAGES, enough).await {
        Ok(succeeded) => Ok(Seen::Stage(StageSeen { succeeded, ..seen })),
        Err(error) => {
            let call = format!("ListPipelineExecutions of {pipeline}, succeeded in {stage}");
            not_seen(call, error, &["PipelineNotFoundException"])
        }
    }
}

pub(super) async fn all_executions(client: &Client, pipeline: &PipelineName) -> Result<Vec<ExecutionSeen>> {
    match executions(client, pipeline, None, MOST_PAGES_OF_ALL, |_| false).await {
        Ok(all) => Ok(all),
        Err(error) if error.as_service_error().is_some_and(|error| error.is_pipeline_not_found_exception()) => {
            Ok(Vec::new())
        }
        Err(error) => Err(failed(format!("ListPipelineExecutions of {pipeline}"), error)),
    }
}

/// Pages in CodePipeline's order, newest first, until they are enough or there are no more.
async fn executions(
    client: &Client,
    pipeline: &PipelineName,
    filter: Option<PipelineExecutionFilter>,
    most_pages: usize,
    enough: impl Fn(&[ExecutionSeen]) -> bool,
) -> Result<Vec<ExecutionSeen>, SdkError<ListPipelineExecutionsError>> {
    let request = client.list_pipeline_executions().pipeline_name(pipeline.as_str()).set_filter(filter);
    let (mut found, mut next) = (Vec::new(), None);
    for _ in 0..most_pages {
        let page = request.clone().set_next_token(next.take()).send().await?;
        found.extend(page.pipeline_execution_summaries.unwrap_or_default().into_iter().filter_map(reading::execution));
        next = page.next_token.filter(|token| !token.is_empty());
        if next.is_none() || enough(&found) {
            return Ok(found);
        }
    }
    tracing::warn!(pipeline.name = %pipeline, executions = found.len(), "not all pages of executions were read");
    Ok(found)
}

/// What ran in the stage last, and whether anything may enter it; an answer in CodePipeline's manner if there is no such
/// stage.
///
/// Of a pipeline in PARALLEL mode no stage is shown.
fn current(state: Vec<StageState>, stage: &StageName) -> Result<StageSeen, String> {
    if state.is_empty() {
        return Ok(StageSeen::default());
    }
    let names: Vec<String> = state.iter().filter_map(|it| it.stage_name.clone()).collect();
    match state.into_iter().find(|it| it.stage_name.as_deref() == Some(stage.as_str())) {
        Some(state) => Ok(reading::state(state)),
        None => Err(format!("StageNotFoundException: the pipeline's stages are {}", names.join(", "))),
    }
}

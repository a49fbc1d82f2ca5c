//! What CodePipeline's API knows, asked through the SDK.

mod facts;
#[cfg(test)]
mod tests;

use anyhow::{Context, Result};
use aws_sdk_codepipeline::Client;
use aws_sdk_codepipeline::types::{ActionExecutionDetail, ActionExecutionFilter};
use lambda_kit::aws::failed;
use lambda_kit::{Home, OnDemand};
use notices::{ActionFacts, ExecutionFacts, Structure};
use pipeline_model::{ApprovalRequest, ExecutionId, PipelineArn, PipelineName};

use crate::ports::Releases;

/// Most pages read of one list, with up to 100 actions each.
const MOST_PAGES: usize = 10;

/// The CodePipeline of one region and account.
///
/// A pipeline elsewhere may have the name of one here, so nothing is asked about it: its facts are empty, as are those
/// of a pipeline or execution that is gone. Everything else that goes wrong is an error.
#[derive(Debug, Clone)]
pub struct CodePipeline {
    client: OnDemand<Client>,
    home: Home,
}

impl CodePipeline {
    /// `client` must be one for `home`.
    pub fn new(client: impl Into<OnDemand<Client>>, home: Home) -> Self {
        Self { client: client.into(), home }
    }

    /// Whose executions an approval can belong to.
    fn pipeline_of(&self, approval: &ApprovalRequest) -> Option<PipelineArn> {
        let Home { region, account } = &self.home;
        let region = if approval.region.is_empty() { region } else { &approval.region };
        let pipeline = PipelineArn::new(region, account, approval.pipeline.clone());
        self.home.knows(&pipeline).then_some(pipeline)
    }

    async fn list_actions(
        &self,
        pipeline: &PipelineName,
        execution: Option<&ExecutionId>,
    ) -> Result<Vec<ActionExecutionDetail>> {
        let filter = execution.map(|id| ActionExecutionFilter::builder().pipeline_execution_id(id.as_str()).build());
        let request = self.client.list_action_executions().pipeline_name(pipeline.as_str()).set_filter(filter);
        let (mut actions, mut next) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let page = match request.clone().set_next_token(next.take()).send().await {
                Ok(page) => page,
                Err(error)
                    if error.as_service_error().is_some_and(|error| {
                        error.is_pipeline_not_found_exception() || error.is_pipeline_execution_not_found_exception()
                    }) =>
                {
                    return Ok(actions);
                }
                Err(error) => return Err(failed(format!("ListActionExecutions of {pipeline}"), error)),
            };
            actions.extend(page.action_execution_details.unwrap_or_default());
            next = page.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                return Ok(actions);
            }
        }
        tracing::warn!(pipeline.name = %pipeline, actions = actions.len(), "the pipeline ran more actions; these are not read");
        Ok(actions)
    }
}

impl Releases for CodePipeline {
    async fn structure(&self, pipeline: &PipelineArn, version: Option<u32>) -> Result<Structure> {
        if !self.home.knows(pipeline) {
            return Ok(Structure::default());
        }
        let version = version.and_then(|version| i32::try_from(version).ok());
        let name = pipeline.pipeline.as_str();
        match self.client.get_pipeline().name(name).set_version(version).send().await {
            Ok(answer) => Ok(answer.pipeline.map(facts::structure).unwrap_or_default()),
            Err(error)
                if error.as_service_error().is_some_and(|error| {
                    error.is_pipeline_not_found_exception() || error.is_pipeline_version_not_found_exception()
                }) =>
            {
                Ok(Structure::default())
            }
            Err(error) => Err(failed(format!("GetPipeline of {name}"), error)),
        }
    }

    async fn execution(&self, pipeline: &PipelineArn, execution: &ExecutionId) -> Result<ExecutionFacts> {
        if !self.home.knows(pipeline) {
            return Ok(ExecutionFacts::default());
        }
        let name = pipeline.pipeline.as_str();
        let request = self.client.get_pipeline_execution().pipeline_name(name);
        match request.pipeline_execution_id(execution.as_str()).send().await {
            Ok(answer) => Ok(answer.pipeline_execution.map(facts::execution).unwrap_or_default()),
            Err(error)
                if error.as_service_error().is_some_and(|error| {
                    error.is_pipeline_not_found_exception() || error.is_pipeline_execution_not_found_exception()
                }) =>
            {
                Ok(ExecutionFacts::default())
            }
            Err(error) => Err(failed(format!("GetPipelineExecution of {name}, {execution}"), error)),
        }
    }

    /// In the order they began.
    async fn actions(&self, pipeline: &PipelineArn, execution: &ExecutionId) -> Result<Vec<ActionFacts>> {
        if !self.home.knows(pipeline) {
            return Ok(Vec::new());
        }
        let details = self.list_actions(&pipeline.pipeline, Some(execution)).await?;
        let mut actions: Vec<ActionFacts> = details.into_iter().filter_map(facts::action).collect();
        actions.sort_by_key(|action| (action.started.is_none(), action.started));
        Ok(actions)
    }

    async fn waiting_for(&self, approval: &ApprovalRequest) -> Result<Option<(PipelineArn, ExecutionId)>> {
        let Some(pipeline) = self.pipeline_of(approval) else { return Ok(None) };
        let details =
            self.list_actions(&pipeline.pipeline, None).await.context("looking for what is to be approved")?;
        let waiting: Vec<_> = details.iter().filter(|detail| facts::waits_for(detail, approval)).collect();
        // In PARALLEL mode several executions can wait at one action. Their external ids are then their tokens.
        let by_token = waiting.iter().find(|detail| facts::has_token(detail, &approval.token));
        let found = by_token.or(if let [only] = waiting.as_slice() { Some(only) } else { None });
        let id = found.and_then(|detail| detail.pipeline_execution_id.as_deref());
        Ok(id.map(|id| (pipeline, ExecutionId::from(id))))
    }
}

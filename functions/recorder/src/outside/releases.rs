//! What CodePipeline's API knows, asked through the SDK. Values that may hold secrets are not read.

use anyhow::Result;
use aws_sdk_codepipeline::Client;
use aws_sdk_codepipeline::types::{
    ActionCategory, ActionExecutionDetail, ActionExecutionFilter, ArtifactRevision, ExecutionType, PipelineExecution,
    PipelineExecutionSummary,
};
use delivery_metrics::{ActionRun, ExecutionSummary};
use lambda_kit::Home;
use lambda_kit::aws::{failed, timestamp};
use pipeline_model::{ExecutionId, PipelineArn, PipelineName, StageName};

use crate::commit_time;
use crate::ports::{Actions, Origin, Page, Releases, Revision, Unlisted};

/// `maxResults` of `ListPipelines` at its highest (botocore's CodePipeline model).
const MOST_PIPELINES: i32 = 1000;

/// Most pages read of one execution's actions, with up to 100 each.
const MOST_PAGES: usize = 10;

/// The CodePipeline of one region and account.
///
/// Nothing is asked about a pipeline elsewhere, and what is gone has no facts. Everything else that goes wrong is an
/// error.
#[derive(Debug, Clone)]
pub struct CodePipeline {
    client: Client,
    home: Home,
}

impl CodePipeline {
    /// `client` must be one for `home`.
    pub fn new(client: Client, home: Home) -> Self {
        Self { client, home }
    }
}

impl Releases for CodePipeline {
    async fn stages(&self, pipeline: &PipelineArn) -> Result<Option<(u32, Vec<StageName>)>> {
        if !self.home.knows(pipeline) {
            return Ok(None);
        }
        let name = pipeline.pipeline.as_str();
        match self.client.get_pipeline().name(name).send().await {
            Ok(answer) => Ok(answer.pipeline.map(|pipeline| {
                let version = pipeline.version.and_then(|version| u32::try_from(version).ok()).unwrap_or_default();
                (version, pipeline.stages.into_iter().map(|stage| StageName::new(stage.name)).collect())
            })),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_pipeline_not_found_exception()) => {
                Ok(None)
            }
            Err(error) => Err(failed(format!("GetPipeline of {name}"), error)),
        }
    }

    async fn actions(&self, pipeline: &PipelineArn, execution: &ExecutionId) -> Result<Actions> {
        if !self.home.knows(pipeline) {
            return Ok(Actions::default());
        }
        let filter = ActionExecutionFilter::builder().pipeline_execution_id(execution.as_str()).build();
        let name = pipeline.pipeline.as_str();
        let request = self.client.list_action_executions().pipeline_name(name).filter(filter);
        let (mut actions, mut next) = (Actions::default(), None);
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
                Err(error) => return Err(failed(format!("ListActionExecutions of {name}"), error)),
            };
            for detail in page.action_execution_details.unwrap_or_default() {
                actions.revisions.extend(source_revision(&detail));
                actions.runs.extend(run(detail));
            }
            next = page.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                break;
            }
        }
        Ok(actions)
    }

    async fn origin(&self, pipeline: &PipelineArn, execution: &ExecutionId) -> Result<Origin> {
        if !self.home.knows(pipeline) {
            return Ok(Origin::default());
        }
        let name = pipeline.pipeline.as_str();
        let request = self.client.get_pipeline_execution().pipeline_name(name);
        match request.pipeline_execution_id(execution.as_str()).send().await {
            Ok(answer) => Ok(answer.pipeline_execution.map(origin).unwrap_or_default()),
            Err(error)
                if error.as_service_error().is_some_and(|error| {
                    error.is_pipeline_not_found_exception() || error.is_pipeline_execution_not_found_exception()
                }) =>
            {
                Ok(Origin::default())
            }
            Err(error) => Err(failed(format!("GetPipelineExecution of {name}, {execution}"), error)),
        }
    }

    async fn executions(&self, pipeline: &PipelineArn, most: u8) -> Result<Vec<ExecutionSummary>> {
        let name = pipeline.pipeline.as_str();
        match self.client.list_pipeline_executions().pipeline_name(name).max_results(most.into()).send().await {
            Ok(page) => {
                let summaries = page.pipeline_execution_summaries.unwrap_or_default();
                Ok(summaries.into_iter().filter_map(summary).collect())
            }
            Err(error) if error.as_service_error().is_some_and(|error| error.is_pipeline_not_found_exception()) => {
                Ok(Vec::new())
            }
            Err(error) => Err(failed(format!("ListPipelineExecutions of {name}"), error)),
        }
    }

    async fn pipelines(&self, page: Option<&str>) -> Result<Page, Unlisted> {
        match self
            .client
            .list_pipelines()
            .max_results(MOST_PIPELINES)
            .set_next_token(page.map(str::to_owned))
            .send()
            .await
        {
            Ok(answer) => {
                let names = answer.pipelines.unwrap_or_default().into_iter().filter_map(|pipeline| pipeline.name);
                let next = answer.next_token.filter(|token| !token.is_empty());
                Ok(Page { pipelines: names.map(PipelineName::new).collect(), next })
            }
            Err(error) if error.as_service_error().is_some_and(|error| error.is_invalid_next_token_exception()) => {
                Err(Unlisted::UnknownPage)
            }
            Err(error) => Err(Unlisted::Failed(failed("ListPipelines", error))),
        }
    }

    fn arn(&self, pipeline: &PipelineName) -> PipelineArn {
        self.home.pipeline(pipeline.clone())
    }
}

/// `None` for an answer without the names or the status, which says nothing.
fn run(detail: ActionExecutionDetail) -> Option<ActionRun> {
    let id = detail.input.and_then(|input| input.action_type_id);
    Some(ActionRun {
        id: detail.action_execution_id.unwrap_or_default(),
        stage: StageName::new(detail.stage_name?),
        action: detail.action_name?,
        category: id.map(|id| id.category.as_str().to_owned()).unwrap_or_default(),
        status: detail.status?.as_str().to_owned(),
        started: detail.start_time.and_then(timestamp),
        updated: detail.last_update_time.and_then(timestamp),
    })
}

/// The variables of a source action. The commit's own time, as it is on the branch, counts before its author's.
fn source_revision(detail: &ActionExecutionDetail) -> Option<Revision> {
    let kind = detail.input.as_ref()?.action_type_id.as_ref()?;
    if kind.category != ActionCategory::Source {
        return None;
    }
    let variables = detail.output.as_ref()?.output_variables.as_ref()?;
    let variable =
        |names: [&str; 2]| names.iter().find_map(|name| variables.get(*name).filter(|text| !text.is_empty()));
    Some(Revision {
        id: variable(["CommitId", "VersionId"]).cloned(),
        made: variable(["CommitterDate", "AuthorDate"]).and_then(|text| commit_time::parse(text)),
    })
}

fn origin(execution: PipelineExecution) -> Origin {
    let revision =
        |revision: ArtifactRevision| Revision { id: revision.revision_id, made: revision.created.and_then(timestamp) };
    Origin {
        is_rollback: execution.execution_type.map(|kind| kind == ExecutionType::Rollback),
        revisions: execution.artifact_revisions.unwrap_or_default().into_iter().map(revision).collect(),
    }
}

fn summary(summary: PipelineExecutionSummary) -> Option<ExecutionSummary> {
    Some(ExecutionSummary {
        id: ExecutionId::new(summary.pipeline_execution_id?),
        status: summary.status?.as_str().to_owned(),
        started: summary.start_time.and_then(timestamp),
        updated: summary.last_update_time.and_then(timestamp),
        is_rollback: summary.execution_type == Some(ExecutionType::Rollback),
        trigger: summary.trigger.and_then(|trigger| Some(trigger.trigger_type?.as_str().to_owned())),
    })
}

//! The services that deploy: what stands at a target, and the steps that change it. One file per service.

mod alias;
mod code_deploy;
mod ecs_service;
mod pipeline;
mod stack;
#[cfg(test)]
mod tests;

use anyhow::Result;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::DateTime;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::{SignedDuration, Timestamp};
use lambda_kit::Clock;
use lambda_kit::aws::{SdkConfig, failed};
use pipeline_model::PipelineName;
use rollback_plans::targets::ExecutionSeen;
use rollback_plans::{Carried, Seen, Step, Target};

use super::acting;
use crate::ports::{Executor, Releases, Unclear};

/// How far back the newest of a list is looked for whose order nobody documents: the shortest first, then all there is.
const LOOK_BACK: [Option<SignedDuration>; 3] =
    [Some(SignedDuration::from_hours(6)), Some(SignedDuration::from_hours(7 * 24)), None];

/// The services of one account and region. Values that may hold secrets are not read.
///
/// Most rollbacks concern a stage, so only CodePipeline's client is there from the start: the others would take memory
/// and time from every cold start.
#[derive(Debug, Clone)]
pub struct Services {
    pipelines: aws_sdk_codepipeline::Client,
    config: SdkConfig,
    clock: Clock,
}

impl Services {
    /// The services that `config` reaches.
    pub fn new(config: &SdkConfig, clock: Clock) -> Self {
        Self { pipelines: aws_sdk_codepipeline::Client::new(config), config: config.clone(), clock }
    }

    fn deployments(&self) -> aws_sdk_codedeploy::Client {
        aws_sdk_codedeploy::Client::new(&self.config)
    }

    fn containers(&self) -> aws_sdk_ecs::Client {
        aws_sdk_ecs::Client::new(&self.config)
    }

    fn stacks(&self) -> aws_sdk_cloudformation::Client {
        aws_sdk_cloudformation::Client::new(&self.config)
    }

    fn functions(&self) -> aws_sdk_lambda::Client {
        aws_sdk_lambda::Client::new(&self.config)
    }

    /// From when on to look, the nearest first.
    fn since(&self) -> impl Iterator<Item = Option<Timestamp>> {
        let now = self.clock.now();
        LOOK_BACK.into_iter().map(move |back| Some(now.saturating_sub(back?).unwrap_or(Timestamp::MIN)))
    }
}

impl Releases for Services {
    async fn look(&self, target: &Target) -> Result<Seen> {
        match target {
            Target::Stage { pipeline, stage } => pipeline::look(&self.pipelines, pipeline, stage).await,
            Target::CodeDeploy { application, group } => {
                code_deploy::look(&self.deployments(), application, group, self.since()).await
            }
            Target::EcsService { cluster, service } => {
                ecs_service::look(&self.containers(), cluster, service, self.since()).await
            }
            Target::Stack { name } => stack::look(&self.stacks(), name).await,
            Target::Alias { function, alias } => alias::look(&self.functions(), function, alias).await,
        }
    }

    async fn all_executions(&self, pipeline: &PipelineName) -> Result<Vec<ExecutionSeen>> {
        pipeline::all_executions(&self.pipelines, pipeline).await
    }
}

impl Executor for Services {
    async fn carry_out(&self, step: &Step) -> Result<Carried, Unclear> {
        let (pipelines, clock) = (&self.pipelines, &self.clock);
        match step {
            Step::RollBackStage { pipeline, stage, to } => {
                pipeline::roll_back((pipelines, clock), pipeline, stage, to).await
            }
            Step::Redeploy { pipeline, of: _, revisions, token } => {
                pipeline::redeploy(pipelines, pipeline, revisions, token).await
            }
            Step::CloseTransition { pipeline, stage, reason } => {
                pipeline::close(pipelines, pipeline, stage, reason).await
            }
            Step::OpenTransition { pipeline, stage } => pipeline::open(pipelines, pipeline, stage).await,
            Step::StopDeployment { deployment } => code_deploy::stop((&self.deployments(), clock), deployment).await,
            Step::DeployPrevious { application, group, instead_of } => {
                code_deploy::deploy_previous((&self.deployments(), clock), application, group, instead_of).await
            }
            Step::StopServiceDeployment { arn } => ecs_service::stop((&self.containers(), clock), arn).await,
            Step::CancelUpdate { stack, token } => stack::cancel_update(&self.stacks(), stack, token).await,
            Step::RollBackStack { stack, token } => stack::roll_back(&self.stacks(), stack, token).await,
            Step::PointAlias { function, alias, version, revision_id } => {
                alias::point((&self.functions(), clock), (function, alias), version, revision_id.as_deref()).await
            }
        }
    }
}

/// A failed call about a target: one of the codes of `absent` says that there is none, everything else is an error.
fn not_seen<E>(call: String, error: SdkError<E, HttpResponse>, absent: &[&str]) -> Result<Seen>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match acting::words(&error) {
        Some(words) if error.code().is_some_and(|code| absent.contains(&code)) => Ok(Seen::Unknown(words)),
        _ => Err(failed(call, error)),
    }
}

fn date_time(at: Timestamp) -> DateTime {
    DateTime::from_millis(at.as_millisecond())
}

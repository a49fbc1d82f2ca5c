//! Jobs at CodePipeline itself.

#[cfg(test)]
mod tests;

use aws_sdk_codepipeline::Client;
use aws_sdk_codepipeline::config::Builder;
use aws_sdk_codepipeline::config::retry::RetryConfig;
use aws_sdk_codepipeline::types::{ExecutionDetails, FailureDetails, FailureType};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use pipeline_model::JobId;

use super::{Answer, ExternalId, FailureKind, Gone, Jobs, Percent, Put, PutProblem, Summary};
use crate::OnDemand;
use crate::aws::SdkConfig;

/// `PutJobSuccessResult` and `PutJobFailureResult`. They know no client token, but a job takes one answer only.
#[derive(Debug, Clone)]
pub struct CodePipelineJobs(OnDemand<Client>);

impl CodePipelineJobs {
    /// Attempts are repeated by [`super::insist`], so the SDK repeats none.
    pub fn new(config: &SdkConfig) -> Self {
        let client =
            |config: &_| Client::from_conf(Builder::from(config).retry_config(RetryConfig::disabled()).build());
        Self(OnDemand::new(config, client))
    }

    async fn succeed(&self, job: &JobId, answer: &Answer, details: ExecutionDetails) -> Result<Put, PutProblem> {
        let request = self.0.put_job_success_result().job_id(job.as_str()).execution_details(details);
        let request = match answer {
            Answer::Continue { token, .. } => request.continuation_token(token.as_str()),
            Answer::Success { variables, .. } => {
                variables.iter().fold(request, |request, (name, value)| request.output_variables(name, value))
            }
            Answer::Failure { .. } => request,
        };
        outcome("PutJobSuccessResult", request.send().await)
    }

    async fn fail(&self, job: &JobId, kind: FailureKind, message: &str) -> Result<Put, PutProblem> {
        let details = FailureDetails::builder().r#type(failure_type(kind)).message(message).build();
        let details = details.expect("a failure with its type and message");
        let request = self.0.put_job_failure_result().job_id(job.as_str()).failure_details(details);
        outcome("PutJobFailureResult", request.send().await)
    }
}

impl Jobs for CodePipelineJobs {
    async fn put(&self, job: &JobId, answer: &Answer) -> Result<Put, PutProblem> {
        match answer {
            Answer::Success { summary, external_id, percent, .. } => {
                self.succeed(job, answer, details(summary, external_id.as_ref(), *percent)).await
            }
            Answer::Continue { summary, percent, .. } => {
                self.succeed(job, answer, details(summary, None, *percent)).await
            }
            Answer::Failure { kind, message } => self.fail(job, *kind, message.as_str()).await,
        }
    }
}

fn details(summary: &Summary, external_id: Option<&ExternalId>, percent: Option<Percent>) -> ExecutionDetails {
    ExecutionDetails::builder()
        .summary(summary.as_str())
        .set_external_execution_id(external_id.map(|id| id.as_str().to_owned()))
        .set_percent_complete(percent.map(|percent| percent.get().into()))
        .build()
}

fn outcome<T, E>(call: &str, sent: Result<T, SdkError<E, HttpResponse>>) -> Result<Put, PutProblem>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let Err(error) = sent else { return Ok(Put::Accepted) };
    match error.code() {
        Some("InvalidJobStateException") => Ok(Put::AlreadyAnswered(Gone::InvalidJobState)),
        Some("JobNotFoundException") => Ok(Put::AlreadyAnswered(Gone::JobNotFound)),
        _ => Err(PutProblem::of(call, error)),
    }
}

fn failure_type(kind: FailureKind) -> FailureType {
    match kind {
        FailureKind::JobFailed => FailureType::JobFailed,
        FailureKind::ConfigurationError => FailureType::ConfigurationError,
        FailureKind::PermissionError => FailureType::PermissionError,
        FailureKind::RevisionOutOfSync => FailureType::RevisionOutOfSync,
        FailureKind::RevisionUnavailable => FailureType::RevisionUnavailable,
        FailureKind::SystemUnavailable => FailureType::SystemUnavailable,
    }
}

//! A job of CodePipeline's Invoke action. It is told by a call, once, whatever happens.

use jiff::SignedDuration;
use lambda_kit::jobs::{Answer, Asked, FailureKind, Put, Request, SealError, answer, answer_always};
use lambda_kit::start::Invocation;
use lambda_kit::{Deadline, Failure};
use pipeline_model::{
    ActionName, ArtifactCredentials, EncryptionKey, ExecutionId, Job, PipelineName, S3Location, Secret, StageName,
};

use crate::scan::Input;
use crate::stop::Stop;
use crate::token::Token;
use crate::visit::Outcome;
use crate::{Outside, Scanner};

/// CodePipeline ends an action after a day; the scan ends before, so that it can say why.
pub(crate) const LONGEST: SignedDuration = SignedDuration::from_hours(23);

/// A release that is to be scanned.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    /// The policy it asks for.
    pub(crate) asked: Asked,
    pub(crate) pipeline: Option<PipelineName>,
    pub(crate) stage: Option<StageName>,
    pub(crate) action: Option<ActionName>,
    pub(crate) execution: Option<ExecutionId>,
    /// Which scan, and which visit.
    pub(crate) token: Token,
    /// What is scanned.
    pub(crate) inputs: Vec<Input>,
    /// Where the report goes.
    pub(crate) outputs: Vec<S3Location>,
    pub(crate) session: Secret<ArtifactCredentials>,
    pub(crate) key: Option<EncryptionKey>,
}

impl<O: Outside> Scanner<O> {
    pub(crate) async fn job(&self, event: &str, invocation: &Invocation) -> Result<String, Failure> {
        let deadline = &invocation.deadline;
        let job = match Job::parse(event) {
            Ok(job) => job,
            Err(error) => {
                let name = if error.job().is_some() { "JobsNotUnderstood" } else { "EventsNotUnderstood" };
                self.metrics.count(self.clock.now(), name, 1);
                let Some(id) = error.job() else { return Err(Failure::permanent(error)) };
                let told = Answer::failure(FailureKind::ConfigurationError, error.to_string());
                answer(&self.jobs, id, deadline, told).await?;
                return Ok(String::from("failure"));
            }
        };
        let mut news = None;
        let work = async {
            let outcome = self.work(&job, deadline).await;
            news = outcome.news;
            Ok(outcome.answer)
        };
        let answered = answer_always(&self.jobs, &job.id, deadline, work).await?;
        if let Some(decision) = news.filter(|_| answered.put == Put::Accepted) {
            self.publish(decision).await;
        }
        Ok(answered.answer.outcome().to_owned())
    }

    async fn work(&self, job: &Job, deadline: &Deadline) -> Outcome {
        match self.arrival(job) {
            Ok(arrival) => Box::pin(self.visit(&arrival, deadline)).await,
            Err(stop) => {
                tracing::error!(job.id = %job.id, error = stop.words, "nothing is scanned");
                Outcome::from(Answer::failure(stop.kind, stop.words))
            }
        }
    }

    fn arrival(&self, job: &Job) -> Result<Arrival, Stop> {
        if let Some(account) = job.account.as_ref().filter(|account| **account != self.home.account) {
            let (shown, own) = (strict_yaml::shown(account), &self.home.account);
            return Err(Stop::configuration(format!(
                "The job is of account {shown} and this scanner of {own}; name a scanner of the pipeline's own account."
            )));
        }
        let request = Request::parse(job.user_parameters.as_deref());
        let request = request.map_err(|error| Stop::configuration(error.to_string()))?;
        if !request.variables.is_empty() {
            return Err(Stop::configuration("UserParameters: a scan takes no `variables`; leave them out."));
        }
        let token = match &job.continuation_token {
            Some(text) => text.parse().map_err(|error: SealError| Stop::configuration(error.to_string()))?,
            None => Token::first(job.id.as_str(), self.clock.now()),
        };
        let session = job.credentials.clone().ok_or_else(|| {
            Stop::new(FailureKind::PermissionError, "The job brings no credentials for its artifacts; retry the stage.")
        })?;
        let Request { policy: asked, pipeline, stage, action, execution, variables: _ } = request;
        let (inputs, outputs, key) = (inputs(job)?, outputs(job)?, job.encryption_key.clone());
        Ok(Arrival { asked, pipeline, stage, action, execution, token, inputs, outputs, session, key })
    }
}

fn inputs(job: &Job) -> Result<Vec<Input>, Stop> {
    if job.inputs.is_empty() {
        return Err(Stop::configuration(
            "The action has no input artifact, so there is nothing to scan; name one in its `InputArtifacts`.",
        ));
    }
    let input = |artifact: &pipeline_model::JobArtifact| {
        let at = artifact.location.clone().ok_or_else(|| elsewhere(&artifact.name))?;
        Ok(Input { name: artifact.name.clone(), at })
    };
    job.inputs.iter().map(input).collect()
}

fn outputs(job: &Job) -> Result<Vec<S3Location>, Stop> {
    let output =
        |artifact: &pipeline_model::JobArtifact| artifact.location.clone().ok_or_else(|| elsewhere(&artifact.name));
    job.outputs.iter().map(output).collect()
}

fn elsewhere(name: &str) -> Stop {
    let shown = strict_yaml::shown(name);
    Stop::configuration(format!("The artifact {shown} is not in S3, and nothing else is read or written."))
}

//! A job of CodePipeline's: an Invoke action, or a `LambdaInvoke` rule. It is told by a call, once, whatever happens.

#[cfg(test)]
mod tests;

use std::cell::Cell;

use gate_checks::{Judgement, Place};
use jiff::SignedDuration;
use lambda_kit::jobs::{
    Answer, ContinuationToken, FailureKind, Gone, Jobs, Percent, Put, PutProblem, Request, SealError, answer,
    answer_always,
};
use lambda_kit::{Deadline, Failure};
use pipeline_model::{Job, JobId, Verdict};

use crate::doors::Reply;
use crate::report;
use crate::token::Token;
use crate::visit::{Afterwards, Arrival, Outcome};
use crate::{Gatekeeper, Outside};

/// CodePipeline ends an action after a day; the gate ends before, so that it can say why.
const LONGEST: SignedDuration = SignedDuration::from_hours(23);

impl<O: Outside> Gatekeeper<O> {
    pub(super) async fn job(&self, event: &str, deadline: &Deadline) -> Result<Reply, Failure> {
        let job = match Job::parse(event) {
            Ok(job) => job,
            Err(error) => {
                self.metrics.count(self.clock.now(), "JobsNotUnderstood", 1);
                let Some(id) = error.job() else { return Err(Failure::permanent(error)) };
                let told = Answer::failure(FailureKind::ConfigurationError, error.to_string());
                answer(&self.jobs, id, deadline, told).await?;
                return Ok(Reply::Told(String::from("failure")));
            }
        };
        let jobs = UnlessOthers { jobs: &self.jobs, others: Cell::new(false) };
        let work = async {
            let (answer, is_ours) = self.work(&job, deadline).await;
            jobs.others.set(!is_ours);
            Ok(answer)
        };
        let answered = answer_always(&jobs, &job.id, deadline, work).await?;
        let told = if jobs.others.get() { "left to others" } else { answered.answer.outcome() };
        Ok(Reply::Told(told.to_owned()))
    }

    /// The answer, and whether it is ours to give.
    async fn work(&self, job: &Job, deadline: &Deadline) -> (Answer, bool) {
        let arrival = match self.arrival(job) {
            Ok(arrival) => arrival,
            Err(wrong) => return (Answer::failure(FailureKind::ConfigurationError, wrong), true),
        };
        let outcome = Box::pin(self.visit(&arrival, deadline)).await;
        (answered(&outcome), outcome != Outcome::Others)
    }

    fn arrival(&self, job: &Job) -> Result<Arrival, String> {
        if let Some(account) = job.account.as_ref().filter(|account| **account != self.home.account) {
            let (shown, own) = (strict_yaml::shown(account), &self.home.account);
            return Err(format!(
                "the job is of account {shown} and this gate of {own}; name a gate of the pipeline's own account"
            ));
        }
        let request = Request::parse(job.user_parameters.as_deref()).map_err(|error| error.to_string())?;
        let token = match &job.continuation_token {
            Some(text) => text.parse().map_err(|error: SealError| error.to_string())?,
            None => Token::first(job.id.as_str(), self.clock.now()),
        };
        let Request { policy: asked, pipeline, stage, action, execution, variables } = request;
        let place = Place { pipeline, stage, execution, variables };
        let job = job.id.as_str().to_owned();
        Ok(Arrival {
            asked,
            place,
            action,
            target: None,
            token,
            job,
            longest: LONGEST,
            afterwards: Afterwards::Watchdog,
        })
    }
}

/// What a job is told. Nothing but a verdict that says so lets a release pass.
fn answered(outcome: &Outcome) -> Answer {
    match outcome {
        Outcome::Judged(judgement, next) => match &judgement.verdict {
            Verdict::Pass => Answer::Success {
                summary: judgement.summary.as_str().into(),
                external_id: None,
                percent: judgement.percent.map(Percent::new),
                variables: report::variables(judgement),
            },
            Verdict::Wait => hold(next, &judgement.summary, judgement.percent),
            Verdict::Error => Answer::failure(FailureKind::SystemUnavailable, because(judgement)),
            Verdict::Inconclusive | Verdict::Fail | Verdict::Unknown(_) => {
                Answer::failure(FailureKind::JobFailed, because(judgement))
            }
        },
        Outcome::Blind(next, why) => {
            hold(next, &format!("The release waits, because the gate cannot be asked now: {why}."), None)
        }
        Outcome::Stopped(why) => Answer::failure(FailureKind::JobFailed, why.as_str()),
        Outcome::Unable(kind, why) => Answer::failure(*kind, why.as_str()),
        Outcome::Others => Answer::failure(FailureKind::JobFailed, "another delivery of this job answers it"),
    }
}

fn because(judgement: &Judgement) -> &str {
    &judgement.summary
}

fn hold(next: &Token, summary: &str, percent: Option<u8>) -> Answer {
    let token = ContinuationToken::new(next.to_string()).expect("a token of ours has less than 200 characters");
    Answer::Continue { token, summary: summary.into(), percent: percent.map(Percent::new) }
}

/// Says nothing about a job that another delivery answers.
struct UnlessOthers<'a, J> {
    jobs: &'a J,
    others: Cell<bool>,
}

impl<J: Jobs> Jobs for UnlessOthers<'_, J> {
    async fn put(&self, job: &JobId, answer: &Answer) -> Result<Put, PutProblem> {
        if self.others.get() {
            Ok(Put::AlreadyAnswered(Gone::InvalidJobState))
        } else {
            self.jobs.put(job, answer).await
        }
    }
}

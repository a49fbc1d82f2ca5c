//! A job whose function died still gets its answer.
//!
//! Lambda hands over its record of an invocation that failed (the function's on-failure destination). The event of that
//! invocation is in it, with the credentials of the job; of the event only the id that is to be answered is read.

mod cause;
mod discreet;
mod hooks;
#[cfg(any(test, feature = "testing"))]
pub mod memory;
mod record;
#[cfg(test)]
mod tests;

use lambda_kit::jobs::{Answer, Jobs, Put, PutProblem, answer, insist};
use lambda_kit::metrics::Metrics;
use lambda_kit::start::{Handler, Invocation};
use lambda_kit::{Clock, Deadline, Failure};
use pipeline_model::JobId;
use serde_json::value::RawValue;

pub use hooks::{CodeDeployHooks, Hook, Hooks};

use record::{Death, Record, Waiting};

/// The watchdog with its outside.
#[derive(Debug)]
pub struct Watchdog<J, H> {
    /// Where jobs are answered.
    pub jobs: J,
    /// Where hooks of deployments are answered.
    pub hooks: H,
    /// Its own metrics.
    pub metrics: Metrics,
    /// The time.
    pub clock: Clock,
}

impl<J: Jobs, H: Hooks> Handler for Watchdog<J, H> {
    type Event = Box<RawValue>;
    type Reply = String;

    async fn handle(&self, event: Box<RawValue>, invocation: Invocation) -> Result<String, Failure> {
        let Record { waiting, death } = Record::read(event.get());
        tracing::error!(
            function.name = death.function,
            function.request = death.request,
            cause = death.cause.code(),
            error = %death.cause,
            waiting = waiting.kind(),
            "a function died"
        );
        let told = match waiting {
            Waiting::Job(job) => self.answer_job(&job, &death, &invocation.deadline).await,
            Waiting::Hook(hook) => self.fail_hook(&hook, &invocation.deadline).await,
            // Amazon ECS called the function itself, has seen the error and rolls back.
            Waiting::EcsHook => Ok("nothing to do: Amazon ECS knows"),
            Waiting::Nobody => {
                self.count("RecordsNotUnderstood");
                Ok("nothing to do: nobody waits for an answer")
            }
        };
        if told.is_err() {
            self.count("JobsUnanswered");
        }
        told.map(str::to_owned)
    }
}

impl<J: Jobs, H: Hooks> Watchdog<J, H> {
    async fn answer_job(&self, job: &JobId, death: &Death, deadline: &Deadline) -> Result<&'static str, Failure> {
        let failure = Answer::failure(death.cause.failure_kind(), death.to_string());
        Ok(match answer(&self.jobs, job, deadline, failure).await?.put {
            Put::Accepted => {
                self.count("JobsRescued");
                "the job was told that it failed"
            }
            Put::AlreadyAnswered(_) => "nothing to do: the job was answered before",
        })
    }

    async fn fail_hook(&self, hook: &Hook, deadline: &Deadline) -> Result<&'static str, Failure> {
        let attempt = format!("the hook of deployment {} could not be answered", hook.deployment);
        match insist(deadline, async || self.hooks.fail(hook).await).await {
            Ok(Put::Accepted) => {
                self.count("JobsRescued");
                Ok("the deployment was told that its hook failed")
            }
            Ok(Put::AlreadyAnswered(_)) => Ok("nothing to do: the hook was answered before"),
            Err(PutProblem::Passing(cause)) => Err(Failure::retry(cause).context(attempt)),
            Err(PutProblem::Refused(cause) | PutProblem::VariablesTooLarge(cause)) => {
                Err(Failure::permanent(cause).context(attempt))
            }
        }
    }

    fn count(&self, name: &'static str) {
        self.metrics.count(self.clock.now(), name, 1);
    }
}

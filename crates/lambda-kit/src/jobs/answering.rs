//! The frame around the work on a job: whatever becomes of the work, the job gets its answer.

#[cfg(test)]
mod tests;

use std::time::Duration;

use pipeline_model::JobId;

use super::{Answer, FailureKind, Jobs, Put, PutProblem, insist};
use crate::panic::caught;
use crate::{Deadline, Failure};

/// Kept back from the work for the answer, with its retries; half of what is left where less than twice this is left.
const FOR_THE_ANSWER: Duration = Duration::from_secs(5);

/// A job that has an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// What it was last told by us: what the work said, or that it failed.
    pub answer: Answer,
    /// Whether CodePipeline took it.
    pub put: Put,
}

/// Does the work on a job and answers the job with what came out. The deadline is the invocation's own.
///
/// Work that takes too long, panics or fails for a reason that may pass becomes a failure of kind `SystemUnavailable` or
/// `JobFailed`, one that stays becomes `JobFailed`; work that knows a better kind returns [`Answer::Failure`] itself.
///
/// # Errors
/// When the job could not be told. An `Err` must then leave the function: Lambda calls the watchdog.
pub async fn answer_always(
    jobs: &impl Jobs,
    job: &JobId,
    deadline: &Deadline,
    work: impl Future<Output = Result<Answer, Failure>>,
) -> Result<Answered, Failure> {
    let kept = FOR_THE_ANSWER.min(deadline.remaining() / 2);
    let answered = match deadline.with_margin(kept).limit(caught(work)).await {
        Ok(Ok(Ok(answer))) => answer,
        Ok(Ok(Err(failure))) => told(job, &failure),
        Ok(Err(panicked)) => told(job, &Failure::permanent(panicked)),
        Err(elapsed) => told(job, &Failure::retry(elapsed)),
    };
    answer(jobs, job, deadline, answered).await
}

/// Answers a job, as often as needed and as long as the time allows. What CodePipeline refuses becomes a failure.
///
/// # Errors
/// When the job could not be told.
pub async fn answer(
    jobs: &impl Jobs,
    job: &JobId,
    deadline: &Deadline,
    mut answer: Answer,
) -> Result<Answered, Failure> {
    loop {
        let problem = match insist(deadline, async || jobs.put(job, &answer).await).await {
            Ok(put) => {
                log(job, &answer, put);
                return Ok(Answered { answer, put });
            }
            Err(problem) => problem,
        };
        let attempt = format!("job {job} could not be answered with `{}`", answer.outcome());
        if let PutProblem::Passing(cause) = problem {
            return Err(Failure::retry(cause).context(attempt));
        }
        tracing::error!(job.id = %job, job.outcome = answer.outcome(), error = %problem, "the answer was refused");
        answer = answer.instead(&problem).ok_or_else(|| {
            let (PutProblem::Passing(cause) | PutProblem::VariablesTooLarge(cause) | PutProblem::Refused(cause)) =
                problem;
            Failure::permanent(cause).context(attempt)
        })?;
    }
}

/// The job learns what the log learns.
fn told(job: &JobId, failure: &Failure) -> Answer {
    tracing::error!(job.id = %job, error = %failure, "the work on a job failed");
    if failure.is_permanent() {
        Answer::failure(FailureKind::JobFailed, failure.to_string())
    } else {
        let words = format!("{failure}. This may pass: nothing was decided, so retry the stage.");
        Answer::failure(FailureKind::SystemUnavailable, words)
    }
}

/// Of several attempts an earlier one may have been ours and its answer lost, so this is no error.
fn log(job: &JobId, answer: &Answer, put: Put) {
    let outcome = answer.outcome();
    match put {
        Put::Accepted => tracing::info!(job.id = %job, job.outcome = outcome, "a job was answered"),
        Put::AlreadyAnswered(gone) => {
            tracing::warn!(job.id = %job, job.outcome = outcome, job.gone = ?gone, "the job takes no answer any more");
        }
    }
}

//! Jobs in tests: each takes one answer, as at CodePipeline, and putting it fails, hangs or is lost on demand.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use anyhow::anyhow;
use pipeline_model::JobId;

use super::Calls;
use crate::jobs::{Answer, Gone, Jobs, Put, PutProblem};

/// What happens to one answer on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// It is throttled, without effect.
    Throttled,
    /// It never arrives, and nobody says so.
    Hangs,
    /// It arrives, and nobody says so.
    Lost,
    /// It is refused for good.
    Refused,
    /// It is refused for its variables.
    TooLarge,
}

/// All jobs there are, none answered at first. Clones share everything.
#[derive(Debug, Clone, Default)]
pub struct RecordingJobs {
    calls: Calls,
    state: Rc<RefCell<State>>,
}

#[derive(Debug, Default)]
struct State {
    mishaps: VecDeque<Mishap>,
    closed: BTreeMap<JobId, Gone>,
    answers: Vec<(JobId, Answer)>,
}

impl RecordingJobs {
    /// Jobs whose answers are counted with other calls.
    pub fn with(calls: Calls) -> Self {
        Self { calls, state: Rc::default() }
    }

    /// The next answers meet these mishaps, one each, whichever jobs they are for.
    pub fn meet(&self, mishaps: impl IntoIterator<Item = Mishap>) {
        self.state.borrow_mut().mishaps.extend(mishaps);
    }

    /// The next `number` answers are throttled.
    pub fn fail_next(&self, number: usize) {
        self.meet(std::iter::repeat_n(Mishap::Throttled, number));
    }

    /// The job takes no answer from now on: its execution was stopped, or somebody else has answered it.
    pub fn close(&self, job: &JobId, gone: Gone) {
        self.state.borrow_mut().closed.insert(job.clone(), gone);
    }

    /// The answers that were taken, in order.
    pub fn answers(&self) -> Vec<(JobId, Answer)> {
        self.state.borrow().answers.clone()
    }

    fn arrive(&self, job: &JobId, answer: &Answer) -> Put {
        let mut state = self.state.borrow_mut();
        if let Some(gone) = state.closed.get(job) {
            return Put::AlreadyAnswered(*gone);
        }
        state.closed.insert(job.clone(), Gone::InvalidJobState);
        state.answers.push((job.clone(), answer.clone()));
        Put::Accepted
    }
}

impl Jobs for RecordingJobs {
    async fn put(&self, job: &JobId, answer: &Answer) -> Result<Put, PutProblem> {
        let mishap = self.state.borrow_mut().mishaps.pop_front();
        let effect = || match mishap {
            None => Ok(Ok(self.arrive(job, answer))),
            Some(Mishap::Lost) => {
                self.arrive(job, answer);
                Err(anyhow!("the connection was reset"))
            }
            Some(Mishap::Refused) => Ok(Err(PutProblem::Refused(anyhow!("ValidationException: no")))),
            Some(Mishap::TooLarge) => Ok(Err(PutProblem::VariablesTooLarge(anyhow!("too large")))),
            Some(Mishap::Throttled | Mishap::Hangs) => Err(anyhow!("ThrottlingException: Rate exceeded")),
        };
        let put = self.calls.make(effect).await;
        if mishap == Some(Mishap::Hangs) {
            std::future::pending::<()>().await;
        }
        put.map_err(PutProblem::Passing)?
    }
}

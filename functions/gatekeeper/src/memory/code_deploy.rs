//! CodeDeploy in memory: each hook takes one answer.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use anyhow::{Context, Result, anyhow};
use lambda_kit::doubles::Calls;
use lambda_kit::jobs::{Gone, Put, PutProblem};

use crate::ports::{Deployment, Deployments, Hook};

/// Clones share everything.
#[derive(Debug, Clone, Default)]
pub struct MemoryDeployments {
    calls: Calls,
    deployments: Rc<RefCell<BTreeMap<String, Deployment>>>,
    answers: Rc<RefCell<Vec<(Hook, bool)>>>,
    throttled: Rc<Cell<usize>>,
    refuses: Rc<Cell<bool>>,
}

impl MemoryDeployments {
    pub(super) fn with(calls: Calls) -> Self {
        Self { calls, ..Self::default() }
    }

    /// A deployment begins.
    pub fn begin(&self, deployment: &str, application: &str, group: &str) {
        let begun = Deployment { application: application.to_owned(), group: group.to_owned() };
        self.deployments.borrow_mut().insert(deployment.to_owned(), begun);
    }

    /// The next `number` calls fail.
    pub fn fail_next(&self, number: usize) {
        self.calls.fail_next(number);
    }

    /// The next `number` answers are throttled.
    pub fn throttle_answers(&self, number: usize) {
        self.throttled.set(number);
    }

    /// No answer is one that CodeDeploy takes.
    pub fn refuse_answers(&self) {
        self.refuses.set(true);
    }

    /// The answers that were taken, in order.
    pub fn answers(&self) -> Vec<(Hook, bool)> {
        self.answers.borrow().clone()
    }

    fn take(&self, hook: &Hook, succeeded: bool) -> Put {
        let mut answers = self.answers.borrow_mut();
        if answers.iter().any(|(answered, _)| answered == hook) {
            return Put::AlreadyAnswered(Gone::InvalidJobState);
        }
        answers.push((hook.clone(), succeeded));
        Put::Accepted
    }
}

impl Deployments for MemoryDeployments {
    async fn look(&self, deployment: &str) -> Result<Deployment> {
        let find = || self.deployments.borrow().get(deployment).cloned();
        self.calls.make(|| find().context("DeploymentDoesNotExistException")).await
    }

    async fn answer(&self, hook: &Hook, succeeded: bool) -> Result<Put, PutProblem> {
        if self.refuses.get() {
            return Err(PutProblem::Refused(anyhow!("InvalidLifecycleEventHookExecutionIdException")));
        }
        let throttled = self.throttled.get();
        self.throttled.set(throttled.saturating_sub(1));
        let take = || match throttled {
            0 => Ok(self.take(hook, succeeded)),
            _ => Err(anyhow!("ThrottlingException: Rate exceeded")),
        };
        self.calls.make(take).await.map_err(PutProblem::Passing)
    }
}

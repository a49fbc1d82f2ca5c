//! Hooks in memory, for tests: each takes one answer, and saying that it failed fails itself on demand.

use std::cell::RefCell;
use std::rc::Rc;

use lambda_kit::doubles::Calls;
use lambda_kit::jobs::{Gone, Put, PutProblem};

use crate::{Hook, Hooks};

/// All hooks there are. Clones share everything.
#[derive(Debug, Clone, Default)]
pub struct RecordingHooks {
    calls: Calls,
    failed: Rc<RefCell<Vec<Hook>>>,
}

impl RecordingHooks {
    /// Hooks whose answers are counted with other calls.
    pub fn with(calls: Calls) -> Self {
        Self { calls, failed: Rc::default() }
    }

    /// The next `number` calls are throttled.
    pub fn fail_next(&self, number: usize) {
        self.calls.fail_next(number);
    }

    /// The hooks that were told to have failed, in order.
    pub fn failed(&self) -> Vec<Hook> {
        self.failed.borrow().clone()
    }
}

impl Hooks for RecordingHooks {
    async fn fail(&self, hook: &Hook) -> Result<Put, PutProblem> {
        let effect = || {
            let mut failed = self.failed.borrow_mut();
            if failed.contains(hook) {
                return Ok(Put::AlreadyAnswered(Gone::InvalidJobState));
            }
            failed.push(hook.clone());
            Ok(Put::Accepted)
        };
        self.calls.make(effect).await.map_err(PutProblem::Passing)
    }
}

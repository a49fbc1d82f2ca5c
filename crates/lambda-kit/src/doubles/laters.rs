//! Messages to oneself in tests: they are kept until they are due.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Result, ensure};
use jiff::Timestamp;

use super::Calls;
use crate::Clock;
use crate::laters::Laters;

/// Clones share everything.
#[derive(Debug, Clone)]
pub struct MemoryLaters {
    calls: Calls,
    clock: Clock,
    waiting: Rc<RefCell<Vec<Later>>>,
}

/// A message on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Later {
    /// Its body.
    pub body: String,
    /// When it arrives.
    pub due: Timestamp,
}

impl MemoryLaters {
    /// An empty queue that counts its calls there.
    pub fn with(calls: Calls, clock: Clock) -> Self {
        Self { calls, clock, waiting: Rc::default() }
    }

    /// The next `number` calls fail.
    pub fn fail_next(&self, number: usize) {
        self.calls.fail_next(number);
    }

    /// Everything that has not been taken.
    pub fn waiting(&self) -> Vec<Later> {
        self.waiting.borrow().clone()
    }

    /// Takes the bodies that are due by now, earliest first.
    pub fn take_due(&self) -> Vec<String> {
        let now = self.clock.now();
        let mut due: Vec<_> = self.waiting.borrow_mut().extract_if(.., |later| later.due <= now).collect();
        due.sort_by_key(|later| later.due);
        due.into_iter().map(|later| later.body).collect()
    }
}

impl Laters for MemoryLaters {
    async fn again(&self, body: &str, after: Duration) -> Result<()> {
        let effect = || {
            ensure!(!body.is_empty() && body.len() <= 1 << 20, "InvalidParameterValue: a body has 1 byte to 1 MiB");
            let due = self.clock.now() + after.min(Duration::from_mins(15));
            self.waiting.borrow_mut().push(Later { body: body.to_owned(), due });
            Ok(())
        };
        self.calls.make(effect).await
    }
}

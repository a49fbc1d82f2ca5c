//! What one invocation knows for all its executions: how long it may work, and which channels need no further try.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use lambda_kit::Deadline;
use notices::Address;

/// The least time worth beginning something with.
const LEAST: Duration = Duration::from_secs(2);

/// One invocation.
pub(crate) struct Round {
    pub(crate) deadline: Deadline,
    shut: RefCell<BTreeMap<Address, Timestamp>>,
}

impl Round {
    pub(crate) fn new(deadline: Deadline) -> Self {
        Self { deadline, shut: RefCell::default() }
    }

    /// There is too little time to begin anything.
    pub(crate) fn is_over(&self) -> bool {
        self.deadline.remaining() < LEAST
    }

    /// How long one may wait and still have time to send.
    pub(crate) fn patience(&self, most: Duration) -> Duration {
        self.deadline.remaining().saturating_sub(LEAST).min(most)
    }

    /// What is left, for one call.
    pub(crate) fn for_one_call(&self, most: Duration) -> Duration {
        self.deadline.remaining().min(most)
    }

    /// Until when somebody else may send what this invocation has begun. Never now: a lease without an end ahead
    /// would be no lease. In milliseconds, as the table keeps it.
    pub(crate) fn lease(&self, now: Timestamp) -> Timestamp {
        let end = self.deadline.expires_at().max(now.saturating_add(LEAST).unwrap_or(now));
        Timestamp::from_millisecond(end.as_millisecond().saturating_add(1)).unwrap_or(end)
    }

    /// A channel that is down or full is not tried again for the next execution: others would wait for nothing.
    pub(crate) fn shut(&self, address: &Address, until: Timestamp) {
        self.shut.borrow_mut().insert(address.clone(), until);
    }

    pub(crate) fn shut_until(&self, address: &Address, now: Timestamp) -> Option<Timestamp> {
        self.shut.borrow().get(address).copied().filter(|until| *until > now)
    }
}

//! What one invocation knows for all its executions: how long it may work, and which channels need no further try.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use lambda_kit::Deadline;
use notices::Address;

/// Time kept back at the end of an invocation for writing down what was done.
const MARGIN: Duration = Duration::from_secs(3);
/// The least time worth beginning something with.
const LEAST: Duration = Duration::from_secs(2);

/// One invocation.
pub(crate) struct Round {
    /// Until when to work.
    deadline: Deadline,
    /// Until when to write.
    end: Deadline,
    shut: RefCell<BTreeMap<Address, Timestamp>>,
}

impl Round {
    /// `end` is the invocation's.
    pub(crate) fn new(end: Deadline) -> Self {
        Self { deadline: end.with_margin(MARGIN), end, shut: RefCell::default() }
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

    /// From when somebody else may send what this invocation has begun: not before it has written its last. Never now:
    /// a lease without an end ahead would be no lease. In milliseconds, as the table keeps it.
    pub(crate) fn lease(&self, now: Timestamp) -> Timestamp {
        let end = self.end.expires_at().max(now.saturating_add(LEAST).unwrap_or(now));
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

#[cfg(test)]
mod tests {
    use lambda_kit::Clock;

    use super::*;

    #[test]
    fn a_lease_lasts_as_long_as_its_holder_may_write() {
        let clock = Clock::stopped_at(Timestamp::from_second(1_772_445_600).unwrap());
        let round = Round::new(Deadline::after(&clock, Duration::from_secs(60)));
        let lease = round.lease(clock.now());
        clock.advance(Duration::from_secs(58));
        assert!(round.is_over(), "nothing is begun any more");
        assert!(clock.now() < lease, "and what was done is still being written down");
        clock.advance(Duration::from_secs(3));
        assert!(clock.now() > lease);
        assert!(round.lease(clock.now()) > clock.now());
    }
}

//! The event bus in tests: what was published is kept.

use std::cell::RefCell;
use std::rc::Rc;

use anyhow::Result;
use pipeline_model::Decision;

use super::Calls;
use crate::publishing::Bus;

/// Empty at first. Clones share everything.
#[derive(Debug, Clone, Default)]
pub struct RecordingBus {
    calls: Calls,
    published: Rc<RefCell<Vec<Decision>>>,
}

impl RecordingBus {
    /// An empty bus whose calls are counted with others.
    pub fn with(calls: Calls) -> Self {
        Self { calls, published: Rc::default() }
    }

    /// The next `number` calls fail.
    pub fn fail_next(&self, number: usize) {
        self.calls.fail_next(number);
    }

    /// All that was published, in order.
    pub fn published(&self) -> Vec<Decision> {
        self.published.borrow().clone()
    }

    /// All that was published and not yet taken, in order.
    pub fn take_published(&self) -> Vec<Decision> {
        self.published.take()
    }
}

impl Bus for RecordingBus {
    async fn publish(&self, decision: &Decision) -> Result<()> {
        let effect = || {
            self.published.borrow_mut().push(decision.clone());
            Ok(())
        };
        self.calls.make(effect).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doubles::Moment;
    use pipeline_model::Published;
    use serde_json::json;

    fn decision() -> Decision {
        let event = json!({
            "detail-type": "Rollback Decided", "source": Published::SOURCE, "time": "2026-03-02T17:04:42Z",
            "detail": { "version": 1, "outcome": "done" },
        });
        match Published::parse(event.to_string().as_bytes()) {
            Ok(Published::Decision(decision)) => *decision,
            other => panic!("expected a decision, got {other:?}"),
        }
    }

    #[tokio::test]
    async fn what_fails_is_not_published_and_a_crash_may_come_after_it_was() {
        let calls = Calls::default();
        let bus = RecordingBus::with(calls.clone());
        bus.fail_next(1);
        assert!(bus.publish(&decision()).await.is_err());
        for (moment, published) in [(Moment::Before, 0), (Moment::After, 1)] {
            calls.crash_at(1, moment);
            assert!(calls.run(bus.publish(&decision())).await.is_none());
            assert_eq!(bus.published().len(), published);
        }
        assert_eq!(bus.take_published(), [decision()]);
        assert_eq!(bus.published(), []);
    }
}

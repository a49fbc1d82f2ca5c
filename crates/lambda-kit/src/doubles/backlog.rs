//! The queues in tests: what was buried, delayed and sent for later is kept.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use crate::Clock;
use anyhow::Result;
use jiff::Timestamp;

use super::Calls;
use crate::backlog::Backlog;

/// Clones share everything.
#[derive(Debug, Clone)]
pub struct RecordingBacklog {
    calls: Calls,
    clock: Clock,
    content: Rc<RefCell<Content>>,
}

#[derive(Debug, Default)]
struct Content {
    buried: Vec<Buried>,
    delayed: Vec<Delayed>,
    reminders: Vec<Reminder>,
}

/// A record in the dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buried {
    /// The record's body.
    pub body: String,
    /// `ERROR_CODE`.
    pub code: String,
    /// `ERROR_MESSAGE`.
    pub reason: String,
}

/// A record that comes again later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delayed {
    /// Which record.
    pub receipt_handle: String,
    /// After how long.
    pub delay: Duration,
}

/// A message the notifier sent to itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reminder {
    /// Its body.
    pub body: String,
    /// When it arrives.
    pub due: Timestamp,
}

impl RecordingBacklog {
    /// An empty queue whose calls are counted with others.
    pub fn with(calls: Calls, clock: Clock) -> Self {
        Self { calls, clock, content: Rc::default() }
    }

    /// The next `number` calls fail.
    pub fn fail_next(&self, number: usize) {
        self.calls.fail_next(number);
    }

    /// What lies in the dead-letter queue.
    pub fn buried(&self) -> Vec<Buried> {
        self.content.borrow().buried.clone()
    }

    /// Every delay that was asked for.
    pub fn delayed(&self) -> Vec<Delayed> {
        self.content.borrow().delayed.clone()
    }

    /// The reminders that have not been taken.
    pub fn reminders(&self) -> Vec<Reminder> {
        self.content.borrow().reminders.clone()
    }

    /// Takes the bodies of the reminders that are due by now, earliest first.
    pub fn take_due(&self) -> Vec<String> {
        let now = self.clock.now();
        let mut content = self.content.borrow_mut();
        let mut due: Vec<_> = content.reminders.extract_if(.., |reminder| reminder.due <= now).collect();
        due.sort_by_key(|reminder| reminder.due);
        due.into_iter().map(|reminder| reminder.body).collect()
    }

    async fn record(&self, change: impl FnOnce(&mut Content)) -> Result<()> {
        let effect = || {
            change(&mut self.content.borrow_mut());
            Ok(())
        };
        self.calls.make(effect).await
    }
}

impl Backlog for RecordingBacklog {
    async fn bury(&self, body: &str, code: &str, reason: &str) -> Result<()> {
        let buried = Buried { body: body.to_owned(), code: code.to_owned(), reason: reason.to_owned() };
        self.record(|content| content.buried.push(buried)).await
    }

    async fn delay(&self, receipt_handle: &str, delay: Duration) -> Result<()> {
        let delayed = Delayed { receipt_handle: receipt_handle.to_owned(), delay };
        self.record(|content| content.delayed.push(delayed)).await
    }

    async fn remind(&self, body: &str, delay: Duration) -> Result<()> {
        let reminder = Reminder { body: body.to_owned(), due: self.clock.now() + delay };
        self.record(|content| content.reminders.push(reminder)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reminder_arrives_when_it_is_due_and_once() {
        let clock = Clock::stopped_at(Timestamp::UNIX_EPOCH);
        let backlog = RecordingBacklog::with(Calls::default(), clock.clone());
        backlog.remind("late", Duration::from_secs(20)).await.unwrap();
        backlog.remind("soon", Duration::from_secs(10)).await.unwrap();
        assert_eq!(backlog.take_due(), [""; 0]);
        clock.advance(Duration::from_secs(20));
        assert_eq!(backlog.take_due(), ["soon", "late"]);
        assert_eq!(backlog.take_due(), [""; 0]);
    }
}

//! The time as the server sees it: the system's, or one that a test turns by hand.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

/// Tells the time and wakes at one.
pub trait Clock: Send + Sync {
    /// The current time.
    fn now(&self) -> Timestamp;
    /// Resolves when the clock shows `until` or later.
    fn sleep_until<'a>(&'a self, until: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the server's time comes in")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep_until<'a>(&'a self, until: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        let wait = Duration::try_from(until.duration_since(self.now())).unwrap_or_default();
        Box::pin(tokio::time::sleep(wait))
    }
}

/// A clock that stands still until a test moves it.
#[derive(Debug)]
pub struct ManualClock(watch::Sender<Timestamp>);

impl ManualClock {
    /// A clock that shows `start`.
    pub fn at(start: Timestamp) -> Self {
        Self(watch::Sender::new(start))
    }

    /// Moves the clock forward and wakes who waited for the new time.
    pub fn advance(&self, by: Duration) {
        self.0.send_modify(|now| *now += by);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.borrow()
    }

    fn sleep_until<'a>(&'a self, until: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        let mut shown = self.0.subscribe();
        Box::pin(async move {
            // The sender lives in `self`, so waiting cannot end because the clock is gone.
            let _ = shown.wait_for(|now| *now >= until).await;
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_manual_clock_wakes_exactly_when_it_is_moved_there() {
        let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
        let noon = Timestamp::from_second(60).unwrap();
        clock.advance(Duration::from_secs(59));
        assert!(tokio::time::timeout(Duration::from_millis(20), clock.sleep_until(noon)).await.is_err());
        clock.advance(Duration::from_secs(1));
        clock.sleep_until(noon).await;
        assert_eq!(clock.now(), noon);
    }
}

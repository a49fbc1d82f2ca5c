//! A clock that runs faster than time, so that a release of half an hour is played in seconds.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::codepipeline::{Clock, SystemClock};

/// A virtual second lasts this many real milliseconds: a minute passes in one second.
const MILLIS_PER_SECOND: f64 = 1000.0 / 60.0;

/// Starts in the past and catches up with the present.
pub(crate) struct FastClock {
    started: Instant,
    shown_then: Timestamp,
    skipped: Mutex<SignedDuration>,
}

impl FastClock {
    /// A clock that shows `ago` before now.
    pub(crate) fn starting(ago: SignedDuration) -> Self {
        Self { started: Instant::now(), shown_then: SystemClock.now() - ago, skipped: Mutex::new(SignedDuration::ZERO) }
    }

    /// Lets time pass in which nothing happens. Who sleeps meanwhile is not woken earlier.
    pub(crate) fn skip(&self, time: SignedDuration) {
        *self.skipped.lock().unwrap_or_else(PoisonError::into_inner) += time;
    }
}

impl Clock for FastClock {
    fn now(&self) -> Timestamp {
        let virtual_seconds = self.started.elapsed().as_secs_f64() * 1000.0 / MILLIS_PER_SECOND;
        let skipped = *self.skipped.lock().unwrap_or_else(PoisonError::into_inner);
        self.shown_then + SignedDuration::from_secs_f64(virtual_seconds) + skipped
    }

    fn sleep_until<'a>(&'a self, until: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            let seconds = until.duration_since(self.now()).as_secs_f64();
            tokio::time::sleep(Duration::from_secs_f64(seconds.max(0.0) * MILLIS_PER_SECOND / 1000.0)).await;
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_minute_takes_a_second_and_a_skipped_one_takes_none() {
        let clock = FastClock::starting(SignedDuration::from_mins(30));
        let start = clock.now();
        tokio::time::advance(Duration::from_secs(1)).await;
        clock.skip(SignedDuration::from_mins(5));
        let passed = clock.now().duration_since(start).as_secs_f64();
        assert!((passed - 360.0).abs() < 0.1, "{passed}");
    }

    #[tokio::test(start_paused = true)]
    async fn sleeping_ends_when_the_clock_shows_the_time() {
        let clock = FastClock::starting(SignedDuration::ZERO);
        let until = clock.now() + SignedDuration::from_mins(2);
        clock.sleep_until(until).await;
        assert!(until.duration_since(clock.now()).as_secs_f64().abs() < 1.0);
    }
}

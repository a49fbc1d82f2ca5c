//! The one place that reads the time, and a clock for tests that moves only when told.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Wall clock for comparing with events, monotonic clock for waiting; both behind one handle.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System { started: Instant },
    Stopped(Arc<Mutex<Stopped>>),
    Simulated { start: Timestamp, since: tokio::time::Instant },
}

#[derive(Debug)]
struct Stopped {
    start: Timestamp,
    elapsed: Duration,
}

impl Clock {
    /// The clock of the machine.
    #[expect(clippy::disallowed_methods, reason = "time enters the program here")]
    pub fn system() -> Self {
        Self(Source::System { started: Instant::now() })
    }

    /// A clock for tests: it shows `at` until `advance` or `sleep` moves it. Clones move together.
    pub fn stopped_at(at: Timestamp) -> Self {
        Self(Source::Stopped(Arc::new(Mutex::new(Stopped { start: at, elapsed: Duration::ZERO }))))
    }

    /// A clock for simulations: it shows `at` now and goes with tokio's time, which a test can pause. Then waiting costs
    /// nothing, and of several tasks that wait, the one whose time comes first goes on first.
    pub fn simulated_from(at: Timestamp) -> Self {
        Self(Source::Simulated { start: at, since: tokio::time::Instant::now() })
    }

    /// The wall clock: for comparison with the times in events. It may jump.
    #[expect(clippy::disallowed_methods, reason = "time enters the program here")]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System { .. } => Timestamp::now(),
            Source::Stopped(state) => {
                let state = state.lock().unwrap_or_else(PoisonError::into_inner);
                later(state.start, state.elapsed)
            }
            Source::Simulated { start, since } => later(*start, since.elapsed()),
        }
    }

    /// Time since this clock was made. It never goes back, so deadlines are kept in it.
    pub fn monotonic(&self) -> Duration {
        match &self.0 {
            Source::System { started } => started.elapsed(),
            Source::Stopped(state) => state.lock().unwrap_or_else(PoisonError::into_inner).elapsed,
            Source::Simulated { since, .. } => since.elapsed(),
        }
    }

    /// Waits. A stopped clock moves by `duration` and does not wait.
    pub async fn sleep(&self, duration: Duration) {
        match &self.0 {
            Source::System { .. } | Source::Simulated { .. } => tokio::time::sleep(duration).await,
            Source::Stopped(_) => self.advance(duration),
        }
    }

    /// Moves a stopped clock forward.
    ///
    /// # Panics
    /// On any other clock: nobody can move those.
    pub fn advance(&self, duration: Duration) {
        let Source::Stopped(state) = &self.0 else { panic!("only a stopped clock can be advanced") };
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.elapsed = state.elapsed.saturating_add(duration);
    }
}

/// `time` plus `duration`, at most the last representable time.
pub(crate) fn later(time: Timestamp, duration: Duration) -> Timestamp {
    time.saturating_add(duration).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_clock_never_goes_back() {
        let clock = Clock::system();
        let first = clock.monotonic();
        assert!(clock.monotonic() >= first);
    }

    #[tokio::test]
    async fn a_stopped_clock_moves_only_when_told_and_its_clones_move_with_it() {
        let start = Timestamp::UNIX_EPOCH;
        let clock = Clock::stopped_at(start);
        let other = clock.clone();
        assert_eq!(clock.now(), start);
        other.advance(Duration::from_secs(5));
        clock.sleep(Duration::from_secs(2)).await;
        assert_eq!(clock.monotonic(), Duration::from_secs(7));
        assert_eq!(other.now(), Timestamp::from_second(7).expect("a valid second"));
    }

    #[tokio::test(start_paused = true)]
    async fn on_a_simulated_clock_the_one_whose_time_comes_first_goes_on_first() {
        let clock = Clock::simulated_from(Timestamp::UNIX_EPOCH);
        let wait = async |seconds| {
            clock.sleep(Duration::from_secs(seconds)).await;
            clock.now().as_second()
        };
        assert_eq!(tokio::join!(wait(7), wait(3)), (7, 3));
        assert_eq!(clock.monotonic(), Duration::from_secs(7));
    }
}

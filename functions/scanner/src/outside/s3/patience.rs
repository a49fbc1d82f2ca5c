//! Trying again: a few times, with pauses that grow, and with an end to every wait.

use std::time::Duration;

use crate::ports::{Trouble, TroubleKind};

/// How long is waited for what, and how often something is tried.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Attempts, the first one included.
    pub(super) attempts: u32,
    /// The first pause between two; each is twice as long as the one before, and up to half of it is left to chance.
    pub(super) first_pause: Duration,
    /// The longest pause.
    pub(super) longest_pause: Duration,
    /// Until the head of an answer.
    pub(super) answer: Duration,
    /// Between two pieces of a body.
    pub(super) stall: Duration,
    /// For a whole upload: a report is a few megabytes.
    pub(super) upload: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            attempts: 6,
            first_pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(5),
            answer: Duration::from_secs(5),
            stall: Duration::from_secs(10),
            upload: Duration::from_secs(60),
        }
    }
}

/// The attempts made at one thing.
#[derive(Debug, Clone)]
pub(super) struct Tries {
    patience: Patience,
    failed: u32,
}

impl Tries {
    pub(super) fn new(patience: Patience) -> Self {
        Self { patience, failed: 0 }
    }

    /// Pauses, if the next attempt may go better and there is to be one.
    ///
    /// # Errors
    /// The trouble itself, if it stays or was met often enough.
    pub(super) async fn again(&mut self, trouble: Trouble) -> Result<(), Trouble> {
        self.failed += 1;
        if trouble.kind != TroubleKind::Passing {
            return Err(trouble);
        }
        if self.failed >= self.patience.attempts {
            let words = format!("{}; that was the last of {} attempts", trouble.words, self.failed);
            return Err(Trouble::new(trouble.kind, words));
        }
        let doubled = self.patience.first_pause.saturating_mul(1 << (self.failed - 1).min(16));
        let pause = doubled.min(self.patience.longest_pause);
        tokio::time::sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
        Ok(())
    }

    /// What failed before is forgotten, because things have moved since.
    pub(super) fn renew(&mut self) {
        self.failed = 0;
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    fn trouble(kind: TroubleKind) -> Trouble {
        Trouble::new(kind, "SlowDown: reduce your rate")
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_and_attempts_end() {
        let (mut tries, started) = (Tries::new(Patience::default()), Instant::now());
        for _ in 1..6 {
            tries.again(trouble(TroubleKind::Passing)).await.unwrap();
        }
        let paused = started.elapsed();
        assert!((Duration::from_millis(3_100)..=Duration::from_millis(6_210)).contains(&paused), "{paused:?}");
        let last = tries.again(trouble(TroubleKind::Passing)).await.unwrap_err();
        assert_eq!(last.words, "SlowDown: reduce your rate; that was the last of 6 attempts");
        assert_eq!(started.elapsed(), paused);
    }

    #[tokio::test(start_paused = true)]
    async fn what_stays_is_not_tried_again() {
        use TroubleKind::{Changed, Denied, Missing, Refused};
        for kind in [Denied, Missing, Changed, Refused] {
            let mut tries = Tries::new(Patience::default());
            assert_eq!(tries.again(trouble(kind)).await.unwrap_err().words, "SlowDown: reduce your rate");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn however_many_attempts_are_allowed_no_pause_is_longer_than_the_longest() {
        let mut tries = Tries::new(Patience { attempts: 100, ..Patience::default() });
        for _ in 1..100 {
            let started = Instant::now();
            tries.again(trouble(TroubleKind::Passing)).await.unwrap();
            assert!(started.elapsed() <= Duration::from_millis(5_001));
        }
    }
}

//! How fast Slack lets a caller go: a bucket that refills steadily and tolerates a short burst.

use std::time::Duration;

use tokio::time::Instant;

/// A token bucket.
#[derive(Debug)]
pub(super) struct Pace {
    capacity: f64,
    per_second: f64,
    left: f64,
    seen: Instant,
}

impl Pace {
    /// `burst` at once, then `per_second`.
    pub(super) fn new(burst: u32, per_second: f64) -> Self {
        let capacity = f64::from(burst.max(1));
        Self { capacity, per_second, left: capacity, seen: Instant::now() }
    }

    /// Takes one, or says how many whole seconds to wait: what goes into `Retry-After`.
    pub(super) fn take(&mut self) -> Result<(), u64> {
        let now = Instant::now();
        let refill = now.duration_since(self.seen).as_secs_f64() * self.per_second;
        self.left = (self.left + refill).min(self.capacity);
        self.seen = now;
        if self.left >= 1.0 {
            self.left -= 1.0;
            return Ok(());
        }
        let wait = Duration::from_secs_f64((1.0 - self.left) / self.per_second);
        Err(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_tolerated_and_then_one_per_second_is_the_rule() {
        let mut pace = Pace::new(2, 1.0);
        assert_eq!((pace.take(), pace.take(), pace.take()), (Ok(()), Ok(()), Err(1)));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!((pace.take(), pace.take()), (Ok(()), Err(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_silence_does_not_save_up_more_than_the_burst() {
        let mut pace = Pace::new(1, 1.0);
        tokio::time::advance(Duration::from_secs(600)).await;
        assert_eq!((pace.take(), pace.take()), (Ok(()), Err(1)));
    }
}

//! A token bucket: so many calls a second, fewer after each refusal.

use std::cell::Cell;
use std::time::Duration;

use lambda_kit::Clock;

/// Calls a second at first. CodePipeline publishes no limit; field reports put it far above this.
const FASTEST: f64 = 10.0;
/// Calls a second after many refusals.
const SLOWEST: f64 = 0.5;
/// Calls that may be made at once after a pause.
const BURST: f64 = 5.0;

/// Hands out turns.
pub(crate) struct Pace {
    clock: Clock,
    rate: Cell<f64>,
    tokens: Cell<f64>,
    counted: Cell<Duration>,
}

impl Pace {
    pub(crate) fn new(clock: Clock) -> Self {
        let counted = clock.monotonic().into();
        Self { clock, rate: FASTEST.into(), tokens: BURST.into(), counted }
    }

    /// Waits for the next turn.
    pub(crate) async fn turn(&self) {
        self.refill();
        let missing = 1.0 - self.tokens.get();
        if missing > 0.0 {
            self.clock.sleep(Duration::from_secs_f64(missing / self.rate.get())).await;
            self.refill();
        }
        self.tokens.set(self.tokens.get() - 1.0);
    }

    /// The other side is busy: half as fast from now on, and nothing saved up.
    pub(crate) fn slow_down(&self) {
        self.rate.set((self.rate.get() / 2.0).max(SLOWEST));
        self.tokens.set(0.0);
    }

    fn refill(&self) {
        let now = self.clock.monotonic();
        let passed = now.saturating_sub(self.counted.replace(now)).as_secs_f64();
        self.tokens.set((self.tokens.get() + passed * self.rate.get()).min(BURST));
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    async fn time_for(turns: u32, refusals: u32) -> Duration {
        let clock = Clock::stopped_at(Timestamp::UNIX_EPOCH);
        let pace = Pace::new(clock.clone());
        (0..refusals).for_each(|_| pace.slow_down());
        for _ in 0..turns {
            pace.turn().await;
        }
        clock.monotonic()
    }

    fn about(seconds: f64) -> impl Fn(Duration) -> bool {
        move |took| (took.as_secs_f64() - seconds).abs() < 0.01
    }

    #[tokio::test]
    async fn after_a_burst_turns_come_at_the_rate() {
        assert!(about(0.0)(time_for(5, 0).await));
        assert!(about(9.5)(time_for(100, 0).await));
    }

    #[tokio::test]
    async fn each_refusal_halves_the_rate_down_to_a_floor() {
        assert!(about(2.0)(time_for(10, 1).await));
        assert!(about(4.0)(time_for(10, 2).await));
        assert!(about(20.0)(time_for(10, 30).await));
    }
}

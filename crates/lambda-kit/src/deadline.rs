//! How long one invocation may still work.

use std::time::Duration;

use jiff::Timestamp;
use lambda_runtime::Context;

use crate::Clock;
use crate::clock::later;

/// The longest timeout Lambda allows, used where an invocation states no deadline.
pub(crate) const LONGEST_INVOCATION: Duration = Duration::from_secs(900);

/// A point in time by which work must have ended.
///
/// Lambda gives it as wall clock time; it is turned into monotonic time at once, so a clock that jumps changes nothing.
#[derive(Clone, Debug)]
pub struct Deadline {
    clock: Clock,
    at: Duration,
}

/// The time was used up before the work was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the time left for this invocation is used up")]
pub struct Elapsed;

impl Deadline {
    /// The deadline Lambda set for this invocation.
    pub fn of(context: &Context, clock: &Clock) -> Self {
        Self::at_epoch_millis(Some(context.deadline), clock, LONGEST_INVOCATION)
    }

    /// The deadline as Lambda writes it, in milliseconds since 1970.
    ///
    /// Zero is a deadline that has passed and not an unknown one: Lambda lets a function run for a moment
    /// past its limit, and a lock written without an expiry in that moment would never be released.
    /// A missing deadline, and one further away than `longest`, is `longest` from now.
    pub fn at_epoch_millis(deadline: Option<u64>, clock: &Clock, longest: Duration) -> Self {
        let remaining = match deadline {
            None => longest,
            Some(millis) => {
                let now = u64::try_from(clock.now().as_millisecond()).unwrap_or(0);
                Duration::from_millis(millis.saturating_sub(now)).min(longest)
            }
        };
        Self::after(clock, remaining)
    }

    /// A deadline `duration` from now.
    pub fn after(clock: &Clock, duration: Duration) -> Self {
        Self { clock: clock.clone(), at: clock.monotonic().saturating_add(duration) }
    }

    /// The same deadline, `margin` earlier: what is left for work when something must still be said at the end.
    #[must_use]
    pub fn with_margin(&self, margin: Duration) -> Self {
        Self { clock: self.clock.clone(), at: self.at.saturating_sub(margin) }
    }

    /// Time left; zero when it is over.
    pub fn remaining(&self) -> Duration {
        self.at.saturating_sub(self.clock.monotonic())
    }

    /// The deadline on the wall clock, for an expiry that others read.
    pub fn expires_at(&self) -> Timestamp {
        later(self.clock.now(), self.remaining())
    }

    /// Runs `work` until it is done or the time is over.
    ///
    /// # Errors
    /// [`Elapsed`] when the time was over first; `work` is dropped then.
    pub async fn limit<T>(&self, work: impl Future<Output = T>) -> Result<T, Elapsed> {
        tokio::time::timeout(self.remaining(), work).await.map_err(|_| Elapsed)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW_MILLIS: u64 = 1_772_445_600_000;

    fn clock() -> Clock {
        Clock::stopped_at(Timestamp::from_millisecond(NOW_MILLIS as i64).expect("a valid time"))
    }

    fn remaining(deadline: Option<u64>) -> Duration {
        Deadline::at_epoch_millis(deadline, &clock(), LONGEST_INVOCATION).remaining()
    }

    #[test]
    fn a_deadline_of_zero_is_over_and_not_unknown() {
        assert_eq!(remaining(Some(0)), Duration::ZERO);
        assert_eq!(Deadline::of(&Context::default(), &clock()).remaining(), Duration::ZERO);
    }

    #[test]
    fn a_missing_deadline_is_the_longest_one() {
        assert_eq!(remaining(None), LONGEST_INVOCATION);
    }

    #[test]
    fn a_lock_always_gets_an_expiry_even_when_no_time_is_left() {
        let clock = clock();
        let over = Deadline::at_epoch_millis(Some(0), &clock, LONGEST_INVOCATION);
        assert_eq!(over.expires_at(), clock.now());
    }

    #[test]
    fn a_wall_clock_that_is_behind_does_not_make_the_deadline_longer_than_lambda_allows() {
        assert_eq!(remaining(Some(NOW_MILLIS + 86_400_000)), LONGEST_INVOCATION);
    }

    #[tokio::test(start_paused = true)]
    async fn work_is_cut_off_at_the_deadline() {
        let deadline = Deadline::after(&Clock::system(), Duration::from_millis(200));
        assert_eq!(deadline.limit(std::future::pending::<()>()).await, Err(Elapsed));
        assert_eq!(deadline.limit(async { 7 }).await, Ok(7));
    }

    proptest! {
        #[test]
        fn time_left_shrinks_with_the_clock_and_never_wraps(
            ahead in 0..2_000_000_u64, passed in 0..2_000_000_u64, margin in 0..2_000_000_u64,
        ) {
            let clock = clock();
            let deadline = Deadline::at_epoch_millis(Some(NOW_MILLIS + ahead), &clock, LONGEST_INVOCATION);
            let allowed = Duration::from_millis(ahead).min(LONGEST_INVOCATION);
            clock.advance(Duration::from_millis(passed));
            let left = allowed.saturating_sub(Duration::from_millis(passed));
            prop_assert_eq!(deadline.remaining(), left);
            let earlier = deadline.with_margin(Duration::from_millis(margin));
            prop_assert_eq!(earlier.remaining(), left.saturating_sub(Duration::from_millis(margin)));
        }

        #[test]
        fn any_deadline_lambda_could_write_is_bounded(millis: u64) {
            prop_assert!(remaining(Some(millis)) <= LONGEST_INVOCATION);
        }
    }
}

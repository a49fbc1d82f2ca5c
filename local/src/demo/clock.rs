//! A clock that can hurry through the past, so that the half hour of a release is played in seconds.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::codepipeline::{Clock, SystemClock};

/// In a hurry, a minute passes in one second.
const HURRY: f64 = 60.0;

/// Starts in the past and catches up with the present, but never overtakes it.
pub(crate) struct FastClock(watch::Sender<Pace>);

/// What the clock showed at some moment, and how fast it has run since.
#[derive(Debug, Clone, Copy)]
struct Pace {
    since: Instant,
    shown: Timestamp,
    /// What everybody else's clock showed then.
    present: Timestamp,
    speed: f64,
}

impl FastClock {
    /// A clock that shows `ago` before now and runs at the speed of time.
    pub(crate) fn starting(ago: SignedDuration) -> Self {
        let present = SystemClock.now();
        Self(watch::Sender::new(Pace { since: Instant::now(), shown: present - ago, present, speed: 1.0 }))
    }

    /// While pipelines work there is nothing to see.
    pub(crate) fn hurry(&self) {
        self.0.send_modify(|pace| *pace = Pace { speed: HURRY, ..pace.now() });
    }

    /// While Slack is told and people read, time takes its time.
    pub(crate) fn take_time(&self) {
        self.0.send_modify(|pace| *pace = Pace { speed: 1.0, ..pace.now() });
    }

    /// Shows the time `ago` before now, unless it is later than that already. Time takes its time from there.
    pub(crate) fn catch_up(&self, ago: SignedDuration) {
        self.0.send_modify(|pace| {
            let pace_now = pace.now();
            *pace = Pace { shown: pace_now.shown.max(pace_now.present - ago), speed: 1.0, ..pace_now };
        });
    }

    /// Lets time pass in which nothing happens.
    pub(crate) fn skip(&self, time: SignedDuration) {
        self.0.send_modify(|pace| {
            let pace_now = pace.now();
            *pace = Pace { shown: (pace_now.shown + time).min(pace_now.present), ..pace_now };
        });
    }
}

impl Pace {
    fn shows(&self) -> Timestamp {
        let passed = SignedDuration::from_secs_f64(self.since.elapsed().as_secs_f64() * self.speed);
        (self.shown + passed).min(self.present())
    }

    fn present(&self) -> Timestamp {
        self.present + SignedDuration::from_secs_f64(self.since.elapsed().as_secs_f64())
    }

    fn now(&self) -> Self {
        Self { since: Instant::now(), shown: self.shows(), present: self.present(), speed: self.speed }
    }

    /// In a hurry, or until the present shows that time.
    fn real_time_until(&self, until: Timestamp) -> Duration {
        let from = |time: Timestamp| until.duration_since(time).as_secs_f64().max(0.0);
        Duration::from_secs_f64((from(self.shows()) / self.speed).max(from(self.present())))
    }
}

impl Clock for FastClock {
    fn now(&self) -> Timestamp {
        self.0.borrow().shows()
    }

    fn sleep_until<'a>(&'a self, until: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        let mut paces = self.0.subscribe();
        Box::pin(async move {
            while self.now() < until {
                let wait = paces.borrow_and_update().real_time_until(until);
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    // The sender lives in `self`, so there is always somebody to change the pace.
                    _ = paces.changed() => {}
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn passed(clock: &FastClock, start: Timestamp) -> f64 {
        clock.now().duration_since(start).as_secs_f64().round()
    }

    #[tokio::test(start_paused = true)]
    async fn in_a_hurry_a_minute_takes_a_second_and_a_skipped_one_takes_none() {
        let clock = FastClock::starting(SignedDuration::from_mins(30));
        let start = clock.now();
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(passed(&clock, start), 1.0);
        clock.hurry();
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(passed(&clock, start), 61.0);
        clock.take_time();
        clock.skip(SignedDuration::from_mins(5));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(passed(&clock, start), 362.0);
    }

    #[tokio::test]
    async fn it_catches_up_with_the_present_and_never_goes_back() {
        let clock = FastClock::starting(SignedDuration::from_mins(30));
        let behind = |clock: &FastClock| SystemClock.now().duration_since(clock.now()).as_secs_f64().round();
        clock.catch_up(SignedDuration::from_mins(3));
        assert_eq!(behind(&clock), 180.0);
        clock.catch_up(SignedDuration::ZERO);
        clock.catch_up(SignedDuration::from_mins(3));
        assert_eq!(behind(&clock), 0.0);
    }

    #[tokio::test(start_paused = true)]
    async fn it_never_shows_the_future_however_much_it_hurries() {
        let clock = FastClock::starting(SignedDuration::from_secs(30));
        let start = clock.now();
        clock.hurry();
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(passed(&clock, start), 40.0);
        clock.skip(SignedDuration::from_mins(5));
        assert_eq!(passed(&clock, start), 40.0);
        let (began, until) = (Instant::now(), clock.now() + SignedDuration::from_secs(3));
        clock.sleep_until(until).await;
        assert_eq!(began.elapsed().as_secs(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn who_sleeps_is_woken_when_the_clock_shows_the_time_whatever_its_pace() {
        let clock = Arc::new(FastClock::starting(SignedDuration::from_mins(30)));
        let (start, slept) = (Instant::now(), Arc::clone(&clock));
        let sleeper = tokio::spawn(async move { slept.sleep_until(slept.now() + SignedDuration::from_mins(10)).await });
        tokio::time::sleep(Duration::from_secs(60)).await;
        clock.hurry();
        tokio::time::sleep(Duration::from_secs(4)).await;
        assert!(!sleeper.is_finished());
        clock.skip(SignedDuration::from_mins(5));
        sleeper.await.unwrap();
        assert!(start.elapsed() < Duration::from_secs(65), "{:?}", start.elapsed());
    }
}

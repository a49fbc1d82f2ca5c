//! Reporting something that must arrive: again and again, but not in a storm, and not beyond the invocation.

use std::time::Duration;

use anyhow::anyhow;
use tokio::time::Instant;

use super::PutProblem;
use crate::Deadline;

/// Longest wait for one answer. Reporting takes a tenth of a second where nothing is wrong.
const ATTEMPT: Duration = Duration::from_secs(2);
/// The first wait between two attempts; each is twice as long as the one before, and up to half of it is left to chance.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// Kept back so that whoever could not report can say so itself, before `start` says that the time is over.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Makes a call until it succeeds, is refused, or the time is over. What hangs is given up and tried again.
///
/// # Errors
/// The refusal, or after the time the last problem: then the call may have taken effect all the same.
pub async fn insist<T>(
    deadline: &Deadline,
    mut attempt: impl AsyncFnMut() -> Result<T, PutProblem>,
) -> Result<T, PutProblem> {
    let end = Instant::now() + deadline.with_margin(LAST_WORDS).remaining();
    let mut wait = FIRST_WAIT;
    loop {
        let problem = match tokio::time::timeout_at(end.min(Instant::now() + ATTEMPT), attempt()).await {
            Ok(Err(PutProblem::Passing(problem))) => problem,
            Ok(settled) => return settled,
            Err(_) => anyhow!("the service did not answer in time"),
        };
        let pause = wait.mul_f64(0.5 + fastrand::f64() / 2.0);
        if Instant::now() + pause >= end {
            return Err(PutProblem::Passing(problem));
        }
        tokio::time::sleep(pause).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::Clock;

    fn passing() -> PutProblem {
        PutProblem::Passing(anyhow!("ThrottlingException: Rate exceeded"))
    }

    fn seconds(seconds: u64) -> Deadline {
        Deadline::after(&Clock::system(), Duration::from_secs(seconds))
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttled_call_is_repeated_until_it_succeeds() {
        let calls = Cell::new(0);
        let attempt = async || match calls.replace(calls.get() + 1) {
            4 => Ok("done"),
            _ => Err(passing()),
        };
        assert_eq!(insist(&seconds(60), attempt).await.unwrap(), "done");
        assert_eq!(calls.get(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn a_minute_of_throttling_is_no_storm_and_ends_with_what_was_wrong() {
        let (calls, started) = (Cell::new(0), Instant::now());
        let attempt = async || {
            calls.set(calls.get() + 1);
            Err::<(), _>(passing())
        };
        let problem = insist(&seconds(60), attempt).await.unwrap_err();
        assert!(problem.to_string().starts_with("ThrottlingException"), "{problem}");
        assert!((10..=25).contains(&calls.get()), "{} calls", calls.get());
        assert!(started.elapsed() < Duration::from_secs(60) - LAST_WORDS + Duration::from_millis(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_hangs_is_made_again() {
        let calls = Cell::new(0);
        let attempt = async || {
            if calls.replace(calls.get() + 1) < 2 {
                std::future::pending::<()>().await;
            }
            Ok(())
        };
        let started = Instant::now();
        insist(&seconds(10), attempt).await.unwrap();
        assert_eq!(calls.get(), 3);
        assert!(started.elapsed() < Duration::from_secs(5));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_final() {
        let calls = Cell::new(0);
        let attempt = async || {
            calls.set(calls.get() + 1);
            Err::<(), _>(PutProblem::Refused(anyhow!("ValidationException: no")))
        };
        assert!(matches!(insist(&seconds(60), attempt).await, Err(PutProblem::Refused(_))));
        assert_eq!(calls.get(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn without_time_it_is_said_once() {
        let calls = Cell::new(0);
        let attempt = async || {
            calls.set(calls.get() + 1);
            Err::<(), _>(passing())
        };
        assert!(matches!(insist(&seconds(0), attempt).await, Err(PutProblem::Passing(_))));
        assert_eq!(calls.get(), 1);
    }
}

//! Opening connections during start-up, where Lambda lends more processor and the first event does not wait.

use std::time::Duration;

use tokio::task::JoinSet;

/// Longest time all warming calls may take together. Start-up that runs into Lambda's own limit is run again.
const LIMIT: Duration = Duration::from_millis(800);

/// Calls made at start-up for the sake of the connection they open. What they answer is ignored.
#[derive(Debug, Default)]
pub struct WarmUp(JoinSet<()>);

impl WarmUp {
    /// Starts a call.
    pub fn call<T>(&mut self, call: impl Future<Output = T> + Send + 'static) {
        self.0.spawn(async move { drop(call.await) });
    }

    /// Waits for all calls, within the limit; the rest is given up.
    pub async fn finish(mut self) {
        let all = async { while self.0.join_next().await.is_some() {} };
        if tokio::time::timeout(LIMIT, all).await.is_err() {
            tracing::info!(unfinished = self.0.len(), "some connections were not warmed in time");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn calls_run_side_by_side() {
        let finished = Arc::new(AtomicU32::new(0));
        let mut warm = WarmUp::default();
        for _ in 0..3 {
            let finished = Arc::clone(&finished);
            warm.call(async move {
                tokio::time::sleep(Duration::from_millis(500)).await;
                finished.fetch_add(1, Ordering::Relaxed)
            });
        }
        warm.finish().await;
        assert_eq!(finished.load(Ordering::Relaxed), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_hangs_or_panics_does_not_hold_up_start_up() {
        let started = Instant::now();
        let mut warm = WarmUp::default();
        warm.call(std::future::pending::<()>());
        warm.call(async { panic!("a broken warm-up") });
        warm.finish().await;
        assert_eq!(started.elapsed(), LIMIT);
    }
}

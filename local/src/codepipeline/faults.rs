//! A bus at its worst, for tests and the demo: events twice, out of order, or never.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::ports::{EventSink, Pending};

/// What goes wrong between CodePipeline and the bus.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// Every event comes twice, with the same id.
    pub duplicate: bool,
    /// Every event is late by a random time up to this, so neighbours change places.
    pub shuffle_within: Duration,
    /// The n-th event, counted from 1, never comes.
    pub drop_nth: Option<usize>,
    /// Decides the random times.
    pub seed: u64,
}

/// Hands events to another sink with [`Faults`].
pub struct FaultySink {
    inner: Arc<dyn EventSink>,
    faults: Faults,
    seen: AtomicUsize,
    random: Mutex<fastrand::Rng>,
}

impl FaultySink {
    /// Wraps a sink.
    pub fn new(inner: Arc<dyn EventSink>, faults: Faults) -> Self {
        let random = Mutex::new(fastrand::Rng::with_seed(faults.seed));
        Self { inner, faults, seen: AtomicUsize::new(0), random }
    }

    fn delay(&self) -> Duration {
        let share = self.random.lock().unwrap_or_else(PoisonError::into_inner).f64();
        self.faults.shuffle_within.mul_f64(share)
    }
}

impl EventSink for FaultySink {
    fn publish<'a>(&'a self, envelope: &'a Value) -> Pending<'a, ()> {
        let number = self.seen.fetch_add(1, Ordering::Relaxed) + 1;
        let copies = match (self.faults.drop_nth == Some(number), self.faults.duplicate) {
            (true, _) => 0,
            (false, true) => 2,
            (false, false) => 1,
        };
        Box::pin(async move {
            for _ in 0..copies {
                if self.faults.shuffle_within.is_zero() {
                    self.inner.publish(envelope).await?;
                } else {
                    let (inner, envelope, delay) = (self.inner.clone(), envelope.clone(), self.delay());
                    tokio::spawn(async move {
                        tokio::time::sleep(delay).await;
                        // A late event that is refused is a lost one.
                        let _ = inner.publish(&envelope).await;
                    });
                }
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::ports::EventChannel;
    use super::*;

    async fn received(faults: Faults) -> Vec<u64> {
        let (channel, mut events) = EventChannel::new();
        let sink = FaultySink::new(Arc::new(channel), faults);
        for number in 1..=6 {
            sink.publish(&json!(number)).await.unwrap();
        }
        tokio::time::sleep(faults.shuffle_within + Duration::from_millis(30)).await;
        std::iter::from_fn(|| events.try_recv().ok()?.as_u64()).collect()
    }

    #[tokio::test]
    async fn events_come_twice_or_never_as_asked() {
        let faults = Faults { duplicate: true, drop_nth: Some(2), ..Faults::default() };
        assert_eq!(received(faults).await, [1, 1, 3, 3, 4, 4, 5, 5, 6, 6]);
    }

    #[tokio::test]
    async fn shuffled_events_all_come_but_not_in_order() {
        let faults = Faults { shuffle_within: Duration::from_millis(120), seed: 7, ..Faults::default() };
        let mut seen = received(faults).await;
        assert_ne!(seen, [1, 2, 3, 4, 5, 6]);
        seen.sort_unstable();
        assert_eq!(seen, [1, 2, 3, 4, 5, 6]);
    }
}

//! Settings and secrets from a parameter store: cached with an age, last good kept, refetched when refused.

mod parsed;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};
use pipeline_model::Secret;
use tokio::sync::Mutex;

use crate::{Clock, Failure};

pub use parsed::Parsed;

/// How old values may become before they are read again, unless a function can do with older ones.
const MAX_AGE: Duration = Duration::from_secs(60);
/// Least time between two calls, whatever the reason: a refused secret or an outage must not become a storm.
const MIN_INTERVAL: Duration = Duration::from_secs(5);

/// Where settings are kept.
pub trait ParameterStore {
    /// All values below `path`, at any depth, by their name below it (`slack/bot-token`).
    ///
    /// # Errors
    /// When the store cannot be read; the cause must hold no value.
    fn below(&self, path: &str) -> impl Future<Output = Result<BTreeMap<String, Secret<String>>>>;
}

/// The values below one prefix, read again when they are a minute old or as old as the function lets them become.
#[derive(Debug)]
pub struct Settings<S> {
    store: S,
    prefix: String,
    clock: Clock,
    max_age: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last_good: Option<Good>,
    last_attempt: Option<Attempt>,
}

#[derive(Debug)]
struct Good {
    values: Arc<BTreeMap<String, Secret<String>>>,
    version: u64,
}

#[derive(Debug)]
struct Attempt {
    at: Duration,
    error: Option<Arc<str>>,
}

/// The values as they were read at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    values: Arc<BTreeMap<String, Secret<String>>>,
    version: u64,
    stale: Option<Arc<str>>,
}

impl Snapshot {
    /// The value called `name` below the prefix.
    pub fn get(&self, name: &str) -> Option<&Secret<String>> {
        self.values.get(name)
    }

    /// Everything below the prefix, by name.
    pub fn values(&self) -> &BTreeMap<String, Secret<String>> {
        &self.values
    }

    /// Why these are the last good values and not the current ones; `None` when they are current.
    pub fn stale(&self) -> Option<&str> {
        self.stale.as_deref()
    }

    /// Grows when a value changed, so that parsed settings can be kept until then.
    pub fn version(&self) -> u64 {
        self.version
    }
}

impl<S: ParameterStore> Settings<S> {
    /// Settings below `prefix`, for example `/pipewarden`. Nothing is read yet.
    pub fn new(store: S, prefix: impl Into<String>, clock: Clock) -> Self {
        Self { store, prefix: prefix.into(), clock, max_age: MAX_AGE, state: Mutex::default() }
    }

    /// The same, read again when they are so old: for a function that can wait for changes.
    pub fn with_max_age(self, max_age: Duration) -> Self {
        Self { max_age, ..self }
    }

    /// The values, not older than they may become unless the store cannot be reached.
    ///
    /// # Errors
    /// [`Failure::Retry`] when nothing was ever read.
    pub async fn current(&self) -> Result<Snapshot, Failure> {
        self.not_older_than(self.max_age).await
    }

    /// The values read anew, after one of them was refused: a secret may have been rotated.
    /// Within seconds of the last call the values of that call are returned.
    ///
    /// # Errors
    /// [`Failure::Retry`] when nothing was ever read.
    pub async fn refetch(&self) -> Result<Snapshot, Failure> {
        self.not_older_than(MIN_INTERVAL).await
    }

    /// The lock is held while reading, so that callers who come together cause one call.
    async fn not_older_than(&self, age: Duration) -> Result<Snapshot, Failure> {
        let mut state = self.state.lock().await;
        if state.wants_reading(self.clock.monotonic(), age) {
            let read = self.store.below(&self.prefix).await;
            state.keep(read, self.clock.monotonic());
        }
        state.snapshot(&self.prefix)
    }
}

impl State {
    fn wants_reading(&self, now: Duration, age: Duration) -> bool {
        let Some(attempt) = &self.last_attempt else { return true };
        let allowed = if attempt.error.is_some() { MIN_INTERVAL } else { age };
        now.saturating_sub(attempt.at) >= allowed
    }

    fn keep(&mut self, read: Result<BTreeMap<String, Secret<String>>>, at: Duration) {
        let error = match read {
            Ok(values) => {
                self.keep_values(values);
                None
            }
            Err(error) => {
                let error = format!("{error:#}");
                tracing::warn!(error, serving_last_good = self.last_good.is_some(), "settings cannot be read");
                Some(error.into())
            }
        };
        self.last_attempt = Some(Attempt { at, error });
    }

    fn keep_values(&mut self, values: BTreeMap<String, Secret<String>>) {
        let version = match &self.last_good {
            Some(good) if *good.values == values => return,
            Some(good) => good.version + 1,
            None => 1,
        };
        self.last_good = Some(Good { values: Arc::new(values), version });
    }

    fn snapshot(&self, prefix: &str) -> Result<Snapshot, Failure> {
        let stale = self.last_attempt.as_ref().and_then(|attempt| attempt.error.clone());
        match &self.last_good {
            Some(good) => Ok(Snapshot { values: Arc::clone(&good.values), version: good.version, stale }),
            None => {
                let cause = stale.as_deref().unwrap_or("not read yet");
                Err(Failure::retry(anyhow!("the settings below {prefix} cannot be read: {cause}")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use jiff::Timestamp;

    use super::*;

    /// Answers with `value` below `slack/bot-token`, or fails when there is none.
    #[derive(Debug, Default)]
    struct Fake {
        value: RefCell<Option<&'static str>>,
        calls: Cell<u32>,
    }

    impl ParameterStore for &Fake {
        async fn below(&self, path: &str) -> Result<BTreeMap<String, Secret<String>>> {
            assert_eq!(path, "/pipewarden");
            self.calls.set(self.calls.get() + 1);
            tokio::task::yield_now().await;
            let value = self.value.borrow().ok_or_else(|| anyhow!("ThrottlingException: Rate exceeded"))?;
            Ok(BTreeMap::from([("slack/bot-token".to_owned(), Secret::new(value.to_owned()))]))
        }
    }

    fn fake(value: Option<&'static str>) -> Fake {
        Fake { value: RefCell::new(value), ..Fake::default() }
    }

    fn settings(fake: &Fake) -> (Settings<&Fake>, Clock) {
        let clock = Clock::stopped_at(Timestamp::UNIX_EPOCH);
        (Settings::new(fake, "/pipewarden", clock.clone()), clock)
    }

    fn token(snapshot: &Snapshot) -> &str {
        snapshot.get("slack/bot-token").expect("the token").reveal()
    }

    #[tokio::test]
    async fn values_are_read_once_and_again_after_a_minute() {
        let fake = fake(Some("old"));
        let (settings, clock) = settings(&fake);
        settings.current().await.expect("values");
        clock.advance(Duration::from_secs(59));
        settings.current().await.expect("values");
        assert_eq!(fake.calls.get(), 1);
        clock.advance(Duration::from_secs(1));
        settings.current().await.expect("values");
        assert_eq!(fake.calls.get(), 2);
    }

    #[tokio::test]
    async fn a_function_that_can_wait_for_changes_reads_less_often() {
        let fake = fake(Some("old"));
        let (settings, clock) = settings(&fake);
        let settings = settings.with_max_age(Duration::from_secs(600));
        for _ in 0..10 {
            settings.current().await.expect("values");
            clock.advance(Duration::from_secs(60));
        }
        assert_eq!(fake.calls.get(), 1);
        settings.current().await.expect("values");
        assert_eq!(fake.calls.get(), 2);
    }

    #[tokio::test]
    async fn a_rotated_token_is_found_by_one_refetch() {
        let fake = fake(Some("old"));
        let (settings, clock) = settings(&fake);
        let before = settings.current().await.expect("values");
        fake.value.replace(Some("new"));
        clock.advance(Duration::from_secs(10));
        let after = settings.refetch().await.expect("values");
        assert_eq!((token(&before), token(&after)), ("old", "new"));
        assert!(after.version() > before.version());
    }

    #[tokio::test]
    async fn a_token_that_stays_refused_does_not_cause_a_storm() {
        let fake = fake(Some("revoked"));
        let (settings, clock) = settings(&fake);
        for _ in 0..100 {
            settings.refetch().await.expect("values");
            clock.advance(Duration::from_millis(100));
        }
        assert_eq!(fake.calls.get(), 2);
    }

    #[tokio::test]
    async fn callers_who_come_together_cause_one_call() {
        let fake = fake(Some("token"));
        let (settings, _clock) = settings(&fake);
        let (first, second) = tokio::join!(settings.current(), settings.current());
        assert_eq!(token(&first.expect("values")), token(&second.expect("values")));
        assert_eq!(fake.calls.get(), 1);
    }

    #[tokio::test]
    async fn the_last_good_values_serve_while_the_store_is_unreachable() {
        let fake = fake(Some("token"));
        let (settings, clock) = settings(&fake);
        assert_eq!(settings.current().await.expect("values").stale(), None);
        fake.value.replace(None);
        clock.advance(Duration::from_secs(90));
        let snapshot = settings.current().await.expect("the last good values");
        assert_eq!(token(&snapshot), "token");
        assert_eq!(snapshot.stale(), Some("ThrottlingException: Rate exceeded"));
        fake.value.replace(Some("token"));
        clock.advance(MIN_INTERVAL);
        let recovered = settings.current().await.expect("values");
        assert_eq!((recovered.stale(), recovered.version()), (None, 1));
    }

    #[tokio::test]
    async fn nothing_ever_read_is_one_clear_failure_that_may_pass() {
        let fake = fake(None);
        let (settings, _clock) = settings(&fake);
        for _ in 0..10 {
            let failure = settings.current().await.expect_err("nothing to serve");
            assert!(!failure.is_permanent());
            assert_eq!(
                failure.to_string(),
                "the settings below /pipewarden cannot be read: ThrottlingException: Rate exceeded"
            );
        }
        assert_eq!(fake.calls.get(), 1);
    }

    #[tokio::test]
    async fn debug_output_shows_no_value() {
        let fake = fake(Some("fake-token"));
        let (settings, _clock) = settings(&fake);
        let snapshot = settings.current().await.expect("values");
        assert!(!format!("{snapshot:?}{:?}", settings.state).contains("fake-token"));
    }
}

//! Policies and the key of fingerprints: what the parameter store says, and how old it may be.

use std::cell::Cell;
use std::time::Duration;

use lambda_kit::jobs::Asked;
use lambda_kit::metrics::Metrics;
use lambda_kit::settings::{ParameterStore, Settings, Snapshot};
use lambda_kit::{Clock, Failure};
use pipeline_model::Secret;

use crate::stop::Stop;

/// While the store cannot be read, a policy that was read is gone by for so long.
const OLDEST: Duration = Duration::from_mins(10);

/// The parameter with the key of fingerprints, below the stack's settings.
const FINGERPRINT_KEY: &str = "scan/fingerprint-key";

/// All that a scan has to do with: no other secret is to be where hostile archives are read.
pub const PARAMETERS: &[&str] = &[FINGERPRINT_KEY];
/// The folder of policies.
pub const POLICIES: &str = "policies";

/// What teams and operators wrote into the parameter store.
pub struct Policies<S> {
    settings: Settings<S>,
    prefix: String,
    metrics: Metrics,
    clock: Clock,
    last_current: Cell<Option<Duration>>,
}

/// What one scan goes by, as it is written.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    /// The policy's name; an inline one has none.
    pub(crate) name: Option<String>,
    /// Where it stands, for people.
    pub(crate) place: String,
    /// The document.
    pub(crate) text: String,
    /// The key of fingerprints, if the stack has its own.
    pub(crate) key: Option<Secret<String>>,
}

impl<S: ParameterStore> Policies<S> {
    /// What stands below `prefix`, such as `/pipewarden`.
    pub fn new(store: S, prefix: impl Into<String>, clock: Clock, metrics: Metrics) -> Self {
        let prefix = prefix.into();
        let settings = Settings::new(store, &*prefix, clock.clone());
        Self { settings, prefix, metrics, clock, last_current: Cell::default() }
    }

    /// Reads the store, so that the first scan need not.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn warm_up(&self) -> Result<(), Failure> {
        self.read().await.map(drop)
    }

    /// The policy that is asked for, and what goes with it. Without the store nothing is scanned: whether there is a key
    /// of fingerprints, and with it what the baseline knows, could not be told.
    pub(crate) async fn written(&self, asked: &Asked) -> Result<Written, Stop> {
        let snapshot = self.read().await.map_err(Stop::unavailable)?;
        let key = self.key(&snapshot)?;
        let (name, place, text) = match asked {
            Asked::Inline(text) => (None, String::from("the policy in UserParameters"), text.clone()),
            Asked::Named(name) => {
                let path = format!("{}/policies/{name}", self.prefix);
                let text = self.named(name, &path, &snapshot).await?;
                (Some(name.clone()), format!("parameter {path}"), text)
            }
        };
        Ok(Written { name, place, text, key })
    }

    async fn read(&self) -> Result<Snapshot, Failure> {
        let snapshot = self.settings.current().await?;
        if snapshot.stale().is_none() {
            self.last_current.set(Some(self.clock.monotonic()));
        }
        Ok(snapshot)
    }

    fn key(&self, snapshot: &Snapshot) -> Result<Option<Secret<String>>, Stop> {
        let Some(key) = snapshot.get(FINGERPRINT_KEY) else { return Ok(None) };
        let key = key.reveal().trim();
        if key.is_empty() {
            self.metrics.count(self.clock.now(), "SettingsRefused", 1);
            let path = format!("{}/{FINGERPRINT_KEY}", self.prefix);
            return Err(Stop::configuration(format!("Parameter {path} is empty; delete it, or put a key there.")));
        }
        Ok(Some(Secret::new(key.to_owned())))
    }

    async fn named(&self, name: &str, path: &str, snapshot: &Snapshot) -> Result<String, Stop> {
        if let Some(why) = snapshot.stale() {
            let age = self.last_current.get().map(|then| self.clock.monotonic().saturating_sub(then));
            if age.is_none_or(|age| age > OLDEST) {
                let minutes = OLDEST.as_secs() / 60;
                return Err(Stop::unavailable(format!("The policies could not be read for {minutes} minutes: {why}")));
            }
        }
        let key = format!("policies/{name}");
        if let Some(document) = snapshot.get(&key) {
            return Ok(document.reveal().clone());
        }
        // It may have been made within the last minute, together with the pipeline.
        let anew = self.settings.refetch().await.map_err(Stop::unavailable)?;
        match (anew.get(&key), anew.stale()) {
            (Some(document), _) => Ok(document.reveal().clone()),
            (None, Some(why)) => Err(Stop::unavailable(format!("Parameter {path} cannot be read: {why}"))),
            (None, None) => {
                Err(Stop::configuration(format!("There is no parameter {path}; create it, or name another policy.")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use lambda_kit::doubles::MemorySettings;
    use lambda_kit::jobs::FailureKind;

    use super::*;

    fn policies() -> (Policies<MemorySettings>, MemorySettings, Clock) {
        let (clock, store) = (Clock::stopped_at(Timestamp::UNIX_EPOCH), MemorySettings::default());
        store.set("policies/p", "scan: {}");
        let policies = Policies::new(store.clone(), "/pipewarden", clock.clone(), Metrics::adding_up());
        (policies, store, clock)
    }

    fn named(name: &str) -> Asked {
        Asked::Named(name.into())
    }

    #[tokio::test]
    async fn a_policy_is_gone_by_for_ten_minutes_while_the_store_cannot_be_read() {
        let (policies, store, clock) = policies();
        policies.written(&named("p")).await.unwrap();
        store.fail_next(usize::MAX);
        clock.advance(Duration::from_mins(10));
        assert!(policies.written(&named("p")).await.is_ok());
        clock.advance(Duration::from_secs(6));
        let stop = policies.written(&named("p")).await.unwrap_err();
        assert_eq!(stop.kind, FailureKind::SystemUnavailable);
        assert!(stop.words.starts_with("The policies could not be read for 10 minutes: "), "{}", stop.words);
        store.fail_next(0);
        clock.advance(Duration::from_secs(6));
        assert!(policies.written(&named("p")).await.is_ok());
    }

    #[tokio::test]
    async fn a_policy_that_was_made_within_the_last_minute_is_found_and_one_that_is_not_there_is_named() {
        let (policies, store, clock) = policies();
        policies.written(&named("p")).await.unwrap();
        store.set("policies/new", "scan: { fail: low }");
        clock.advance(Duration::from_secs(6));
        assert_eq!(policies.written(&named("new")).await.unwrap().text, "scan: { fail: low }");
        let stop = policies.written(&named("none")).await.unwrap_err();
        assert_eq!(stop.kind, FailureKind::ConfigurationError);
        assert_eq!(stop.words, "There is no parameter /pipewarden/policies/none; create it, or name another policy.");
    }

    #[tokio::test]
    async fn a_key_of_fingerprints_is_taken_without_the_line_s_end_and_an_empty_one_is_told() {
        let (policies, store, clock) = policies();
        assert!(policies.written(&named("p")).await.unwrap().key.is_none());
        store.set(FINGERPRINT_KEY, "our own\n");
        clock.advance(Duration::from_mins(1));
        assert_eq!(policies.written(&named("p")).await.unwrap().key.unwrap().reveal(), "our own");
        store.set(FINGERPRINT_KEY, " \n");
        clock.advance(Duration::from_mins(1));
        let stop = policies.written(&named("p")).await.unwrap_err();
        assert_eq!(stop.kind, FailureKind::ConfigurationError);
        assert!(policies.metrics.sum("SettingsRefused") > 0.0);
    }

    #[tokio::test]
    async fn while_nothing_was_ever_read_nothing_is_scanned() {
        let (policies, store, _) = policies();
        store.fail_next(usize::MAX);
        let stop = policies.written(&Asked::Inline("{}".into())).await.unwrap_err();
        assert_eq!(stop.kind, FailureKind::SystemUnavailable);
    }
}

//! What an alarm protects: its tags say it, or else the settings.

use anyhow::anyhow;
use lambda_kit::metrics::Metrics;
use lambda_kit::settings::{ParameterStore, Settings, Snapshot};
use lambda_kit::{Clock, Failure};
use rollback_plans::{Consent, Settings as Meaning};

/// The `rollbacks` section of the settings. It is read only for alarms without a tag.
///
/// Only the settings as they are now count: what an earlier version said may have been withdrawn by the one that is wrong.
pub struct Consents<S> {
    settings: Settings<S>,
    metrics: Metrics,
    clock: Clock,
}

impl<S: ParameterStore> Consents<S> {
    /// What `settings` say. Settings that are wrong are counted as `SettingsRefused`.
    pub fn new(settings: Settings<S>, metrics: Metrics, clock: Clock) -> Self {
        Self { settings, metrics, clock }
    }

    /// What the settings say about an alarm without a tag.
    ///
    /// # Errors
    /// When they cannot be read now or are wrong, with all problems.
    pub(crate) async fn of(&self, alarm: &str) -> Result<Option<Consent>, Failure> {
        let snapshot = self.settings.current().await?;
        if let Some(why) = snapshot.stale() {
            return Err(Failure::retry(anyhow!("the settings cannot be read, and old ones roll nothing back: {why}")));
        }
        match meaning(&snapshot) {
            Ok(meaning) => Ok(meaning.consent(alarm).cloned()),
            Err(problems) => {
                self.metrics.count(self.clock.now(), "SettingsRefused", 1);
                tracing::error!(alarm.name = alarm, settings.error = problems, "wrong settings roll nothing back");
                Err(Failure::retry(anyhow!("wrong settings roll nothing back, and old ones neither: {problems}")))
            }
        }
    }
}

fn meaning(snapshot: &Snapshot) -> Result<Meaning, String> {
    let yaml = snapshot.get("settings").map_or("", |yaml| yaml.reveal().as_str());
    Meaning::parse(yaml).map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

//! What an alarm protects: its tags say it, or else the settings.

use anyhow::anyhow;
use lambda_kit::Failure;
use lambda_kit::settings::{ParameterStore, Parsed, Settings};
use rollback_plans::{Consent, Settings as Meaning};

/// The `rollbacks` section of the settings. It is read only for alarms without a tag.
pub struct Consents<S> {
    settings: Settings<S>,
    parsed: Parsed<Meaning>,
}

impl<S: ParameterStore> Consents<S> {
    /// What `settings` say.
    pub fn new(settings: Settings<S>, parsed: Parsed<Meaning>) -> Self {
        Self { settings, parsed }
    }

    /// What the settings say about an alarm without a tag.
    ///
    /// # Errors
    /// When they cannot be read now, or are wrong and never were right: what held an hour ago may have been withdrawn.
    pub(crate) async fn of(&self, alarm: &str) -> Result<Option<Consent>, Failure> {
        let snapshot = self.settings.current().await?;
        if let Some(why) = snapshot.stale() {
            return Err(Failure::retry(anyhow!("the settings cannot be read, and old ones roll nothing back: {why}")));
        }
        let meaning = self.parsed.of(&snapshot, |snapshot| {
            let yaml = snapshot.get("settings").map_or("", |yaml| yaml.reveal().as_str());
            Meaning::parse(yaml)
                .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        })?;
        Ok(meaning.consent(alarm).cloned())
    }
}

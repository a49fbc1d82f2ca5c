//! The desk as the settings describe it now: parsed once per change, the last good one kept.

use std::rc::Rc;

use lambda_kit::Failure;
use lambda_kit::settings::{ParameterStore, Parsed, Settings, Snapshot};
use notices::{Credentials, Desk};
use pipeline_model::Secret;

/// Builds desks from the parameter store.
pub struct Desks<S> {
    settings: Settings<S>,
    slack_api: String,
    slack_channel: Option<String>,
    parsed: Parsed<Desk>,
}

impl<S: ParameterStore> Desks<S> {
    /// `slack_api` is the Web API's address; without `slack_channel` only written routes reach Slack by bot.
    pub fn new(
        settings: Settings<S>,
        parsed: Parsed<Desk>,
        slack_api: impl Into<String>,
        slack_channel: Option<String>,
    ) -> Self {
        Self { settings, slack_api: slack_api.into(), slack_channel, parsed }
    }

    /// The desk of now.
    ///
    /// # Errors
    /// When there are no settings to go by, neither now nor from before.
    pub async fn current(&self) -> Result<Rc<Desk>, Failure> {
        let snapshot = self.settings.current().await?;
        self.desk(&snapshot)
    }

    /// The desk after reading the store anew, because a credential was refused.
    ///
    /// # Errors
    /// As [`Desks::current`].
    pub async fn refetched(&self) -> Result<Rc<Desk>, Failure> {
        let snapshot = self.settings.refetch().await?;
        self.desk(&snapshot)
    }

    fn desk(&self, snapshot: &Snapshot) -> Result<Rc<Desk>, Failure> {
        self.parsed.of(snapshot, |snapshot| self.parse(snapshot))
    }

    fn parse(&self, snapshot: &Snapshot) -> Result<Desk, String> {
        let yaml = snapshot.get("settings").map_or("", |yaml| yaml.reveal().as_str());
        let settings = notices::Settings::parse(yaml)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
        let secret =
            |(name, value): (&String, &Secret<String>)| (name.clone(), Secret::new(value.reveal().trim().to_owned()));
        let secrets = snapshot.values().iter().filter(|(name, _)| *name != "settings").map(secret).collect();
        Desk::new(settings, Credentials { slack_api: self.slack_api.clone(), secrets }, self.slack_channel.as_deref())
    }
}

//! The desk as the settings describe it now: parsed once per change, the last good one kept.

use std::cell::RefCell;
use std::rc::Rc;

use anyhow::anyhow;
use lambda_kit::Failure;
use lambda_kit::settings::{ParameterStore, Settings, Snapshot};
use notices::{Credentials, Desk};
use pipeline_model::Secret;

/// Builds desks from the parameter store.
pub struct Desks<S> {
    settings: Settings<S>,
    slack_api: String,
    slack_channel: Option<String>,
    last_good: RefCell<Option<(u64, Rc<Desk>)>>,
}

impl<S: ParameterStore> Desks<S> {
    /// `slack_api` is the Web API's address; without `slack_channel` only written routes reach Slack by bot.
    pub fn new(settings: Settings<S>, slack_api: impl Into<String>, slack_channel: Option<String>) -> Self {
        Self { settings, slack_api: slack_api.into(), slack_channel, last_good: RefCell::default() }
    }

    /// The desk of now.
    ///
    /// # Errors
    /// When there are no settings to go by, neither now nor from before.
    pub async fn current(&self) -> Result<Rc<Desk>, Failure> {
        let snapshot = self.settings.current().await?;
        if let Some(why) = snapshot.stale() {
            tracing::warn!(settings.error = why, "settings cannot be read now; the last good ones are used");
        }
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
        if let Some((version, desk)) = &*self.last_good.borrow()
            && *version == snapshot.version()
        {
            return Ok(Rc::clone(desk));
        }
        match self.parse(snapshot) {
            Ok(desk) => {
                let desk = Rc::new(desk);
                *self.last_good.borrow_mut() = Some((snapshot.version(), Rc::clone(&desk)));
                Ok(desk)
            }
            Err(problem) => match &*self.last_good.borrow() {
                Some((_, desk)) => {
                    tracing::error!(settings.error = problem, "new settings are wrong; the last good ones are used");
                    Ok(Rc::clone(desk))
                }
                None => Err(Failure::permanent(anyhow!("{problem}"))),
            },
        }
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

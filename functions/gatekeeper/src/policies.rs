//! Policies, openings and secrets: what the parameter store says, and how old it may be.

#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::time::Duration;

use gate_checks::{Policy, Settings as Meaning};
use lambda_kit::jobs::Asked;
use lambda_kit::metrics::Metrics;
use lambda_kit::settings::{ParameterStore, Settings, Snapshot};
use lambda_kit::{Clock, Failure};

use crate::Secrets;

/// While the store cannot be read, a policy that was read is gone by for so long.
const OLDEST: Duration = Duration::from_mins(10);

/// Most problems of a policy that are told at once; a failure's message has 5,000 characters.
const MOST_TOLD: usize = 20;

/// What teams and operators wrote into the parameter store.
pub struct Policies<S> {
    settings: Settings<S>,
    prefix: String,
    metrics: Metrics,
    clock: Clock,
    last_current: Cell<Option<Duration>>,
    is_distrusted: Cell<bool>,
}

/// What one visit goes by.
pub(crate) struct Rules {
    pub(crate) policy: Policy,
    /// Unread if the store cannot be read and the policy needs no store. As old as the policy may be.
    pub(crate) secrets: Secrets,
    /// Openings, only as they are now: one that was there a minute ago may have been withdrawn.
    pub(crate) meaning: Meaning,
}

/// There is no policy to go by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// A person must mend it.
    Wrong(String),
    /// It may pass.
    Unreadable(String),
}

impl<S: ParameterStore> Policies<S> {
    /// What stands below `prefix`, such as `/pipewarden`.
    pub fn new(store: S, prefix: impl Into<String>, clock: Clock, metrics: Metrics) -> Self {
        let prefix = prefix.into();
        let settings = Settings::new(store, &*prefix, clock.clone());
        Self { settings, prefix, metrics, clock, last_current: Cell::default(), is_distrusted: Cell::default() }
    }

    /// Reads the store, so that the first visit need not.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn warm_up(&self) -> Result<(), Failure> {
        self.read().await.map(drop)
    }

    /// A secret was not accepted: the next visit reads what is kept now.
    pub(crate) fn distrust(&self) {
        self.is_distrusted.set(true);
    }

    pub(crate) async fn rules(&self, asked: &Asked) -> Result<Rules, Trouble> {
        let read = self.read().await;
        let policy = match (asked, &read) {
            (Asked::Inline(document), _) => parse("the policy in UserParameters", document)?,
            (Asked::Named(name), Ok(snapshot)) => self.named(name, snapshot).await?,
            (Asked::Named(_), Err(failure)) => return Err(Trouble::Unreadable(failure.to_string())),
        };
        let snapshot = match read {
            Ok(snapshot) => snapshot,
            Err(failure) => {
                let secrets = Secrets::unread(failure.to_string());
                return Ok(Rules { policy, secrets, meaning: Meaning::default() });
            }
        };
        let written = self.parse(&snapshot);
        let current = written.clone().ok().filter(|_| snapshot.stale().is_none());
        let secrets = Secrets::new(snapshot.values().clone(), written, matches!(asked, Asked::Inline(_)));
        // Settings that are wrong, or old, open no gate.
        Ok(Rules { policy, secrets, meaning: current.unwrap_or_default() })
    }

    /// The policy of a hook, by what is deployed.
    pub(crate) async fn of_deployment(&self, application: &str, group: &str) -> Result<String, Trouble> {
        let snapshot = self.read().await.map_err(|failure| Trouble::Unreadable(failure.to_string()))?;
        if let Some(why) = snapshot.stale() {
            return Err(Trouble::Unreadable(format!("the settings cannot be read: {why}")));
        }
        // A hook has an hour: wrong settings may be mended within it.
        let meaning = self.parse(&snapshot).map_err(|problems| {
            Trouble::Unreadable(format!("parameter {}/settings cannot be meant: {problems}", self.prefix))
        })?;
        match meaning.code_deploy_policy(application, group) {
            Some(name) => Ok(name.to_owned()),
            None => Err(Trouble::Wrong(format!(
                "no entry of gates.hooks.codedeploy in parameter {}/settings is for application {application}, \
                 deployment group {group}; add one that names a policy",
                self.prefix
            ))),
        }
    }

    async fn read(&self) -> Result<Snapshot, Failure> {
        let is_distrusted = self.is_distrusted.take();
        let snapshot = if is_distrusted { self.settings.refetch().await? } else { self.settings.current().await? };
        if snapshot.stale().is_none() {
            self.last_current.set(Some(self.clock.monotonic()));
        }
        Ok(snapshot)
    }

    async fn named(&self, name: &str, snapshot: &Snapshot) -> Result<Policy, Trouble> {
        if let Some(why) = snapshot.stale() {
            let age = self.last_current.get().map(|then| self.clock.monotonic().saturating_sub(then));
            if age.is_none_or(|age| age > OLDEST) {
                let minutes = OLDEST.as_secs() / 60;
                return Err(Trouble::Unreadable(format!(
                    "the policies could not be read for {minutes} minutes: {why}"
                )));
            }
        }
        let (key, path) = (format!("policies/{name}"), format!("{}/policies/{name}", self.prefix));
        if let Some(document) = snapshot.get(&key) {
            return parse(&format!("parameter {path}"), document.reveal());
        }
        // It may have been made within the last minute, together with the pipeline.
        let anew = self.settings.refetch().await.map_err(|failure| Trouble::Unreadable(failure.to_string()))?;
        match (anew.get(&key), anew.stale()) {
            (Some(document), _) => parse(&format!("parameter {path}"), document.reveal()),
            (None, Some(why)) => Err(Trouble::Unreadable(format!("parameter {path} cannot be read: {why}"))),
            (None, None) => {
                Err(Trouble::Wrong(format!("there is no parameter {path}; create it, or name another policy")))
            }
        }
    }

    fn parse(&self, snapshot: &Snapshot) -> Result<Meaning, String> {
        let yaml = snapshot.get("settings").map_or("", |yaml| yaml.reveal().as_str());
        Meaning::parse(yaml).map_err(|problems| {
            self.metrics.count(self.clock.now(), "SettingsRefused", 1);
            let problems = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            tracing::error!(settings.error = problems, "wrong settings open no gate and name no policy");
            problems
        })
    }
}

fn parse(place: &str, document: &str) -> Result<Policy, Trouble> {
    Policy::parse(document).map_err(|problems| {
        let mut told: Vec<_> = problems.iter().take(MOST_TOLD).map(ToString::to_string).collect();
        if let Some(more) = problems.len().checked_sub(MOST_TOLD).filter(|more| *more > 0) {
            told.push(format!("and {more} more"));
        }
        Trouble::Wrong(format!("{place} cannot be meant: {}", told.join("; ")))
    })
}

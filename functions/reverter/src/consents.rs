//! What an alarm protects: its tags say it, or else the settings.

use anyhow::anyhow;
use lambda_kit::metrics::Metrics;
use lambda_kit::publishing::Bus;
use lambda_kit::settings::{ParameterStore, Settings, Snapshot};
use lambda_kit::{Clock, Failure, OrFail};
use pipeline_model::AlarmState;
use rollback_plans::{Consent, Refusal, Refused, Settings as Meaning, TagProblem, command};

use crate::call::Call;
use crate::ports::Alarms;
use crate::report::Reporter;
use crate::{Outside, Reverter};

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

impl<O: Outside> Reverter<O> {
    /// What the alarm protects. A tag that cannot be meant is told: somebody relies on it.
    pub(crate) async fn consent(&self, call: &Call) -> Result<Option<Consent>, Failure> {
        let tags = self.alarms.tags(&call.alarm).await.or_retry("the alarm's tags")?;
        match Consent::of_tags(tags.iter().map(|(key, value)| (key.as_str(), value.as_str()))) {
            Ok(Some(consent)) => Ok(Some(consent)),
            Ok(None) => self.consents.of(&call.alarm.name).await,
            Err(problem) => {
                tracing::error!(alarm.name = call.alarm.name, error = %problem, "this alarm protects nothing");
                if call.state == AlarmState::Alarm {
                    self.tell_bad_tag(call, &problem).await?;
                }
                Ok(None)
            }
        }
    }

    async fn tell_bad_tag(&self, call: &Call, problem: &TagProblem) -> Result<(), Failure> {
        let refusal = Refusal::TagUnreadable(problem.to_string());
        let incident = format!("alarm {}", call.alarm.name);
        let commands = vec![list_tags(call)];
        let refused = Refused { refusal, incident, release: None, commands };
        let reporter = Reporter { home: &self.home, call, target: None, now: self.clock.now() };
        let report = reporter.refused(call.at, &refused, &self.limits);
        self.bus.publish(&report).await.or_retry("publishing the decision")
    }
}

fn list_tags(call: &Call) -> String {
    command("cloudwatch list-tags-for-resource", &[("resource-arn", &call.alarm.to_string())])
}

fn meaning(snapshot: &Snapshot) -> Result<Meaning, String> {
    let yaml = snapshot.get("settings").map_or("", |yaml| yaml.reveal().as_str());
    Meaning::parse(yaml).map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

//! Who hears of a moment.

use std::collections::BTreeSet;

use wildmatch::WildMatch;

use crate::channel::Credentials;
use crate::channels::{self, Address};
use crate::moment::Moment;
use crate::settings::{Route, Settings};
use crate::subject::Subject;

/// Settings, credentials and the channels used when no route is written.
#[derive(Debug, Clone)]
pub struct Desk {
    pub(crate) settings: Settings,
    pub(crate) credentials: Credentials,
    defaults: Vec<Address>,
}

impl Desk {
    /// Without routes, everything goes to `slack_channel` if there is a bot token, else what matters goes to the
    /// webhook if there is one; what matters goes to the notice topic as well. A channel without either credential stays
    /// an address, so that every delivery names the parameter that is missing.
    ///
    /// # Errors
    /// When the channel is neither an id nor a name.
    pub fn new(settings: Settings, credentials: Credentials, slack_channel: Option<&str>) -> Result<Self, String> {
        let has = |parameter: &'static str| credentials.secret(parameter).is_ok();
        let mut defaults = Vec::new();
        let (token, webhook) = (has(channels::BOT_TOKEN), has(channels::WEBHOOK_URL));
        match slack_channel.map(str::trim).filter(|channel| !channel.is_empty()) {
            Some(channel) if token || !webhook => {
                let slack = channels::address(&format!("slack:{channel}"));
                defaults.push(slack.map_err(|reason| format!("SLACK_CHANNEL is `{channel}`: {reason}"))?);
            }
            _ if webhook => defaults.extend(channels::address("webhook")),
            _ => {}
        }
        defaults.extend(topic());
        Ok(Self { settings, credentials, defaults })
    }

    /// The addresses that hear of a moment. Routes are written for pipelines: an incident that none of them names goes
    /// where everything goes without routes.
    pub(crate) fn addresses(&self, subject: &Subject, moment: &Moment) -> BTreeSet<Address> {
        let routes = self.settings.routes.iter();
        let mut routes = routes.filter(|route| route.matches(subject.name(), moment)).peekable();
        let is_incident = matches!(subject, Subject::Incident(_));
        if routes.peek().is_none() && (is_incident || self.settings.routes.is_empty()) {
            let hears = |address: &&Address| address.channel().hears(moment.outcome);
            return self.defaults.iter().filter(hears).cloned().collect();
        }
        routes.flat_map(|route| route.heard(moment)).collect()
    }
}

/// The notice topic: the way around a channel that refuses.
pub(crate) fn topic() -> Option<Address> {
    channels::address("sns").ok()
}

impl Route {
    fn matches(&self, name: &str, moment: &Moment) -> bool {
        let stage = moment.stage.as_ref().map_or("", |stage| stage.as_str());
        any(&self.pipelines, name) && any(&self.stages, stage)
    }

    fn heard(&self, moment: &Moment) -> impl Iterator<Item = Address> {
        let outcome = moment.outcome;
        let named = self.outcomes.as_ref().map(|outcomes| outcomes.contains(&outcome));
        let severe = self.severity.map(|least| outcome.severity() >= least);
        let chosen = named.into_iter().chain(severe).reduce(|named, severe| named && severe);
        let hears = move |address: &&Address| chosen.unwrap_or_else(|| address.channel().hears(outcome));
        self.channels.iter().filter(hears).cloned()
    }
}

fn any(globs: &[WildMatch], text: &str) -> bool {
    globs.iter().any(|glob| glob.matches(text))
}

//! The `settings` parameter: what a team wrote, and what it means once checked.

#[cfg(test)]
mod tests;

use jiff::SignedDuration;
use serde::Deserialize;
use strict_yaml::{Elsewhere, shown};
use thiserror::Error;
use wildmatch::WildMatch;

use crate::channels::{self, Address};
use crate::moment::{Outcome, Severity};
use crate::text::Mention;

/// Checked settings. An absent document is the default: quiet.
#[derive(Debug, Clone)]
pub struct Settings {
    pub(crate) routes: Vec<Route>,
    pub(crate) owners: Vec<Owner>,
    /// What is older is marked as late.
    pub(crate) late_after: SignedDuration,
}

/// Which outcomes of which pipelines go where.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub(crate) pipelines: Vec<WildMatch>,
    pub(crate) stages: Vec<WildMatch>,
    /// Without outcomes and severity, each channel hears what suits it.
    pub(crate) outcomes: Option<Vec<Outcome>>,
    pub(crate) severity: Option<Severity>,
    pub(crate) channels: Vec<Address>,
}

/// Whom to call when a pipeline fails or waits.
#[derive(Debug, Clone)]
pub(crate) struct Owner {
    pub(crate) pipelines: Vec<WildMatch>,
    pub(crate) mentions: Vec<Mention>,
}

/// Something in the settings that cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("settings: {0}")]
pub struct Problem(pub strict_yaml::Problem);

impl Default for Settings {
    fn default() -> Self {
        Self {
            routes: Vec::new(),
            owners: Vec::new(),
            late_after: SignedDuration::from_mins(WrittenSettings::LATE_MINUTES),
        }
    }
}

impl Settings {
    /// Reads and checks the YAML text.
    ///
    /// # Errors
    /// All that cannot be read, with its place, an unknown key with the nearest known one; or else all that can be read
    /// and cannot be meant.
    pub fn parse(yaml: &str) -> Result<Self, Vec<Problem>> {
        let written: Option<WrittenSettings> =
            strict_yaml::read(yaml).map_err(|told| told.into_iter().map(Problem).collect::<Vec<_>>())?;
        written.map_or_else(|| Ok(Self::default()), WrittenSettings::check)
    }

    /// The JSON schema of the document; it has no `type` for the sections that others read.
    #[cfg(feature = "schema")]
    pub fn schema() -> serde_json::Value {
        strict_yaml::schema::<WrittenSettings>()
    }
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct WrittenSettings {
    /// Who hears what. Without any, everything goes to the stack's own channel and topic.
    #[serde(default)]
    routes: Vec<WrittenRoute>,
    /// Whom to call when a pipeline fails or waits, or a rollback needs a person.
    #[serde(default)]
    owners: Vec<WrittenOwner>,
    /// What is told later than this says so.
    #[serde(default = "WrittenSettings::late_minutes")]
    late_after_minutes: i64,
    /// Read by `delivery-metrics`.
    #[serde(default, rename = "delivery")]
    _delivery: Elsewhere,
    /// Read by `rollback-plans`.
    #[serde(default, rename = "rollbacks")]
    _rollbacks: Elsewhere,
    /// Read by `gate-checks`.
    #[serde(default, rename = "gates")]
    _gates: Elsewhere,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct WrittenRoute {
    /// Pipelines by name; `*` stands for anything.
    #[serde(default = "everything")]
    pipelines: Vec<String>,
    /// Stages by name; `*` stands for anything.
    #[serde(default = "everything")]
    stages: Vec<String>,
    /// What is told. Without outcomes and severity, each channel hears what suits it.
    #[serde(default)]
    outcomes: Option<Vec<Outcome>>,
    /// Only what matters as much, or more.
    #[serde(default)]
    severity: Option<Severity>,
    /// `slack:C0123456`, `slack:#releases`, `webhook` or `sns`.
    channels: Vec<String>,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct WrittenOwner {
    /// Pipelines by name; `*` stands for anything.
    #[serde(default = "everything")]
    pipelines: Vec<String>,
    /// A person (U…), a user group (S…), `here` or `channel`.
    mention: Vec<String>,
}

fn everything() -> Vec<String> {
    vec![String::from("*")]
}

impl WrittenSettings {
    const LATE_MINUTES: i64 = 60;
    const LONGEST_LATE_MINUTES: i64 = 14 * 24 * 60;

    fn late_minutes() -> i64 {
        Self::LATE_MINUTES
    }

    fn check(self) -> Result<Settings, Vec<Problem>> {
        let mut problems = Vec::new();
        if !(1..=Self::LONGEST_LATE_MINUTES).contains(&self.late_after_minutes) {
            let longest = Self::LONGEST_LATE_MINUTES;
            problems
                .push(Problem(format!("late_after_minutes is {}; use 1 to {longest}", self.late_after_minutes).into()));
        }
        let routes = self.routes.into_iter().enumerate().map(|(at, route)| route.check(at, &mut problems)).collect();
        let owners = self.owners.into_iter().enumerate().map(|(at, owner)| owner.check(at, &mut problems)).collect();
        let late_after = SignedDuration::from_mins(self.late_after_minutes);
        if problems.is_empty() { Ok(Settings { routes, owners, late_after }) } else { Err(problems) }
    }
}

impl WrittenRoute {
    fn check(self, at: usize, problems: &mut Vec<Problem>) -> Route {
        let mut channels = Vec::new();
        for written in &self.channels {
            match channels::address(written) {
                Ok(address) => channels.push(address),
                Err(reason) => {
                    problems.push(Problem(format!("routes[{at}].channels: `{}`: {reason}", shown(written)).into()))
                }
            }
        }
        let mut not_empty = |name: &str, empty: bool| {
            if empty {
                let problem = format!("routes[{at}].{name} is empty, so nobody would hear of anything; name one");
                problems.push(Problem(problem.into()));
            }
        };
        not_empty("channels", self.channels.is_empty());
        not_empty("pipelines", self.pipelines.is_empty());
        not_empty("stages", self.stages.is_empty());
        not_empty("outcomes", self.outcomes.as_ref().is_some_and(Vec::is_empty));
        Route {
            pipelines: globs(&self.pipelines),
            stages: globs(&self.stages),
            outcomes: self.outcomes,
            severity: self.severity,
            channels,
        }
    }
}

impl WrittenOwner {
    fn check(self, at: usize, problems: &mut Vec<Problem>) -> Owner {
        let mut mentions = Vec::new();
        for written in &self.mention {
            match mention(written) {
                Some(mention) => mentions.push(mention),
                None => problems.push(Problem(format!(
                    "owners[{at}].mention: `{}` is not a Slack id; use a user id (U…), a user group id (S…), `here` or `channel`",
                    shown(written)
                ).into())),
            }
        }
        for (name, empty) in [("mention", self.mention.is_empty()), ("pipelines", self.pipelines.is_empty())] {
            if empty {
                problems
                    .push(Problem(format!("owners[{at}].{name} is empty, so nobody would be called; name one").into()));
            }
        }
        Owner { pipelines: globs(&self.pipelines), mentions }
    }
}

fn globs(patterns: &[String]) -> Vec<WildMatch> {
    patterns.iter().map(|pattern| WildMatch::new(pattern)).collect()
}

fn mention(written: &str) -> Option<Mention> {
    let id = |text: &str| text.len() >= 3 && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    match (written, written.chars().next()?) {
        ("here", _) => Some(Mention::Here),
        ("channel", _) => Some(Mention::Channel),
        (text, 'U' | 'W') if id(text) => Some(Mention::User(text.to_owned())),
        (text, 'S') if id(text) => Some(Mention::Group(text.to_owned())),
        _ => None,
    }
}

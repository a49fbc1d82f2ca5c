//! The `gates` section of the settings: gates that a person opened, which policy a deployment hook asks, and where secrets
//! may be sent.

mod destinations;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use strict_yaml::Elsewhere;
use thiserror::Error;
use wildmatch::WildMatch;

use crate::{Opening, Place};
use destinations::Destinations;

/// Checked settings. An absent section is the default: no gate is open, no hook has a policy, and no secret an origin.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    openings: Vec<Opening>,
    code_deploy: Vec<Hook>,
    secrets: Destinations,
}

/// Something in the settings that cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("settings: {0}")]
pub struct SettingsProblem(pub strict_yaml::Problem);

#[derive(Debug, Clone)]
struct Hook {
    application: WildMatch,
    group: WildMatch,
    policy: String,
}

impl Settings {
    /// Reads and checks the YAML text.
    ///
    /// # Errors
    /// All that cannot be read, with its place, an unknown key with the nearest known one; or else all that can be read
    /// and cannot be meant.
    pub fn parse(yaml: &str) -> Result<Self, Vec<SettingsProblem>> {
        let written: Option<WrittenSettings> =
            strict_yaml::read(yaml).map_err(|told| told.into_iter().map(SettingsProblem).collect::<Vec<_>>())?;
        written.map_or_else(|| Ok(Self::default()), |written| written.gates.check())
    }

    /// The JSON schema of the document; it has no `type` for the sections that others read.
    #[cfg(feature = "schema")]
    pub fn schema() -> serde_json::Value {
        strict_yaml::schema::<WrittenSettings>()
    }

    /// Who opened the gate for the release that stands there, by the first entry that is for it.
    pub fn opening(&self, place: &Place, now: Timestamp) -> Option<&Opening> {
        self.openings.iter().find(|opening| opening.is_for(place, now))
    }

    /// The policy a hook of CodeDeploy asks, by the first entry that matches.
    pub fn code_deploy_policy(&self, application: &str, group: &str) -> Option<&str> {
        let mut hooks = self.code_deploy.iter();
        let hook = hooks.find(|hook| hook.application.matches(application) && hook.group.matches(group));
        hook.map(|hook| hook.policy.as_str())
    }

    /// Whether a secret may be sent to an address, by a policy of its own or one that stands inline in `UserParameters`.
    ///
    /// # Errors
    /// It may not; the sentence says why.
    pub fn may_send(&self, secret: &str, url: &str, is_inline: bool) -> Result<(), String> {
        self.secrets.allow(secret, url, is_inline)
    }
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct WrittenSettings {
    /// Gates that a person opened, which policy a deployment hook asks, and where secrets may be sent.
    #[serde(default)]
    gates: Written,
    /// Read by `notices`, `delivery-metrics` and `rollback-plans`, like the four below.
    #[serde(default, rename = "routes")]
    _routes: Elsewhere,
    #[serde(default, rename = "owners")]
    _owners: Elsewhere,
    #[serde(default, rename = "late_after_minutes")]
    _late_after_minutes: Elsewhere,
    #[serde(default, rename = "delivery")]
    _delivery: Elsewhere,
    #[serde(default, rename = "rollbacks")]
    _rollbacks: Elsewhere,
}

#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Written {
    /// Each lets one execution through, whatever the checks say.
    #[serde(default)]
    openings: Vec<WrittenOpening>,
    /// Which policy a deployment hook asks.
    #[serde(default)]
    hooks: WrittenHooks,
    /// The one origin a secret may be sent to, by the secret's name: `http/shop: https://shop.example.com`.
    #[serde(default)]
    secrets: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct WrittenHooks {
    /// By the first entry that matches a deployment.
    #[serde(default)]
    codedeploy: Vec<WrittenHook>,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct WrittenHook {
    /// Applications by name; `*` stands for anything.
    application: String,
    /// Deployment groups by name; `*` stands for anything.
    #[serde(default = "any")]
    group: String,
    /// Name of the policy, which is the parameter `policies/<name>` below the stack's name.
    policy: String,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct WrittenOpening {
    /// Name of the pipeline.
    pipeline: String,
    /// Name of the stage; without it, every gate of the execution.
    stage: Option<String>,
    /// Id of the execution.
    execution: String,
    /// Who opens it.
    by: String,
    /// Why.
    reason: String,
    /// Until when, such as 2026-03-02T18:00:00Z; without it, for as long as it is written here.
    until: Option<String>,
}

fn any() -> String {
    String::from("*")
}

impl Written {
    fn check(self) -> Result<Settings, Vec<SettingsProblem>> {
        let mut problems = Vec::new();
        let mut openings = Vec::new();
        for (at, written) in self.openings.into_iter().enumerate() {
            let place = format!("gates.openings[{at}]");
            match written.check() {
                Ok(opening) => openings.push(opening),
                Err(told) => {
                    problems.extend(told.into_iter().map(|told| SettingsProblem(format!("{place}.{told}").into())))
                }
            }
        }
        let hooks = self.hooks.codedeploy.into_iter().map(|hook| Hook {
            application: WildMatch::new(&hook.application),
            group: WildMatch::new(&hook.group),
            policy: hook.policy,
        });
        let secrets = Destinations::check(self.secrets).unwrap_or_else(|told| {
            problems.extend(told.iter().map(|told| SettingsProblem(format!("gates.secrets.{told}").into())));
            Destinations::default()
        });
        if problems.is_empty() {
            Ok(Settings { openings, code_deploy: hooks.collect(), secrets })
        } else {
            Err(problems)
        }
    }
}

impl WrittenOpening {
    fn check(self) -> Result<Opening, Vec<String>> {
        let mut problems = Vec::new();
        let texts =
            [("pipeline", &self.pipeline), ("execution", &self.execution), ("by", &self.by), ("reason", &self.reason)];
        for (key, _) in texts.iter().filter(|(_, text)| text.trim().is_empty()) {
            problems.push(format!("{key} is empty; a gate is opened by somebody, for one execution, for a reason"));
        }
        let until = self.until.map(|text| {
            text.parse::<Timestamp>().map_err(|_| {
                format!("until: `{}` is no time; write one such as 2026-03-02T18:00:00Z", strict_yaml::shown(&text))
            })
        });
        let until = until.transpose().map_err(|told| problems.push(told)).ok().flatten();
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Opening {
            pipeline: self.pipeline.as_str().into(),
            stage: self.stage.as_deref().map(Into::into),
            execution: self.execution.as_str().into(),
            by: self.by.trim().to_owned(),
            reason: self.reason.trim().to_owned(),
            until,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, place};

    const OPEN: &str = "
gates:
  openings:
    - pipeline: orders
      stage: Production
      execution: 11111111-2222-4333-8444-555555555555
      by: sam@example.com
      reason: hotfix for the checkout
      until: 2026-03-02T18:00:00Z
";

    #[test]
    fn a_gate_is_open_for_the_execution_that_is_named_until_then() {
        let settings = Settings::parse(OPEN).unwrap();
        assert_eq!(settings.opening(&place(), at(0)).unwrap().by, "sam@example.com");
        assert_eq!(settings.opening(&place(), at(6 * 60)), None);
        assert_eq!(settings.opening(&Place::default(), at(0)), None);
    }

    #[test]
    fn the_first_hook_that_matches_names_the_policy() {
        let yaml = "gates:\n  hooks:\n    codedeploy:\n      - { application: orders, group: prod-*, policy: orders/production }\n      - { application: '*', policy: all }\n";
        let settings = Settings::parse(yaml).unwrap();
        assert_eq!(settings.code_deploy_policy("orders", "prod-eu"), Some("orders/production"));
        assert_eq!(settings.code_deploy_policy("orders", "staging"), Some("all"));
        assert_eq!(Settings::default().code_deploy_policy("orders", "staging"), None);
    }

    #[test]
    fn the_sections_of_other_functions_are_left_to_them() {
        let others = "routes: []\nowners: []\nlate_after_minutes: 5\ndelivery: []\nrollbacks: { alarms: [] }\n";
        assert!(Settings::parse(others).unwrap().openings.is_empty());
        assert!(Settings::parse("").unwrap().openings.is_empty());
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let wrong = OPEN.replace("sam@example.com", "' '").replace("2026-03-02T18:00:00Z", "tonight");
        let wrong =
            format!("{wrong}  secrets: {{ http/shop: shop.example.com, slack/bot-token: https://example.com }}\n");
        let told: Vec<_> = Settings::parse(&wrong).unwrap_err().iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "settings: gates.openings[0].by is empty; a gate is opened by somebody, for one execution, for a reason",
                "settings: gates.openings[0].until: `tonight` is no time; write one such as 2026-03-02T18:00:00Z",
                "settings: gates.secrets.http/shop: `shop.example.com` is no address; write it whole, as https://host/path",
                "settings: gates.secrets.slack/bot-token: no check sends it; names begin with http/ or sonarqube/",
            ]
        );
        let unknown = Settings::parse("gates: { opening: [] }").unwrap_err();
        assert!(unknown[0].to_string().contains("did you mean `openings`"), "{}", unknown[0]);
        let unnamed = Settings::parse(&OPEN.replace("      by: sam@example.com\n", "")).unwrap_err();
        assert!(unnamed[0].to_string().contains("the key `by` is missing"), "{}", unnamed[0]);
    }
}

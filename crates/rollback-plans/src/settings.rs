//! The `rollbacks` section of the settings: what alarms protect that cannot be tagged.

use serde::Deserialize;
use strict_yaml::Elsewhere;
use thiserror::Error;
use wildmatch::WildMatch;

use crate::{Consent, Mode, Target};

/// Checked settings. An absent section is the default: tags alone ask for rollbacks.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    alarms: Vec<(WildMatch, Consent)>,
}

/// Something in the settings that cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("settings: {0}")]
pub struct Problem(pub strict_yaml::Problem);

impl Settings {
    /// Reads and checks the YAML text.
    ///
    /// # Errors
    /// All that cannot be read, with its place, an unknown key with the nearest known one; or else all that can be read
    /// and cannot be meant.
    pub fn parse(yaml: &str) -> Result<Self, Vec<Problem>> {
        let written: Option<WrittenSettings> =
            strict_yaml::read(yaml).map_err(|told| told.into_iter().map(Problem).collect::<Vec<_>>())?;
        written.map_or_else(|| Ok(Self::default()), |written| written.rollbacks.check())
    }

    /// The JSON schema of the document; it has no `type` for the sections that others read.
    #[cfg(feature = "schema")]
    pub fn schema() -> serde_json::Value {
        strict_yaml::schema::<WrittenSettings>()
    }

    /// What the alarm protects: by the first entry that matches its name.
    pub fn consent(&self, alarm: &str) -> Option<&Consent> {
        self.alarms.iter().find(|(pattern, _)| pattern.matches(alarm)).map(|(_, consent)| consent)
    }
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct WrittenSettings {
    /// What alarms protect that cannot be tagged.
    #[serde(default)]
    rollbacks: Written,
    /// Read by `notices` and `delivery-metrics`, like the three below.
    #[serde(default, rename = "routes")]
    _routes: Elsewhere,
    #[serde(default, rename = "owners")]
    _owners: Elsewhere,
    #[serde(default, rename = "late_after_minutes")]
    _late_after_minutes: Elsewhere,
    #[serde(default, rename = "delivery")]
    _delivery: Elsewhere,
    /// Read by `gate-checks`.
    #[serde(default, rename = "gates")]
    _gates: Elsewhere,
}

#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Written {
    /// By the first entry that matches an alarm.
    #[serde(default)]
    alarms: Vec<WrittenAlarm>,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct WrittenAlarm {
    /// Alarms by name; `*` stands for anything.
    alarm: String,
    /// What is rolled back: `<pipeline>/<stage>`, `codedeploy:<application>/<group>`, `ecs:<cluster>/<service>`,
    /// `cloudformation:<stack>` or `lambda:<function>:<alias>`.
    targets: Vec<String>,
    /// Whether a rollback is to be done or only reported.
    #[serde(default)]
    mode: Mode,
}

impl Written {
    fn check(self) -> Result<Settings, Vec<Problem>> {
        let (mut alarms, mut problems) = (Vec::new(), Vec::new());
        for (at, entry) in self.alarms.into_iter().enumerate() {
            let mut targets: Vec<Target> = Vec::new();
            for text in &entry.targets {
                match text.parse() {
                    Ok(target) => targets.push(target),
                    Err(bad) => problems.push(Problem(format!("rollbacks.alarms[{at}].targets: {bad}").into())),
                }
            }
            if entry.targets.is_empty() {
                let told =
                    format!("rollbacks.alarms[{at}].targets is empty, so nothing would be rolled back; name one");
                problems.push(Problem(told.into()));
            }
            alarms.push((WildMatch::new(&entry.alarm), Consent { targets, mode: entry.mode }));
        }
        if problems.is_empty() { Ok(Settings { alarms }) } else { Err(problems) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_entry_that_matches_says_what_an_alarm_protects() {
        let settings = Settings::parse(
            "rollbacks:\n  alarms:\n    - alarm: pay-*\n      targets: [payments/Production]\n      mode: observe\n    - alarm: '*'\n      targets: [orders/Production, 'ecs:shop/orders']\n",
        )
        .unwrap();
        assert_eq!(settings.consent("pay-errors").unwrap().mode, Mode::Observe);
        assert_eq!(settings.consent("other").unwrap().targets.len(), 2);
    }

    #[test]
    fn the_sections_of_other_functions_are_left_to_them() {
        let settings =
            Settings::parse("routes: []\nowners: []\nlate_after_minutes: 5\ndelivery: []\ngates: {}\n").unwrap();
        assert!(settings.consent("any").is_none());
        assert!(Settings::parse("").unwrap().consent("any").is_none());
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let yaml =
            "rollbacks:\n  alarms:\n    - alarm: a\n      targets: []\n    - alarm: b\n      targets: [orders, x]\n";
        assert_eq!(Settings::parse(yaml).unwrap_err().len(), 3);
        let unknown = Settings::parse("rollbacks:\n  alarm: []\n").unwrap_err();
        assert!(unknown[0].to_string().contains("alarms"), "{}", unknown[0]);
    }
}

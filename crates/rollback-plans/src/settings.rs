//! The `rollbacks` section of the settings: what alarms protect that cannot be tagged.

use serde::Deserialize;
use serde::de::IgnoredAny;
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
pub struct Problem(String);

impl Settings {
    /// Reads and checks the YAML text.
    ///
    /// # Errors
    /// What cannot be read is told with its place, an unknown key with the nearest known one. What can be read and
    /// cannot be meant is told all at once.
    pub fn parse(yaml: &str) -> Result<Self, Vec<Problem>> {
        let written: Option<WrittenSettings> = strict_yaml::read(yaml).map_err(|reason| vec![Problem(reason)])?;
        written.map_or_else(|| Ok(Self::default()), |written| written.rollbacks.check())
    }

    /// What the alarm protects: by the first entry that matches its name.
    pub fn consent(&self, alarm: &str) -> Option<&Consent> {
        self.alarms.iter().find(|(pattern, _)| pattern.matches(alarm)).map(|(_, consent)| consent)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSettings {
    #[serde(default)]
    rollbacks: Written,
    /// Read by `notices` and `delivery-metrics`, like the three below.
    #[serde(default, rename = "routes")]
    _routes: IgnoredAny,
    #[serde(default, rename = "owners")]
    _owners: IgnoredAny,
    #[serde(default, rename = "late_after_minutes")]
    _late_after_minutes: IgnoredAny,
    #[serde(default, rename = "delivery")]
    _delivery: IgnoredAny,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    alarms: Vec<WrittenAlarm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenAlarm {
    alarm: String,
    targets: Vec<String>,
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
                    Err(bad) => problems.push(Problem(format!("rollbacks.alarms[{at}].targets: {bad}"))),
                }
            }
            if entry.targets.is_empty() {
                let told =
                    format!("rollbacks.alarms[{at}].targets is empty, so nothing would be rolled back; name one");
                problems.push(Problem(told));
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
        let settings = Settings::parse("routes: []\nowners: []\nlate_after_minutes: 5\ndelivery: []\n").unwrap();
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

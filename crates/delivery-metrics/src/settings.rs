//! The `delivery` section of the settings: which stages of which pipelines deploy.

use pipeline_model::PipelineName;
use serde::Deserialize;
use strict_yaml::Elsewhere;
use thiserror::Error;
use wildmatch::WildMatch;

use crate::rules::{DeployStages, Rules};

/// Checked settings. An absent section is the default: the last stage deploys.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    pipelines: Vec<WildMatch>,
    deploy_stages: Vec<WildMatch>,
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
        written.map_or_else(|| Ok(Self::default()), WrittenSettings::check)
    }

    /// The JSON schema of the document; it has no `type` for the sections that others read.
    #[cfg(feature = "schema")]
    pub fn schema() -> serde_json::Value {
        strict_yaml::schema::<WrittenSettings>()
    }

    /// How a pipeline is measured: by the first entry that matches it.
    pub fn rules(&self, pipeline: &PipelineName) -> Rules {
        let matches = |entry: &&Entry| entry.pipelines.iter().any(|glob| glob.matches(pipeline.as_str()));
        let named = self.entries.iter().find(matches).map(|entry| DeployStages::Named(entry.deploy_stages.clone()));
        Rules { pipeline: pipeline.clone(), deploy_stages: named.unwrap_or(DeployStages::Last), stage_durations: true }
    }
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct WrittenSettings {
    /// What counts as deployed, by the first entry that matches a pipeline. Without one, its last stage.
    #[serde(default)]
    delivery: Vec<WrittenEntry>,
    /// Read by `notices`, like the two below.
    #[serde(default, rename = "routes")]
    _routes: Elsewhere,
    #[serde(default, rename = "owners")]
    _owners: Elsewhere,
    #[serde(default, rename = "late_after_minutes")]
    _late_after_minutes: Elsewhere,
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
struct WrittenEntry {
    /// Pipelines by name; `*` stands for anything.
    #[serde(default = "everything")]
    pipelines: Vec<String>,
    /// Stages by name; `*` stands for anything. A release is deployed when all of them succeeded.
    deploy_stages: Vec<String>,
}

fn everything() -> Vec<String> {
    vec![String::from("*")]
}

impl WrittenSettings {
    fn check(self) -> Result<Settings, Vec<Problem>> {
        let mut problems = Vec::new();
        for (at, entry) in self.delivery.iter().enumerate() {
            for (name, list) in [("pipelines", &entry.pipelines), ("deploy_stages", &entry.deploy_stages)] {
                if list.is_empty() {
                    let told = format!("delivery[{at}].{name} is empty, so nothing would count as deployed; name one");
                    problems.push(Problem(told.into()));
                }
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let globs = |patterns: Vec<String>| patterns.iter().map(|pattern| WildMatch::new(pattern)).collect();
        let checked = |entry: WrittenEntry| Entry {
            pipelines: globs(entry.pipelines),
            deploy_stages: globs(entry.deploy_stages),
        };
        Ok(Settings { entries: self.delivery.into_iter().map(checked).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stages(yaml: &str, pipeline: &str) -> Option<Vec<String>> {
        match Settings::parse(yaml).unwrap().rules(&PipelineName::from(pipeline)).deploy_stages {
            DeployStages::Last => None,
            DeployStages::Named(globs) => Some(globs.iter().map(ToString::to_string).collect()),
        }
    }

    fn problems(yaml: &str) -> String {
        let problems = Settings::parse(yaml).expect_err("these settings are wrong");
        problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn without_settings_the_last_stage_deploys() {
        for yaml in [
            "",
            "{}",
            "# nothing yet",
            "delivery: []",
            "routes: [{ channels: [sns] }]\nlate_after_minutes: 5\ngates: {}",
        ] {
            assert_eq!(stages(yaml, "orders"), None, "{yaml:?}");
        }
    }

    #[test]
    fn the_first_entry_that_matches_a_pipeline_names_its_stages() {
        let yaml =
            "delivery:\n  - pipelines: [shop-*]\n    deploy_stages: [Production, Prod-*]\n  - deploy_stages: [Live]\n";
        assert_eq!(stages(yaml, "shop-orders").unwrap(), ["Production", "Prod-*"]);
        assert_eq!(stages(yaml, "billing").unwrap(), ["Live"]);
    }

    #[test]
    fn an_unknown_key_is_named_with_the_nearest_known_one() {
        assert_eq!(
            problems("delivery:\n  - deploy_stage: [Live]\n"),
            "settings: line 2, column 5: unknown key `deploy_stage`; did you mean `deploy_stages`?"
        );
        assert_eq!(
            problems("delivry: []"),
            "settings: line 1, column 1: unknown key `delivry`; did you mean `delivery`?"
        );
        assert_eq!(problems("rouets: []"), "settings: line 1, column 1: unknown key `rouets`; did you mean `routes`?");
        assert_eq!(
            problems("delivery:\n  - pipelines: [a]\n"),
            "settings: line 2, column 5: the key `deploy_stages` is missing"
        );
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let said = problems("delivery:\n  - deploy_stages: []\n  - deploy_stages: [a]\n    pipelines: []\n");
        assert!(
            said.contains("delivery[0].deploy_stages is empty") && said.contains("delivery[1].pipelines is empty"),
            "{said}"
        );
    }
}

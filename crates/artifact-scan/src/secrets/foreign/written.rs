//! A configuration of gitleaks or Betterleaks as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Value;

type Unknown = BTreeMap<String, Value>;

/// Keys that say nothing about what is found.
const SILENT: [&str; 9] = [
    "title",
    "description",
    "tags",
    "minVersion",
    "betterleaksMinVersion",
    "name",
    "version",
    "references",
    "attributes",
];

/// A file.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Config {
    #[serde(default)]
    pub(super) rules: Vec<WrittenRule>,
    pub(super) allowlist: Option<WrittenAllowlist>,
    #[serde(default)]
    pub(super) allowlists: Vec<WrittenAllowlist>,
    #[serde(flatten)]
    unknown: Unknown,
}

/// A rule.
#[derive(Debug, Default, Deserialize)]
pub(super) struct WrittenRule {
    pub(super) id: Option<String>,
    pub(super) description: Option<String>,
    pub(super) regex: Option<String>,
    #[serde(default)]
    pub(super) keywords: Vec<String>,
    pub(super) entropy: Option<f64>,
    #[serde(rename = "secretGroup")]
    pub(super) secret_group: Option<usize>,
    pub(super) path: Option<String>,
    pub(super) allowlist: Option<WrittenAllowlist>,
    #[serde(default)]
    pub(super) allowlists: Vec<WrittenAllowlist>,
    #[serde(flatten)]
    unknown: Unknown,
}

/// What is allowed.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct WrittenAllowlist {
    pub(super) condition: Option<String>,
    #[serde(default)]
    pub(super) paths: Vec<String>,
    #[serde(default)]
    pub(super) regexes: Vec<String>,
    #[serde(rename = "regexTarget")]
    pub(super) regex_target: Option<String>,
    #[serde(default)]
    pub(super) stopwords: Vec<String>,
    #[serde(rename = "targetRules", default)]
    pub(super) target_rules: Vec<String>,
    #[serde(flatten)]
    unknown: Unknown,
}

impl Config {
    /// What it asks for and is not done.
    pub(super) fn told(&self) -> Vec<String> {
        let mut told = ignored("the file", &self.unknown);
        for allowlist in self.global() {
            told.extend(ignored("the allowlist of the file", &allowlist.unknown));
        }
        if self.global().next().is_some() {
            told.push(
                "the allowlist of the file counts for the rules of the file, not for the built-in ones".to_owned(),
            );
        }
        told
    }

    /// The allowlists for all of its rules.
    pub(super) fn global(&self) -> impl Iterator<Item = &WrittenAllowlist> {
        self.allowlist.iter().chain(&self.allowlists)
    }
}

impl WrittenRule {
    /// What it asks for and is not done.
    pub(super) fn told(&self) -> Vec<String> {
        let name = format!("rule {}", self.id.as_deref().unwrap_or("without id"));
        let mut told = ignored(&name, &self.unknown);
        for allowlist in self.own() {
            told.extend(ignored(&format!("an allowlist of {name}"), &allowlist.unknown));
        }
        match (&self.regex, &self.path) {
            (None, Some(_)) => {
                told.push(format!("{name} finds files by name and is not used: secrets are looked for in content"))
            }
            (Some(_), _) if self.keywords.iter().all(String::is_empty) => {
                told.push(format!("{name} has no keywords: its regex runs over all bytes, which is slow"))
            }
            _ => {}
        }
        told
    }

    /// Its own allowlists.
    pub(super) fn own(&self) -> impl Iterator<Item = &WrittenAllowlist> {
        self.allowlist.iter().chain(&self.allowlists)
    }
}

fn ignored(whose: &str, unknown: &Unknown) -> Vec<String> {
    let heard = unknown.keys().filter(|key| !SILENT.contains(&key.as_str()));
    heard.map(|key| format!("`{key}` of {whose} is not supported and has no effect")).collect()
}

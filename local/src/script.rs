//! The script file: what Source, Build, Test and Deploy actions do when a pipeline runs.
//!
//! YAML or JSON. Every action is named by pipeline, stage and action, and has a list of plays, one per run;
//! the last one repeats. An action without an entry succeeds after one second.
//!
//! ```yaml
//! pipelines:
//!   orders-pipeline:
//!     Source:
//!       Checkout:
//!         - duration: 4s
//!           artifacts: { SourceArtifact: app/broken }   # folder, relative to this file
//!           revision:
//!             id: 7f3c2a90d1e4b5c6a7980f1e2d3c4b5a69788796
//!             message: Add a discount field
//!             url: https://example.com/orders/commit/7f3c2a9
//!             author: { name: Alice, email: alice@example.com }
//!             branch: main
//!             repository: example/orders
//!             committed: 2026-03-02T09:58:00Z
//!     Build:
//!       Compile:
//!         - duration: 2m 10s
//!           outcome: failed
//!           error: { code: JobFailed, message: "Build terminated with state: FAILED" }
//!           external_execution_id: orders-build:5d1f0a34-0000-4000-8000-000000000001
//!           url: https://example.com/builds/1
//!         - duration: 1m 30s
//!           artifacts: { BuildArtifact: app/built }
//!           files:                                      # more files; a map of files is a zip
//!             BuildArtifact: { lib/tax.jar: { tax.properties: "country=CH" } }
//!           variables: { IMAGE_TAG: "1.4.2" }
//!           summary: 214 tests passed
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

/// What every scripted action does, run by run.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// Pipeline, stage, action; then one play per run.
    #[serde(default)]
    pipelines: BTreeMap<String, BTreeMap<String, BTreeMap<String, Vec<Play>>>>,
    /// Folder that relative artifact folders start from.
    #[serde(skip)]
    base: PathBuf,
}

/// One run of one action.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Play {
    /// How long it takes, as `90s`, `1m 30s` or `PT1M30S`, before [`Config::speed`](crate::codepipeline::Config).
    pub duration: SignedDuration,
    /// How it ends.
    pub outcome: Outcome,
    /// Why it failed. Without it a failed play has the code `JobFailed`.
    pub error: Option<PlayError>,
    /// The id at the provider, such as a build id. A fresh one is made up where it is missing.
    pub external_execution_id: Option<String>,
    /// Link to the provider's page or log.
    pub url: Option<String>,
    /// One line about the run.
    pub summary: Option<String>,
    /// Folder per output artifact. An artifact without a folder is an empty zip.
    pub artifacts: BTreeMap<String, PathBuf>,
    /// Files per output artifact, beside those of its folder.
    pub files: BTreeMap<String, Files>,
    /// Output variables.
    pub variables: BTreeMap<String, String>,
    /// What a source action found.
    pub revision: Option<Revision>,
}

impl Default for Play {
    fn default() -> Self {
        Self {
            duration: SignedDuration::from_secs(1),
            outcome: Outcome::Succeeded,
            error: None,
            external_execution_id: None,
            url: None,
            summary: None,
            artifacts: BTreeMap::new(),
            files: BTreeMap::new(),
            variables: BTreeMap::new(),
            revision: None,
        }
    }
}

/// What stands in an artifact or an archive, by path.
pub type Files = BTreeMap<String, Content>;

/// A file that a script describes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Content {
    /// A text.
    Text(String),
    /// A zip, whatever its name, of these files.
    Archive(Files),
}

/// How a play ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The action succeeds.
    Succeeded,
    /// The action fails.
    Failed,
}

/// Why a play failed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlayError {
    /// The error code of the event, for instance `JobFailed`.
    #[serde(default = "job_failed")]
    pub code: String,
    /// The message people see.
    pub message: String,
}

fn job_failed() -> String {
    "JobFailed".to_owned()
}

/// The commit or object version a source action found.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Revision {
    /// Commit or version id. A random commit id where it is missing.
    pub id: String,
    /// Commit message.
    pub message: String,
    /// Link to the commit.
    pub url: Option<String>,
    /// Who wrote it.
    pub author: Author,
    /// Branch; the action's configuration decides where this is missing.
    pub branch: Option<String>,
    /// `owner/name`; the action's configuration decides where this is missing.
    pub repository: Option<String>,
    /// `GitHub`, `GitLab`, `Bitbucket`; `GitHub` where it is missing.
    pub provider: Option<String>,
    /// When it was committed; the start of the run where it is missing.
    pub committed: Option<Timestamp>,
}

/// Who wrote a commit.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Author {
    /// Display name.
    pub name: String,
    /// E-mail address.
    pub email: String,
}

/// Why a script cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// The file could not be read.
    #[error("cannot read the script {path}: {cause}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The text is not a script.
    #[error("the script is not valid: {0}")]
    Invalid(String),
    /// An action has an empty list.
    #[error("{0} has no plays: give it at least one, or leave it out to let it succeed after one second")]
    NoPlays(String),
}

impl Script {
    /// Reads a script file. Artifact folders in it are relative to the file.
    pub fn read(path: &Path) -> Result<Self, ScriptError> {
        let text =
            std::fs::read_to_string(path).map_err(|cause| ScriptError::Unreadable { path: path.to_owned(), cause })?;
        Self::parse(&text, path.parent().unwrap_or(Path::new("")))
    }

    /// Parses YAML or JSON. Artifact folders in it are relative to `base`.
    pub fn parse(text: &str, base: &Path) -> Result<Self, ScriptError> {
        let mut script: Self = serde_saphyr::from_str(text).map_err(|error| ScriptError::Invalid(error.to_string()))?;
        base.clone_into(&mut script.base);
        match script.an_action_without_plays() {
            Some(action) => Err(ScriptError::NoPlays(action)),
            None => Ok(script),
        }
    }

    /// The play of the given run (counted from 0) of an action.
    pub fn play(&self, pipeline: &str, stage: &str, action: &str, run: usize) -> Play {
        let plays = self.plays(pipeline, stage, action);
        let Some(last) = plays.len().checked_sub(1) else { return Play::default() };
        let mut play = plays[run.min(last)].clone();
        for folder in play.artifacts.values_mut() {
            *folder = self.base.join(&folder);
        }
        play
    }

    /// All plays of an action; empty if the script does not mention it.
    pub fn plays(&self, pipeline: &str, stage: &str, action: &str) -> &[Play] {
        let stages = self.pipelines.get(pipeline);
        stages.and_then(|stages| stages.get(stage)?.get(action)).map_or(&[], Vec::as_slice)
    }

    fn an_action_without_plays(&self) -> Option<String> {
        let stages = self.pipelines.iter().flat_map(|(pipeline, stages)| stages.iter().map(move |s| (pipeline, s)));
        let mut actions =
            stages.flat_map(|(pipeline, (stage, actions))| actions.iter().map(move |a| (pipeline, stage, a)));
        actions
            .find(|(_, _, (_, plays))| plays.is_empty())
            .map(|(pipeline, stage, (action, _))| format!("{pipeline}/{stage}/{action}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(text: &str) -> Result<Script, ScriptError> {
        Script::parse(text, Path::new("/scripts"))
    }

    #[test]
    fn plays_are_taken_in_order_and_the_last_repeats() {
        let text = "pipelines: {p: {Build: {Compile: [{summary: a}, {summary: b, duration: 1m 30s}]}}}";
        let script = script(text).unwrap();
        let summaries: Vec<_> = (0..3).map(|run| script.play("p", "Build", "Compile", run).summary.unwrap()).collect();
        assert_eq!(summaries, ["a", "b", "b"]);
        assert_eq!(script.play("p", "Build", "Compile", 1).duration, SignedDuration::from_secs(90));
    }

    #[test]
    fn an_action_the_script_does_not_mention_succeeds_after_a_second() {
        let play = Script::default().play("p", "Build", "Compile", 0);
        assert_eq!((play.outcome, play.duration), (Outcome::Succeeded, SignedDuration::from_secs(1)));
    }

    #[test]
    fn folders_start_at_the_script() {
        let script = script("pipelines: {p: {S: {A: [{artifacts: {Source: app}}]}}}").unwrap();
        assert_eq!(script.play("p", "S", "A", 0).artifacts["Source"], Path::new("/scripts/app"));
    }

    #[test]
    fn files_are_texts_and_archives_of_files() {
        let text = "pipelines: {p: {S: {A: [{files: {Built: {a.txt: one, b.jar: {c.zip: {d.txt: two}}}}}]}}}";
        let mut files = script(text).unwrap().play("p", "S", "A", 0).files.remove("Built").unwrap();
        assert_eq!(files["a.txt"], Content::Text("one".to_owned()));
        let Some(Content::Archive(jar)) = files.remove("b.jar") else { panic!("{files:?}") };
        let inner = Files::from([("d.txt".to_owned(), Content::Text("two".to_owned()))]);
        assert_eq!(jar["c.zip"], Content::Archive(inner));
    }

    #[test]
    fn json_is_read_too() {
        let script = script(r#"{"pipelines": {"p": {"S": {"A": [{"outcome": "failed"}]}}}}"#).unwrap();
        assert_eq!(script.play("p", "S", "A", 0).outcome, Outcome::Failed);
    }

    #[test]
    fn a_misspelt_key_is_named() {
        let error = script("pipelines: {p: {S: {A: [{durations: 3s}]}}}").unwrap_err().to_string();
        assert!(error.contains("durations"), "{error}");
    }

    #[test]
    fn an_empty_list_of_plays_is_refused_with_its_place() {
        let error = script("pipelines: {p: {S: {A: []}}}").unwrap_err().to_string();
        assert!(error.starts_with("p/S/A"), "{error}");
    }
}

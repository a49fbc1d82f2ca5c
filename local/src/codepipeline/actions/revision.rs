//! What a source action found: revision, output variables and summary, by provider.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::Timestamp;
use serde_json::json;

use crate::codepipeline::engine::Engine;
use crate::codepipeline::records::{FoundRevision, RunIndex};
use crate::script::{Play, Revision};

/// The service model's limit for a revision's summary.
const SUMMARY_CHARACTERS: usize = 2048;

/// Records the revision of a finished source action.
pub(super) fn found(engine: &mut Engine, run: RunIndex, play: &Play) {
    let mut revision = play.revision.clone().unwrap_or_default();
    if revision.id.is_empty() {
        // As long as a commit id.
        revision.id = format!("{}{}", engine.ids.uuid(), engine.ids.uuid()).replace('-', "").chars().take(40).collect();
    }
    let started = engine[run].started;
    let declared = engine.declared(run).clone();
    let commit = Commit { revision: &revision, configuration: &engine[run].configuration, started };
    let (variables, summary) = match declared.action_type_id.provider.as_str() {
        "CodeStarSourceConnection" => (commit.connection_variables(), Some(commit.connection_summary())),
        "CodeCommit" => (commit.code_commit_variables(), commit.message()),
        "S3" => (commit.object_variables(), commit.message()),
        _ => (Vec::new(), commit.message()),
    };
    let given = revision.url.clone().or_else(|| play.url.clone());
    let url = given.or_else(|| commit.connection_link(&engine.settings.region));
    let found = FoundRevision {
        action: declared.name,
        artifact: declared.output_artifacts.into_iter().next().map(|artifact| artifact.name),
        id: revision.id.clone(),
        change_id: None,
        summary: summary.clone(),
        url: url.clone(),
        created: revision.committed.unwrap_or(started),
    };
    let it = &mut engine[run];
    it.variables.extend(variables.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    let outcome = &mut it.outcome;
    outcome.external_id.get_or_insert(revision.id);
    outcome.summary = outcome.summary.take().or(summary);
    outcome.url = outcome.url.take().or(url);
    outcome.revision = Some(found);
}

struct Commit<'a> {
    revision: &'a Revision,
    /// The source action's.
    configuration: &'a BTreeMap<String, String>,
    started: Timestamp,
}

type Variables = Vec<(&'static str, Option<String>)>;

impl Commit<'_> {
    fn setting(&self, key: &str) -> Option<String> {
        self.configuration.get(key).cloned()
    }

    fn repository(&self, key: &str) -> Option<String> {
        self.revision.repository.clone().or_else(|| self.setting(key))
    }

    fn branch(&self) -> Option<String> {
        self.revision.branch.clone().or_else(|| self.setting("BranchName"))
    }

    /// A summary is 1 to 2048 characters, so an empty message is none.
    fn message(&self) -> Option<String> {
        let message: String = self.revision.message.chars().take(SUMMARY_CHARACTERS).collect();
        (!message.is_empty()).then_some(message)
    }

    fn provider(&self) -> String {
        self.revision.provider.clone().unwrap_or_else(|| "GitHub".to_owned())
    }

    fn date(&self) -> Option<String> {
        let whole = self.revision.committed.unwrap_or(self.started).as_second();
        Timestamp::from_second(whole).ok().map(|time| time.to_string())
    }

    /// Connections give JSON as the summary, not the message itself; a long message is cut to fit.
    fn connection_summary(&self) -> String {
        let mut message = self.revision.message.clone();
        loop {
            let (provider, quoted) = (json!(self.provider()), json!(message));
            let summary = format!(r#"{{"ProviderType":{provider},"CommitMessage":{quoted}}}"#);
            if summary.chars().count() <= SUMMARY_CHARACTERS || message.pop().is_none() {
                return summary;
            }
        }
    }

    fn connection_variables(&self) -> Variables {
        let author = &self.revision.author;
        let given = |text: &String| (!text.is_empty()).then(|| text.clone());
        vec![
            ("AuthorDate", self.date()),
            ("AuthorDisplayName", given(&author.name)),
            ("AuthorEmail", given(&author.email)),
            ("BranchName", self.branch()),
            ("CommitId", Some(self.revision.id.clone())),
            ("CommitMessage", given(&self.revision.message)),
            ("ConnectionArn", self.setting("ConnectionArn")),
            ("FullRepositoryName", self.repository("FullRepositoryId")),
            ("ProviderType", Some(self.provider())),
        ]
    }

    fn code_commit_variables(&self) -> Variables {
        vec![
            ("AuthorDate", self.date()),
            ("BranchName", self.branch()),
            ("CommitId", Some(self.revision.id.clone())),
            ("CommitMessage", self.message()),
            ("CommitterDate", self.date()),
            ("RepositoryName", self.repository("RepositoryName")),
        ]
    }

    fn object_variables(&self) -> Variables {
        vec![
            ("BucketName", self.setting("S3Bucket")),
            ("ETag", Some(etag(&self.revision.id))),
            ("ObjectKey", self.setting("S3ObjectKey")),
            ("VersionId", Some(self.revision.id.clone())),
        ]
    }

    /// The console's redirect to the commit at the provider.
    fn connection_link(&self, region: &str) -> Option<String> {
        let (connection, repository) = (self.setting("ConnectionArn")?, self.repository("FullRepositoryId")?);
        Some(format!(
            "https://{region}.console.aws.amazon.com/codesuite/settings/connections/redirect?connectionArn={connection}\
             &referenceType=COMMIT&FullRepositoryId={repository}&Commit={}",
            self.revision.id
        ))
    }
}

/// As long as the MD5 sum that S3 gives a small object; the same for the same version.
fn etag(version: &str) -> String {
    let half = |seed: u8| {
        let mut hasher = DefaultHasher::new();
        (seed, version).hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    };
    format!("{}{}", half(0), half(1))
}

//! Who or what began an execution, in words.

use crate::story::{Origin, Story};

/// `Push to main of example/orders`, `Started by alice`, `Automatic rollback to 22222222`.
pub(super) fn origin(story: &Story) -> String {
    match &story.origin {
        Some(Origin::Git { tag: Some(tag), repository, .. }) => format!("Tag {tag}{}", of(repository.as_deref())),
        Some(Origin::Git { branch, repository, author, .. }) => {
            let branch = branch.as_deref().map_or_else(|| String::from("Push"), |branch| format!("Push to {branch}"));
            // The line about the commit names its author.
            let author = author.as_ref().filter(|_| story.commit.is_none());
            let by = author.map_or_else(String::new, |author| format!(" by {author}"));
            format!("{branch}{}{by}", of(repository.as_deref()))
        }
        Some(Origin::Typed { kind, detail }) => typed(kind, detail.as_deref(), story),
        None => String::from("Started"),
    }
}

fn of(repository: Option<&str>) -> String {
    repository.map_or_else(String::new, |repository| format!(" of {repository}"))
}

fn typed(kind: &str, detail: Option<&str>, story: &Story) -> String {
    let target = || story.rollback_target.as_ref().map_or_else(String::new, |target| format!(" to {}", target.short()));
    let by = || detail.and_then(caller).map_or_else(String::new, |name| format!(" by {name}"));
    match kind {
        "StartPipelineExecution" => format!("Started{}", by()),
        "CreatePipeline" => String::from("Started when the pipeline was created"),
        "PollForSourceChanges" | "Webhook" | "WebhookV2" => String::from("Started by a source change"),
        "CloudWatchEvent" => String::from("Started by an EventBridge rule"),
        "PutActionRevision" => String::from("Started by a custom source action"),
        "ManualRollback" => format!("Rollback{}{}", target(), by()),
        "AutomatedRollback" => format!("Automatic rollback{}", target()),
        other => format!("Started by {other}"),
    }
}

/// The last part of a caller's ARN: the session, the user, `root`.
fn caller(arn: &str) -> Option<&str> {
    arn.starts_with("arn:").then(|| arn.rsplit(['/', ':']).next()).flatten().filter(|name| !name.is_empty())
}

impl Story {
    pub(crate) fn is_rollback(&self) -> bool {
        let named = |kind: &str| matches!(kind, "ManualRollback" | "AutomatedRollback");
        self.rollback_target.is_some() || matches!(&self.origin, Some(Origin::Typed { kind, .. }) if named(kind))
    }
}

//! What a story is made of. All of it is stored: a field added here needs a default.

use std::collections::BTreeMap;

use jiff::Timestamp;
use pipeline_model::{ActionName, ActionState, ActionType, ApprovalRequest, ExecutionResult, StageName, StageState};
use serde::{Deserialize, Serialize};

use super::bounds;
use crate::lattice::Course;
use crate::text;

/// `stage/action`, the name of an action within its pipeline.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub(crate) struct ActionPath {
    pub(crate) stage: StageName,
    pub(crate) action: ActionName,
}

impl From<String> for ActionPath {
    fn from(text: String) -> Self {
        let (stage, action) = text.split_once('/').unwrap_or((&text, ""));
        Self { stage: StageName::from(stage), action: ActionName::from(action) }
    }
}

impl From<ActionPath> for String {
    fn from(path: ActionPath) -> Self {
        format!("{}/{}", path.stage, path.action)
    }
}

/// A stage and its actions.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct StageStory {
    pub(crate) course: Option<Course<StageState>>,
    #[serde(default)]
    pub(crate) actions: BTreeMap<ActionName, ActionStory>,
}

/// An action, at its latest attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ActionStory {
    pub(crate) course: Course<ActionState>,
    #[serde(default, skip_serializing_if = "Role::is_other")]
    pub(crate) role: Role,
    #[serde(default, skip_serializing_if = "Said::is_nothing")]
    pub(crate) said: Said,
}

impl ActionStory {
    /// An approval that nobody has answered.
    pub(crate) fn waits(&self) -> bool {
        self.role == Role::Approval && self.course.state == ActionState::Started
    }
}

/// What an action's category means to a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub(crate) enum Role {
    #[default]
    Other,
    Source,
    Approval,
}

impl Role {
    pub(crate) fn of(kind: &ActionType) -> Self {
        match kind.category.as_str() {
            "Approval" => Self::Approval,
            "Source" => Self::Source,
            _ => Self::Other,
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_other(&self) -> bool {
        *self == Self::Other
    }
}

/// Who ran an action, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub(crate) struct Said {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) provider: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) summary: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
}

impl Said {
    pub(crate) fn new(kind: &ActionType, result: Option<&ExecutionResult>) -> Self {
        let result = result.cloned().unwrap_or_default();
        // A connection's source action sums itself up in JSON, which says nothing the commit line does not.
        let summary = result.summary.filter(|summary| !summary.trim_start().starts_with('{'));
        Self {
            provider: text::keep_line(&kind.provider, bounds::WORD),
            summary: kept(summary.as_deref(), bounds::TEXT),
            error_code: kept(result.error_code.as_deref(), bounds::WORD),
            url: result.url.filter(|url| text::is_web_address(url)),
        }
    }

    /// Joins what two reports of one thing said; the greater word wins, so that their order does not matter.
    pub(crate) fn join(&mut self, other: Self) {
        self.provider = std::mem::take(&mut self.provider).max(other.provider);
        self.summary = self.summary.take().max(other.summary);
        self.error_code = self.error_code.take().max(other.error_code);
        self.url = self.url.take().max(other.url);
    }

    pub(crate) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// What failed in one attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(crate) at: Timestamp,
    pub(crate) stage: Option<StageName>,
    #[serde(default)]
    pub(crate) actions: BTreeMap<ActionPath, FailedAction>,
}

/// An action that failed, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct FailedAction {
    #[serde(default)]
    pub(crate) approval: bool,
    pub(crate) started: Option<Timestamp>,
    pub(crate) at: Timestamp,
    #[serde(default)]
    pub(crate) said: Said,
}

/// What an approval asks: as its message says, and as the pipeline's structure says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct ApprovalNote {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) asked: Option<Asked>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) custom_text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) external_link: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) timeout_minutes: Option<u32>,
}

impl ApprovalNote {
    /// Words for the reviewer.
    pub(crate) fn words(&self) -> Option<&str> {
        self.asked.as_ref().and_then(|asked| asked.custom_text.as_deref()).or(self.custom_text.as_deref())
    }

    /// What is to be reviewed.
    pub(crate) fn material(&self) -> Option<&str> {
        self.asked.as_ref().and_then(|asked| asked.external_link.as_deref()).or(self.external_link.as_deref())
    }

    /// The page with the two buttons.
    pub(crate) fn review(&self) -> Option<&str> {
        self.asked.as_ref().and_then(|asked| asked.review_link.as_deref())
    }
}

/// The latest SNS message of an approval; a retry sends another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) at: Timestamp,
    pub(crate) expires: Option<Timestamp>,
    pub(crate) custom_text: Option<String>,
    pub(crate) external_link: Option<String>,
    pub(crate) review_link: Option<String>,
}

impl Asked {
    pub(crate) fn new(request: &ApprovalRequest, at: Timestamp) -> Self {
        Self {
            at,
            expires: request.expires,
            custom_text: kept_lines(request.custom_text.as_deref(), bounds::TEXT),
            external_link: request.external_link.clone().filter(|url| text::is_web_address(url)),
            review_link: request.review_link.clone().filter(|url| text::is_web_address(url)),
        }
    }
}

/// Who or what began the execution.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Origin {
    Typed { kind: String, detail: Option<String> },
    Git { branch: Option<String>, tag: Option<String>, repository: Option<String>, author: Option<String> },
}

/// What is kept of an optional text, on one line: nothing if nothing readable is left of it.
pub(crate) fn kept(text: Option<&str>, limit: usize) -> Option<String> {
    text.map(|text| text::keep_line(text, limit)).filter(|text| !text.is_empty())
}

/// The same for words to a reviewer, whose lines are kept.
pub(crate) fn kept_lines(text: Option<&str>, limit: usize) -> Option<String> {
    text.map(|text| text::keep(text, limit)).filter(|text| !text.is_empty())
}

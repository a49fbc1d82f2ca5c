//! What a job can be told, each part within CodePipeline's limits by its type.

use super::{ContinuationToken, ExternalId, Message, Percent, PutProblem, Summary, Variables};

/// The answer to a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The action succeeded.
    Success {
        /// What the console shows.
        summary: Summary,
        /// What it was called outside of CodePipeline.
        external_id: Option<ExternalId>,
        /// How far it is.
        percent: Option<Percent>,
        /// What later actions can use.
        variables: Variables,
    },
    /// The action goes on: another job with this token follows, about half a minute later. It carries no variables.
    Continue {
        /// What the next job brings along.
        token: ContinuationToken,
        /// What the console shows meanwhile.
        summary: Summary,
        /// How far it is.
        percent: Option<Percent>,
    },
    /// The action failed.
    Failure {
        /// What kind of failure it is.
        kind: FailureKind,
        /// What happened, where, and what to do.
        message: Message,
    },
}

/// Kinds of failure CodePipeline knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The work says no, or could not be done.
    JobFailed,
    /// The action is configured wrongly.
    ConfigurationError,
    /// A permission is missing.
    PermissionError,
    /// The revision is not the one that was expected.
    RevisionOutOfSync,
    /// An artifact is not there.
    RevisionUnavailable,
    /// Something needed for the work is not to be had now.
    SystemUnavailable,
}

impl Answer {
    /// A success that has only words.
    pub fn success(summary: impl Into<Summary>) -> Self {
        let (summary, variables) = (summary.into(), Variables::default());
        Self::Success { summary, external_id: None, percent: None, variables }
    }

    /// A failure.
    pub fn failure(kind: FailureKind, message: impl Into<Message>) -> Self {
        Self::Failure { kind, message: message.into() }
    }

    /// In one word: `success`, `continue` or `failure`.
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Success { .. } => "success",
            Self::Continue { .. } => "continue",
            Self::Failure { .. } => "failure",
        }
    }

    /// The next best answer after one that was refused: without variables, then a failure. After that there is none.
    pub(super) fn instead(self, problem: &PutProblem) -> Option<Self> {
        match (self, problem) {
            (Self::Success { summary, external_id, percent, variables }, PutProblem::VariablesTooLarge(_))
                if !variables.is_empty() =>
            {
                let summary = format!("The output variables are left out, for they are too large. {summary}").into();
                Some(Self::Success { summary, external_id, percent, variables: Variables::default() })
            }
            (Self::Failure { .. }, _) => None,
            (answer, problem) => {
                let words = format!("CodePipeline did not take the answer `{}`: {problem}", answer.outcome());
                Some(Self::failure(FailureKind::JobFailed, words))
            }
        }
    }
}

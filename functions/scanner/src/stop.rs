//! Why a scan cannot be made: what the job is told instead of a verdict.

use lambda_kit::jobs::FailureKind;

use crate::ports::{Trouble, TroubleKind};

/// Said where nothing but an answer is missing.
const MAY_PASS: &str = " This may pass: nothing was decided, so retry the stage.";

/// The scan ends here, and the release does not go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stop {
    /// As CodePipeline calls it.
    pub(crate) kind: FailureKind,
    /// What happened, where, and what to do, in sentences.
    pub(crate) words: String,
}

impl Stop {
    pub(crate) fn new(kind: FailureKind, words: impl Into<String>) -> Self {
        Self { kind, words: words.into() }
    }

    /// A person must mend the action, the policy or the settings.
    pub(crate) fn configuration(words: impl Into<String>) -> Self {
        Self::new(FailureKind::ConfigurationError, words)
    }

    /// It may pass.
    pub(crate) fn unavailable(words: impl std::fmt::Display) -> Self {
        let told = format!("{words}.{MAY_PASS}");
        Self::new(FailureKind::SystemUnavailable, told)
    }

    /// There is no time for what is left to do.
    pub(crate) fn late(what: &str) -> Self {
        Self::unavailable(format!("The time of the invocation was used up before the scan could {what}"))
    }

    /// What is said where something was decided all the same.
    pub(crate) fn beside_a_verdict(&self) -> String {
        self.words.replace(MAY_PASS, "")
    }

    /// Both, of the first one's kind.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { words: format!("{} {}", self.words, other.words), ..self }
    }

    /// The program itself is wrong.
    pub(crate) fn fault() -> Self {
        Self::new(
            FailureKind::JobFailed,
            "The scan stopped at a fault of its own, and its log says where. Nothing was decided.",
        )
    }

    /// Trouble with something that was `wanted` for the scan.
    pub(crate) fn of(wanted: &str, trouble: &Trouble) -> Self {
        let words = format!("{wanted} cannot be read: {trouble}");
        match trouble.kind {
            TroubleKind::Passing => Self::unavailable(words),
            TroubleKind::Changed => Self::new(
                trouble.kind.failure(),
                format!("{wanted} was changed while it was scanned: {trouble}. Release the change again."),
            ),
            kind => Self::new(kind.failure(), format!("{words}.")),
        }
    }
}

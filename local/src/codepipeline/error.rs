//! An error as the API answers it: a modelled name and a sentence.

/// An error answer. `code` is the modelled exception name, for instance `PipelineNotFoundException`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    /// The exception's name as SDKs know it.
    pub code: &'static str,
    /// What is wrong and, where it helps, what to do.
    pub message: String,
}

impl ApiError {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationException", message)
    }
}

/// What an operation answers.
pub(crate) type Answer = Result<serde_json::Value, ApiError>;

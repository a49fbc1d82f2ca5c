//! Why an event was not dealt with, and whether trying again can help.

use std::fmt;
use std::time::Duration;

use anyhow::Error;
use lambda_runtime::Diagnostic;

/// What a handler returns instead of a reply.
///
/// `Debug` and `Display` print the chain of causes on one line; the runtime logs it, so a cause must hold no secret.
pub enum Failure {
    /// The same event may succeed later: an outage, a throttle, too little time.
    Retry {
        /// The wait the other side asked for.
        after: Option<Duration>,
        /// What happened.
        cause: Error,
    },
    /// The same event fails again however often it comes.
    Permanent {
        /// What happened.
        cause: Error,
    },
}

impl Failure {
    /// A failure that may pass.
    pub fn retry(cause: impl Into<Error>) -> Self {
        Self::Retry { after: None, cause: cause.into() }
    }

    /// A failure that may pass, and not before `after`.
    pub fn retry_after(after: Duration, cause: impl Into<Error>) -> Self {
        Self::Retry { after: Some(after), cause: cause.into() }
    }

    /// A failure that stays.
    pub fn permanent(cause: impl Into<Error>) -> Self {
        Self::Permanent { cause: cause.into() }
    }

    /// What happened.
    pub fn cause(&self) -> &Error {
        match self {
            Self::Retry { cause, .. } | Self::Permanent { cause } => cause,
        }
    }

    /// What happened, without the class.
    pub fn into_cause(self) -> Error {
        match self {
            Self::Retry { cause, .. } | Self::Permanent { cause } => cause,
        }
    }

    /// Whether trying again is useless.
    pub fn is_permanent(&self) -> bool {
        matches!(self, Self::Permanent { .. })
    }

    /// The same failure, saying also what was being attempted.
    #[must_use]
    pub fn context(self, attempt: impl fmt::Display + Send + Sync + 'static) -> Self {
        match self {
            Self::Retry { after, cause } => Self::Retry { after, cause: cause.context(attempt) },
            Self::Permanent { cause } => Self::Permanent { cause: cause.context(attempt) },
        }
    }
}

/// An error nobody classified is retried: the queue bounds how often, and a lost event cannot be brought back.
impl From<Error> for Failure {
    fn from(cause: Error) -> Self {
        Self::retry(cause)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:#}", self.cause())
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// The names are stable: alarms and log queries depend on them.
impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        let error_type = if failure.is_permanent() { "Permanent" } else { "Retry" };
        Self { error_type: error_type.to_owned(), error_message: failure.to_string() }
    }
}

/// Classifies the error of a result where it arises.
pub trait OrFail<T> {
    /// An error here may pass.
    ///
    /// # Errors
    /// [`Failure::Retry`] with `attempt` before the cause.
    fn or_retry(self, attempt: impl fmt::Display + Send + Sync + 'static) -> Result<T, Failure>;

    /// An error here stays.
    ///
    /// # Errors
    /// [`Failure::Permanent`] with `attempt` before the cause.
    fn or_permanent(self, attempt: impl fmt::Display + Send + Sync + 'static) -> Result<T, Failure>;
}

impl<T, E: Into<Error>> OrFail<T> for Result<T, E> {
    fn or_retry(self, attempt: impl fmt::Display + Send + Sync + 'static) -> Result<T, Failure> {
        self.map_err(|error| Failure::retry(error).context(attempt))
    }

    fn or_permanent(self, attempt: impl fmt::Display + Send + Sync + 'static) -> Result<T, Failure> {
        self.map_err(|error| Failure::permanent(error).context(attempt))
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn diagnostics_have_stable_names_and_the_whole_chain() {
        let permanent: Diagnostic = Failure::permanent(anyhow!("channel_not_found")).context("posting to #ops").into();
        assert_eq!(permanent.error_type, "Permanent");
        assert_eq!(permanent.error_message, "posting to #ops: channel_not_found");
        let retry: Diagnostic = Failure::retry_after(Duration::from_secs(3), anyhow!("ratelimited")).into();
        assert_eq!(retry.error_type, "Retry");
    }

    #[test]
    fn an_unclassified_error_is_retried() {
        fn handler() -> Result<(), Failure> {
            Err(anyhow!("something new"))?
        }
        assert!(!handler().expect_err("an error").is_permanent());
    }

    #[test]
    fn context_keeps_the_class_and_the_wait() {
        let wait = Duration::from_secs(9);
        let failure = Failure::retry_after(wait, anyhow!("slow down")).context("chat.update");
        assert!(matches!(failure, Failure::Retry { after: Some(after), .. } if after == wait));
        let refused: Result<(), _> = Err(anyhow!("revoked")).or_permanent("chat.update");
        assert!(refused.expect_err("an error").is_permanent());
    }

    #[test]
    fn debug_output_is_one_line() {
        let failure = Failure::retry(anyhow!("inner")).context("outer");
        assert_eq!(format!("{failure:?}"), "outer: inner");
    }
}

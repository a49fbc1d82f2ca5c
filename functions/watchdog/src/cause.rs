//! What a function died of, in Lambda's words and in ours.

use std::fmt;

use lambda_kit::jobs::FailureKind;

use crate::discreet::shown;

/// Seconds. The longest time limit Lambda has, so there is none to raise it to.
const LONGEST_LIMIT: &str = "900";

/// What a function died of.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Lambda stopped it at its time limit: this many seconds, if Lambda says.
    TimedOut(Option<String>),
    /// It wanted more memory than it has.
    OutOfMemory,
    /// It was killed, which Lambda does for want of memory.
    Killed,
    /// Its process ended in another way.
    Ended(String),
    /// It never started.
    NotStarted(String),
    /// It was not started in time.
    TooLate,
    /// It may not start: its reserved concurrency is zero.
    SwitchedOff,
    /// Its environment is wrong, in its own words.
    Misconfigured(String),
    /// A panic outside of the work on the job.
    Panicked,
    /// It could not answer, in its own words.
    GaveUp(String),
    /// The same, and it may pass.
    GaveUpForNow(String),
    /// Whatever else there may be.
    Unknown(String),
}

impl Cause {
    /// By what Lambda writes into a record. It documents neither all conditions nor all types of errors.
    pub(crate) fn of(condition: &str, error_type: &str, message: &str) -> Self {
        let says = |part: &str| message.contains(part);
        match (condition, error_type) {
            ("EventAgeExceeded", _) => Self::TooLate,
            ("ZeroReservedConcurrency", _) => Self::SwitchedOff,
            // The four names of `lambda_kit::start`.
            (_, "Configuration") => Self::Misconfigured(shown(message)),
            (_, "Panic") => Self::Panicked,
            (_, "Permanent") => Self::GaveUp(shown(message)),
            (_, "Retry") => Self::GaveUpForNow(shown(message)),
            (_, "Sandbox.Timedout") => Self::TimedOut(limit(message)),
            _ if says("Task timed out after ") => Self::TimedOut(limit(message)),
            (_, "Runtime.OutOfMemory") => Self::OutOfMemory,
            _ if says("signal: killed") || says("exit status 137") => Self::Killed,
            (_, error) if is_about_the_start(error) || says("without providing a reason") => {
                Self::NotStarted(shown(message))
            }
            (_, "Runtime.ExitError") => Self::Ended(shown(message)),
            (condition, "") if message.is_empty() => Self::Unknown(shown(condition)),
            (_, error) => Self::Unknown(shown(&format!("{error}: {message}"))),
        }
    }

    /// A stable name for logs and queries.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::TimedOut(_) => "timed-out",
            Self::OutOfMemory => "out-of-memory",
            Self::Killed => "killed",
            Self::Ended(_) => "ended",
            Self::NotStarted(_) => "not-started",
            Self::TooLate => "too-late",
            Self::SwitchedOff => "switched-off",
            Self::Misconfigured(_) => "misconfigured",
            Self::Panicked => "panicked",
            Self::GaveUp(_) => "gave-up",
            Self::GaveUpForNow(_) => "gave-up-for-now",
            Self::Unknown(_) => "unknown",
        }
    }

    /// What may pass by itself is not the fault of the job.
    pub(crate) fn failure_kind(&self) -> FailureKind {
        match self {
            Self::TooLate | Self::GaveUpForNow(_) => FailureKind::SystemUnavailable,
            _ => FailureKind::JobFailed,
        }
    }

    /// What was never started has written nothing.
    pub(crate) fn is_in_the_log(&self) -> bool {
        !matches!(self, Self::TooLate | Self::SwitchedOff)
    }

    /// What a person can do.
    pub(crate) fn remedy(&self) -> &'static str {
        match self {
            Self::TimedOut(Some(limit)) if limit == LONGEST_LIMIT => {
                "Retry the stage; if it happens again, give the function more memory, which brings processor time with it"
            }
            Self::TimedOut(_) => "Retry the stage; if it happens again, raise the function's timeout",
            Self::OutOfMemory | Self::Killed => "Retry the stage; if it happens again, give the function more memory",
            Self::NotStarted(_) => "Retry the stage; if it happens again, deploy Pipewarden's stack anew",
            Self::TooLate => {
                "Retry the stage; if it happens again, raise the account's limit of concurrent executions in Lambda"
            }
            Self::SwitchedOff => "Remove the reservation, then retry the stage",
            Self::Misconfigured(_) => "Deploy Pipewarden's stack anew, then retry the stage",
            Self::GaveUp(_) => "Mend what it says, then retry the stage",
            Self::Ended(_) | Self::Panicked | Self::GaveUpForNow(_) | Self::Unknown(_) => {
                "Retry the stage; if it happens again, read the function's log"
            }
        }
    }
}

/// Goes on after the name of the function.
impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut(None) => formatter.write_str("ran into its time limit and was stopped"),
            Self::TimedOut(Some(limit)) => write!(formatter, "ran into its time limit of {limit} s and was stopped"),
            Self::OutOfMemory => formatter.write_str("ran out of memory and was killed"),
            Self::Killed => formatter.write_str("was killed, most likely because it ran out of memory"),
            Self::Ended(words) => write!(formatter, "ended before it could answer ({words})"),
            Self::NotStarted(words) => write!(formatter, "could not start ({words})"),
            Self::TooLate => formatter.write_str("was not started in time, because Lambda was too busy"),
            Self::SwitchedOff => formatter.write_str("is switched off: its reserved concurrency is zero"),
            Self::Misconfigured(words) => write!(formatter, "is not set up rightly ({words})"),
            Self::Panicked => formatter.write_str("stopped at a fault of its own"),
            Self::GaveUp(words) | Self::GaveUpForNow(words) => write!(formatter, "could not answer ({words})"),
            Self::Unknown(words) => write!(formatter, "failed in a way that is not known here ({words})"),
        }
    }
}

fn is_about_the_start(error: &str) -> bool {
    let starts = ["Runtime.Init", "Runtime.Invalid", "Runtime.Bad", "Init", "Extension.", "Function.", "CodeArtifact"];
    starts.iter().any(|start| error.starts_with(start))
}

/// `60` of `Task timed out after 60.00 seconds`.
fn limit(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("Task timed out after ")?;
    let seconds: f64 = rest.split(' ').next()?.parse().ok()?;
    (0.0..=900.0).contains(&seconds).then(|| seconds.to_string())
}

//! What keeps the demo from running, in one sentence a person can act on.

/// An expected failure of the environment: printed alone, without the chain of causes behind it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Trouble(pub(crate) String);

/// Makes an error of a [`Trouble`].
macro_rules! trouble {
    ($($sentence:tt)*) => { anyhow::Error::from($crate::demo::trouble::Trouble(format!($($sentence)*))) };
}
pub(crate) use trouble;

/// Recognises, in the output of pip or cargo, that a registry could not be reached.
pub(crate) fn is_offline(output: &str) -> bool {
    const SIGNS: &[&str] = &[
        "name resolution",
        "Could not resolve host",
        "Couldn't resolve host",
        "Failed to establish a new connection",
        "Network is unreachable",
        "Max retries exceeded",
        "ConnectTimeoutError",
        "ReadTimeoutError",
        "failed to download",
        "failed to get `",
        "No matching distribution found",
    ];
    SIGNS.iter().any(|sign| output.contains(sign))
}

//! A value that must never be printed.

use std::fmt;

/// Holds a token, a password or a credential.
///
/// `Debug` prints a fixed mark, and there is no `Display` and no `Serialize`, so the value reaches a log, a message or
/// a report only where [`Secret::reveal`] is written out.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, for the one place that sends it where it belongs.
    pub const fn reveal(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

impl<T> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_never_shows_the_value() {
        let secret = Some(Secret::new(String::from("hunter2")));
        assert_eq!(format!("{secret:?}"), "Some([redacted])");
        assert!(!format!("{secret:#?}").contains("hunter2"));
    }
}

//! Names and ids as types of their own, so that a stage is never passed for an action.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! names {
    ($($(#[$doc:meta])+ $name:ident;)+) => {$(
        $(#[$doc])+
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as AWS wrote it; AWS has validated it.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text as AWS wrote it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }
    )+};
}

names! {
    /// A pipeline's name: 1 to 100 characters of `[A-Za-z0-9.@_-]`.
    PipelineName;
    /// A stage's name, unique in its pipeline, in the same alphabet.
    StageName;
    /// An action's name, unique in its stage, in the same alphabet.
    ActionName;
    /// The id of one pipeline execution, a UUID. A retried stage keeps it; a rollback gets a new one.
    ExecutionId;
}

impl ExecutionId {
    /// The first eight characters: enough for a person to tell executions apart.
    pub fn short(&self) -> &str {
        self.as_str().get(..8).unwrap_or(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_id_is_cut_on_a_character_boundary() {
        assert_eq!(ExecutionId::from("11111111-2222-4333-8444-555555555555").short(), "11111111");
        assert_eq!(ExecutionId::from("1234567é").short(), "1234567é");
        assert_eq!(ExecutionId::from("x").short(), "x");
    }
}

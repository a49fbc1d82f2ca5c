//! The states events carry, with room for those AWS has not invented yet.

macro_rules! states {
    ($(#[$doc:meta])+ $name:ident { $($(#[$state_doc:meta])+ $state:ident = $text:literal,)+ }) => {
        $(#[$doc])+
        #[derive(Debug, Clone, PartialEq, Eq, Hash, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum $name {
            $($(#[$state_doc])+ $state,)+
            /// A state this version does not know, as it was written.
            Unknown(String),
        }

        impl $name {
            /// The spelling in events.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$state => $text,)+
                    Self::Unknown(text) => text,
                }
            }

            /// Every state that is documented.
            #[cfg(test)]
            pub(crate) fn documented() -> Vec<Self> {
                vec![$(Self::$state,)+]
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                match text.as_str() {
                    $($text => Self::$state,)+
                    _ => Self::Unknown(text),
                }
            }
        }

        impl From<$name> for String {
            fn from(state: $name) -> Self {
                state.as_str().to_owned()
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }
    };
}

pub(crate) use states;

states! {
    /// `detail.state` of a pipeline execution event.
    ///
    /// Source: CodePipeline user guide, detect-state-changes-cloudwatch-events. Events write `CANCELED` with one L
    /// where the API writes `Cancelled`.
    ExecutionState {
        /// The execution began.
        Started = "STARTED",
        /// Every stage succeeded.
        Succeeded = "SUCCEEDED",
        /// A stage failed.
        Failed = "FAILED",
        /// A failed stage is being retried, in the same execution.
        Resumed = "RESUMED",
        /// The pipeline's structure was changed while it ran.
        Canceled = "CANCELED",
        /// A person or a program asked for a stop.
        Stopping = "STOPPING",
        /// The stop is complete.
        Stopped = "STOPPED",
        /// A newer execution overtook this one while it waited between stages.
        Superseded = "SUPERSEDED",
    }
}

states! {
    /// `detail.state` of a stage execution event.
    StageState {
        /// The stage began.
        Started = "STARTED",
        /// Every action succeeded.
        Succeeded = "SUCCEEDED",
        /// An action failed.
        Failed = "FAILED",
        /// The stage is being retried.
        Resumed = "RESUMED",
        /// The pipeline's structure was changed while it ran.
        Canceled = "CANCELED",
        /// The stop waits for running actions.
        Stopping = "STOPPING",
        /// The stop is complete.
        Stopped = "STOPPED",
    }
}

states! {
    /// `detail.state` of an action execution event.
    ActionState {
        /// The action began; for an approval: it waits.
        Started = "STARTED",
        /// The action succeeded; for an approval: approved.
        Succeeded = "SUCCEEDED",
        /// The action failed; for an approval: rejected, expired or misconfigured.
        Failed = "FAILED",
        /// The pipeline's structure was changed while it ran.
        Canceled = "CANCELED",
        /// The execution was stopped without waiting for this action.
        Abandoned = "ABANDONED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_state_keeps_its_spelling() {
        for state in ExecutionState::documented() {
            assert_eq!(ExecutionState::from(state.as_str().to_owned()), state);
        }
        assert_eq!(ExecutionState::documented().len(), 8);
        assert_eq!(StageState::documented().len(), 7);
        assert_eq!(ActionState::documented().len(), 5);
    }

    #[test]
    fn a_state_aws_invents_tomorrow_keeps_its_text() {
        let state = StageState::from(String::from("SKIPPED"));
        assert_eq!(state, StageState::Unknown(String::from("SKIPPED")));
        assert_eq!(state.to_string(), "SKIPPED");
    }
}

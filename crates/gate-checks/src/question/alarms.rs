//! Alarms: which are asked for, and what is seen of each.

use std::collections::BTreeSet;

use jiff::Timestamp;
use pipeline_model::AlarmState;

/// Which alarms: metric alarms and composite ones, in the stack's account and region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlarmQuery {
    /// Those of these names; one that does not exist is left out of the answer.
    Names(BTreeSet<String>),
    /// Those whose name begins so.
    Prefix(String),
    /// Those with this tag.
    Tag {
        /// The tag's key.
        key: String,
        /// The tag's value.
        value: String,
    },
}

/// An alarm as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmSeen {
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: AlarmState,
    /// Since when it has this state.
    pub since: Option<Timestamp>,
}

//! What the gate's item holds between two visits.

use gate_checks::{Memory, MemoryError};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What was measured, and whether it was told.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Kept {
    pub(super) memory: Memory,
    /// The last news could not be published.
    pub(super) untold: bool,
    /// The release was stopped, and this is why.
    pub(super) stopped: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Written {
    memory: Box<RawValue>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    untold: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stopped: Option<String>,
}

impl Kept {
    pub(super) fn of(memory: Memory) -> Self {
        Self { memory, untold: false, stopped: None }
    }

    /// The visits before this one saw nothing, or could not store what they saw.
    pub(super) fn with_a_break(self) -> Self {
        Self { memory: self.memory.with_a_break(), ..self }
    }

    /// Whether it must be stored in place of `before`: most visits of a waiting release find what the one before found.
    pub(super) fn has_news_since(&self, before: &Self) -> bool {
        self.untold != before.untold || self.memory.has_news_since(&before.memory)
    }

    pub(super) fn parse(text: &str) -> Result<Self, MemoryError> {
        let written: Written =
            serde_json::from_str(text).map_err(|error| MemoryError::Unreadable(error.to_string()))?;
        let Written { memory, untold, stopped } = written;
        Ok(Self { memory: Memory::parse(memory.get())?, untold, stopped })
    }

    pub(super) fn to_json(&self) -> String {
        let memory = RawValue::from_string(self.memory.to_json()).expect("a memory is written as JSON");
        let written = Written { memory, untold: self.untold, stopped: self.stopped.clone() };
        serde_json::to_string(&written).expect("JSON and words are JSON")
    }
}

//! A value in received JSON that knows where it stands, so that an error can name it.

use jiff::Timestamp;
use serde_json::Value;

use super::AlarmError;
use crate::time;

/// A value and its path, such as `Records[0].Sns.Message.NewStateValue`. What is absent is null.
#[derive(Debug)]
pub(super) struct Place<'a> {
    pub(super) value: &'a Value,
    pub(super) path: String,
}

impl<'a> Place<'a> {
    pub(super) fn whole(value: &'a Value) -> Self {
        Self { value, path: String::new() }
    }

    pub(super) fn at(&self, field: &str) -> Self {
        let path = if self.path.is_empty() { field.to_owned() } else { format!("{}.{field}", self.path) };
        Self { value: &self.value[field], path }
    }

    pub(super) fn item(&self, index: usize) -> Self {
        Self { value: &self.value[index], path: format!("{}[{index}]", self.path) }
    }

    pub(super) fn exists(&self) -> bool {
        !self.value.is_null()
    }

    /// The text, unless there is none or it is blank.
    pub(super) fn text(&self) -> Option<&'a str> {
        self.value.as_str().filter(|text| !text.trim().is_empty())
    }

    pub(super) fn required_text(&self) -> Result<&'a str, AlarmError> {
        self.text().ok_or_else(|| self.unreadable("a text"))
    }

    pub(super) fn time(&self) -> Option<Timestamp> {
        time::parse(self.text()?)
    }

    /// The error that says what stands here instead of what was expected.
    pub(super) fn unreadable(&self, expected: &'static str) -> AlarmError {
        let path = self.path.clone();
        match self.value {
            Value::Null => AlarmError::Missing(path),
            Value::String(text) if text.trim().is_empty() => AlarmError::Missing(path),
            Value::String(text) => AlarmError::Unexpected { path, found: text.clone(), expected },
            other => AlarmError::Unexpected { path, found: other.to_string(), expected },
        }
    }
}

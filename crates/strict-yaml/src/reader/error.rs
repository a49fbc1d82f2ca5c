//! Why a node could not be read, and where.

use std::fmt;

use serde::de::{self, Expected, Unexpected};

use crate::{At, Problem, shown, unknown};

/// Why reading stopped.
#[derive(Debug)]
pub(super) struct ReadError {
    text: String,
    why: Why,
    /// The node to leave out, and the place to name.
    spot: Option<(usize, At)>,
    /// It follows from a problem that was told already.
    silent: bool,
}

#[derive(Debug, Clone, Copy)]
enum Why {
    /// The value itself.
    Value,
    /// A key is not there.
    Missing(&'static str),
}

impl ReadError {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), why: Why::Value, spot: None, silent: false }
    }

    /// Where it was found; the innermost place stays.
    pub(super) fn located(mut self, id: usize, at: At) -> Self {
        self.spot.get_or_insert((id, at));
        self
    }

    pub(super) fn is_located(&self) -> bool {
        self.spot.is_some()
    }

    /// Whether it was to be expected, because what is missing was left out, or because anything was.
    pub(super) fn follows(&self, left_out: bool, was_left_out: impl Fn(&str) -> bool) -> bool {
        match self.why {
            Why::Missing(key) => was_left_out(key),
            Why::Value => left_out,
        }
    }

    pub(super) fn silenced(mut self) -> Self {
        self.silent = true;
        self
    }

    /// The node to leave out, and what to tell.
    pub(super) fn into_problem(self) -> (usize, Option<Problem>) {
        let (id, at) = self.spot.expect("every error is located where it leaves the reader");
        (id, (!self.silent).then(|| at.problem(self.text)))
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl std::error::Error for ReadError {}

impl de::Error for ReadError {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self::new(text.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("expected {}, found {}", wanted(expected), seen(found)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(unknown("word", variant, expected))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(unknown("key", field, expected))
    }

    fn missing_field(field: &'static str) -> Self {
        Self { why: Why::Missing(field), ..Self::new(format!("the key `{field}` is missing")) }
    }
}

/// serde's word for a type, as a person says it.
fn wanted(expected: &dyn Expected) -> String {
    match expected.to_string().as_str() {
        "u8" => String::from("a number from 0 to 255"),
        "u16" => String::from("a number from 0 to 65535"),
        "u32" => String::from("a number from 0 to 4294967295"),
        "u64" => String::from("a whole number, 0 or more"),
        "i64" => String::from("a whole number"),
        "f32" | "f64" => String::from("a number"),
        "a string" => String::from("text"),
        "a boolean" => String::from("true or false"),
        "a sequence" => String::from("a list"),
        "a map" => String::from("a mapping"),
        other if other.starts_with("struct ") => String::from("a mapping"),
        other if other.starts_with("enum ") || other.starts_with("variant ") => String::from("a word"),
        other => other.to_owned(),
    }
}

fn seen(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => value.to_string(),
        Unexpected::Unsigned(value) => value.to_string(),
        Unexpected::Signed(value) => value.to_string(),
        Unexpected::Float(value) => value.to_string(),
        Unexpected::Str(text) => format!("`{}`", shown(text)),
        Unexpected::Unit => String::from("nothing"),
        Unexpected::Seq => String::from("a list"),
        Unexpected::Map => String::from("a mapping"),
        other => other.to_string(),
    }
}

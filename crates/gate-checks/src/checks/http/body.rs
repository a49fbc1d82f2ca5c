//! What a reply's body must hold: a value in JSON, or a match of a regular expression.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use serde_json::Value;

use crate::text::{number, shown};
use crate::value::Pattern;

/// A place in a JSON document, and what must stand there.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Written")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "Written"))]
pub(super) struct Json {
    pointer: String,
    wanted: Wanted,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Written {
    /// A JSON pointer (RFC 6901), such as `/checks/0/status`; "" is the whole document.
    pointer: String,
    /// It must be this text, number or truth value.
    equals: Option<Scalar>,
    /// The release fails above this number.
    above: Option<f64>,
    /// The release fails below this number.
    below: Option<f64>,
}

#[derive(Debug, Clone)]
enum Wanted {
    Equals(Scalar),
    NotAbove(f64),
    NotBelow(f64),
}

/// A text, a number or a truth value, as it was written.
#[derive(Debug, Clone, PartialEq)]
enum Scalar {
    Text(String),
    Number(f64),
    Bool(bool),
}

impl TryFrom<Written> for Json {
    type Error = String;

    fn try_from(Written { pointer, equals, above, below }: Written) -> Result<Self, String> {
        if !pointer.is_empty() && !pointer.starts_with('/') {
            return Err(format!("`{}` is no JSON pointer; one begins with /, such as /status", shown(&pointer)));
        }
        let wanted = match (equals, above, below) {
            (Some(value), None, None) => Wanted::Equals(value),
            (None, Some(number), None) => Wanted::NotAbove(number),
            (None, None, Some(number)) => Wanted::NotBelow(number),
            (None, None, None) => return Err("one of the keys `equals`, `above` and `below` is missing".into()),
            _ => return Err("`equals`, `above` and `below` exclude each other; keep one".into()),
        };
        Ok(Self { pointer, wanted })
    }
}

impl Json {
    /// Whether the body holds it, and in words what it holds.
    pub(super) fn check(&self, body: &[u8]) -> Result<String, String> {
        let document: Value = serde_json::from_slice(body).map_err(|error| format!("the body is no JSON: {error}"))?;
        let place = if self.pointer.is_empty() { "the body" } else { self.pointer.as_str() };
        let place = shown(place);
        let found = document.pointer(&self.pointer).ok_or_else(|| format!("the body has no {place}"))?;
        let told = format!("{place} is {}", shown(&found.to_string()));
        let as_number = || found.as_f64().ok_or_else(|| format!("{told}, which is no number"));
        let (holds, wanted) = match &self.wanted {
            Wanted::Equals(value) => (value.is(found), format!("not {value}")),
            Wanted::NotAbove(limit) => (as_number()? <= *limit, format!("above {}", number(*limit))),
            Wanted::NotBelow(limit) => (as_number()? >= *limit, format!("below {}", number(*limit))),
        };
        if holds { Ok(told) } else { Err(format!("{told}, {wanted}")) }
    }
}

/// Whether the body is a text in which the pattern matches.
pub(super) fn check_pattern(pattern: &Pattern, body: &[u8]) -> Result<String, String> {
    let pattern_told = shown(pattern.as_str());
    match std::str::from_utf8(body) {
        Err(_) => Err(String::from("the body is no UTF-8 text")),
        Ok(text) if pattern.is_match(text) => Ok(format!("the body matches `{pattern_told}`")),
        Ok(_) => Err(format!("the body does not match `{pattern_told}`")),
    }
}

impl Scalar {
    fn is(&self, found: &Value) -> bool {
        match (self, found) {
            (Self::Text(text), Value::String(found)) => text == found,
            (Self::Number(number), found) => found.as_f64() == Some(*number),
            (Self::Bool(value), found) => found.as_bool() == Some(*value),
            (Self::Text(_), _) => false,
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(formatter, "\"{}\"", shown(text)),
            Self::Number(value) => formatter.write_str(&number(*value)),
            Self::Bool(value) => value.fmt(formatter),
        }
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyScalar)
    }
}

struct AnyScalar;

impl Visitor<'_> for AnyScalar {
    type Value = Scalar;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text, a number, true or false")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(text.to_owned()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Scalar, E> {
        Ok(Scalar::Bool(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Scalar, E> {
        Ok(Scalar::Number(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Scalar, E> {
        Ok(Scalar::Number(value as f64))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Scalar, E> {
        Ok(Scalar::Number(value as f64))
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Scalar {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Scalar".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": ["string", "number", "boolean"] })
    }
}

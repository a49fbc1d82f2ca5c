//! How many bytes, as people write it: `512 MiB`, `16GiB`, `4096`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use strict_yaml::shown;

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size(pub(super) u64);

const UNITS: [(&str, u32); 4] = [("B", 0), ("KiB", 10), ("MiB", 20), ("GiB", 30)];

/// A size as a text.
#[cfg(feature = "schema")]
const PATTERN: &str = r"^\s*[0-9]+\s*([Bb]|[KkMmGg][Ii][Bb])?\s*$";

impl Size {
    fn parse(text: &str) -> Option<Self> {
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let bits = match unit.trim() {
            "" => 0,
            unit => UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?.1,
        };
        number.parse::<u64>().ok()?.checked_mul(1 << bits).map(Self)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Size {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Size".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": ["string", "integer"], "minimum": 1, "pattern": PATTERN })
    }
}

struct Written;

impl Visitor<'_> for Written {
    type Value = Size;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a size such as 64 MiB")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Size, E> {
        Ok(Size(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Size, E> {
        Size::parse(text.trim())
            .ok_or_else(|| E::custom(format!("`{}` is no size; write one such as 64 MiB", shown(text))))
    }
}

/// As people read it, exact or rounded down to a tenth.
pub(crate) fn size(bytes: u64) -> String {
    let unit = UNITS.iter().rev().find(|(_, bits)| bytes >> bits > 0).unwrap_or(&UNITS[0]);
    let (whole, tenths) = (bytes >> unit.1, ((u128::from(bytes) * 10) >> unit.1) % 10);
    if tenths == 0 { format!("{whole} {}", unit.0) } else { format!("{whole}.{tenths} {}", unit.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_as_people_write_them() {
        for (text, bytes) in [("4096", 4096), ("64 MiB", 64 << 20), ("16gib", 16 << 30), ("1KiB", 1024), ("5 B", 5)] {
            assert_eq!(Size::parse(text), Some(Size(bytes)), "{text}");
        }
        for text in ["", "MiB", "64 MB", "-1", "1.5 GiB", "99999999999 GiB", "1 MiB 2"] {
            assert_eq!(Size::parse(text), None, "{text}");
        }
    }

    #[test]
    fn sizes_read_well() {
        for (bytes, told) in
            [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (64 << 20, "64 MiB"), (u64::MAX, "17179869183.9 GiB")]
        {
            assert_eq!(size(bytes), told);
        }
    }
}

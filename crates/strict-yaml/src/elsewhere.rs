//! A section of a document that somebody else reads.

use serde::de::{Deserialize, Deserializer, IgnoredAny};

/// A section that is known and left alone, because another crate reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Elsewhere;

impl<'de> Deserialize<'de> for Elsewhere {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

/// `true`: whatever it holds. Who puts the schemas of a document together takes the section from whoever reads it.
#[cfg(feature = "schema")]
impl schemars::JsonSchema for Elsewhere {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Elsewhere".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        true.into()
    }
}

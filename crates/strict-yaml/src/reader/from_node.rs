//! serde's view of a node.

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;

use crate::nearest::resembles;
use crate::node::is_nothing;
use crate::{Entry, Node, Value, unknown};

use super::Reading;
use super::error::ReadError;

/// One node, as serde asks for it.
#[derive(Clone, Copy)]
pub(super) struct Reader<'r> {
    pub(super) node: &'r Node,
    pub(super) reading: &'r Reading<'r>,
}

impl<'r> Reader<'r> {
    fn unexpected(&self) -> Unexpected<'r> {
        match &self.node.value {
            Value::List(_) => Unexpected::Seq,
            Value::Map(_) => Unexpected::Map,
            Value::Scalar { text, plain } => match Plain::of(text, *plain) {
                Plain::Nothing => Unexpected::Unit,
                Plain::Bool(value) => Unexpected::Bool(value),
                Plain::Unsigned(value) => Unexpected::Unsigned(value),
                Plain::Signed(value) => Unexpected::Signed(value),
                Plain::Float(value) => Unexpected::Float(value),
                Plain::Text => Unexpected::Str(text),
            },
        }
    }

    fn refuse<'de, V: Visitor<'de>>(self, visitor: &V) -> ReadError {
        ReadError::invalid_type(self.unexpected(), visitor).located(self.node.id, self.node.at)
    }

    /// An error without a place is this node's. It is silent if it may only follow from what was left out below.
    pub(super) fn place(self, error: ReadError) -> ReadError {
        if error.is_located() {
            return error;
        }
        let left_out = |id: usize| self.reading.left_out.contains(&id);
        let entries = self.node.entries().unwrap_or_default();
        let follows = error.follows(self.node.any(&left_out), |key| {
            entries.iter().any(|entry| resembles(&entry.key, key) && left_out(entry.node.id))
        });
        let error = error.located(self.node.id, self.node.at);
        if follows { error.silenced() } else { error }
    }

    /// The entries that are to be read; a key with nothing below it has none.
    fn entries(self) -> Option<impl Iterator<Item = &'r Entry>> {
        let is_root = self.node.id == self.reading.root;
        let passed_over = move |entry: &Entry| {
            let others = is_root && self.reading.others.contains(&entry.key.as_str());
            others || self.reading.left_out.contains(&entry.node.id)
        };
        let entries = if self.node.is_null() { &[] } else { self.node.entries()? };
        Some(entries.iter().filter(move |entry| !passed_over(entry)))
    }

    fn known(self, fields: &'static [&'static str]) -> Vec<&'static str> {
        let others = if self.node.id == self.reading.root { self.reading.others } else { &[] };
        fields.iter().chain(others).copied().collect()
    }
}

/// What a scalar is.
enum Plain {
    Nothing,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text,
}

impl Plain {
    fn of(text: &str, plain: bool) -> Self {
        let numeric = text.starts_with(|c: char| c.is_ascii_digit() || ['-', '+', '.'].contains(&c));
        match text {
            _ if !plain => Self::Text,
            _ if is_nothing(text) => Self::Nothing,
            "true" | "True" | "TRUE" => Self::Bool(true),
            "false" | "False" | "FALSE" => Self::Bool(false),
            _ if !numeric => Self::Text,
            _ => (text.parse().map(Self::Unsigned))
                .or_else(|_| text.parse().map(Self::Signed))
                .or_else(|_| text.parse().map(Self::Float))
                .ok()
                .filter(|number| !matches!(number, Self::Float(float) if !float.is_finite()))
                .unwrap_or(Self::Text),
        }
    }
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let read = match &self.node.value {
            Value::List(_) => return self.deserialize_seq(visitor),
            Value::Map(_) => return self.deserialize_map(visitor),
            Value::Scalar { text, plain } => match Plain::of(text, *plain) {
                Plain::Nothing => visitor.visit_unit(),
                Plain::Bool(value) => visitor.visit_bool(value),
                Plain::Unsigned(value) => visitor.visit_u64(value),
                Plain::Signed(value) => visitor.visit_i64(value),
                Plain::Float(value) => visitor.visit_f64(value),
                Plain::Text => visitor.visit_str(text),
            },
        };
        read.map_err(|error| self.place(error))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match &self.node.value {
            Value::Scalar { text, .. } if !self.node.is_null() => {
                visitor.visit_str(text).map_err(|error| self.place(error))
            }
            _ => Err(self.refuse(&visitor)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if self.node.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self).map_err(|error| self.place(error))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let items = match &self.node.value {
            Value::List(items) => items.as_slice(),
            _ if self.node.is_null() => &[],
            _ => return Err(self.refuse(&visitor)),
        };
        let items = Items { items: items.iter(), reading: self.reading };
        visitor.visit_seq(items).map_err(|error| self.place(error))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let Some(entries) = self.entries() else { return Err(self.refuse(&visitor)) };
        let entries = Entries { entries, reading: self.reading, value: None };
        visitor.visit_map(entries).map_err(|error| self.place(error))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let Some(mut entries) = self.entries() else { return Err(self.refuse(&visitor)) };
        if let Some(entry) = entries.find(|entry| !fields.contains(&entry.key.as_str())) {
            let told = unknown("key", &entry.key, &self.known(fields));
            return Err(ReadError::new(told).located(entry.node.id, entry.at));
        }
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match &self.node.value {
            Value::Scalar { text, .. } if !self.node.is_null() => {
                let word: StrDeserializer<'_, ReadError> = text.as_str().into_deserializer();
                visitor.visit_enum(word).map_err(|error| self.place(error))
            }
            _ => Err(self.refuse(&visitor)),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char
        bytes byte_buf unit unit_struct tuple tuple_struct identifier
    }
}

struct Items<'r> {
    items: std::slice::Iter<'r, Node>,
    reading: &'r Reading<'r>,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        let reading = self.reading;
        let Some(node) = self.items.find(|node| !reading.left_out.contains(&node.id)) else { return Ok(None) };
        let reader = Reader { node, reading };
        seed.deserialize(reader).map(Some).map_err(|error| reader.place(error))
    }
}

struct Entries<'r, I> {
    entries: I,
    reading: &'r Reading<'r>,
    value: Option<&'r Node>,
}

impl<'de, 'r, I: Iterator<Item = &'r Entry>> MapAccess<'de> for Entries<'r, I> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ReadError> {
        let Some(entry) = self.entries.next() else { return Ok(None) };
        self.value = Some(&entry.node);
        let key: StrDeserializer<'_, ReadError> = entry.key.as_str().into_deserializer();
        seed.deserialize(key).map(Some).map_err(|error| error.located(entry.node.id, entry.at))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        let node = self.value.take().expect("serde asks for a value after its key");
        let reader = Reader { node, reading: self.reading };
        seed.deserialize(reader).map_err(|error| reader.place(error))
    }
}

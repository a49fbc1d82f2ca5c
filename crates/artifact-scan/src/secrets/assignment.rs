//! `name = value` in code, JSON, YAML, XML, dotenv files, command lines, headers and URLs: which name, which value.

mod behind;
mod beside;
mod list;
mod name;
mod operator;
#[cfg(test)]
mod tests;
mod value;

pub(crate) use name::{around, words};

use std::ops::Range;

use super::cursor::Cursor;
use value::Value;

/// A name, what stands between, and a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assignment {
    /// The name before the value, without quotes; where it stands behind the value, nothing at the value's begin.
    pub(crate) name: Range<usize>,
    /// The name, wherever it stands.
    pub(crate) named: Range<usize>,
    /// What makes it an assignment.
    pub(crate) operator: Operator,
    /// The value, without quotes and scheme.
    pub(crate) value: Range<usize>,
    /// How the value is delimited.
    pub(crate) quoting: Quoting,
    /// The value came after a word such as `Bearer`.
    pub(crate) scheme: Option<&'static str>,
}

/// What stands between name and value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    /// `=` and its kin.
    Equals,
    /// `:`
    Colon,
    /// Name and value are two quoted words with a comma between.
    Comma,
    /// `name("value")`
    Call,
    /// `<name>value</name>`
    Tag,
    /// `{"name": "…", "value": "…"}` and the like.
    Pair,
    /// `--name value` and `ENV name value`
    Flag,
    /// Nothing but blanks.
    Blank,
    /// The name is one half of a key pair, and the value stands near it.
    Beside,
}

/// How a value is delimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quoting {
    /// By quotes on both sides.
    Quoted,
    /// By tags, or it is a line of its own.
    Alone,
    /// By what cannot belong to it.
    Bare,
    /// Its end was not found.
    Open,
}

impl Assignment {
    /// The assignment to this name, which is one that [`around`] a keyword was found.
    pub(crate) fn to(bytes: &[u8], name: Range<usize>) -> Option<Self> {
        let mut cursor = Cursor { bytes, at: name.end };
        let operator = operator::after(&mut cursor, &name);
        if operator != Some(Operator::Pair)
            && let Some(value) = behind::value_before(bytes, &name)
        {
            return Some(Self::new(value.span.start..value.span.start, name, Operator::Pair, value));
        }
        let operator = operator?;
        let value = value::at(&mut cursor, operator, &name)?;
        Some(Self::new(name.clone(), name, operator, value))
    }

    /// The assignment to the name that holds the keyword.
    #[cfg(test)]
    pub(crate) fn of(bytes: &[u8], keyword: Range<usize>) -> Option<Self> {
        Self::to(bytes, around(bytes, keyword))
    }

    fn new(name: Range<usize>, named: Range<usize>, operator: Operator, value: Value) -> Self {
        Self { name, named, operator, value: value.span, quoting: value.quoting, scheme: value.scheme }
    }

    /// The bytes of name and value, with so many before and behind.
    pub(crate) fn around<'b>(&self, bytes: &'b [u8], reach: usize) -> &'b [u8] {
        let from = self.named.start.min(self.value.start).saturating_sub(reach);
        let until = self.named.end.max(self.value.end).saturating_add(reach);
        &bytes[from..bytes.len().min(until)]
    }
}

//! `name = value` in code, JSON, YAML, XML, dotenv files, command lines, headers and URLs: which name, which value.

mod name;
mod operator;
#[cfg(test)]
mod tests;
mod value;

pub(crate) use name::words;

use std::ops::Range;

use super::cursor::Cursor;

/// A name, what stands between, and a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assignment {
    /// The name, without quotes.
    pub(crate) name: Range<usize>,
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
    /// The assignment to the name that holds the keyword.
    pub(crate) fn of(bytes: &[u8], keyword: Range<usize>) -> Option<Self> {
        let name = name::around(bytes, keyword);
        let mut cursor = Cursor { bytes, at: name.end };
        let operator = operator::after(&mut cursor, &name)?;
        let value = value::at(&mut cursor, operator, &name)?;
        Some(Self { name, operator, value: value.span, quoting: value.quoting, scheme: value.scheme })
    }
}

//! What pax and GNU say about the next entry in an entry of its own.

use super::BLOCK;
use super::header::{Header, Type, text};

/// The longest name or target that holds for all entries: each of them costs one block, and repeats it.
const LONGEST_FOR_ALL: usize = BLOCK;

/// What was said, and holds for the next entry or for all that follow.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Extended {
    name: Option<Vec<u8>>,
    /// The name as GNU's own entry says it.
    long_name: Option<Vec<u8>>,
    target: Option<Vec<u8>>,
    size: Option<u64>,
    is_sparse: bool,
}

impl Extended {
    /// Hears what such an entry says; `None` if it cannot be understood, if readers could differ about the name, or if
    /// all entries to come would repeat much.
    pub(crate) fn hear(&mut self, of: Type, body: &[u8]) -> Option<()> {
        match of {
            Type::LongName => self.long_name = Some(text(body).to_vec()),
            Type::LongTarget => self.target = Some(text(body).to_vec()),
            _ => self.records(body)?,
        }
        let has_two_names = self.name.is_some() && self.long_name.is_some() && self.name != self.long_name;
        let is_long = |said: &Option<Vec<u8>>| said.as_ref().is_some_and(|said| said.len() > LONGEST_FOR_ALL);
        let repeats_much = of == Type::Global && (is_long(&self.name) || is_long(&self.target));
        (!has_two_names && !repeats_much).then_some(())
    }

    /// The header, as it is meant.
    pub(crate) fn apply(&self, mut header: Header) -> Header {
        header.name = self.name.clone().or(self.long_name.clone()).unwrap_or(header.name);
        header.target = self.target.clone().unwrap_or(header.target);
        header.size = self.size.unwrap_or(header.size);
        if self.is_sparse && header.of == Type::File {
            header.of = Type::Sparse;
        }
        header
    }

    /// pax: `length key=value`, each with a line feed at its end.
    fn records(&mut self, mut rest: &[u8]) -> Option<()> {
        while !Header::is_none(rest) {
            let space = memchr::memchr(b' ', rest)?;
            let length: usize = std::str::from_utf8(&rest[..space]).ok()?.parse().ok()?;
            let (record, after) = rest.split_at_checked(length)?;
            let record = record.get(space + 1..)?.strip_suffix(b"\n")?;
            let equals = memchr::memchr(b'=', record)?;
            self.record(&record[..equals], &record[equals + 1..])?;
            rest = after;
        }
        Some(())
    }

    fn record(&mut self, key: &[u8], value: &[u8]) -> Option<()> {
        match key {
            b"path" | b"GNU.sparse.name" => self.name = Some(value.to_vec()),
            b"linkpath" => self.target = Some(value.to_vec()),
            b"size" => self.size = Some(std::str::from_utf8(value).ok()?.parse().ok()?),
            _ => {}
        }
        self.is_sparse |= key.starts_with(b"GNU.sparse.");
        Some(())
    }
}

//! The central directory: all entries by their place, none of which shares a byte with another.

use std::ops::Range;

use super::{End, Entry, LocalHeader};
use crate::{Broken, Limits};

/// All entries of an archive, in the order their bytes stand in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Where the directory itself begins, which is where the last entry's bytes end.
    pub starts: u64,
}

/// The bytes from one entry's header to the next one's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section<'d> {
    /// Where they are.
    pub bytes: Range<u64>,
    /// Whose they are; those before the first entry are nobody's.
    pub entry: Option<&'d Entry>,
}

impl Directory {
    /// Reads the directory that `end` tells of.
    ///
    /// # Errors
    /// When a record cannot be read, entries share bytes, or there are too many.
    pub fn read(bytes: &[u8], end: &End, limits: &Limits) -> Result<Self, Broken> {
        end.fits(limits)?;
        let mut entries = Vec::with_capacity(usize::try_from(end.entries).unwrap_or_default().min(bytes.len() / 46));
        let mut rest = bytes;
        while !rest.is_empty() && entries.len() as u64 <= end.entries {
            let (entry, length) = Entry::read(rest, end.shift)?.ok_or(Broken::BadRecord)?;
            entries.push(entry);
            rest = &rest[length..];
        }
        if entries.len() as u64 != end.entries {
            return Err(Broken::OtherNumberOfEntries);
        }
        // Of two entries at one place neither stands before the other: they share bytes.
        entries.sort_unstable_by_key(|entry| entry.header);
        let directory = Self { entries, starts: end.directory.start };
        if directory.shares_bytes() { Err(Broken::Overlapping) } else { Ok(directory) }
    }

    /// Every byte before the directory, each in one section.
    pub fn sections(&self) -> impl Iterator<Item = Section<'_>> {
        (0..=self.entries.len()).map(|index| self.section(index))
    }

    /// The bytes before the first entry for 0, and from then on the entries.
    pub(crate) fn section(&self, index: usize) -> Section<'_> {
        let start = |index: usize| self.entries.get(index).map_or(self.starts, |entry| entry.header);
        match index.checked_sub(1) {
            None => Section { bytes: 0..start(0), entry: None },
            Some(at) => Section { bytes: start(at)..start(at + 1), entry: self.entries.get(at) },
        }
    }

    fn shares_bytes(&self) -> bool {
        let mut free = 0;
        let mut taken = self.entries.iter().map(|entry| {
            let header = LocalHeader::SHORTEST as u64 + entry.name.len() as u64;
            let fits = entry.header >= free;
            free = entry.header.saturating_add(header).saturating_add(entry.packed);
            !fits
        });
        taken.any(|shares| shares) || free > self.starts
    }
}

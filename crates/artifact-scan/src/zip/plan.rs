//! Which bytes to fetch, in which requests.

use std::ops::Range;

use super::{Directory, Entry, LocalHeader, Section};
use crate::Amount;

/// Unwanted bytes are fetched too, if that saves a request and costs no more than this.
const WORTH_A_REQUEST: u64 = 64 << 10;
/// So many bytes around an unwanted entry's data are taken for extra fields and a descriptor: they are too few for
/// another entry's header with a name and more than one byte of content. More than these must be seen.
const MOST_UNSEEN: u64 = LocalHeader::SHORTEST as u64 + 2;
/// Up to so many bytes behind a long unwanted entry are fetched without it. More of them are extra fields that somebody
/// may have put something into.
const MOST_ALONE: u64 = 128;

/// All batches of an archive. The number of a batch means the same in every invocation that reads the same archive with
/// the same arguments.
#[derive(Debug, Clone)]
pub struct Plan<'d> {
    /// The batches, in the order of their bytes.
    pub batches: Vec<Batch>,
    /// What is left out of them.
    pub skipped: Amount,
    directory: &'d Directory,
    wanted: Vec<bool>,
}

/// Bytes to fetch with one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Which, from the beginning of the file.
    pub bytes: Range<u64>,
    sections: Range<usize>,
}

/// Plans how to read all entries that are wanted, in batches of at most `most` bytes; an entry that is longer is a batch
/// of its own. Bytes that belong to no entry are always read.
///
/// Whether an entry is wanted is asked once for each, by what the directory says of it. One that has two names is always
/// read.
pub fn batches(directory: &Directory, most: u64, wanted: impl Fn(&Entry) -> bool) -> Plan<'_> {
    let wanted: Vec<bool> = directory.entries.iter().map(|entry| entry.has_other_name() || wanted(entry)).collect();
    let mut plan = Plan { batches: Vec::new(), skipped: Amount::default(), directory, wanted };
    for index in 0..=directory.entries.len() {
        let section = directory.section(index);
        if let Some(entry) = section.entry.filter(|_| !plan.wants(index)) {
            plan.skipped.add(Amount { entries: 1, bytes: entry.size });
        }
        let fetched = fetched(&section, plan.wants(index));
        if !fetched.is_empty() {
            plan.add(index, fetched, most);
        }
    }
    plan
}

/// How a section is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// The whole of it.
    All,
    /// Only what stands around the entry's content.
    Around,
    /// Only its end; all before it was not fetched.
    Rest,
}

/// Which bytes of a section must be seen: of one that nobody wants, what the directory does not tell of.
fn fetched(section: &Section<'_>, wanted: bool) -> Range<u64> {
    let (bytes, until) = (section.bytes.clone(), section.bytes.end);
    let Some(entry) = section.entry.filter(|_| !wanted) else { return bytes };
    let told = (LocalHeader::SHORTEST as u64 + entry.name.len() as u64).saturating_add(entry.packed);
    match (until - bytes.start).saturating_sub(told) {
        ..=MOST_UNSEEN => until..until,
        untold @ ..=MOST_ALONE if entry.packed > WORTH_A_REQUEST => until - untold..until,
        _ => bytes,
    }
}

impl<'d> Plan<'d> {
    /// Sections of a batch, as far as they are fetched, and how to read each.
    pub(crate) fn sections(&self, batch: &Batch) -> impl Iterator<Item = (Section<'d>, Reading)> {
        batch.sections.clone().map(|index| {
            let mut section = self.directory.section(index);
            if section.bytes.start < batch.bytes.start {
                section.bytes.start = batch.bytes.start;
                return (section, Reading::Rest);
            }
            (section, if self.wants(index) { Reading::All } else { Reading::Around })
        })
    }

    fn wants(&self, index: usize) -> bool {
        index.checked_sub(1).is_none_or(|at| self.wanted.get(at).copied().unwrap_or(true))
    }

    fn add(&mut self, index: usize, bytes: Range<u64>, most: u64) {
        match self.batches.last_mut() {
            Some(batch)
                if bytes.end - batch.bytes.start <= most && bytes.start - batch.bytes.end <= WORTH_A_REQUEST =>
            {
                batch.bytes.end = bytes.end;
                batch.sections.end = index + 1;
            }
            _ => self.batches.push(Batch { bytes, sections: index..index + 1 }),
        }
    }
}

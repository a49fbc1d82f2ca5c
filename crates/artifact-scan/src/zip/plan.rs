//! Which bytes to fetch, in which requests.

use std::ops::Range;

use super::{Directory, Entry, LocalHeader, Section};
use crate::Amount;

/// Unwanted bytes are fetched too, if that saves a request and costs no more than this.
const WORTH_A_REQUEST: u64 = 64 << 10;
/// More bytes than this behind an unwanted entry are no header and no descriptor: they must be seen.
const MOST_UNSEEN: u64 = 128;

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
        if !section.bytes.is_empty() && (plan.wants(index) || has_more(&section)) {
            plan.add(index, section.bytes, most);
        }
    }
    plan
}

/// Whether bytes stand behind an entry that its directory does not tell of.
fn has_more(section: &Section<'_>) -> bool {
    let told = section.entry.map_or(0, |entry| LocalHeader::SHORTEST as u64 + entry.name.len() as u64 + entry.packed);
    section.bytes.end - section.bytes.start > told.saturating_add(MOST_UNSEEN)
}

impl<'d> Plan<'d> {
    /// Sections of a batch, and whether the content of each is wanted.
    pub(crate) fn sections(&self, batch: &Batch) -> impl Iterator<Item = (Section<'d>, bool)> {
        let (first, directory) = (batch.sections.start, self.directory);
        let wanted: Vec<bool> = batch.sections.clone().map(|index| self.wants(index)).collect();
        wanted.into_iter().enumerate().map(move |(at, wanted)| (directory.section(first + at), wanted))
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

//! Scans as a caller would, and remembers everything.

use std::collections::BTreeMap;

use crate::zip::{Directory, End, LONGEST_END, Plan, batches};
use crate::{Broken, Budget, Coverage, Limits, Nature, Piece, Visitor, Walk};

/// The content of everything, by path; of two entries with one name, one after the other.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) content: BTreeMap<Vec<String>, Vec<u8>>,
    /// How many bytes were handed on, pieces' beginnings that come again not counted.
    pub(crate) bytes: u64,
    so_far: Vec<u8>,
}

impl Visitor for Seen {
    fn wants(&mut self, path: &[String]) -> bool {
        path.last().is_some_and(|name| !name.starts_with("unwanted"))
    }

    /// Also checks that the piece is what [`Piece`] says.
    fn piece(&mut self, path: &[String], piece: &Piece<'_>) -> Nature {
        if piece.offset == 0 {
            self.so_far.clear();
            assert_eq!(piece.again, 0);
        }
        let (again, new) = piece.bytes.split_at(piece.again);
        assert!(self.so_far.ends_with(again));
        assert_eq!(piece.offset, (self.so_far.len() - again.len()) as u64);
        let before = &self.so_far[..self.so_far.len() - again.len()];
        assert_eq!(piece.lines_before, before.iter().filter(|byte| **byte == b'\n').count() as u64);
        let column = before.iter().rev().take_while(|byte| **byte != b'\n').count();
        assert_eq!(piece.column_before, column as u64);
        self.so_far.extend(new);
        self.bytes += new.len() as u64;
        if piece.is_last {
            self.content.entry(path.to_vec()).or_default().extend(&self.so_far);
        }
        if self.so_far.contains(&0) { Nature::Binary } else { Nature::Text }
    }
}

impl Seen {
    pub(crate) fn of(&self, path: &[&str]) -> Option<&[u8]> {
        let path: Vec<String> = path.iter().map(|name| (*name).to_owned()).collect();
        self.content.get(&path).map(Vec::as_slice)
    }

    /// Whether it saw these bytes anywhere.
    pub(crate) fn saw(&self, bytes: &[u8]) -> bool {
        self.content.values().any(|content| memchr::memmem::find(content, bytes).is_some())
    }
}

pub(crate) fn scan(zip: &[u8]) -> (Seen, Coverage) {
    scan_within(zip, &Limits::default(), 8 << 20)
}

/// Scans as far as the archive can be opened, in batches of at most so many bytes.
pub(crate) fn scan_within(zip: &[u8], limits: &Limits, most: u64) -> (Seen, Coverage) {
    let mut seen = Seen::default();
    let coverage = try_scan(zip, limits, most, &mut seen);
    let coverage = coverage.unwrap_or_else(|broken| Coverage::unreadable(broken, zip.len() as u64));
    (seen, coverage)
}

fn try_scan(zip: &[u8], limits: &Limits, most: u64, visitor: &mut dyn Visitor) -> Result<Coverage, Broken> {
    let tail = &zip[zip.len().saturating_sub(LONGEST_END)..];
    let end = End::find(tail, zip.len() as u64)?;
    let of = |range: &std::ops::Range<u64>| zip.get(range.start as usize..range.end as usize).ok_or(Broken::Truncated);
    let bytes = of(&end.directory)?;
    let directory = Directory::read(bytes, &end, limits)?;
    let plan: Plan<'_> = batches(&directory, most, |entry| !entry.name.starts_with(b"unwanted"));
    let budget = Budget::new(limits, 0);
    let mut walk = Walk::new(limits, &budget);
    let mut coverage = walk.directory(bytes, &zip[end.directory.end as usize..], visitor);
    coverage.skipped.add(plan.skipped);
    for batch in &plan.batches {
        let part = walk.batch(&plan, batch, of(&batch.bytes)?, visitor).unwrap();
        coverage = coverage.merge(part);
    }
    Ok(coverage)
}

/// The reasons of all gaps.
pub(crate) fn reasons(coverage: &Coverage) -> Vec<Broken> {
    coverage.gaps.iter().map(|gap| gap.reason).collect()
}

/// Hands pieces to a closure.
struct Watching<'w>(&'w mut dyn FnMut(&Piece<'_>));

impl Visitor for Watching<'_> {
    fn piece(&mut self, _path: &[String], piece: &Piece<'_>) -> Nature {
        (self.0)(piece);
        Nature::Text
    }
}

/// Scans without remembering any content.
pub(crate) fn watched(zip: &[u8], limits: &Limits, watch: &mut dyn FnMut(&Piece<'_>)) -> Coverage {
    try_scan(zip, limits, 8 << 20, &mut Watching(watch)).unwrap()
}

//! What became of every byte.

use serde::{Deserialize, Serialize};

use crate::Broken;

/// The most gaps that are listed one by one.
pub const MOST_GAPS: usize = 1000;

/// Entries and bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Amount {
    /// How many entries.
    pub entries: u64,
    /// How many bytes of content.
    pub bytes: u64,
}

/// Something that was not read, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Gap {
    /// The names of the entries, outermost first; none for the artifact itself.
    pub path: Vec<String>,
    /// Why.
    pub reason: Broken,
    /// How many bytes, where it is known.
    pub bytes: Option<u64>,
}

/// The account of a scan: all that was seen is scanned, skipped or a gap.
///
/// An entry that breaks off counts as a gap; those of its bytes that were read before count as scanned bytes all the same.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Coverage {
    /// Scanned.
    pub scanned: Amount,
    /// Left out because the policy's `skip` says so.
    pub skipped: Amount,
    /// Read, but no text: scanned as raw bytes only for what identifies itself.
    pub binary: Amount,
    /// How many of the scanned and binary bytes are content of entries. The others are directories, headers and what
    /// else archives have; where there is nothing but those, nothing was scanned.
    pub content: u64,
    /// Not read, by path; at most [`MOST_GAPS`]. A scan with gaps is not clean unless the policy says otherwise.
    pub gaps: Vec<Gap>,
    /// How many gaps there are beyond those.
    pub gaps_left_out: u64,
    /// How many bytes were unpacked, counted once for each archive they were in. A scan that goes on in another
    /// invocation begins its [`Budget`](crate::Budget) with them.
    pub unpacked: u64,
}

impl Amount {
    /// Counts these too.
    pub fn add(&mut self, other: Self) {
        self.entries = self.entries.saturating_add(other.entries);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

impl Coverage {
    /// The account of an artifact that could not be opened at all.
    pub fn unreadable(reason: Broken, bytes: u64) -> Self {
        let mut coverage = Self::default();
        coverage.gap(Gap { path: Vec::new(), reason, bytes: Some(bytes) });
        coverage
    }

    /// Nothing was left unread, whatever was skipped.
    pub fn is_whole(&self) -> bool {
        self.gaps.is_empty() && self.gaps_left_out == 0
    }

    /// Notes a gap.
    pub fn gap(&mut self, gap: Gap) {
        self.gaps.push(gap);
        if self.gaps.len() >= 2 * MOST_GAPS {
            self.trim();
        }
    }

    /// The account of both. In whatever order parts are merged, the whole is the same.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.scanned.add(other.scanned);
        self.skipped.add(other.skipped);
        self.binary.add(other.binary);
        self.content = self.content.saturating_add(other.content);
        self.gaps.extend(other.gaps);
        self.gaps_left_out += other.gaps_left_out;
        self.unpacked += other.unpacked;
        self.trim();
        self
    }

    /// Keeps the first gaps by path.
    pub(crate) fn trim(&mut self) {
        self.gaps.sort();
        self.gaps_left_out += self.gaps.len().saturating_sub(MOST_GAPS) as u64;
        self.gaps.truncate(MOST_GAPS);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn coverage(numbers: &[u16]) -> Coverage {
        let mut coverage = Coverage::default();
        for number in numbers {
            let path = vec![format!("entry {number}")];
            coverage.gap(Gap { path, reason: Broken::Encrypted, bytes: Some(u64::from(*number)) });
            coverage.scanned.add(Amount { entries: 1, bytes: u64::from(*number) });
        }
        coverage.trim();
        coverage
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn parts_may_be_merged_in_any_order(numbers in prop::collection::vec(any::<u16>(), 0..3000), cut in 0..3000_usize) {
            let (left, right) = numbers.split_at(cut.min(numbers.len()));
            let whole = coverage(&numbers);
            prop_assert_eq!(&coverage(left).merge(coverage(right)), &whole);
            prop_assert_eq!(&coverage(right).merge(coverage(left)), &whole);
            prop_assert!(whole.gaps.len() <= MOST_GAPS);
            prop_assert_eq!(whole.gaps.len() as u64 + whole.gaps_left_out, numbers.len() as u64);
        }
    }

    #[test]
    fn an_artifact_that_cannot_be_opened_is_one_gap() {
        let coverage = Coverage::unreadable(Broken::NotAZip, 7);
        assert!(!coverage.is_whole());
        assert_eq!(coverage.gaps, [Gap { path: vec![], reason: Broken::NotAZip, bytes: Some(7) }]);
    }
}

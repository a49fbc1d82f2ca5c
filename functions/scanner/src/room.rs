//! How much memory and how many threads a scan may use, by the memory the function was given.
//!
//! | what | of the function's memory |
//! |---|---|
//! | the directory of a zip, as it is and as it is read | at most a quarter: [`Room::within`] lets it have a sixteenth, and what is read of it takes up to three times its bytes |
//! | zips in zips, which must be in memory as a whole | at most an eighth, over all threads |
//! | downloads that no thread has taken yet | at most a sixteenth |
//! | buffers of the threads | 1.2 MiB for each archive they are in, so 6 MiB each with the policy's usual depth |
//! | what was found | 10 MiB at most, however large the artifact, and as much again while it is packed for the next visit |
//!
//! The rest is the program's, with its rules and connections: a third at least. What would need more is not read and
//! becomes a gap with a reason, which fails the scan.

use artifact_scan::{Broken, Gap, Limits};

/// Lambda gives a whole processor for so many MB.
const OF_A_PROCESSOR: u64 = 1_769;

const MIB: u64 = 1 << 20;

/// What a scan may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// How many threads scan.
    pub threads: usize,
    /// How many bytes are fetched with one request, if no entry is longer.
    pub batch: u64,
    /// How many requests are under way at a time.
    pub downloads: usize,
    /// How many bytes of each may wait for a thread.
    pub ahead: usize,
    megabytes: u64,
}

impl Room {
    /// What a function with so much memory has.
    pub fn of_megabytes(megabytes: u64) -> Self {
        let threads = usize::try_from((megabytes + OF_A_PROCESSOR / 2) / OF_A_PROCESSOR).unwrap_or(1).max(1);
        let downloads = (4 * threads).clamp(4, 16);
        let ahead = usize::try_from(megabytes * MIB / 16).unwrap_or(usize::MAX).min(64 << 20);
        Self { threads, batch: 8 * MIB, downloads, ahead: ahead / downloads, megabytes }
    }

    /// A policy's limits, where there is memory for them.
    pub(crate) fn within(&self, limits: &Limits) -> Limits {
        let (all, threads) = (self.megabytes * MIB, self.threads as u64);
        Limits {
            directory: limits.directory.min(all / 16),
            nested: limits.nested.min(all / 8 / threads),
            ..limits.clone()
        }
    }

    /// What to do about a gap that more memory would close.
    pub(crate) fn advice(&self, gaps: &[Gap], limits: &Limits) -> Option<String> {
        let within = self.within(limits);
        let is_for_memory = |gap: &Gap| match gap.reason {
            Broken::DirectoryTooLong => within.directory < limits.directory,
            Broken::NestedTooLong => within.nested < limits.nested,
            _ => false,
        };
        let told = || format!("The function's memory of {} MB allows no more; give it more.", self.megabytes);
        gaps.iter().any(is_for_memory).then(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_thread_for_every_processor() {
        for (megabytes, threads) in [(128, 1), (256, 1), (1_769, 1), (2_048, 1), (3_538, 2), (10_240, 6)] {
            assert_eq!(Room::of_megabytes(megabytes).threads, threads, "{megabytes}");
        }
    }

    #[test]
    fn what_the_table_says_fits_into_every_memory() {
        for megabytes in [128, 256, 512, 1_024, 1_769, 3_008, 10_240] {
            let room = Room::of_megabytes(megabytes);
            let limits = room.within(&Limits::default());
            let nested = limits.nested * room.threads as u64;
            let ahead = (room.ahead * room.downloads) as u64;
            let shares = 4 * limits.directory + nested + ahead;
            let (buffers, found) = (6 * MIB * room.threads as u64, 20 * MIB);
            assert!(shares <= megabytes * MIB * 7 / 16, "{megabytes}");
            assert!(shares + buffers + found <= megabytes * MIB * 2 / 3, "{megabytes}");
            assert!(room.ahead >= 256 << 10, "{megabytes}");
        }
    }

    #[test]
    fn a_gap_that_more_memory_would_close_says_so() {
        let gap = |reason| [Gap { path: Vec::new(), reason, bytes: None }];
        let (small, limits) = (Room::of_megabytes(256), Limits::default());
        let told = small.advice(&gap(Broken::NestedTooLong), &limits);
        assert_eq!(told.as_deref(), Some("The function's memory of 256 MB allows no more; give it more."));
        assert_eq!(small.advice(&gap(Broken::Encrypted), &limits), None);
        assert_eq!(Room::of_megabytes(2_048).advice(&gap(Broken::NestedTooLong), &limits), None);
    }
}

//! How many bytes may yet be unpacked in the whole scan, on however many threads, and whether anybody still wants it.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::Limits;

/// Counts all bytes that are unpacked, so that no number of nested archives unpacks more than the limit. It also ends
/// walks whose result nobody wants any more.
#[derive(Debug)]
pub struct Budget {
    left: AtomicU64,
    is_stopped: AtomicBool,
}

impl Budget {
    /// A scan that has unpacked as many bytes already, in invocations before.
    pub fn new(limits: &Limits, unpacked: u64) -> Self {
        let left = limits.artifact.saturating_sub(unpacked);
        Self { left: AtomicU64::new(left), is_stopped: AtomicBool::new(false) }
    }

    /// Ends all walks with this budget: before the next 128 KiB are unpacked each of them ends with an error, so that
    /// nothing of its batch counts. It is never begun again.
    pub fn stop(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
    }

    /// An error as soon as somebody has stopped it.
    pub(crate) fn go_on(&self) -> io::Result<()> {
        if self.is_stopped.load(Ordering::Relaxed) { Err(io::Error::other("the scan was stopped")) } else { Ok(()) }
    }

    pub(crate) fn left(&self) -> u64 {
        self.left.load(Ordering::Relaxed)
    }

    /// Whether as many were left.
    pub(crate) fn take(&self, bytes: u64) -> bool {
        let taken = |left: u64| Some(left.saturating_sub(bytes));
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken).is_ok_and(|left| left >= bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_never_becomes_more() {
        let budget = Budget::new(&Limits { artifact: 10, ..Limits::default() }, 4);
        assert!(budget.take(6));
        assert_eq!(budget.left(), 0);
        assert!(!budget.take(1) && budget.take(0));
        assert_eq!(budget.left(), 0);
    }
}

//! A walk that nobody waits for any more ends soon.

use std::io::{self, Read};
use std::thread;

use crate::testing::*;
use crate::{Budget, Limits, Nature, Piece, Visitor, Walk};

/// The same bytes again and again, so often that a walk through them takes long.
struct Again {
    bytes: Vec<u8>,
    at: usize,
    read: u64,
}

impl Again {
    const ALL: u64 = 64 << 20;

    fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, at: 0, read: 0 }
    }
}

impl Read for Again {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.read > Self::ALL {
            return Ok(0);
        }
        let read = (&self.bytes[self.at..]).read(into)?;
        self.at = (self.at + read) % self.bytes.len();
        self.read += read as u64;
        Ok(read)
    }
}

/// Has the walk stopped by another thread at its first piece of content, and counts those that come all the same.
struct Stopping<'b> {
    budget: &'b Budget,
    is_stopped: bool,
    later: usize,
}

impl Visitor for Stopping<'_> {
    fn piece(&mut self, path: &[String], _piece: &Piece<'_>) -> Nature {
        self.later += usize::from(self.is_stopped);
        if !path.iter().any(|name| name.starts_with('<')) {
            thread::scope(|scope| scope.spawn(|| self.budget.stop()).join().unwrap());
            self.is_stopped = true;
        }
        Nature::Text
    }
}

/// How many bytes are read of these, and how many pieces handed on after the walk was stopped.
fn stopped(bytes: Vec<u8>) -> (u64, usize) {
    let limits = Limits { entry: u64::MAX, artifact: u64::MAX, ratio: u64::MAX, ..Limits::default() };
    let budget = Budget::new(&limits, 0);
    let mut stopping = Stopping { budget: &budget, is_stopped: false, later: 0 };
    let mut again = Again::new(bytes);
    let result = Walk::new(&limits, &budget).file("long", &mut again, &mut stopping);
    assert!(result.is_err(), "{result:?}");
    (again.read, stopping.later)
}

#[test]
fn a_stopped_walk_hands_on_nothing_more_and_reads_hardly_more() {
    let zeros = gzipped(&vec![0; 1 << 20]);
    let bombs = (0..50).map(|_| ZipEntry::deflated("bomb", &vec![0; 2 << 20])).collect();
    let nested = ZipFile::new(bombs).build();
    for bytes in [
        zeros.clone(),
        b"no archive at all".to_vec(),
        tar_of(&[("a", &[7; 100_000]), ("b", &zeros)]),
        tar_of(&[("a.zip", &nested), ("b", b"b")]),
    ] {
        let (read, later) = stopped(bytes);
        assert!(read < 3 << 20 && later == 0, "{read} bytes were read, and {later} pieces came");
    }
}

#[test]
fn nothing_is_unpacked_with_a_budget_that_was_stopped_before() {
    let (limits, zip) = (Limits::default(), ZipFile::of(&[("a", b"text")]).build());
    let budget = Budget::new(&limits, 0);
    budget.stop();
    let mut seen = Seen::default();
    assert!(Walk::new(&limits, &budget).file("a.zip", zip.as_slice(), &mut seen).is_err());
    assert_eq!(seen, Seen::default());
}

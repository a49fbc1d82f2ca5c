//! A buffer that cuts content into pieces, and counts lines and columns on the way.

use std::fmt;
use std::io;

use crate::content::{Content, Ended, Stop};
use crate::{OVERLAP, Piece};

/// The most bytes of a piece.
pub(crate) const LONGEST: usize = 1 << 20;

/// The next piece of some content, and one byte more to know whether it is the last.
pub(super) struct Pieces {
    buffer: Vec<u8>,
    filled: usize,
    again: usize,
    offset: u64,
    lines: u64,
    column: u64,
}

impl Default for Pieces {
    fn default() -> Self {
        Self { buffer: vec![0; LONGEST + 1], filled: 0, again: 0, offset: 0, lines: 0, column: 0 }
    }
}

impl fmt::Debug for Pieces {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Pieces({} bytes at {})", self.filled, self.offset)
    }
}

impl Pieces {
    /// Forgets all, for other content.
    pub(super) fn begin(&mut self) {
        (self.filled, self.again, self.offset, self.lines, self.column) = (0, 0, 0, 0, 0);
    }

    /// Reads until there is a whole piece, or the end.
    pub(super) fn fill(&mut self, content: &mut dyn Content) -> io::Result<Ended> {
        while self.filled < self.buffer.len() {
            match content.read(&mut self.buffer[self.filled..]) {
                Ok(0) => return Ok(Ended::Whole),
                Ok(read) => self.filled += read,
                Err(Stop::Broken(broken)) => return Ok(Ended::Broken(broken)),
                Err(Stop::Source(error)) => return Err(error),
            }
        }
        Ok(Ended::Not)
    }

    /// All that was read and is still here.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[..self.filled]
    }

    /// How many bytes were read since the beginning.
    pub(super) fn total(&self) -> u64 {
        self.offset + self.filled as u64
    }

    pub(super) fn piece(&self, is_last: bool) -> Piece<'_> {
        let bytes = &self.buffer[..self.filled.min(LONGEST)];
        let (lines_before, column_before) = (self.lines, self.column);
        Piece { bytes, again: self.again, offset: self.offset, lines_before, column_before, is_last }
    }

    /// Keeps the end of this piece as the beginning of the next.
    pub(super) fn advance(&mut self) {
        let gone = LONGEST - OVERLAP;
        let bytes = &self.buffer[..gone];
        self.lines += memchr::memchr_iter(b'\n', bytes).count() as u64;
        self.column = match memchr::memrchr(b'\n', bytes) {
            Some(at) => (gone - at - 1) as u64,
            None => self.column + gone as u64,
        };
        self.offset += gone as u64;
        self.buffer.copy_within(gone..self.filled, 0);
        self.filled -= gone;
        self.again = OVERLAP;
    }
}

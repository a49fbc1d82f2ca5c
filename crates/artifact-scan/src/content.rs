//! Where content comes from: a download, memory, or something that unpacks.

use std::io::{self, Read};

use crate::Broken;

/// Why content ends before its end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The artifact is not what it says. It is told as a gap, and the scan goes on behind it.
    Broken(Broken),
    /// The artifact did not come. The scan of this batch has to be repeated.
    Source(io::Error),
}

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

/// Bytes in order. Whoever met a [`Stop::Broken`] meets nothing but the end after it.
pub(crate) trait Content {
    /// Puts the next bytes at the front of `into` and says how many; 0 at the end, which is only told when all that
    /// was said about the content is true. `into` is never empty.
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Stop>;
}

impl Content for &[u8] {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Stop> {
        let length = into.len().min(self.len());
        let (taken, rest) = self.split_at(length);
        into[..length].copy_from_slice(taken);
        *self = rest;
        Ok(length)
    }
}

/// What a caller brings.
pub(crate) struct Download<R>(pub(crate) R);

impl<R: Read> Content for Download<R> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Stop> {
        loop {
            match self.0.read(into) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result.map_err(Stop::Source),
            }
        }
    }
}

/// How content ended, as far as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It did not yet.
    Not,
    /// At its end.
    Whole,
    /// Before it.
    Broken(Broken),
}

/// Bytes that were read to see what they are, and all that follow.
pub(crate) struct Again<'c> {
    pub(crate) first: &'c [u8],
    pub(crate) ended: Ended,
    pub(crate) rest: &'c mut dyn Content,
}

impl Content for Again<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Stop> {
        if !self.first.is_empty() {
            return Content::read(&mut self.first, into);
        }
        match std::mem::replace(&mut self.ended, Ended::Whole) {
            Ended::Whole => Ok(0),
            Ended::Broken(broken) => Err(broken.into()),
            Ended::Not => {
                self.ended = Ended::Not;
                self.rest.read(into)
            }
        }
    }
}

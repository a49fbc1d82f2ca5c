//! Goes through an artifact and all archives in it, and hands every byte to a visitor or tells why not.
//!
//! Memory: a walk keeps a piece of 1 MiB, a buffer of 128 KiB and an unpacker's 48 KiB for each archive it is in at a
//! time, which [`Limits::depth`] bounds, and nested zips of together [`Limits::nested`] with their directories. Nothing
//! grows with the artifact but its directory, and no more than [`MOST_GAPS`](crate::MOST_GAPS) gaps are listed.

mod archive;
mod leaf;
mod packed;
mod pieces;
mod tarball;
#[cfg(test)]
mod tests;
mod zipped;

use std::io::{self, Read};

use crate::content::{Again, Content, Download, Ended, Stop};
use crate::entry_path::shorten;
use crate::input::Buffered;
use crate::recognise::{Shape, recognise};
use crate::unpack::{Caps, Unpacker};
use crate::zip::{Batch, Plan};
use crate::{Broken, Budget, Coverage, Gap, Limits, Visitor};

use leaf::Account;
use pieces::Pieces;

/// The most bytes of the names in a gap's path. It may hold a secret yet, so it is cut only where many gaps would take
/// much memory.
const LONGEST_PATH: usize = 4 << 10;

/// Reads batches, one after the other; each thread has its own. Its buffers serve all of them.
#[derive(Debug)]
pub struct Walk<'l> {
    limits: &'l Limits,
    budget: &'l Budget,
    pieces: Vec<Pieces>,
    unpackers: Vec<Unpacker>,
}

impl<'l> Walk<'l> {
    /// A walk within these limits; all walks through one artifact share a budget.
    pub fn new(limits: &'l Limits, budget: &'l Budget) -> Self {
        Self { limits, budget, pieces: Vec::new(), unpackers: Vec::new() }
    }

    /// Reads a batch of the artifact, of which `bytes` must be exactly those the batch asks for, in order.
    ///
    /// Bytes that end too early are gaps of all entries that miss some.
    ///
    /// # Errors
    /// Only those of `bytes`, or that the budget was [stopped](Budget::stop). Nothing of the batch counts then; it has to
    /// be read again from its beginning, with a visitor that has forgotten it.
    pub fn batch(
        &mut self,
        plan: &Plan<'_>,
        batch: &Batch,
        bytes: impl Read,
        visitor: &mut dyn Visitor,
    ) -> io::Result<Coverage> {
        let mut download = Download(bytes);
        let mut input = Buffered::new(&mut download, batch.bytes.start);
        let mut run = Run::new(self, visitor, 1);
        for (section, reading) in plan.sections(batch) {
            run.section(&mut input, &section, reading)?;
        }
        Ok(run.ended())
    }

    /// Reads what stands in the artifact besides its entries: the bytes of its directory, and those from there to the end.
    pub fn directory(&mut self, directory: &[u8], end: &[u8], visitor: &mut dyn Visitor) -> Coverage {
        let mut run = Run::new(self, visitor, 1);
        run.frame(directory, end);
        run.ended()
    }

    /// Reads something whole under this name: a file of a folder, or an artifact that is no zip.
    ///
    /// # Errors
    /// As for [`Walk::batch`].
    pub fn file(&mut self, name: &str, bytes: impl Read, visitor: &mut dyn Visitor) -> io::Result<Coverage> {
        let mut run = Run::new(self, visitor, 0);
        run.path.push(name.to_owned());
        run.content(&mut Download(bytes))?;
        Ok(run.ended())
    }
}

/// One going through of something.
struct Run<'w, 'l> {
    walk: &'w mut Walk<'l>,
    visitor: &'w mut dyn Visitor,
    coverage: Coverage,
    path: Vec<String>,
    /// Archives around.
    depth: u32,
    /// Compressions, and things behind the end of others, around.
    layers: u32,
    /// Bytes of nested archives in memory.
    held: u64,
}

impl<'w, 'l> Run<'w, 'l> {
    fn new(walk: &'w mut Walk<'l>, visitor: &'w mut dyn Visitor, depth: u32) -> Self {
        Self { walk, visitor, coverage: Coverage::default(), path: Vec::new(), depth, layers: 0, held: 0 }
    }

    fn ended(mut self) -> Coverage {
        self.coverage.trim();
        self.coverage
    }

    /// Hands on content, or what is in it.
    fn content(&mut self, content: &mut dyn Content) -> io::Result<()> {
        let mut pieces = self.walk.pieces.pop().unwrap_or_default();
        pieces.begin();
        let ended = pieces.fill(content)?;
        let shape = recognise(pieces.bytes(), ended != Ended::Not);
        if shape == Shape::Plain {
            self.leaf_from(&mut pieces, ended, content, Account::Content)?;
        } else {
            let mut again = Again { first: pieces.bytes(), ended, rest: content };
            self.archive(shape, &mut again)?;
            self.drain(&mut again)?;
        }
        self.walk.pieces.push(pieces);
        Ok(())
    }

    /// Reads to the end what nobody wants, to know whether it is what it says.
    fn drain(&mut self, content: &mut dyn Content) -> io::Result<()> {
        let mut nowhere = [0; 4096];
        while self.note(content.read(&mut nowhere))?.is_some_and(|read| read > 0) {}
        Ok(())
    }

    /// Tells what is broken as a gap here, and goes on.
    fn note<T>(&mut self, result: Result<T, Stop>) -> io::Result<Option<T>> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(Stop::Source(error)) => Err(error),
            Err(Stop::Broken(broken)) => {
                self.gap(broken, None);
                Ok(None)
            }
        }
    }

    fn gap(&mut self, reason: Broken, bytes: Option<u64>) {
        let mut path = self.path.clone();
        shorten(&mut path, LONGEST_PATH);
        self.coverage.gap(Gap { path, reason, bytes });
    }

    fn caps(&self, said: Option<u64>) -> Caps<'l> {
        Caps { limits: self.walk.limits, budget: self.walk.budget, said }
    }

    fn unpacker(&mut self) -> Unpacker {
        let mut unpacker = self.walk.unpackers.pop().unwrap_or_else(Unpacker::new);
        unpacker.reset();
        unpacker
    }

    /// Takes back what can be used again, and counts what it did.
    fn used(&mut self, unpacker: Unpacker) {
        self.coverage.unpacked = self.coverage.unpacked.saturating_add(unpacker.size());
        self.walk.unpackers.push(unpacker);
    }
}

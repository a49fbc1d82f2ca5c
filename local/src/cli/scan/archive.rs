//! A zip on disk, read by ranges as the function reads one from S3.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::FileExt;

use artifact_scan::zip::{Directory, End, LONGEST_END};
use artifact_scan::{Broken, Limits};

/// A file, as it turned out to be.
#[derive(Debug)]
pub(super) enum Opened {
    /// A zip.
    Zip(Archive),
    /// Something else.
    Plain,
    /// A zip that cannot be opened.
    Broken(Broken),
}

/// A zip on disk.
#[derive(Debug)]
pub(super) struct Archive {
    file: File,
    pub(super) directory: Directory,
    /// The bytes of the directory, and of what follows it.
    frame: Vec<u8>,
    directory_length: usize,
}

impl Archive {
    /// Reads the end and the directory.
    pub(super) fn open(file: File, length: u64, limits: &Limits) -> io::Result<Opened> {
        let tail = bytes(&file, length.saturating_sub(LONGEST_END as u64)..length)?;
        let end = match End::find(&tail, length).and_then(|end| end.fits(limits).map(|()| end)) {
            Ok(end) => end,
            Err(Broken::NotAZip | Broken::BytesAfterTheEnd) => return Ok(Opened::Plain),
            Err(broken) => return Ok(Opened::Broken(broken)),
        };
        let frame = bytes(&file, end.directory.start..length)?;
        let directory_length = usize::try_from(end.directory.end - end.directory.start).unwrap_or_default();
        let read = frame.get(..directory_length).ok_or(Broken::Truncated);
        Ok(match read.and_then(|bytes| Directory::read(bytes, &end, limits)) {
            Ok(directory) => Opened::Zip(Self { file, directory, frame, directory_length }),
            Err(broken) => Opened::Broken(broken),
        })
    }

    /// The bytes of the directory, and those from there to the end.
    pub(super) fn frame(&self) -> (&[u8], &[u8]) {
        self.frame.split_at(self.directory_length)
    }

    /// These bytes of the file.
    pub(super) fn range(&self, bytes: Range<u64>) -> impl Read {
        Part { file: &self.file, bytes }
    }
}

/// A part of a file, of which several may be read at a time.
struct Part<'f> {
    file: &'f File,
    bytes: Range<u64>,
}

impl Read for Part<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.bytes.end - self.bytes.start).unwrap_or(usize::MAX);
        let most = into.len().min(left);
        let read = self.file.read_at(&mut into[..most], self.bytes.start)?;
        self.bytes.start += read as u64;
        Ok(read)
    }
}

fn bytes(file: &File, range: Range<u64>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(range.end - range.start).unwrap_or_default());
    Part { file, bytes: range }.read_to_end(&mut bytes)?;
    Ok(bytes)
}

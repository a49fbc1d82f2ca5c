//! The end of an archive, which says where its directory is.

use std::ops::Range;

use super::entry::{RECORD, SHORTEST_RECORD};
use super::field::Fields;
use crate::{Broken, Limits};

const END: [u8; 4] = *b"PK\x05\x06";
const END_LENGTH: usize = 22;
const END_64: [u8; 4] = *b"PK\x06\x06";
const END_64_LENGTH: usize = 56;
const LOCATOR: [u8; 4] = *b"PK\x06\x07";
const LOCATOR_LENGTH: usize = 20;
const LONGEST_COMMENT: usize = u16::MAX as usize;

/// The most bytes an end can have, with its comment and all that zip64 adds. An end with zip64's extensible data, which
/// only PKWARE's own encryption uses, is not read.
pub const LONGEST_END: usize = END_LENGTH + LONGEST_COMMENT + LOCATOR_LENGTH + END_64_LENGTH;

/// What the end of an archive says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// How many entries the directory has.
    pub entries: u64,
    /// Where the directory is, in bytes from the beginning of the file.
    pub directory: Range<u64>,
    /// How many bytes stand before the archive; all its offsets count from there.
    pub shift: u64,
}

/// The counts and places of an end, before they are believed.
struct Claims {
    disks: [u32; 2],
    entries: [u64; 2],
    size: u64,
    offset: u64,
    /// Where the directory must end.
    until: u64,
}

impl End {
    /// Finds the end in the last bytes of a file of this length: all of it, or at least [`LONGEST_END`].
    ///
    /// # Errors
    /// When there is no end, or readers could differ about it.
    pub fn find(tail: &[u8], length: u64) -> Result<Self, Broken> {
        let start = length.checked_sub(tail.len() as u64).ok_or(Broken::Truncated)?;
        let at = the_only_end(tail)?;
        let claims = claims(tail, at, start)?;
        if claims.disks != [0, 0] || claims.entries[0] != claims.entries[1] {
            return Err(Broken::SeveralDisks);
        }
        let first = claims.until.checked_sub(claims.size).ok_or(Broken::DirectoryElsewhere)?;
        let shift = first.checked_sub(claims.offset).ok_or(Broken::DirectoryElsewhere)?;
        Ok(Self { entries: claims.entries[0], directory: first..claims.until, shift })
    }

    /// Whether the directory is worth fetching.
    ///
    /// # Errors
    /// When it is longer than the limit, or has more entries.
    pub fn fits(&self, limits: &Limits) -> Result<(), Broken> {
        if self.directory.end - self.directory.start > limits.directory {
            return Err(Broken::DirectoryTooLong);
        }
        if self.entries > limits.entries { Err(Broken::TooManyEntries) } else { Ok(()) }
    }
}

/// Where the end is: its comment must reach to the last byte, and there must be nothing like an end in the comment.
fn the_only_end(tail: &[u8]) -> Result<usize, Broken> {
    let (mut reaching, mut last, mut is_one_before_more) = (None, None, false);
    for at in memchr::memmem::find_iter(tail, &END) {
        last = Some(at);
        let Some(comment) = Fields(tail.get(at + 20..).unwrap_or_default()).u16() else { continue };
        let until = at + END_LENGTH + usize::from(comment);
        is_one_before_more |= until < tail.len();
        if until == tail.len() && reaching.replace(at).is_some() {
            return Err(Broken::SeveralEnds);
        }
    }
    match reaching {
        Some(at) if last == reaching => Ok(at),
        Some(_) => Err(Broken::SeveralEnds),
        None if is_one_before_more => Err(Broken::BytesAfterTheEnd),
        None => Err(Broken::NotAZip),
    }
}

/// How many of the last bytes of an archive are its comment.
pub(crate) fn comment_length(end: &[u8]) -> usize {
    the_only_end(end).map_or(0, |at| end.len() - at - END_LENGTH)
}

/// Whether these last bytes of something hold an end that reaches to its last byte.
pub(crate) fn ends_like_a_zip(tail: &[u8]) -> bool {
    let tail = &tail[tail.len().saturating_sub(LONGEST_END)..];
    matches!(the_only_end(tail), Ok(_) | Err(Broken::SeveralEnds))
}

/// Where the last end stands in some bytes that a lenient reader would believe, whatever follows it.
pub(crate) fn last_end_in(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(bytes, &END).filter(|at| is_likely(bytes, *at)).last()
}

/// Whether the end names entries, and they stand before it as far as can be seen.
fn is_likely(bytes: &[u8], at: usize) -> bool {
    let Some(claims) = short_claims(bytes, at, 0) else { return false };
    let entries = claims.entries[1];
    let is_long = entries == 0xFFFF || claims.size == 0xFFFF_FFFF || claims.offset == 0xFFFF_FFFF;
    let directory = usize::try_from(claims.size).ok().and_then(|size| bytes.get(at.checked_sub(size)?..));
    let fits = claims.size >= entries * SHORTEST_RECORD && directory.is_none_or(|bytes| bytes.starts_with(&RECORD));
    claims.disks[0] == claims.disks[1] && claims.entries[0] == entries && entries > 0 && (is_long || fits)
}

fn claims(tail: &[u8], at: usize, start: u64) -> Result<Claims, Broken> {
    let claims = short_claims(tail, at, start).ok_or(Broken::NotAZip)?;
    let locator = at.checked_sub(LOCATOR_LENGTH).and_then(|from| Fields::after(&tail[from..at], LOCATOR));
    let Some(locator) = locator else {
        let is_64 = claims.entries.contains(&0xFFFF) && claims.offset == 0xFFFF_FFFF;
        return if is_64 { Err(Broken::DirectoryElsewhere) } else { Ok(claims) };
    };
    let long = long_claims(tail, at, start, locator).ok_or(Broken::DirectoryElsewhere)?;
    agree(&claims, &long).then_some(long).ok_or(Broken::DirectoryElsewhere)
}

fn short_claims(tail: &[u8], at: usize, start: u64) -> Option<Claims> {
    let mut fields = Fields::after(&tail[at..], END)?;
    let disks = [fields.u16()?.into(), fields.u16()?.into()];
    let entries = [fields.u16()?.into(), fields.u16()?.into()];
    let (size, offset) = (fields.u32()?.into(), fields.u32()?.into());
    Some(Claims { disks, entries, size, offset, until: start + at as u64 })
}

/// zip64's end stands right before its locator, wherever the locator says it is: the same bytes must be both.
fn long_claims(tail: &[u8], at: usize, start: u64, mut locator: Fields<'_>) -> Option<Claims> {
    let from = at.checked_sub(LOCATOR_LENGTH + END_64_LENGTH)?;
    let mut fields = Fields::after(&tail[from..], END_64)?;
    let (disk, said, disks) = (locator.u32()?, locator.u64()?, locator.u32()?);
    let length = fields.u64()?;
    fields.bytes(4)?;
    let claims = Claims {
        disks: [fields.u32()?, fields.u32()?],
        entries: [fields.u64()?, fields.u64()?],
        size: fields.u64()?,
        offset: fields.u64()?,
        until: start + from as u64,
    };
    let shift = claims.until.checked_sub(claims.size)?.checked_sub(claims.offset)?;
    let is_one = disk == 0 && disks <= 1 && length == (END_64_LENGTH - 12) as u64;
    (is_one && said.checked_add(shift)? == claims.until).then_some(claims)
}

/// A reader without zip64 takes the short end, so it must say the same, or that it cannot.
fn agree(short: &Claims, long: &Claims) -> bool {
    let same = |short: u64, long: u64, cannot: u64| short == long || short == cannot;
    same(short.entries[1], long.entries[1], 0xFFFF)
        && same(short.size, long.size, 0xFFFF_FFFF)
        && same(short.offset, long.offset, 0xFFFF_FFFF)
}

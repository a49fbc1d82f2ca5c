//! An entry's own header, which must say what the directory says.

use super::Entry;
use super::entry::{ZIP_64, extra_field};
use super::field::Fields;
use crate::Broken;

const HEADER: [u8; 4] = *b"PK\x03\x04";
const DESCRIPTOR: [u8; 4] = *b"PK\x07\x08";
/// Checksum and sizes follow the data.
const SIZES_FOLLOW: u16 = 1 << 3;
/// The flags that change how an entry is read: encryption, sizes that follow, and the name's encoding.
const TELLING: u16 = 1 | SIZES_FOLLOW | 1 << 6 | 1 << 11;

/// Where an entry's data begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalHeader {
    /// How long the header is, in bytes.
    pub length: usize,
}

impl LocalHeader {
    /// The length without name and extra fields.
    pub const SHORTEST: usize = 30;

    /// How long the header at the front of `bytes` is, of which at least [`Self::SHORTEST`] are needed.
    pub fn length(bytes: &[u8]) -> Result<usize, Broken> {
        let mut fields = Fields::after(bytes, HEADER).ok_or(Broken::HeadersDisagree)?;
        let mut length = || {
            fields.bytes(22)?;
            Some(Self::SHORTEST + usize::from(fields.u16()?) + usize::from(fields.u16()?))
        };
        length().ok_or(Broken::Truncated)
    }

    /// Reads the whole header at the front of `bytes`.
    ///
    /// # Errors
    /// When it is not the header of this entry.
    pub fn read(bytes: &[u8], entry: &Entry) -> Result<Self, Broken> {
        let length = Self::length(bytes)?;
        let bytes = bytes.get(..length).ok_or(Broken::Truncated)?;
        agrees(bytes, entry).filter(|agrees| *agrees).map(|_| Self { length }).ok_or(Broken::HeadersDisagree)
    }
}

fn agrees(bytes: &[u8], entry: &Entry) -> Option<bool> {
    let mut fields = Fields::after(bytes, HEADER)?;
    fields.bytes(2)?;
    let (flags, method) = (fields.u16()?, fields.u16()?);
    fields.bytes(4)?;
    let (checksum, packed, size) = (fields.u32()?, fields.u32()?, fields.u32()?);
    let (name, extra) = (fields.u16()?, fields.u16()?);
    let (name, extra) = (fields.bytes(name.into())?, fields.bytes(extra.into())?);
    let alike = flags & TELLING == entry.flags & TELLING && method == entry.method_number && name == &*entry.name;
    let follow = flags & SIZES_FOLLOW != 0;
    let checksums = checksum == entry.checksum || (follow && checksum == 0);
    Some(alike && checksums && sizes_agree([size, packed], extra, follow, entry)?)
}

/// Whether somewhere in these bytes an entry may begin: the signature, a version and a method there are, and a name.
pub(crate) fn looks_like_a_header(bytes: &[u8]) -> bool {
    memchr::memmem::find_iter(bytes, &HEADER).any(|at| {
        let told = || {
            let mut fields = Fields(bytes.get(at + 4..)?);
            let (version, _flags, method) = (fields.u16()? & 0xFF, fields.u16()?, fields.u16()?);
            fields.bytes(16)?;
            Some(version <= 63 && (method <= 20 || (93..=99).contains(&method)) && (1..=4096).contains(&fields.u16()?))
        };
        told().unwrap_or_default()
    })
}

/// Sizes that follow the data are 0 here, or zip64's mark without a field to go with it.
fn sizes_agree(short: [u32; 2], extra: &[u8], follow: bool, entry: &Entry) -> Option<bool> {
    let long = extra_field(extra, ZIP_64)?;
    if follow && (short == [0; 2] || (short == [u32::MAX; 2] && long.is_none())) {
        return Some(true);
    }
    let mut long = long.unwrap_or(Fields(&[]));
    let mut value = |short: u32| if short == u32::MAX { long.u64() } else { Some(u64::from(short)) };
    let told = [value(short[0])?, value(short[1])?];
    Some(told == [entry.size, entry.packed] || (follow && told == [0; 2]))
}

/// The most bytes a descriptor has.
pub(crate) const LONGEST_DESCRIPTOR: usize = 24;

/// How long the descriptor behind an entry's data is; `None` if there should be one that says what the directory says,
/// and is not.
pub(crate) fn descriptor_length(after: &[u8], entry: &Entry) -> Option<usize> {
    if entry.flags & SIZES_FOLLOW == 0 {
        return Some(0);
    }
    let says = |skipped: usize, is_long: bool| {
        let mut fields = Fields(after.get(skipped..)?);
        let checksum = fields.u32()?;
        let mut size = || if is_long { fields.u64() } else { fields.u32().map(u64::from) };
        let (packed, size) = (size()?, size()?);
        let is_told = checksum == entry.checksum && packed == entry.packed && size == entry.size;
        is_told.then_some(skipped + if is_long { 20 } else { 12 })
    };
    let signed = after.starts_with(&DESCRIPTOR).then_some(4);
    let skipped = [signed, Some(0)].into_iter().flatten();
    skipped.flat_map(|skipped| [says(skipped, true), says(skipped, false)]).flatten().next()
}

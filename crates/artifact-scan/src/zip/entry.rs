//! One record of the central directory.

use super::field::Fields;
use crate::Broken;

pub(super) const RECORD: [u8; 4] = *b"PK\x01\x02";
/// Bytes of a record without name, extra fields and remark.
pub(super) const SHORTEST_RECORD: u64 = 46;
/// The id of zip64's extra field.
pub(super) const ZIP_64: u16 = 1;
/// The id of Info-ZIP's extra field with the name in UTF-8, which some readers prefer.
const OTHER_NAME: u16 = 0x7075;
const MADE_ON_UNIX: u16 = 3;
/// Unix's bits for the kind of a file, and those of a symbolic link.
const FILE_KIND: u32 = 0o170_000;
const SYMBOLIC_LINK: u32 = 0o120_000;

/// An entry, as the directory tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name, byte by byte; it need not be UTF-8 and is never used as a path.
    pub name: Box<[u8]>,
    /// What it is.
    pub kind: Kind,
    /// How it is compressed, or why it cannot be read.
    pub method: Result<Method, Broken>,
    /// CRC-32 of its content.
    pub checksum: u32,
    /// Bytes in the archive.
    pub packed: u64,
    /// Bytes of its content.
    pub size: u64,
    /// Where its own header is, in bytes from the beginning of the file.
    pub header: u64,
    /// Its general purpose flags.
    pub(super) flags: u16,
    /// Its method, as it is written.
    pub(super) method_number: u16,
    has_other_name: bool,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link; its content is where it points to.
    Link,
}

/// How an entry is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Not at all.
    Stored,
    /// By DEFLATE.
    Deflated,
}

impl Entry {
    /// Reads the record at the front of `bytes`, whose offsets count from `shift`, and says how long it is; `None` when
    /// the bytes end before it does.
    ///
    /// # Errors
    /// When it is no record.
    pub(super) fn read(bytes: &[u8], shift: u64) -> Result<Option<(Self, usize)>, Broken> {
        if !bytes.starts_with(&RECORD[..bytes.len().min(4)]) {
            return Err(Broken::BadRecord);
        }
        let Some(raw) = Raw::read(bytes) else { return Ok(None) };
        let length = raw.length;
        raw.entry(shift).map(|entry| Some((entry, length))).ok_or(Broken::BadRecord)
    }

    /// Its name for people: what does not show, or acts on what shows it, is escaped.
    pub fn shown_name(&self) -> String {
        crate::name::shown(&self.name)
    }

    /// Whether some readers take it for something with another name. Then its name is no reason to pass it over.
    pub(crate) fn has_other_name(&self) -> bool {
        self.has_other_name
    }
}

struct Raw<'b> {
    made_on: u16,
    flags: u16,
    method: u16,
    checksum: u32,
    packed: u32,
    size: u32,
    disk: u16,
    attributes: u32,
    header: u32,
    name: &'b [u8],
    extra: &'b [u8],
    length: usize,
}

impl<'b> Raw<'b> {
    fn read(bytes: &'b [u8]) -> Option<Self> {
        let mut fields = Fields::after(bytes, RECORD)?;
        let made_on = fields.u16()? >> 8;
        let _needed = fields.u16()?;
        let (flags, method) = (fields.u16()?, fields.u16()?);
        let _time = fields.u32()?;
        let (checksum, packed, size) = (fields.u32()?, fields.u32()?, fields.u32()?);
        let lengths = [fields.u16()?, fields.u16()?, fields.u16()?].map(usize::from);
        let (disk, _internal, attributes, header) = (fields.u16()?, fields.u16()?, fields.u32()?, fields.u32()?);
        let (name, extra, _comment) = (fields.bytes(lengths[0])?, fields.bytes(lengths[1])?, fields.bytes(lengths[2])?);
        let length = bytes.len() - fields.0.len();
        Some(Self { made_on, flags, method, checksum, packed, size, disk, attributes, header, name, extra, length })
    }

    fn entry(self, shift: u64) -> Option<Entry> {
        let sizes = Sizes::read(self.extra, [self.size, self.packed, self.header], self.disk)?;
        Some(Entry {
            name: self.name.into(),
            kind: self.kind(),
            method: method(self.flags, self.method),
            checksum: self.checksum,
            packed: sizes.packed,
            size: sizes.size,
            header: sizes.header.checked_add(shift)?,
            flags: self.flags,
            method_number: self.method,
            has_other_name: self.has_other_name()?,
        })
    }

    /// The field has a version and a checksum before the name.
    fn has_other_name(&self) -> Option<bool> {
        let field = extra_field(self.extra, OTHER_NAME)?;
        Some(field.is_some_and(|Fields(field)| field.get(5..) != Some(self.name)))
    }

    fn kind(&self) -> Kind {
        if self.made_on == MADE_ON_UNIX && (self.attributes >> 16) & FILE_KIND == SYMBOLIC_LINK {
            Kind::Link
        } else if self.name.ends_with(b"/") {
            Kind::Directory
        } else {
            Kind::File
        }
    }
}

/// Bits 0, 6 and 13: encryption, strong encryption, and a directory that hides its entries.
const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;

fn method(flags: u16, number: u16) -> Result<Method, Broken> {
    match number {
        _ if flags & ENCRYPTED != 0 => Err(Broken::Encrypted),
        0 => Ok(Method::Stored),
        8 => Ok(Method::Deflated),
        _ => Err(Broken::UnknownMethod),
    }
}

/// Sizes and place, of zip64's field where the short ones cannot say them.
struct Sizes {
    size: u64,
    packed: u64,
    header: u64,
}

impl Sizes {
    fn read(extra: &[u8], short: [u32; 3], disk: u16) -> Option<Self> {
        let mut long = extra_field(extra, ZIP_64)?.unwrap_or(Fields(&[]));
        let mut value = |short: u32| if short == u32::MAX { long.u64() } else { Some(short.into()) };
        let (size, packed, header) = (value(short[0])?, value(short[1])?, value(short[2])?);
        let disk = if disk == u16::MAX { long.u32()? } else { disk.into() };
        (disk == 0).then_some(Self { size, packed, header })
    }
}

/// The extra field with this id; one that is there twice, or a list that does not add up, is not read at all.
pub(super) fn extra_field(extra: &[u8], id: u16) -> Option<Option<Fields<'_>>> {
    let (mut list, mut found) = (Fields(extra), None);
    while list.0.len() >= 4 {
        let (this, length) = (list.u16()?, list.u16()?);
        let field = Fields(list.bytes(length.into())?);
        if this == id && found.replace(field).is_some() {
            return None;
        }
    }
    Some(found)
}

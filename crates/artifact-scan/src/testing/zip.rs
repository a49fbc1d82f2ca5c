//! A zip with whatever a test wants it to say.

use super::{checksum, deflated};

/// An entry: what it is, and what is said of it where that is something else.
#[derive(Debug, Clone)]
pub(crate) struct ZipEntry {
    pub(crate) name: Vec<u8>,
    pub(crate) method: u16,
    pub(crate) flags: u16,
    pub(crate) data: Vec<u8>,
    pub(crate) checksum: u32,
    pub(crate) packed: u64,
    pub(crate) size: u64,
    pub(crate) attributes: u32,
    pub(crate) descriptor: Option<Descriptor>,
    pub(crate) local_name: Option<Vec<u8>>,
    pub(crate) local_size: Option<u64>,
    pub(crate) local_method: Option<u16>,
    pub(crate) local_extra: Vec<u8>,
    pub(crate) extra: Vec<u8>,
    pub(crate) comment: Vec<u8>,
    pub(crate) after: Vec<u8>,
    /// The directory says it is here.
    pub(crate) at: Option<u64>,
    /// It has no header and data of its own.
    pub(crate) is_only_told: bool,
    pub(crate) is_long: bool,
}

/// How a descriptor is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Descriptor {
    pub(crate) signed: bool,
    pub(crate) long: bool,
    /// It says a wrong size.
    pub(crate) lies: bool,
}

impl ZipEntry {
    pub(crate) fn stored(name: impl AsRef<[u8]>, content: &[u8]) -> Self {
        Self {
            name: name.as_ref().to_vec(),
            method: 0,
            flags: 0,
            data: content.to_vec(),
            checksum: checksum(content),
            packed: content.len() as u64,
            size: content.len() as u64,
            attributes: 0o100_644 << 16,
            descriptor: None,
            local_name: None,
            local_size: None,
            local_method: None,
            local_extra: Vec::new(),
            extra: Vec::new(),
            comment: Vec::new(),
            after: Vec::new(),
            at: None,
            is_only_told: false,
            is_long: false,
        }
    }

    pub(crate) fn deflated(name: impl AsRef<[u8]>, content: &[u8]) -> Self {
        let data = deflated(content);
        Self { method: 8, packed: data.len() as u64, data, ..Self::stored(name, content) }
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn local(&self, out: &mut Vec<u8>) {
        let flags = self.flags | if self.descriptor.is_some() { 8 } else { 0 };
        let name = self.local_name.as_ref().unwrap_or(&self.name);
        out.extend(b"PK\x03\x04\x14\0");
        out.extend(flags.to_le_bytes());
        out.extend(self.local_method.unwrap_or(self.method).to_le_bytes());
        out.extend([0; 4]);
        let follow = self.descriptor.is_some();
        let size = self.local_size.unwrap_or(self.size);
        let (checksum, packed, size) = if follow { (0, 0, 0) } else { (self.checksum, self.packed, size) };
        out.extend(checksum.to_le_bytes());
        out.extend((packed as u32).to_le_bytes());
        out.extend((size as u32).to_le_bytes());
        out.extend((name.len() as u16).to_le_bytes());
        out.extend((self.local_extra.len() as u16).to_le_bytes());
        out.extend(name);
        out.extend(&self.local_extra);
        out.extend(&self.data);
        if let Some(descriptor) = self.descriptor {
            self.descriptor(descriptor, out);
        }
        out.extend(&self.after);
    }

    fn descriptor(&self, descriptor: Descriptor, out: &mut Vec<u8>) {
        out.extend(if descriptor.signed { b"PK\x07\x08".as_slice() } else { b"" });
        out.extend(self.checksum.to_le_bytes());
        for size in [self.packed, self.size + u64::from(descriptor.lies)] {
            let bytes = size.to_le_bytes();
            out.extend(if descriptor.long { &bytes[..] } else { &bytes[..4] });
        }
    }

    fn record(&self, at: u64, out: &mut Vec<u8>) {
        let flags = self.flags | if self.descriptor.is_some() { 8 } else { 0 };
        let mut extra = self.extra.clone();
        if self.is_long {
            extra.extend([1, 0, 24, 0]);
            [self.size, self.packed, at].iter().for_each(|value| extra.extend(value.to_le_bytes()));
        }
        let short = |value: u64| if self.is_long { u32::MAX } else { value as u32 }.to_le_bytes();
        out.extend(b"PK\x01\x02\x14\x03\x14\0");
        out.extend(flags.to_le_bytes());
        out.extend(self.method.to_le_bytes());
        out.extend([0; 4]);
        out.extend(self.checksum.to_le_bytes());
        out.extend(short(self.packed));
        out.extend(short(self.size));
        for length in [self.name.len(), extra.len(), self.comment.len()] {
            out.extend((length as u16).to_le_bytes());
        }
        out.extend([0; 4]);
        out.extend(self.attributes.to_le_bytes());
        out.extend(short(at));
        out.extend(&self.name);
        out.extend(extra);
        out.extend(&self.comment);
    }
}

/// A zip and what its end says.
#[derive(Debug, Clone, Default)]
pub(crate) struct ZipFile {
    pub(crate) entries: Vec<ZipEntry>,
    pub(crate) prefix: Vec<u8>,
    /// Offsets count the prefix too.
    pub(crate) counts_prefix: bool,
    pub(crate) comment: Vec<u8>,
    pub(crate) count: Option<u64>,
    pub(crate) directory_size: Option<u64>,
    pub(crate) directory_at: Option<u64>,
    pub(crate) disk: u16,
    pub(crate) before_directory: Vec<u8>,
    pub(crate) is_long: bool,
    /// What the short end says of the number of entries, if there is a long one.
    pub(crate) short_count: Option<u16>,
    pub(crate) locator_at: Option<u64>,
}

impl ZipFile {
    pub(crate) fn new(entries: Vec<ZipEntry>) -> Self {
        Self { entries, ..Self::default() }
    }

    pub(crate) fn of(files: &[(&str, &[u8])]) -> Self {
        Self::new(files.iter().map(|(name, content)| ZipEntry::deflated(name, content)).collect())
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub(crate) fn build(&self) -> Vec<u8> {
        let mut out = self.prefix.clone();
        let base = if self.counts_prefix { 0 } else { out.len() as u64 };
        let mut directory = Vec::new();
        for entry in &self.entries {
            let at = entry.at.unwrap_or(out.len() as u64 - base);
            if !entry.is_only_told {
                entry.local(&mut out);
            }
            entry.record(at, &mut directory);
        }
        out.extend(&self.before_directory);
        let at = self.directory_at.unwrap_or(out.len() as u64 - base);
        let size = self.directory_size.unwrap_or(directory.len() as u64);
        let count = self.count.unwrap_or(self.entries.len() as u64);
        out.extend(directory);
        if self.is_long {
            self.long_end([count, size, at], base, &mut out);
        }
        self.end([count, size, at], &mut out);
        out
    }

    fn long_end(&self, said: [u64; 3], base: u64, out: &mut Vec<u8>) {
        let at = self.locator_at.unwrap_or(out.len() as u64 - base);
        out.extend(b"PK\x06\x06");
        out.extend(44_u64.to_le_bytes());
        out.extend([45, 3, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        [said[0], said[0], said[1], said[2]].iter().for_each(|value| out.extend(value.to_le_bytes()));
        out.extend(b"PK\x06\x07\0\0\0\0");
        out.extend(at.to_le_bytes());
        out.extend([1, 0, 0, 0]);
    }

    fn end(&self, [count, size, at]: [u64; 3], out: &mut Vec<u8>) {
        let short = |value: u64| if self.is_long { u32::MAX } else { value as u32 }.to_le_bytes();
        let count = self.short_count.unwrap_or(if self.is_long { u16::MAX } else { count as u16 });
        out.extend(b"PK\x05\x06");
        [self.disk, self.disk, count, count].iter().for_each(|value| out.extend(value.to_le_bytes()));
        out.extend(short(size));
        out.extend(short(at));
        out.extend((self.comment.len() as u16).to_le_bytes());
        out.extend(&self.comment);
    }
}

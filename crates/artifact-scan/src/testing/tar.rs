//! A tar archive with whatever a test wants it to say.

/// An entry: a header and what follows it.
#[derive(Debug, Clone)]
pub(crate) struct TarEntry {
    pub(crate) name: Vec<u8>,
    pub(crate) flag: u8,
    pub(crate) body: Vec<u8>,
    pub(crate) size: Option<u64>,
    pub(crate) target: Vec<u8>,
    pub(crate) magic: [u8; 8],
    pub(crate) prefix: Vec<u8>,
    /// Sets any byte of the header before its checksum is made.
    pub(crate) set: Vec<(usize, u8)>,
    pub(crate) padding: u8,
}

impl TarEntry {
    pub(crate) fn file(name: &str, body: &[u8]) -> Self {
        Self {
            name: name.into(),
            flag: b'0',
            body: body.to_vec(),
            size: None,
            target: Vec::new(),
            magic: *b"ustar\x0000",
            prefix: Vec::new(),
            set: Vec::new(),
            padding: 0,
        }
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let mut block = [0; 512];
        let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &self.name);
        put(100, b"0000644\x000000000\x000000000\0");
        put(124, format!("{:011o}\0", self.size.unwrap_or(self.body.len() as u64)).as_bytes());
        put(136, b"00000000000\0        ");
        put(156, &[self.flag]);
        put(157, &self.target);
        put(257, &self.magic);
        put(345, &self.prefix);
        self.set.iter().for_each(|(at, byte)| put(*at, &[*byte]));
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        out.extend(block);
        out.extend(&self.body);
        out.resize(out.len().next_multiple_of(512), self.padding);
    }
}

pub(crate) fn tar_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    tar(&files.iter().map(|(name, body)| TarEntry::file(name, body)).collect::<Vec<_>>())
}

pub(crate) fn tar(entries: &[TarEntry]) -> Vec<u8> {
    let mut out = Vec::new();
    entries.iter().for_each(|entry| entry.write(&mut out));
    out.extend([0; 1024]);
    out
}

//! How much of an artifact is read before the scan gives up on it.

/// Limits. What is beyond one is reported as not read, never left out in silence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Entries of one archive.
    pub entries: u64,
    /// Bytes of one archive's directory.
    pub directory: u64,
    /// Bytes of one entry, decompressed.
    pub entry: u64,
    /// Bytes of the whole artifact, decompressed, with all that is nested in it.
    pub artifact: u64,
    /// How many times its size a compressed entry may become. DEFLATE itself ends at 1,032.
    pub ratio: u64,
    /// How many bytes may be decompressed before the ratio counts.
    pub free_of_ratio: u64,
    /// Archives in archives; 1 is the artifact itself.
    pub depth: u32,
    /// Bytes of an archive in an archive, which must be in memory as a whole.
    pub nested: u64,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: u64 = 1 << 20;
        Self {
            entries: 1_000_000,
            directory: 128 * MIB,
            entry: 1024 * MIB,
            artifact: 16 * 1024 * MIB,
            ratio: 200,
            free_of_ratio: 16 * MIB,
            depth: 5,
            nested: 64 * MIB,
        }
    }
}

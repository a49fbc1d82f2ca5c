//! Why bytes of an artifact could not be read.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A reason with a stable code. Reports, policies and messages name the code; people read the sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "kebab-case")]
pub enum Broken {
    /// No end of a central directory.
    NotAZip,
    /// More than one end; readers differ in which they take.
    SeveralEnds,
    /// Bytes after the end; readers differ in whether they take it.
    BytesAfterTheEnd,
    /// An archive in several files.
    SeveralDisks,
    /// The directory is not where the end says.
    DirectoryElsewhere,
    /// Another number of entries than the end says.
    OtherNumberOfEntries,
    /// A directory record that cannot be read.
    BadRecord,
    /// Two entries share bytes.
    Overlapping,
    /// An entry's own header is not what the directory says.
    HeadersDisagree,
    /// Bytes that belong to no entry look like one.
    StrayEntry,
    /// An encrypted entry.
    Encrypted,
    /// A compression that is not read.
    UnknownMethod,
    /// The compressed bytes cannot be decompressed.
    BadData,
    /// Decompressed it is another size than was said.
    OtherSize,
    /// Decompressed it has another checksum than was said.
    OtherChecksum,
    /// The bytes end too early.
    Truncated,
    /// A header of a tar archive that cannot be read.
    BadTar,
    /// A file with holes in a tar archive.
    Sparse,
    /// An archive or a compression of a kind that is not read.
    UnknownArchive,
    /// Longer than the limit for one entry.
    EntryTooLong,
    /// Decompressed it is more times its size than the limit.
    RatioTooHigh,
    /// More entries than the limit.
    TooManyEntries,
    /// The directory is longer than the limit.
    DirectoryTooLong,
    /// Archives in archives, deeper than the limit.
    TooDeep,
    /// An archive in an archive that is too long to be held in memory.
    NestedTooLong,
    /// More bytes in all than the limit.
    ArtifactTooLong,
    /// One of several artifacts, of which no byte was scanned.
    NothingInIt,
    /// A symbolic link in a folder whose content is not among what is scanned.
    Link,
}

impl Broken {
    /// Every reason.
    pub const ALL: [Self; 28] = [
        Self::NotAZip,
        Self::SeveralEnds,
        Self::BytesAfterTheEnd,
        Self::SeveralDisks,
        Self::DirectoryElsewhere,
        Self::OtherNumberOfEntries,
        Self::BadRecord,
        Self::Overlapping,
        Self::HeadersDisagree,
        Self::StrayEntry,
        Self::Encrypted,
        Self::UnknownMethod,
        Self::BadData,
        Self::OtherSize,
        Self::OtherChecksum,
        Self::Truncated,
        Self::BadTar,
        Self::Sparse,
        Self::UnknownArchive,
        Self::EntryTooLong,
        Self::RatioTooHigh,
        Self::TooManyEntries,
        Self::DirectoryTooLong,
        Self::TooDeep,
        Self::NestedTooLong,
        Self::ArtifactTooLong,
        Self::NothingInIt,
        Self::Link,
    ];

    /// The stable code.
    pub fn code(self) -> &'static str {
        self.words().0
    }

    /// What is the matter, as the end of a sentence that begins with the entry's name.
    pub fn sentence(self) -> &'static str {
        self.words().1
    }

    /// What to do about it, unless the policy allows it.
    pub fn advice(self) -> &'static str {
        match self {
            Self::NothingInIt => "Look whether it is the right artifact and what the policy skips of it",
            Self::Link => "Put what it leads to in its place",
            _ => "Rebuild it",
        }
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::NotAZip => ("not-a-zip", "is no zip archive: its end was not found"),
            Self::SeveralEnds => ("several-ends", "has more than one end, and unzippers differ in which they take"),
            Self::BytesAfterTheEnd => ("bytes-after-the-end", "goes on after its end"),
            Self::SeveralDisks => ("several-disks", "is one part of an archive in several files"),
            Self::DirectoryElsewhere => ("directory-elsewhere", "has its directory elsewhere than its end says"),
            Self::OtherNumberOfEntries => {
                ("other-number-of-entries", "has another number of entries than its end says")
            }
            Self::BadRecord => ("bad-record", "has a record in its directory that cannot be read"),
            Self::Overlapping => ("overlapping", "has entries that share bytes"),
            Self::HeadersDisagree => ("headers-disagree", "has a header that differs from the archive's directory"),
            Self::StrayEntry => ("stray-entry", "looks like an entry that the archive's directory does not name"),
            Self::Encrypted => ("encrypted", "is encrypted"),
            Self::UnknownMethod => ("unknown-method", "is compressed in a way that is not read"),
            Self::BadData => ("bad-data", "cannot be decompressed"),
            Self::OtherSize => ("other-size", "has another size than its header says"),
            Self::OtherChecksum => ("other-checksum", "has another checksum than its header says"),
            Self::Truncated => ("truncated", "ends too early"),
            Self::BadTar => ("bad-tar", "has a tar header that cannot be read"),
            Self::Sparse => ("sparse", "is a file with holes, which is not put together"),
            Self::UnknownArchive => ("unknown-archive", "is an archive or compressed file of a kind that is not read"),
            Self::EntryTooLong => ("entry-too-long", "is longer than the limit for one entry"),
            Self::RatioTooHigh => ("ratio-too-high", "grows more than the limit allows when it is decompressed"),
            Self::TooManyEntries => ("too-many-entries", "has more entries than the limit"),
            Self::DirectoryTooLong => ("directory-too-long", "has a longer directory than the limit"),
            Self::TooDeep => ("too-deep", "is an archive deeper in archives than the limit"),
            Self::NestedTooLong => {
                ("nested-too-long", "is an archive in an archive, longer than the limit for one in memory")
            }
            Self::ArtifactTooLong => {
                ("artifact-too-long", "was not reached: the artifact has more bytes than the limit")
            }
            Self::Link => ("link", "is a symbolic link to what is not scanned"),
            Self::NothingInIt => ("nothing-in-it", "holds nothing that was scanned"),
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.sentence())
    }
}

impl std::error::Error for Broken {}

//! What the scanner needs from the outside, each as narrow as its use.

use std::fmt;
use std::ops::Range;

use artifact_scan::policy::S3Address;
use bytes::Bytes;
use lambda_kit::jobs::FailureKind;
use pipeline_model::{ArtifactCredentials, EncryptionKey, S3Location, Secret};
use serde::{Deserialize, Serialize};

/// How many of an object's last bytes are fetched when it is opened: a zip's end, and most zips' directories.
pub const TAIL: u64 = 256 << 10;

/// Objects in S3: artifacts with the session of their job, everything else with the function's own role.
#[expect(async_fn_in_trait, reason = "used with static dispatch on one thread only")]
pub trait Store {
    /// An object that was opened.
    type Source: Source;

    /// Opens an artifact: its last [`TAIL`] bytes, or all of it if it has fewer, and with them its length and its pin. An
    /// object of no bytes opens too. With a pin, one that is another object by now is [`TroubleKind::Changed`].
    async fn open(
        &self,
        at: &S3Location,
        session: &Secret<ArtifactCredentials>,
        pin: Option<&Pin>,
    ) -> Result<Self::Source, Trouble>;

    /// Puts an output artifact, encrypted with the key of the artifact store if it has one.
    async fn deliver(
        &self,
        at: &S3Location,
        session: &Secret<ArtifactCredentials>,
        key: Option<&EncryptionKey>,
        zip: Bytes,
    ) -> Result<(), Trouble>;

    /// Reads a baseline or rules. An object of more than `most` bytes is [`TroubleKind::Refused`] before it is read.
    async fn read(&self, at: &S3Address, most: u64) -> Result<Bytes, Trouble>;

    /// Writes a report.
    async fn write(&self, at: &S3Address, content_type: &str, bytes: Bytes) -> Result<(), Trouble>;
}

/// One version of one object. Clones share it, and may be read at the same time.
#[expect(async_fn_in_trait, reason = "used with static dispatch on one thread only")]
pub trait Source: Clone {
    /// Bytes that were asked for.
    type Body: Body;

    /// How many bytes it has.
    fn length(&self) -> u64;

    /// Its last bytes.
    fn tail(&self) -> &Bytes;

    /// Which version it is.
    fn pin(&self) -> &Pin;

    /// Fetches these bytes, of which there is at least one, of this version and no other.
    async fn range(&self, bytes: Range<u64>) -> Result<Self::Body, Trouble>;
}

/// Bytes on their way.
#[expect(async_fn_in_trait, reason = "used with static dispatch on one thread only")]
pub trait Body {
    /// The next ones, never none of them; `None` after the last. Where the connection breaks, they go on at the byte that
    /// comes next; what ends too early is no end but a [`TroubleKind::Passing`].
    async fn next(&mut self) -> Result<Option<Bytes>, Trouble>;
}

/// The most bytes that are remembered of a scan.
pub const MOST_KEPT: usize = 9 << 20;

/// What is remembered from one invocation to the next.
///
/// What is kept under a key never changes, so writing it again is harmless. Expiries are the store's own: it is gone after
/// two days.
#[expect(async_fn_in_trait, reason = "used with static dispatch on one thread only")]
pub trait Shelf {
    /// Keeps bytes, [`MOST_KEPT`] at most. The key has letters, digits, `-` and `.`.
    async fn keep(&self, key: &str, visit: u32, bytes: &[u8]) -> anyhow::Result<()>;

    /// What was kept; `None` if it is not there, or not all of it.
    async fn look(&self, key: &str, visit: u32) -> anyhow::Result<Option<Vec<u8>>>;
}

/// Says which object was opened, so that no other is read. A job's session may not read versions by their ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// For `If-Match`: as S3 gives it, with its quotes.
    pub etag: String,
}

/// What was wanted of an object could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What kind of trouble.
    pub kind: TroubleKind,
    /// What was tried, what happened and what to do, as one or more clauses without a full stop: `GetObject of
    /// s3://bucket/key: AccessDenied: …; allow …`. No credential is in them, and nothing an object holds.
    pub words: String,
}

/// Kinds of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TroubleKind {
    /// A throttle, an outage, no answer, after all attempts.
    Passing,
    /// A permission is missing, for the object or its key, or a session has ended.
    Denied,
    /// There is no such object or bucket.
    Missing,
    /// It is another object by now.
    Changed,
    /// Anything that stays as it is.
    Refused,
}

impl Trouble {
    /// Trouble of that kind.
    pub fn new(kind: TroubleKind, words: impl Into<String>) -> Self {
        Self { kind, words: words.into() }
    }
}

impl TroubleKind {
    /// What a job is told that this ended.
    pub fn failure(self) -> FailureKind {
        match self {
            Self::Passing => FailureKind::SystemUnavailable,
            Self::Denied => FailureKind::PermissionError,
            Self::Missing => FailureKind::RevisionUnavailable,
            Self::Changed => FailureKind::RevisionOutOfSync,
            Self::Refused => FailureKind::JobFailed,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.words)
    }
}

impl std::error::Error for Trouble {}

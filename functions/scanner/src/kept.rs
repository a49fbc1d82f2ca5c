//! What is kept of a scan until the next invocation. It holds names and no secret.

use std::io::{Read, Write};

use artifact_scan::Scanned;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ports::Pin;
use crate::scan::Progress;

/// More than a scan comes to, with all findings at the longest paths.
const LONGEST: u64 = 40 << 20;
/// Changes with every change of the form.
const VERSION: u32 = 2;

/// What stands before what was scanned.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    version: u32,
    /// By which terms.
    by: String,
    pins: Vec<Pin>,
    artifact: usize,
    step: u64,
    unpacked_before: u64,
    seconds: f64,
}

/// A scan that goes on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Kept {
    pub(crate) progress: Progress,
    /// By which terms.
    pub(crate) by: String,
    /// How long it took so far.
    pub(crate) seconds: f64,
}

impl Kept {
    /// Packed, and a digest that names exactly this.
    pub(crate) fn into_bytes(self) -> (Vec<u8>, u64) {
        let Progress { pins, artifact, step, unpacked_before, scanned, share: _ } = self.progress;
        let (version, by, seconds) = (VERSION, self.by, self.seconds);
        let head = Head { version, by, pins, artifact, step, unpacked_before, seconds };
        let head = serde_json::to_vec(&head).expect("texts and numbers can always be written");
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
        let parts = [&head[..], b"\n", &scanned.into_bytes()];
        parts.iter().try_for_each(|part| packed.write_all(part)).expect("memory takes all bytes");
        let bytes = packed.finish().expect("memory takes all bytes");
        let digest = digest(&bytes);
        (bytes, digest)
    }

    /// Reads what [`Kept::into_bytes`] wrote.
    ///
    /// # Errors
    /// Why it cannot be gone on with, for the log.
    pub(crate) fn from_bytes(bytes: &[u8], expected: u64) -> Result<Self, String> {
        if digest(bytes) != expected {
            return Err(String::from("it is not what the token names"));
        }
        let mut all = Vec::new();
        let read = ZlibDecoder::new(bytes).take(LONGEST).read_to_end(&mut all);
        read.map_err(|error| format!("it cannot be unpacked: {error}"))?;
        let end = all.iter().position(|byte| *byte == b'\n').ok_or("it has no head")?;
        let head: Head = serde_json::from_slice(&all[..end]).map_err(|error| format!("its head: {error}"))?;
        if head.version != VERSION {
            return Err(format!("it has version {}", head.version));
        }
        let scanned = Scanned::from_bytes(&all[end + 1..]).map_err(|error| error.to_string())?;
        let Head { version: _, by, pins, artifact, step, unpacked_before, seconds } = head;
        let progress = Progress { pins, artifact, step, unpacked_before, share: 0.0, scanned };
        Ok(Self { progress, by, seconds })
    }
}

fn digest(bytes: &[u8]) -> u64 {
    let hash = Sha256::digest(bytes);
    hash.iter().take(8).fold(0, |digest, byte| digest << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use artifact_scan::{Broken, Coverage};

    use super::*;

    fn kept() -> Kept {
        let mut scanned = Scanned::default();
        scanned.cover(Coverage::unreadable(Broken::Encrypted, 7));
        let pins = vec![Pin { etag: String::from("\"abc\"") }];
        let progress = Progress { pins, artifact: 0, step: 3, unpacked_before: 9, share: 0.0, scanned };
        Kept { progress, by: String::from("terms"), seconds: 1.5 }
    }

    #[test]
    fn a_scan_is_gone_on_with_as_it_was_left() {
        let (bytes, digest) = kept().into_bytes();
        assert_eq!(Kept::from_bytes(&bytes, digest), Ok(kept()));
        assert_eq!(kept().into_bytes(), (bytes, digest), "the same scan is the same bytes");
    }

    #[test]
    fn what_was_changed_or_belongs_to_another_token_is_not_gone_on_with() {
        let (bytes, digest) = kept().into_bytes();
        assert!(Kept::from_bytes(&bytes, digest + 1).is_err());
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(Kept::from_bytes(&changed, digest).is_err());
            assert!(Kept::from_bytes(&bytes[..at], super::digest(&bytes[..at])).is_err(), "cut at {at}");
        }
    }
}

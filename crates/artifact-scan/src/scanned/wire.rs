//! A part of a scan as it waits for the next invocation.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Noted, Scanned};
use crate::{Coverage, Finding, Severity};

/// Says that the bytes are ours.
const FORMAT: &str = "pipewarden-scanned";
/// Changes with every change of the form.
const VERSION: u32 = 1;
/// More than [`Scanned`] comes to with the longest names.
const LONGEST: usize = 128 << 20;

/// Why a part cannot be gone on with. The scan begins anew.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScannedError {
    /// More bytes than are ever written.
    #[error("the scan that is to be gone on with has {0} bytes, and {LONGEST} are the most")]
    TooLong(usize),
    /// Another release of the scanner wrote it.
    #[error("the scan that is to be gone on with has version {0}, and this scanner reads version {VERSION}")]
    OtherVersion(u32),
    /// It is not what a scanner writes.
    #[error("the scan that is to be gone on with cannot be read")]
    Unreadable,
}

#[derive(Deserialize)]
struct Head {
    format: String,
    version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    format: String,
    version: u32,
    findings: Vec<WireNoted>,
    left_out: Vec<Severity>,
    coverage: Coverage,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireNoted {
    finding: Finding,
    places_left_out: u64,
}

impl Scanned {
    /// The bytes to keep until the next invocation. They hold no secret, and the names of what was scanned.
    pub fn into_bytes(self) -> Vec<u8> {
        let scanned = self.trimmed();
        let noted = |Noted { finding, places_left_out }| WireNoted { finding, places_left_out };
        let wire = Wire {
            format: FORMAT.to_owned(),
            version: VERSION,
            left_out: scanned.left_out().collect(),
            findings: scanned.findings.into_values().map(noted).collect(),
            coverage: scanned.coverage,
        };
        serde_json::to_vec(&wire).expect("texts and numbers can always be written")
    }

    /// Reads what [`Scanned::into_bytes`] wrote.
    ///
    /// # Errors
    /// It was not written by this version, or is not whole.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ScannedError> {
        if bytes.len() > LONGEST {
            return Err(ScannedError::TooLong(bytes.len()));
        }
        let head: Head = serde_json::from_slice(bytes).map_err(|_| ScannedError::Unreadable)?;
        match (head.format.as_str(), head.version) {
            (FORMAT, VERSION) => {}
            (FORMAT, other) => return Err(ScannedError::OtherVersion(other)),
            _ => return Err(ScannedError::Unreadable),
        }
        let wire: Wire = serde_json::from_slice(bytes).map_err(|_| ScannedError::Unreadable)?;
        let mut scanned = Self { left_out: wire.left_out.into_iter().collect(), ..Self::default() };
        scanned.cover(wire.coverage);
        for WireNoted { finding, places_left_out } in wire.findings {
            scanned.add(Noted { finding, places_left_out });
        }
        Ok(scanned.trimmed())
    }
}

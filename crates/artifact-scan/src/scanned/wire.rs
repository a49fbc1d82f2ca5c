//! A part of a scan as it waits for the next invocation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Scanned;
use crate::{Coverage, EntryPath, Finding, Fingerprint, Place, Severity};

/// Says that the bytes are ours.
const FORMAT: &str = "pipewarden-scanned";
/// Changes with every change of the form.
const VERSION: u32 = 2;
/// More than [`Scanned`] comes to with the longest names.
const LONGEST: usize = 32 << 20;

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
    /// Every path of a place, once.
    paths: Vec<EntryPath>,
    findings: Vec<WireFinding>,
    left_out: Vec<Severity>,
    coverage: Coverage,
    ended: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireFinding {
    rule: String,
    severity: Severity,
    fingerprint: Fingerprint,
    shown: String,
    places: Vec<WirePlace>,
    places_left_out: u64,
}

/// The number of its path, its line and its column.
type WirePlace = (usize, u64, u64);

impl Scanned {
    /// The bytes to keep until the next invocation. They hold no secret, and the names of what was scanned. Compressed
    /// they are less than 8 MiB, whatever was scanned.
    pub fn into_bytes(self) -> Vec<u8> {
        let scanned = self.trimmed();
        let mut numbers = BTreeMap::new();
        let left_out = scanned.left_out().collect();
        let written = scanned.findings.into_values().map(|noted| written(noted.finding, &mut numbers)).collect();
        let mut paths: Vec<_> = numbers.into_iter().collect();
        paths.sort_unstable_by_key(|(_, number)| *number);
        let wire = Wire {
            format: FORMAT.to_owned(),
            version: VERSION,
            paths: paths.into_iter().map(|(path, _)| path).collect(),
            findings: written,
            left_out,
            coverage: scanned.coverage,
            ended: scanned.ended,
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
        let left_out = wire.left_out.into_iter().collect();
        let mut scanned = Self { left_out, ended: wire.ended, ..Self::default() };
        scanned.cover(wire.coverage);
        for finding in wire.findings {
            scanned.add(read(finding, &wire.paths).ok_or(ScannedError::Unreadable)?);
        }
        Ok(scanned.trimmed())
    }
}

fn written(finding: Finding, numbers: &mut BTreeMap<EntryPath, usize>) -> WireFinding {
    let Finding { rule, severity, fingerprint, shown, places, places_left_out } = finding;
    let mut place = |Place { path, line, column }| {
        let next = numbers.len();
        (*numbers.entry(path).or_insert(next), line, column)
    };
    let places = places.into_iter().map(&mut place).collect();
    WireFinding { rule, severity, fingerprint, shown, places, places_left_out }
}

fn read(finding: WireFinding, paths: &[EntryPath]) -> Option<Finding> {
    let WireFinding { rule, severity, fingerprint, shown, places, places_left_out } = finding;
    let place = |(path, line, column)| Some(Place { path: paths.get::<usize>(path)?.clone(), line, column });
    let places = places.into_iter().map(place).collect::<Option<_>>()?;
    Some(Finding { rule, severity, fingerprint, shown, places, places_left_out })
}

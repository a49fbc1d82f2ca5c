//! Limits as they are written, and how far they go.

use serde::Deserialize;
use strict_yaml::{Node, Problem};

use super::at;
use crate::Limits;
use crate::policy::size::{Size, size};

/// Each that is left out is as by default.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct WrittenLimits {
    /// Entries of one archive.
    entries: Option<u64>,
    /// Bytes of one archive's directory, such as `128 MiB`.
    directory: Option<Size>,
    /// Bytes of one entry, decompressed.
    entry: Option<Size>,
    /// Bytes of the whole artifact, decompressed, with all that is nested in it.
    artifact: Option<Size>,
    /// How many times its size a compressed entry may become.
    ratio: Option<u64>,
    /// How many bytes may be decompressed before the ratio counts.
    free_of_ratio: Option<Size>,
    /// Archives in archives; 1 is the artifact itself.
    depth: Option<u32>,
    /// Bytes of an archive in an archive, which must be in memory as a whole.
    nested: Option<Size>,
}

const MIB: u64 = 1 << 20;

impl WrittenLimits {
    /// The limits; what is nothing, or more than can be kept, is a problem.
    pub(super) fn check(self, node: &Node, problems: &mut Vec<Problem>) -> Limits {
        let default = Limits::default();
        let mut number = |key: &str, written: Option<u64>, default: u64, most: u64| {
            let value = written.unwrap_or(default);
            if !(1..=most).contains(&value) {
                problems.push(at(node, &[key]).problem(format!("`{key}` is from 1 to {most}")));
            }
            value
        };
        let entries = number("entries", self.entries, default.entries, 10_000_000);
        let ratio = number("ratio", self.ratio, default.ratio, 100_000);
        let depth = number("depth", self.depth.map(u64::from), u64::from(default.depth), 16);
        let mut bytes = |key: &str, written: Option<Size>, default: u64, most: u64| {
            let value = written.map_or(default, |size| size.0);
            if !(1..=most).contains(&value) {
                problems.push(at(node, &[key]).problem(format!("`{key}` is from 1 B to {}", size(most))));
            }
            value
        };
        Limits {
            entries,
            ratio,
            depth: u32::try_from(depth).unwrap_or(default.depth),
            directory: bytes("directory", self.directory, default.directory, 1024 * MIB),
            entry: bytes("entry", self.entry, default.entry, MIB * MIB),
            artifact: bytes("artifact", self.artifact, default.artifact, MIB * MIB),
            free_of_ratio: bytes("free-of-ratio", self.free_of_ratio, default.free_of_ratio, 1024 * MIB),
            nested: bytes("nested", self.nested, default.nested, 4096 * MIB),
        }
    }
}

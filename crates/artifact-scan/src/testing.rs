//! Makes archives in code, with lies in them where a test wants some, and a visitor that remembers what it saw.

mod seen;
mod tar;
mod zip;

use std::io::Write as _;

pub(crate) use seen::{Seen, reasons, scan, scan_within, watched};
pub(crate) use tar::{TarEntry, tar, tar_of};
pub(crate) use zip::{Descriptor, ZipEntry, ZipFile};

pub(crate) fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

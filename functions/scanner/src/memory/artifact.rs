//! Artifacts to scan, made at run time, with secrets that are nobody's.

use std::io::{Cursor, Write};

use bytes::Bytes;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A zip with these entries.
///
/// # Panics
/// If an entry cannot be written.
pub fn zipped(entries: &[(&str, &[u8])]) -> Bytes {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        zip.start_file(*name, SimpleFileOptions::default()).expect("a name that a zip takes");
        zip.write_all(content).expect("memory takes all bytes");
    }
    zip.finish().expect("memory takes all bytes").into_inner().into()
}

/// Something that looks like a live key of Stripe's; another one for each number.
pub fn secret(number: u32) -> String {
    let letters = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789";
    let mut state = u64::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x2545_F491_4F6C_DD1D;
    let random = (0..24).map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(letters[(state >> 33) as usize % letters.len()])
    });
    ["sk_", "live_"].into_iter().map(String::from).chain([random.collect()]).collect()
}

/// A line of configuration with that secret.
pub fn leak(number: u32) -> String {
    format!("stripe_api_key = \"{}\"\n", secret(number))
}

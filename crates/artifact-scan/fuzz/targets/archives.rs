//! Fuzzes the archive readers.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| artifact_scan_fuzz::archives(bytes));

//! Fuzzes the scanner and its decoders.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| artifact_scan_fuzz::decoders(bytes));

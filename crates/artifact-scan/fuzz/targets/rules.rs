//! Fuzzes the loader of foreign rules.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| artifact_scan_fuzz::rules(bytes));

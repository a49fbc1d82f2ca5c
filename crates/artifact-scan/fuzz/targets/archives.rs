//! Fuzzes the archive readers.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

fuzz_target!(|bytes: &[u8]| artifact_scan_fuzz::archives(bytes));

// Checksums and offsets that do not fit any more end the reading early: three of four changes are made to fit.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let size = fuzzer_mutate(data, size, max_size);
    if seed % 4 != 0 {
        artifact_scan_fuzz::mend(&mut data[..size]);
    }
    size
});

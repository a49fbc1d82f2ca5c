//! Processor time of a process.

use std::time::Duration;

use anyhow::{Context, Result};

/// What all threads of a process have used, in nanoseconds by the scheduler's count.
pub(crate) fn cpu_time(process: u32) -> Result<Duration> {
    let mut nanoseconds = 0;
    let tasks = format!("/proc/{process}/task");
    for task in std::fs::read_dir(&tasks).context("reading its processor time (Linux only)")? {
        // A thread may have ended since it was listed.
        let Ok(text) = std::fs::read_to_string(task?.path().join("schedstat")) else { continue };
        nanoseconds += text.split_whitespace().next().and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
    }
    Ok(Duration::from_nanos(nanoseconds))
}

//! Reports on disk. One that is there tells of the last scan: an older one does not outlive a scan that could not be done.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use anyhow::{Context, Result};
use artifact_scan::policy::Format;

use super::Options;
use crate::cli::shown;

/// Bytes at the beginning of a report by which it is known.
const HEAD: u64 = 1 << 10;

/// Removes the reports of earlier scans, and nothing else that bears their names.
pub(super) fn remove_old(folder: &Path) -> Result<()> {
    for format in Format::ALL {
        let path = folder.join(format.file_name());
        if is_report(&path, format) {
            fs::remove_file(&path).with_context(|| format!("cannot remove the old report {}", shown(&path)))?;
        }
    }
    Ok(())
}

fn is_report(path: &Path, format: Format) -> bool {
    let head = head(path).unwrap_or_default();
    match format {
        Format::Sarif => head.contains("\"name\": \"Pipewarden\""),
        Format::Json => head.contains("\"format\": \"pipewarden-scan\""),
        Format::Markdown => head.starts_with("# The scan of `"),
    }
}

fn head(path: &Path) -> io::Result<String> {
    let mut head = Vec::new();
    if !fs::metadata(path)?.is_file() {
        return Err(ErrorKind::InvalidInput.into());
    }
    File::open(path)?.take(HEAD).read_to_end(&mut head)?;
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// What was asked for and is not there after a scan that could not be done.
pub(super) fn unwritten(options: &Options) -> Vec<String> {
    let report = match &options.report {
        Some(folder) => Some(format!("no report was written to {}", shown(folder))),
        None => options.format.report().map(|_| String::from("no report was written")),
    };
    let baseline = options.write_baseline.as_ref().map(|path| format!("{} was not written", shown(path)));
    report.into_iter().chain(baseline).collect()
}

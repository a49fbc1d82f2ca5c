//! What a scan says: its report as files, and `Scan Completed` on the event bus.

mod told;

use std::io::{Cursor, Write};

use artifact_scan::policy::{Format, S3Address};
use artifact_scan::{About, Judgement, Report, RuleBook, Scanned};
use bytes::Bytes;
use jiff::Timestamp;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::terms::Terms;

pub(crate) use told::{Telling, judged, unable};

/// A report in one form.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) format: Format,
    pub(crate) text: String,
}

/// All that the policy wants, in the order of its formats.
pub(crate) fn files(
    artifacts: &[&str],
    terms: &Terms,
    (scanned, judgement): (&Scanned, &Judgement<'_>),
    book: &RuleBook<'_>,
    ended: Timestamp,
) -> Vec<File> {
    let about = About {
        artifact: artifacts.join(", "),
        policy: terms.name.clone(),
        policy_version: Some(terms.version.clone()),
        ended,
        notes: terms.notes.clone(),
    };
    let report = Report { about: &about, book, scanned, judgement };
    let file = |format: &Format| File { format: *format, text: report.text(*format) };
    terms.policy.reports.formats.iter().map(file).collect()
}

/// The files as an output artifact. The same files are the same bytes.
pub(crate) fn packed(files: &[File]) -> zip::result::ZipResult<Bytes> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for file in files {
        zip.start_file(file.format.file_name(), options)?;
        zip.write_all(file.text.as_bytes())?;
    }
    Ok(zip.finish()?.into_inner().into())
}

/// Where a report goes below the folder that the policy names: `<pipeline or job>/<execution or job>/<action or
/// scan>-<the job's first eight>.sarif`. A stage that is retried keeps its execution, and has other jobs.
pub(crate) fn address(folder: &S3Address, [pipeline, execution, action, job]: [&str; 4], format: Format) -> S3Address {
    let extension = format.file_name().rsplit('.').next().unwrap_or_default();
    let (folder_key, job) = (folder.key.trim_matches('/'), job.get(..8).unwrap_or(job));
    let key = format!("{folder_key}/{pipeline}/{execution}/{action}-{job}.{extension}");
    S3Address { bucket: folder.bucket.clone(), key }
}

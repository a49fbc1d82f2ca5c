//! `pipewarden scan`: secrets in folders and archives, by the rules and the policy of a pipeline's scan.

mod archive;
mod artifact;
mod folder;
mod links;
mod list;
mod looking;
mod names;
mod prefix;
mod reports;
mod terms;
#[cfg(test)]
mod tests;
mod told;

use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use artifact_scan::policy::Format;
use artifact_scan::{Judgement, Verdict};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use local::codepipeline::{Clock, SystemClock};

use artifact::Artifact;
use looking::{Looked, Task};
use terms::Terms;
use told::Told;

use super::{print, tell};

const PASSES: u8 = 0;
const FAILS: u8 = 1;
const COULD_NOT_BE_DONE: u8 = 2;

/// Every exit code.
#[cfg(test)]
pub(super) const CODES: [u8; 3] = [PASSES, FAILS, COULD_NOT_BE_DONE];

/// Scan folders and archives for secrets before they go into a pipeline: with its rules, its policy and its verdict.
///
/// A folder is scanned file by file in the order of the names, with all archives in it. Symbolic links are not followed:
/// what one leads to in the folder is scanned there, and one that leads to what is not scanned counts as not read. Folders
/// named `.git` are left out and counted as skipped. A zip is read as the pipeline's scan reads an artifact; any other file
/// is scanned as it is. Nothing is written to disk but what you ask for, and nothing is sent anywhere.
#[derive(Debug, Args)]
#[command(after_help = "\
Of a folder or a zip alone, paths in policies and reports count from there, as in an artifact: docs/a.md. Of several
PATHs each begins with its PATH, as a pipeline's begin with the artifact's name: web!/docs/a.md. That is web for ./web,
web/ and ../web, too, tmp/web for /tmp/web, and the folder's own name for `.`.

Exit codes:
  0  the scan passes
  1  it fails by its policy: findings, what could not be read, an expired suppression, or nothing to scan
  2  it could not be done: a policy, baseline or rule that cannot be used, a path or file that cannot be opened

Examples:
  pipewarden scan .
  pipewarden scan --policy policy.yaml --report scans build/app.zip
  pipewarden scan --write-baseline baseline.json . ; pipewarden scan --baseline baseline.json .
  pipewarden scan --format json . | jq '.findings[].rule'")]
pub(super) struct Options {
    /// Folders, archives and other files
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// Policy whose section `scan` counts [default: every rule looks everywhere; what is high or worse fails, and what
    /// cannot be read]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Known findings: only others fail
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Where to write all that is found and not suppressed as the baseline of scans to come; the verdict stays that of
    /// this scan
    #[arg(long, value_name = "FILE")]
    write_baseline: Option<PathBuf>,
    /// Rules of your own that look, too: the TOML of gitleaks or Betterleaks
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Folder for scan.sarif, scan.json and scan.md, or for those the policy names; those of an earlier scan are removed
    /// before this one begins
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// What goes to standard output
    #[arg(long, value_name = "FORM", value_enum, default_value_t = Form::Text)]
    format: Form,
    /// Key of the fingerprints: the text of the stack's parameter `scan/fingerprint-key` [default: one that everybody has]
    #[arg(long, value_name = "FILE")]
    fingerprint_key: Option<PathBuf>,
    /// Scan what is in folders named `.git`, too
    #[arg(long)]
    with_git: bool,
}

/// What goes to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// A list for people
    Text,
    Json,
    Sarif,
    Markdown,
}

/// Scans, tells what was found, and answers with the verdict.
pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let note = |note: &String| tell(&format!("note: {note}"));
    let done = Done::of(options, threads, &SystemClock);
    let done = done.inspect_err(|_| reports::unwritten(options).iter().for_each(note))?;
    done.notes.iter().for_each(note);
    done.failures.iter().for_each(|failure| tell(&format!("error: {failure}")));
    print(&done.text)?;
    Ok(ExitCode::from(done.code))
}

/// What a scan comes to.
#[derive(Debug, Default)]
struct Done {
    /// For standard output.
    text: String,
    /// For standard error.
    notes: Vec<String>,
    failures: Vec<String>,
    code: u8,
}

impl Done {
    fn of(options: &Options, threads: usize, clock: &impl Clock) -> Result<Self> {
        let began = clock.now();
        options.report.as_deref().map_or(Ok(()), reports::remove_old)?;
        let mut terms = Terms::read(options, began)?;
        let limits = terms.policy.limits.clone();
        let open = |named| Artifact::open(named, &limits, options.with_git);
        let artifacts = names::named(&options.paths, &terms)?.into_iter().map(open).collect::<Result<Vec<_>>>()?;
        for artifact in artifacts.iter().filter(|_| terms.policy.heeds_artifact()).collect::<Vec<_>>() {
            if let Some(text) = artifact.suppressions(&limits)? {
                terms.heed(&text, &artifact.suppressions_entry(), began, prefix(artifact, &artifacts))?;
            }
        }
        let looked = look(&artifacts, &terms, threads);
        let ended = clock.now();
        let took = Duration::try_from(ended.duration_since(began)).unwrap_or_default();
        Told { options, terms: &terms, artifacts: &artifacts, looked: &looked, ended, took }.done()
    }
}

fn look(artifacts: &[Artifact], terms: &Terms, threads: usize) -> Looked {
    let progress = progress(artifacts.iter().map(Artifact::bytes).sum());
    let task = Task { terms, threads, progress: &progress };
    let mut all = Looked::default();
    for artifact in artifacts {
        all = all.join(task.look(artifact, prefix(artifact, artifacts)));
    }
    progress.finish_and_clear();
    all
}

/// What stands first in the paths of one of several.
fn prefix<'a>(artifact: &'a Artifact, all: &[Artifact]) -> Option<&'a str> {
    (all.len() > 1).then_some(artifact.name.as_str())
}

/// A bar on a terminal, and nothing elsewhere.
fn progress(bytes: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{wide_bar:.dim} {bytes}/{total_bytes} {elapsed}") {
        bar.set_style(style);
    }
    bar
}

fn code(judgement: &Judgement<'_>) -> u8 {
    match judgement.verdict {
        Verdict::Pass => PASSES,
        Verdict::Fail => FAILS,
    }
}

impl Form {
    fn report(self) -> Option<Format> {
        match self {
            Self::Text => None,
            Self::Json => Some(Format::Json),
            Self::Sarif => Some(Format::Sarif),
            Self::Markdown => Some(Format::Markdown),
        }
    }
}

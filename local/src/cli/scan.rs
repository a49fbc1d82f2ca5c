//! `pipewarden scan`: secrets in folders and archives, by the rules and the policy of a pipeline's scan.

mod archive;
mod artifact;
mod folder;
mod list;
mod looking;
mod terms;
#[cfg(test)]
mod tests;

use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use artifact_scan::policy::{Format, SUPPRESSIONS_ENTRY};
use artifact_scan::{About, Baseline, Judgement, Report, Scanned, Verdict, judge};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use local::codepipeline::{Clock, SystemClock};

use artifact::Artifact;
use list::List;
use looking::{Looked, Task};
use terms::Terms;

const PASSES: u8 = 0;
const FAILS: u8 = 1;
const COULD_NOT_BE_DONE: u8 = 2;

/// Every exit code.
#[cfg(test)]
pub(super) const CODES: [u8; 3] = [PASSES, FAILS, COULD_NOT_BE_DONE];

/// Scan folders and archives for secrets before they go into a pipeline: with its rules, its policy and its verdict.
///
/// A folder is scanned file by file in the order of the names, with all archives in it. Symbolic links are told and not
/// followed. Folders named `.git` are left out and counted as skipped. A zip is read as the pipeline's scan reads an
/// artifact; any other file is scanned as it is. Nothing is written to disk but what you ask for, and nothing is sent
/// anywhere.
#[derive(Debug, Args)]
#[command(after_help = "\
Of a folder or a zip alone, paths in policies and reports count from there, as in an artifact: docs/a.md. Of several
PATHs each begins with its PATH, as a pipeline's begin with the artifact's name: web!/docs/a.md.

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
    /// Where to write all that is found as the baseline of scans to come; the verdict stays that of this scan
    #[arg(long, value_name = "FILE")]
    write_baseline: Option<PathBuf>,
    /// Rules of your own that look, too: the TOML of gitleaks or Betterleaks
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Folder for scan.sarif, scan.json and scan.md, or for those the policy names
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
    let done = Done::of(options, threads, &SystemClock)?;
    done.notes.iter().for_each(|note| anstream::eprintln!("note: {note}"));
    done.failures.iter().for_each(|failure| anstream::eprintln!("error: {failure}"));
    print(&done.text).context("cannot write to standard output")?;
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
        let mut terms = Terms::read(options, began)?;
        let limits = terms.policy.limits.clone();
        let open = |path: &PathBuf| Artifact::open(path, &limits, options.with_git);
        let artifacts = options.paths.iter().map(open).collect::<Result<Vec<_>>>()?;
        for artifact in artifacts.iter().filter(|_| terms.policy.heeds_artifact()).collect::<Vec<_>>() {
            if let Some(text) = artifact.suppressions(&limits)? {
                terms.heed(&text, &artifact.path.join(SUPPRESSIONS_ENTRY), began)?;
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
        let prefix = (artifacts.len() > 1).then_some(artifact.shown.as_str());
        let Looked { scanned, failures } = task.look(artifact, prefix);
        all.scanned = all.scanned.merge(scanned);
        all.failures.extend(failures);
    }
    progress.finish_and_clear();
    all
}

/// A bar on a terminal, and nothing elsewhere.
fn progress(bytes: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{wide_bar:.dim} {bytes}/{total_bytes} {elapsed}") {
        bar.set_style(style);
    }
    bar
}

/// All that is told of a scan.
struct Told<'t> {
    options: &'t Options,
    terms: &'t Terms,
    artifacts: &'t [Artifact],
    looked: &'t Looked,
    ended: Timestamp,
    took: Duration,
}

impl Told<'_> {
    fn done(&self) -> Result<Done> {
        let (terms, scanned, book) = (self.terms, &self.looked.scanned, self.terms.scanner.book());
        let judgement = judge(scanned, &terms.policy, terms.baseline.as_ref(), self.ended);
        let (policy, policy_version) = terms.named.clone().unzip();
        let names: Vec<&str> = self.artifacts.iter().map(|artifact| artifact.shown.as_str()).collect();
        let mut notes = [terms.notes.clone(), self.not_scanned()].concat();
        let about =
            About { artifact: names.join(", "), policy, policy_version, ended: self.ended, notes: notes.clone() };
        let report = Report { about: &about, book: &book, scanned, judgement: &judgement };
        let is_undecided = !self.looked.failures.is_empty();
        if !is_undecided {
            notes.extend(self.write(&report)?);
        }
        let text = match self.options.format.report() {
            Some(_) if is_undecided => String::new(),
            Some(format) => report.text(format),
            None => List { report: &report, artifacts: self.artifacts, took: self.took, is_undecided }.text(),
        };
        let code = if is_undecided { COULD_NOT_BE_DONE } else { code(&judgement) };
        Ok(Done { text, notes, failures: self.looked.failures.clone(), code })
    }

    /// What is in the folders and has no content that is scanned.
    fn not_scanned(&self) -> Vec<String> {
        let folders = || self.artifacts.iter().filter_map(Artifact::folder);
        let links: Vec<String> = folders().flat_map(|folder| folder.links.iter().cloned()).collect();
        let others: Vec<String> = folders().flat_map(|folder| folder.others.iter().cloned()).collect();
        let told = |names: &[String], one: &str, many: &str| match names {
            [] => None,
            [name] => Some(format!("{name} is {one}")),
            [first, ..] => Some(format!("{} {many}, such as {first}", names.len())),
        };
        let links = told(&links, "a symbolic link, which is not followed", "symbolic links are not followed");
        let others = told(&others, "no file, and not read", "things are no files, and not read");
        links.into_iter().chain(others).collect()
    }

    /// Writes what was asked for, and says so.
    fn write(&self, report: &Report<'_>) -> Result<Option<String>> {
        if let Some(folder) = &self.options.report {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
            for format in &self.terms.policy.reports.formats {
                save(&folder.join(format.file_name()), &report.text(*format))?;
            }
        }
        let Some(path) = &self.options.write_baseline else { return Ok(None) };
        let baseline = Baseline::of(report.scanned, report.book.version(), self.ended);
        save(path, &baseline.to_json())?;
        Ok(Some(known(path, report.scanned)))
    }
}

fn known(path: &Path, scanned: &Scanned) -> String {
    let number = scanned.findings().len();
    let findings = if number == 1 { "1 finding".to_owned() } else { format!("{number} findings") };
    format!("{} has {findings}; scans with --baseline and the same key know them", path.display())
}

fn save(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
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

/// A reader who has seen enough, such as `head`, is no error.
fn print(text: &str) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

//! What is told of a scan: notes, reports, a baseline, and what goes to standard output.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use artifact_scan::policy::Format;
use artifact_scan::{About, Baseline, Report, Root, Standing, judge};
use jiff::Timestamp;

use super::artifact::Artifact;
use super::list::List;
use super::looking::Looked;
use super::terms::Terms;
use super::{COULD_NOT_BE_DONE, Done, Options, code, reports};
use crate::cli::shown;

/// Names that are given as examples.
const NAMES: usize = 3;

/// All that is told of a scan.
pub(super) struct Told<'t> {
    pub(super) options: &'t Options,
    pub(super) terms: &'t Terms,
    pub(super) artifacts: &'t [Artifact],
    pub(super) looked: &'t Looked,
    pub(super) ended: Timestamp,
    pub(super) took: Duration,
}

impl Told<'_> {
    pub(super) fn done(&self) -> Result<Done> {
        let (terms, scanned, book) = (self.terms, &self.looked.scanned, self.terms.scanner.book());
        let judgement = judge(scanned, &terms.policy, terms.baseline.as_ref(), self.ended);
        let (policy, policy_version) = terms.named.clone().unzip();
        let names: Vec<&str> = self.artifacts.iter().map(|artifact| artifact.shown.as_str()).collect();
        let is_undecided = !self.looked.failures.is_empty();
        let idle = if is_undecided { Vec::new() } else { self.idle() };
        let mut notes = [terms.notes.clone(), idle, self.not_scanned()].concat();
        let about =
            About { artifact: names.join(", "), policy, policy_version, ended: self.ended, notes: notes.clone() };
        let report = Report { about: &about, book: &book, scanned, judgement: &judgement };
        notes.extend(if is_undecided { reports::unwritten(self.options) } else { self.write(&report)? });
        let text = match self.options.format.report() {
            Some(_) if is_undecided => String::new(),
            Some(format) => report.text_from(format, &self.roots()),
            None => List { report: &report, artifacts: self.artifacts, took: self.took, is_undecided }.text(),
        };
        let code = if is_undecided { COULD_NOT_BE_DONE } else { code(&judgement) };
        Ok(Done { text, notes, failures: self.looked.failures.clone(), code })
    }

    /// What to say of globs that have skipped nothing.
    fn idle(&self) -> Vec<String> {
        let idle = self.terms.idle();
        let names: Vec<String> = self.artifacts.iter().map(|artifact| format!("`{}!/`", artifact.name)).collect();
        let begin = match names.as_slice() {
            [_, _, ..] if !idle.is_empty() => {
                let names = names[..names.len().min(NAMES)].join(", ");
                Some(format!("of several PATHs each path begins with what its own is called, such as {names}"))
            }
            _ => None,
        };
        idle.into_iter().chain(begin).collect()
    }

    /// What is in the folders and has no content that is scanned.
    fn not_scanned(&self) -> Vec<String> {
        let folders = self.artifacts.iter().filter_map(Artifact::folder);
        let others = folders.flat_map(|folder| &folder.others);
        let others: Vec<String> = others.map(|name| self.terms.masked(name)).collect();
        let Looked { linked, dangling, .. } = self.looked;
        let told = |names: &[String], one: &str, many: &str| match names {
            [] => None,
            [name] => Some(format!("{name} is {one}")),
            [first, ..] => Some(format!("{} {many}, such as {first}", names.len())),
        };
        let linked = told(
            linked,
            "a symbolic link, and what it leads to is scanned where it lies",
            "symbolic links lead to what is scanned where it lies",
        );
        let dangling = told(dangling, "a symbolic link that leads to no content", "symbolic links lead to no content");
        let others = told(&others, "no file, and not read", "things are no files, and not read");
        linked.into_iter().chain(dangling).chain(others).collect()
    }

    /// Where the artifacts lie, if there are several.
    fn roots(&self) -> Vec<Root> {
        let several = self.artifacts.iter().filter(|_| self.artifacts.len() > 1);
        let root = |artifact: &Artifact| Root {
            name: artifact.name.clone(),
            path: artifact.shown.clone(),
            is_folder: artifact.folder().is_some(),
        };
        several.map(root).collect()
    }

    /// Writes what was asked for: all of it, or no report. What is said of it is the answer.
    fn write(&self, report: &Report<'_>) -> Result<Vec<String>> {
        let written = self.reports(report).and_then(|()| self.baseline(report));
        if let (Err(_), Some(folder)) = (&written, &self.options.report) {
            reports::remove_old(folder)?;
        }
        Ok(written?.into_iter().collect())
    }

    fn reports(&self, report: &Report<'_>) -> Result<()> {
        let Some(folder) = &self.options.report else { return Ok(()) };
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", shown(folder)))?;
        let save = |format: &Format| save(&folder.join(format.file_name()), &report.text_from(*format, &self.roots()));
        self.terms.policy.reports.formats.iter().try_for_each(save)
    }

    fn baseline(&self, report: &Report<'_>) -> Result<Option<String>> {
        let Some(path) = &self.options.write_baseline else { return Ok(None) };
        let baseline = Baseline::of_judged(report.judgement, report.book.version(), self.ended);
        save(path, &baseline.to_json())?;
        Ok(Some(known(path, &baseline, report.judgement.of(Standing::Suppressed).count())))
    }
}

fn known(path: &Path, baseline: &Baseline, suppressed: usize) -> String {
    let number = baseline.len();
    let findings = if number == 1 { "1 finding".to_owned() } else { format!("{number} findings") };
    let left_out = match suppressed {
        0 => String::new(),
        1 => String::from("; 1 that is suppressed is left out"),
        number => format!("; {number} that are suppressed are left out"),
    };
    let path = shown(path);
    format!("{path} has {findings}; scans with --baseline and the same key know them{left_out}")
}

fn save(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", shown(path)))
}

//! Goes through what is scanned, on as many threads as the machine has processors.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use artifact_scan::secrets::{Found, Scan};
use artifact_scan::zip::{Plan, batches};
use artifact_scan::{Amount, Broken, Budget, Coverage, Gap, Nature, Piece, Scanned, Visitor, Walk};
use indicatif::ProgressBar;

use super::archive::{Archive, Opened};
use super::artifact::{Artifact, Content};
use super::folder::Folder;
use super::links::Fate;
use super::prefix::Prefix;
use super::terms::Terms;

/// Bytes of a zip that are read at a time.
const BATCH: u64 = 8 << 20;

/// What was found and read, and what could not be opened.
#[derive(Debug, Default)]
pub(super) struct Looked {
    pub(super) scanned: Scanned,
    /// Not gaps of the artifact: the machine did not give the bytes.
    pub(super) failures: Vec<String>,
    /// Links to what is scanned where it lies.
    pub(super) linked: Vec<String>,
    /// Links to nothing.
    pub(super) dangling: Vec<String>,
}

/// What all threads need to know.
pub(super) struct Task<'t> {
    pub(super) terms: &'t Terms,
    pub(super) threads: usize,
    pub(super) progress: &'t ProgressBar,
}

/// Something one thread does by itself.
enum Unit<'a> {
    File { path: &'a Path, name: String },
    Batch(&'a Archive, &'a Plan<'a>, usize),
    Frame(&'a Archive),
}

impl Task<'_> {
    /// Scans the artifact. Its paths begin with `prefix`, if there are several artifacts.
    pub(super) fn look(&self, artifact: &Artifact, prefix: Option<&str>) -> Looked {
        let mut looked = self.parts(artifact, prefix);
        let whole = Prefix::of(prefix).path();
        let is_gap = looked.scanned.coverage().gaps.iter().any(|gap| gap.path[..] == whole[..]);
        // A file that is empty holds nothing that could be missed.
        if !artifact.is_file() && !is_gap && looked.failures.is_empty() {
            looked.scanned.end_of(&whole);
        }
        looked
    }

    fn parts(&self, artifact: &Artifact, prefix: Option<&str>) -> Looked {
        let (file, prefix) = if artifact.is_file() { (prefix, None) } else { (None, prefix) };
        let mut looked = Looked::default();
        let plan = match &artifact.content {
            Content::Zip(archive) => Some(self.plan(archive, &Prefix::of(prefix))),
            _ => None,
        };
        let units = match (&artifact.content, &plan) {
            (Content::Zip(archive), Some(plan)) => {
                looked.scanned.cover(Coverage { skipped: plan.skipped, ..Coverage::default() });
                let batches = (0..plan.batches.len()).map(|number| Unit::Batch(archive, plan, number));
                batches.chain([Unit::Frame(archive)]).collect()
            }
            _ => self.files(artifact, file, &Prefix::of(prefix), &mut looked),
        };
        let done = self.all(&units, &artifact.path, prefix);
        looked = looked.join(done);
        looked.failures.sort();
        looked
    }

    fn plan<'d>(&self, archive: &'d Archive, prefix: &Prefix) -> Plan<'d> {
        batches(&archive.directory, BATCH, |entry| !self.terms.skips(&prefix.before(&[entry.shown_name()])))
    }

    fn files<'a>(
        &self,
        artifact: &'a Artifact,
        name: Option<&str>,
        prefix: &Prefix,
        looked: &mut Looked,
    ) -> Vec<Unit<'a>> {
        match &artifact.content {
            Content::Folder(folder) => {
                let mut skipped = folder.git;
                looked.failures.extend(folder.failures.iter().map(|(path, error)| self.terms.unread(path, error)));
                let mut units = Vec::new();
                for file in &folder.files {
                    if self.skips(prefix, &file.name) {
                        skipped.add(Amount { entries: 1, bytes: file.length });
                        self.progress.inc(file.length);
                    } else {
                        units.push(Unit::File { path: &file.path, name: file.name.clone() });
                    }
                }
                looked.scanned.cover(Coverage { skipped, ..Coverage::default() });
                self.links(folder, prefix, looked);
                units
            }
            Content::Broken(broken, length) => {
                let mut coverage = Coverage::unreadable(*broken, *length);
                prefix.mark(&mut coverage);
                looked.scanned.cover(coverage);
                Vec::new()
            }
            Content::File(_) | Content::Zip(_) => {
                let name = name.unwrap_or_else(|| artifact.shown.rsplit('/').next().unwrap_or_default());
                vec![Unit::File { path: &artifact.path, name: name.to_owned() }]
            }
        }
    }

    fn skips(&self, prefix: &Prefix, name: &str) -> bool {
        self.terms.skips(&prefix.with(name).path())
    }

    fn links(&self, folder: &Folder, prefix: &Prefix, looked: &mut Looked) {
        for link in &folder.links {
            let mut coverage = Coverage::default();
            match link.fate(folder, |name| self.skips(prefix, name)) {
                Fate::Skipped => coverage.skipped.add(Amount { entries: 1, bytes: 0 }),
                Fate::Gap(bytes) => {
                    let path = self.terms.scanner.masked(prefix.with(&link.name).path());
                    coverage.gap(Gap { path, reason: Broken::Link, bytes });
                }
                Fate::ScannedElsewhere => looked.linked.push(self.terms.masked(&link.name)),
                Fate::NoContent => looked.dangling.push(self.terms.masked(&link.name)),
            }
            looked.scanned.cover(coverage);
        }
    }

    fn all(&self, units: &[Unit<'_>], path: &Path, prefix: Option<&str>) -> Looked {
        let (budget, next) = (Budget::new(&self.terms.policy.limits, 0), AtomicUsize::new(0));
        let work = || {
            let mut worker = Worker::new(self, &budget, prefix);
            while let Some(unit) = units.get(next.fetch_add(1, Ordering::Relaxed)) {
                worker.take(unit, path);
            }
            worker.looked
        };
        let threads = self.threads.clamp(1, units.len().max(1));
        thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            let done = workers
                .into_iter()
                .map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            done.fold(Looked::default(), Looked::join)
        })
    }
}

impl Looked {
    pub(super) fn join(mut self, other: Self) -> Self {
        self.failures.extend(other.failures);
        self.linked.extend(other.linked);
        self.dangling.extend(other.dangling);
        Self { scanned: self.scanned.merge(other.scanned), ..self }
    }
}

/// One thread.
struct Worker<'t> {
    task: &'t Task<'t>,
    walk: Walk<'t>,
    eyes: Eyes<'t>,
    prefix: Prefix,
    looked: Looked,
}

/// Looks for secrets in what the policy does not skip.
struct Eyes<'t> {
    terms: &'t Terms,
    scan: Scan<'t>,
    prefix: Prefix,
    part: Scanned,
}

impl Visitor for Eyes<'_> {
    fn wants(&mut self, path: &[String]) -> bool {
        !self.terms.skips(&self.prefix.before(path))
    }

    /// What is found is taken after each piece, as the function does: so the result is the same.
    fn piece(&mut self, path: &[String], piece: &Piece<'_>) -> Nature {
        let nature = if self.prefix.is_empty() {
            Visitor::piece(&mut self.scan, path, piece)
        } else {
            Visitor::piece(&mut self.scan, &self.prefix.before(path), piece)
        };
        self.part.note(self.scan.take());
        nature
    }
}

impl<'t> Worker<'t> {
    fn new(task: &'t Task<'t>, budget: &'t Budget, prefix: Option<&str>) -> Self {
        let (terms, prefix) = (task.terms, Prefix::of(prefix));
        let scan = Scan::new(&terms.scanner, Found::new(&terms.key));
        let eyes = Eyes { terms, scan, prefix: prefix.clone(), part: Scanned::default() };
        Self { task, walk: Walk::new(&terms.policy.limits, budget), eyes, prefix, looked: Looked::default() }
    }

    fn take(&mut self, unit: &Unit<'_>, artifact: &Path) {
        match unit {
            Unit::Batch(archive, plan, number) => {
                let done = self.batch(archive, plan, *number);
                self.note(done, artifact);
            }
            Unit::Frame(archive) => {
                let done = Ok(self.frame(archive));
                self.note(done, artifact);
            }
            Unit::File { path, name } => {
                let done = self.file(path, name);
                self.note(done, path);
                self.eyes.prefix = self.prefix.clone();
            }
        }
    }

    fn file(&mut self, path: &Path, name: &str) -> io::Result<Coverage> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        if length > self.task.terms.policy.limits.nested
            && let Opened::Zip(archive) = Archive::open(file.try_clone()?, length, &self.task.terms.policy.limits)?
        {
            return self.large(&archive, name);
        }
        let mut coverage = self.walk.file(name, self.task.progress.wrap_read(file), &mut self.eyes)?;
        self.prefix.mark(&mut coverage);
        Ok(coverage)
    }

    /// A zip in a folder that is too long to be held in memory.
    fn large(&mut self, archive: &Archive, name: &str) -> io::Result<Coverage> {
        self.eyes.prefix = self.prefix.with(name);
        let plan = self.task.plan(archive, &self.eyes.prefix);
        let coverage = self.frame(archive).merge(Coverage { skipped: plan.skipped, ..Coverage::default() });
        (0..plan.batches.len()).try_fold(coverage, |all, number| Ok(all.merge(self.batch(archive, &plan, number)?)))
    }

    fn batch(&mut self, archive: &Archive, plan: &Plan<'_>, number: usize) -> io::Result<Coverage> {
        let batch = &plan.batches[number];
        let bytes = self.task.progress.wrap_read(archive.range(batch.bytes.clone()));
        let mut coverage = self.walk.batch(plan, batch, bytes, &mut self.eyes)?;
        self.eyes.prefix.mark(&mut coverage);
        Ok(coverage)
    }

    fn frame(&mut self, archive: &Archive) -> Coverage {
        let (directory, end) = archive.frame();
        let mut coverage = self.walk.directory(directory, end, &mut self.eyes);
        self.eyes.prefix.mark(&mut coverage);
        coverage
    }

    /// Puts what was found to the rest, or forgets it if not all came.
    fn note(&mut self, done: io::Result<Coverage>, path: &Path) {
        let part = std::mem::take(&mut self.eyes.part);
        match done {
            Ok(mut coverage) => {
                let scanner = &self.task.terms.scanner;
                coverage.gaps.iter_mut().for_each(|gap| gap.path = scanner.masked(std::mem::take(&mut gap.path)));
                self.looked.scanned.cover(coverage);
                if part.findings().len() > 0 {
                    self.looked.scanned = std::mem::take(&mut self.looked.scanned).merge(part);
                }
            }
            Err(error) => self.looked.failures.push(self.task.terms.unread(path, &error)),
        }
    }
}

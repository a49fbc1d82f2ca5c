//! A scan as the Lambda function does it, but with ranges of something on this machine instead of S3's.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use artifact_scan::policy::Format;
use artifact_scan::secrets::{Found, Scan, Scanner};
use artifact_scan::zip::{Directory, End, LONGEST_END, Plan, batches};
use artifact_scan::{About, Budget, Coverage, Limits, Policy, Report, Scanned, Visitor, Walk, judge};
use jiff::Timestamp;

use crate::child::{Told, peak_kib, thread_cpu};

/// Bytes of one request to S3.
const BATCH: u64 = 8 << 20;
/// Makes fingerprints.
const KEY: &[u8] = b"a benchmark";

/// Something of which ranges can be read, from many threads.
pub(crate) trait Source: Sync {
    fn length(&self) -> u64;
    fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<usize>;
}

pub(crate) struct OnDisk(File, u64);

impl OnDisk {
    pub(crate) fn open(path: &str) -> Result<Self> {
        let file = File::open(path).with_context(|| format!("opening {path}"))?;
        let length = file.metadata()?.len();
        Ok(Self(file, length))
    }
}

impl Source for OnDisk {
    fn length(&self) -> u64 {
        self.1
    }

    fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<usize> {
        self.0.read_at(into, at)
    }
}

/// A range of a source.
struct Section<'s> {
    source: &'s dyn Source,
    at: u64,
    until: u64,
}

impl Read for Section<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = into.len().min(usize::try_from(self.until - self.at).unwrap_or(usize::MAX));
        let read = self.source.read_at(&mut into[..most], self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// The directory of a zip, and what comes behind it.
struct Opened {
    bytes: Vec<u8>,
    end: Vec<u8>,
    directory: Directory,
}

impl Opened {
    fn read(source: &dyn Source, limits: &Limits) -> Result<Self> {
        let range = |at: u64, until: u64| {
            let mut bytes = Vec::with_capacity(usize::try_from(until - at).unwrap_or_default());
            Section { source, at, until }.read_to_end(&mut bytes).map(|_| bytes)
        };
        let length = source.length();
        let tail = range(length.saturating_sub(LONGEST_END as u64), length)?;
        let broken = |broken| anyhow!("the zip cannot be read: {broken:?}");
        let end = End::find(&tail, length).map_err(broken)?;
        let bytes = range(end.directory.start, end.directory.end)?;
        let directory = Directory::read(&bytes, &end, limits).map_err(broken)?;
        Ok(Self { bytes, end: range(end.directory.end, length)?, directory })
    }
}

/// Reads a whole zip on this thread.
pub(crate) fn visit(source: &dyn Source, limits: &Limits, visitor: &mut dyn Visitor) -> Result<Coverage> {
    let opened = Opened::read(source, limits)?;
    let (plan, budget) = (batches(&opened.directory, BATCH, |_| true), Budget::new(limits, 0));
    let mut walk = Walk::new(limits, &budget);
    let mut coverage = Coverage::default();
    for batch in &plan.batches {
        let bytes = Section { source, at: batch.bytes.start, until: batch.bytes.end };
        coverage = coverage.merge(walk.batch(&plan, batch, bytes, visitor)?);
    }
    Ok(coverage.merge(walk.directory(&opened.bytes, &opened.end, visitor)))
}

/// What all threads of a scan have in common.
struct Shared<'s> {
    source: &'s dyn Source,
    scanner: &'s Scanner,
    plan: &'s Plan<'s>,
    limits: &'s Limits,
    budget: Budget,
    next: AtomicUsize,
}

impl Shared<'_> {
    /// Scans batch after batch until there is none left; also tells the processor time.
    fn work(&self) -> Result<(Scanned, Duration)> {
        let mut walk = Walk::new(self.limits, &self.budget);
        let mut scan = Scan::new(self.scanner, Found::new(KEY));
        let mut scanned = Scanned::default();
        while let Some(batch) = self.plan.batches.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            let bytes = Section { source: self.source, at: batch.bytes.start, until: batch.bytes.end };
            scanned.cover(walk.batch(self.plan, batch, bytes, &mut scan)?);
            scanned.note(scan.take());
        }
        Ok((scanned, thread_cpu()?))
    }
}

/// From the zip to its reports, with the default policy: every rule, everywhere.
pub(crate) fn scan(source: &dyn Source, threads: usize) -> Result<Told> {
    let scanner = Scanner::built_in().map_err(|error| anyhow!(error))?;
    let policy = Policy::default();
    let limits = &policy.limits;
    let (budget, next) = (Budget::new(limits, 0), AtomicUsize::new(0));
    let Opened { bytes, end, directory } = Opened::read(source, limits)?;
    let mut rest = Scan::new(&scanner, Found::new(KEY));
    let mut scanned = Scanned::default();
    scanned.cover(Walk::new(limits, &budget).directory(&bytes, &end, &mut rest));
    scanned.note(rest.take());
    // From here on the directory is there once, as it was read.
    drop((bytes, end));
    let plan = batches(&directory, BATCH, |_| true);
    let shared = Shared { source, scanner: &scanner, plan: &plan, limits, budget, next };
    let (entries, cpu) = on_threads(&shared, threads)?;
    let scanned = scanned.merge(entries);
    let report_bytes = report(&scanner, &policy, &scanned);
    let coverage = scanned.coverage();
    Ok(Told {
        entries: coverage.scanned.entries + coverage.binary.entries,
        text_bytes: coverage.scanned.bytes,
        gaps: coverage.gaps.len() as u64 + coverage.gaps_left_out,
        findings: scanned.findings().len(),
        cpu,
        peak_kib: peak_kib()?,
        before_kib: 0,
        report_bytes,
    })
}

fn on_threads(shared: &Shared<'_>, threads: usize) -> Result<(Scanned, Duration)> {
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| shared.work())).collect();
        workers.into_iter().try_fold((Scanned::default(), Duration::ZERO), |(scanned, cpu), worker| {
            let (part, took) = worker.join().map_err(|_| anyhow!("a thread of the scan panicked"))??;
            Ok((scanned.merge(part), cpu + took))
        })
    })
}

/// Makes the reports, and tells how long they are.
fn report(scanner: &Scanner, policy: &Policy, scanned: &Scanned) -> usize {
    let judgement = judge(scanned, policy, None, Timestamp::UNIX_EPOCH);
    let (artifact, ended) = ("artifact.zip".to_owned(), Timestamp::UNIX_EPOCH);
    let about = About { artifact, policy: None, policy_version: None, ended, notes: Vec::new() };
    let book = scanner.book();
    let report = Report { about: &about, book: &book, scanned, judgement: &judgement };
    Format::ALL.into_iter().map(|format| report.text(format).len()).sum()
}

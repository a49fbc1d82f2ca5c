//! This program as a child of itself: parts that need a process of their own, with its own memory and clocks.

use std::io::Write;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use artifact_scan::secrets::{Found, Scan, Scanner};
use artifact_scan::{Limits, Nature, OVERLAP, Piece, Visitor};
use serde::{Deserialize, Serialize};

use crate::scanning::{self, OnDisk, Source};

/// The first word of a child's arguments.
pub(crate) const FLAG: &str = "--child";
/// Bytes that are scanned at a time.
const PIECE: usize = 1 << 20;

/// What a child tells of its work.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) entries: u64,
    pub(crate) text_bytes: u64,
    pub(crate) gaps: u64,
    pub(crate) findings: usize,
    /// Processor time of the scanning threads.
    pub(crate) cpu: Duration,
    /// Most memory since the work began.
    pub(crate) peak_kib: u64,
    /// Memory when it began: of the program, and of what its artifact is made from.
    pub(crate) before_kib: u64,
    pub(crate) report_bytes: usize,
}

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["scan", zip, threads] => tell(&scanning::scan(&OnDisk::open(zip)?, threads.parse()?)?),
        ["text", zip] => tell(&text_alone(&OnDisk::open(zip)?)?),
        ["read", zip] => tell(&read_alone(&OnDisk::open(zip)?)?),
        ["first", zip] => first(&OnDisk::open(zip)?),
        ["nothing"] => sign(),
        ["memory", bytes, entries, threads] => {
            tell(&crate::memory::child(bytes.parse()?, entries.parse()?, threads.parse()?)?)
        }
        other => bail!("{other:?} is no part of this benchmark"),
    }
}

fn tell(told: &Told) -> Result<()> {
    anstream::println!("{}", serde_json::to_string(told)?);
    Ok(())
}

/// Keeps the content of every entry that is text.
#[derive(Default)]
struct Keeping {
    texts: Vec<(Vec<String>, Vec<u8>)>,
    now: Vec<u8>,
}

impl Visitor for Keeping {
    fn piece(&mut self, path: &[String], piece: &Piece<'_>) -> Nature {
        self.now.extend_from_slice(&piece.bytes[piece.again..]);
        let nature = if has_zeros(&self.now) { Nature::Binary } else { Nature::Text };
        if piece.is_last {
            let text = std::mem::take(&mut self.now);
            self.texts.extend((nature == Nature::Text).then(|| (path.to_vec(), text)));
        }
        nature
    }
}

fn has_zeros(bytes: &[u8]) -> bool {
    bytes.iter().take(8 << 10).any(|byte| *byte == 0)
}

/// Scans text that was unpacked before: what all rules, decodings and filters cost, and nothing else.
fn text_alone(source: &dyn Source) -> Result<Told> {
    let mut keeping = Keeping::default();
    scanning::visit(source, &Limits::default(), &mut keeping)?;
    let scanner = Scanner::built_in().map_err(|error| anyhow!(error))?;
    let mut scan = Scan::new(&scanner, Found::new(b"a benchmark"));
    let mut told = Told { entries: keeping.texts.len() as u64, ..Told::default() };
    let began = thread_cpu()?;
    for (path, text) in &keeping.texts {
        told.text_bytes += text.len() as u64;
        pieces(&mut scan, path, text);
    }
    told.cpu = thread_cpu()?.saturating_sub(began);
    told.findings = scan.take().len();
    Ok(told)
}

/// As a walk hands them on. Only the places of findings need to know lines, so they are left out.
fn pieces(scan: &mut Scan<'_>, path: &[String], text: &[u8]) {
    let mut offset = 0;
    loop {
        let end = text.len().min(offset + PIECE);
        let again = if offset == 0 { 0 } else { OVERLAP };
        let is_last = end == text.len();
        let bytes = &text[offset..end];
        scan.piece(path, &Piece { bytes, again, offset: offset as u64, lines_before: 0, column_before: 0, is_last });
        if is_last {
            return;
        }
        offset = end - OVERLAP;
    }
}

/// Looks at nothing.
struct Nobody;

impl Visitor for Nobody {
    fn piece(&mut self, _path: &[String], piece: &Piece<'_>) -> Nature {
        if has_zeros(piece.bytes) { Nature::Binary } else { Nature::Text }
    }
}

/// Reads, inflates and checks everything, and scans nothing.
fn read_alone(source: &dyn Source) -> Result<Told> {
    let began = thread_cpu()?;
    let coverage = scanning::visit(source, &Limits::default(), &mut Nobody)?;
    let cpu = thread_cpu()?.saturating_sub(began);
    Ok(Told { cpu, text_bytes: coverage.scanned.bytes, entries: coverage.scanned.entries, ..Told::default() })
}

/// Gives a sign as soon as the first piece is scanned.
fn first(source: &dyn Source) -> Result<()> {
    struct First<'s>(Scan<'s>);
    impl Visitor for First<'_> {
        fn piece(&mut self, path: &[String], piece: &Piece<'_>) -> Nature {
            Scan::piece(&mut self.0, path, piece);
            // The parent misses a sign that was not given.
            let _ = sign();
            std::process::exit(0)
        }
    }
    let scanner = Scanner::built_in().map_err(|error| anyhow!(error))?;
    let mut first = First(Scan::new(&scanner, Found::new(b"a benchmark")));
    scanning::visit(source, &Limits::default(), &mut first)?;
    bail!("the artifact has no entry")
}

fn sign() -> Result<()> {
    let mut output = std::io::stdout().lock();
    output.write_all(b".")?;
    Ok(output.flush()?)
}

/// Processor time of this thread, by the scheduler's count.
pub(crate) fn thread_cpu() -> Result<Duration> {
    let text =
        std::fs::read_to_string("/proc/thread-self/schedstat").context("reading its processor time (Linux only)")?;
    let first = text.split_whitespace().next().context("no processor time is stated")?;
    Ok(Duration::from_nanos(first.parse()?))
}

/// The most memory this process had.
pub(crate) fn peak_kib() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("reading its memory (Linux only)")?;
    crate::measure::peak_in(&status).context("its memory is not stated")
}

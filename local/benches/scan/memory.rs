//! The most memory a scan has, for a small artifact and for one of a gibibyte that is never there as a whole.

use std::io::{self, Cursor, Write};

use anyhow::{Context, Result};
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::child::{Told, peak_kib};
use crate::measure;
use crate::random::Random;
use crate::scanning::{Source, scan};
use crate::text::KINDS;
use crate::world::processors;

const MIB: u64 = 1 << 20;
/// How many different contents the entries have.
const CONTENTS: usize = 8;
/// Bytes of an entry's name.
const NAME: usize = 24;
const HEADER: usize = 30 + NAME;
const RECORD: usize = 46 + NAME;

/// The peak of one artifact.
pub(crate) struct Peak {
    pub(crate) name: &'static str,
    pub(crate) bytes: u64,
    pub(crate) entries: u64,
    pub(crate) peak_kib: u64,
}

/// The first two have entries of the same size, so that they differ in nothing but their length. The last one shows what
/// the directory adds.
const ARTIFACTS: [(&str, u64, u64); 3] =
    [("small", 10 * MIB, 195), ("large", 1024 * MIB, 20_000), ("large, of small entries", 1024 * MIB, 200_000)];

pub(crate) fn measure() -> Result<Vec<Peak>> {
    let threads = processors().to_string();
    let peak = |(name, bytes, entries): (&'static str, u64, u64)| {
        anstream::eprintln!("scanning an artifact of {} MiB with {entries} entries", bytes / MIB);
        let mut peaks = Vec::new();
        for _ in 0..if bytes > 100 * MIB { 1 } else { 3 } {
            let told = measure::told(&["memory", &bytes.to_string(), &entries.to_string(), &threads])?.1;
            anyhow::ensure!(told.gaps == 0 && told.entries >= entries, "{name}: it was not read as a whole: {told:?}");
            peaks.push(told.peak_kib);
        }
        peaks.sort_unstable();
        Ok(Peak { name, bytes, entries, peak_kib: peaks[peaks.len() / 2] })
    };
    ARTIFACTS.into_iter().map(peak).collect()
}

/// A zip whose bytes are made when they are read.
struct Made {
    /// Header and data of an entry, but for its name's number.
    sections: Vec<Vec<u8>>,
    /// Where each of them begins among all of them, and where the last one ends.
    starts: Vec<u64>,
    entries: u64,
    /// The records of each of them, the end of the zip.
    records: Vec<[u8; RECORD]>,
    end: Vec<u8>,
}

pub(crate) fn child(bytes: u64, entries: u64, threads: usize) -> Result<Told> {
    let made = Made::new(bytes, entries)?;
    // Linux forgets the peak so far.
    std::fs::write("/proc/self/clear_refs", "5").context("resetting the peak of memory (Linux only)")?;
    let before_kib = peak_kib()?;
    Ok(Told { before_kib, ..scan(&made, threads)? })
}

impl Made {
    fn new(bytes: u64, entries: u64) -> Result<Self> {
        let mut random = Random::new(7);
        let packed = usize::try_from(bytes / entries)?.saturating_sub(HEADER + RECORD);
        let mut made = Self { sections: Vec::new(), starts: vec![0], entries, records: Vec::new(), end: Vec::new() };
        for (number, kind) in KINDS.iter().take(CONTENTS).enumerate() {
            // Text packs to about a quarter; the second try knows better.
            let mut length = packed * 4;
            let mut zip = zip_of(&kind.text(&mut random, length))?;
            length = length * packed / (zip.len() - RECORD - HEADER - 22).max(1);
            zip = zip_of(&kind.text(&mut random, length))?;
            let data = zip.len() - RECORD - 22;
            made.records.push(zip[data..data + RECORD].try_into()?);
            zip.truncate(data);
            made.starts.push(made.starts[number] + data as u64);
            made.sections.push(zip);
        }
        made.end = made.zip_end();
        Ok(made)
    }

    fn period(&self) -> u64 {
        self.starts[CONTENTS]
    }

    fn start(&self, entry: u64) -> u64 {
        entry / CONTENTS as u64 * self.period() + self.starts[(entry % CONTENTS as u64) as usize]
    }

    /// zip64's end, its locator and the end that says to look there.
    fn zip_end(&self) -> Vec<u8> {
        let (directory, size) = (self.start(self.entries), self.entries * RECORD as u64);
        let mut end = b"PK\x06\x06".to_vec();
        end.extend(44_u64.to_le_bytes());
        end.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        [self.entries, self.entries, size, directory].iter().for_each(|value| end.extend(value.to_le_bytes()));
        end.extend(b"PK\x06\x07\0\0\0\0");
        end.extend((directory + size).to_le_bytes());
        end.extend([1, 0, 0, 0]);
        end.extend(b"PK\x05\x06\0\0\0\0");
        end.extend([0xFF; 12]);
        end.extend([0, 0]);
        end
    }

    /// The bytes of an entry from `from` on.
    fn entry(&self, entry: u64, from: usize, into: &mut [u8]) -> usize {
        let section = &self.sections[(entry % CONTENTS as u64) as usize];
        let header = named(&section[..HEADER], HEADER - NAME, entry);
        copy(&[&header, &section[HEADER..]], from, into)
    }

    fn record(&self, entry: u64, from: usize, into: &mut [u8]) -> usize {
        let mut record = named(&self.records[(entry % CONTENTS as u64) as usize], RECORD - NAME, entry);
        record[42..46].copy_from_slice(&(self.start(entry) as u32).to_le_bytes());
        copy(&[&record], from, into)
    }
}

/// The same with the entry's number in its name.
fn named(bytes: &[u8], at: usize, entry: u64) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at..at + NAME].copy_from_slice(format!("src/module-{entry:010}.js").as_bytes());
    bytes
}

fn copy(parts: &[&[u8]], mut from: usize, into: &mut [u8]) -> usize {
    let mut copied = 0;
    for part in parts {
        let rest = part.get(from..).unwrap_or_default();
        let length = rest.len().min(into.len() - copied);
        into[copied..copied + length].copy_from_slice(&rest[..length]);
        copied += length;
        from = from.saturating_sub(part.len());
    }
    copied
}

impl Source for Made {
    fn length(&self) -> u64 {
        self.start(self.entries) + self.entries * RECORD as u64 + self.end.len() as u64
    }

    fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<usize> {
        let directory = self.start(self.entries);
        let end = directory + self.entries * RECORD as u64;
        let (mut at, mut read) = (at, 0);
        while read < into.len() {
            let rest = &mut into[read..];
            let copied = if at < directory {
                let (round, within) = (at / self.period(), at % self.period());
                let which = self.starts.partition_point(|start| *start <= within) - 1;
                self.entry(round * CONTENTS as u64 + which as u64, (within - self.starts[which]) as usize, rest)
            } else if at < end {
                let record = RECORD as u64;
                self.record((at - directory) / record, ((at - directory) % record) as usize, rest)
            } else {
                copy(&[&self.end], (at - end) as usize, rest)
            };
            if copied == 0 {
                break;
            }
            at += copied as u64;
            read += copied;
        }
        Ok(read)
    }
}

/// A zip with one entry, whose name has as many bytes as all names will.
fn zip_of(text: &str) -> Result<Vec<u8>> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("x".repeat(NAME), SimpleFileOptions::default())?;
    writer.write_all(text.as_bytes())?;
    Ok(writer.finish()?.into_inner())
}

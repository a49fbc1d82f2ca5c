//! How much of a bomb is unpacked before the scan gives up, as whoever is handed the bytes counts it.

use std::io::{Cursor, Write};
use std::time::Duration;

use anyhow::{Result, anyhow};
use artifact_scan::zip::{Directory, End, LONGEST_END, batches};
use artifact_scan::{Budget, Limits, Nature, Piece, Visitor, Walk};
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::measure::now;

const MIB: u64 = 1 << 20;

pub(crate) struct Bomb {
    pub(crate) name: &'static str,
    /// What it would become.
    pub(crate) full: u64,
    pub(crate) cap: u64,
    pub(crate) unpacked: u64,
    pub(crate) took: Duration,
}

pub(crate) fn measure() -> Result<Vec<Bomb>> {
    let flat = zip_of(&[("zeros", 512 * MIB)])?;
    let many: Vec<(String, u64)> = (0..64).map(|number| (format!("zeros-{number}"), 16 * MIB)).collect();
    let many: Vec<(&str, u64)> = many.iter().map(|(name, size)| (name.as_str(), *size)).collect();
    let layers = nested(&flat, 64)?;
    let wide = Limits { free_of_ratio: 1 << 40, ratio: 1 << 20, ..Limits::default() };
    Ok(vec![
        scan("one entry, cap on the growth", &flat, 512 * MIB, 16 * MIB, &Limits::default())?,
        scan("one entry, cap on an entry", &flat, 512 * MIB, 64 * MIB, &Limits { entry: 64 * MIB, ..wide.clone() })?,
        scan("64 entries, cap on the artifact", &zip_of(&many)?, 1024 * MIB, 256 * MIB, &artifact(256 * MIB, &wide))?,
        scan("64 zips in a zip, cap on the artifact", &layers, 64 * 512 * MIB, 256 * MIB, &artifact(256 * MIB, &wide))?,
    ])
}

fn artifact(cap: u64, wide: &Limits) -> Limits {
    Limits { artifact: cap, ..wide.clone() }
}

/// Counts what it is handed.
struct Counting(u64);

impl Visitor for Counting {
    fn piece(&mut self, _path: &[String], piece: &Piece<'_>) -> Nature {
        self.0 += (piece.bytes.len() - piece.again) as u64;
        Nature::Binary
    }
}

fn scan(name: &'static str, zip: &[u8], full: u64, cap: u64, limits: &Limits) -> Result<Bomb> {
    let began = now();
    let broken = |broken| anyhow!("the bomb cannot be read: {broken:?}");
    let end = End::find(&zip[zip.len().saturating_sub(LONGEST_END)..], zip.len() as u64).map_err(broken)?;
    let range = |from: u64, until: u64| &zip[from as usize..until as usize];
    let directory = Directory::read(range(end.directory.start, end.directory.end), &end, limits).map_err(broken)?;
    let (plan, budget) = (batches(&directory, 8 * MIB, |_| true), Budget::new(limits, 0));
    let (mut walk, mut counting, mut said) = (Walk::new(limits, &budget), Counting(0), 0);
    for batch in &plan.batches {
        let coverage = walk.batch(&plan, batch, range(batch.bytes.start, batch.bytes.end), &mut counting)?;
        said += coverage.unpacked;
    }
    // Nested archives are unpacked for the walk itself, too.
    Ok(Bomb { name, full, cap, unpacked: said.max(counting.0), took: began.elapsed() })
}

fn zip_of(entries: &[(&str, u64)]) -> Result<Vec<u8>> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let zeros = vec![0; MIB as usize];
    for (name, size) in entries {
        writer.start_file(*name, SimpleFileOptions::default())?;
        for _ in 0..size / MIB {
            writer.write_all(&zeros)?;
        }
    }
    Ok(writer.finish()?.into_inner())
}

fn nested(inner: &[u8], times: usize) -> Result<Vec<u8>> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for number in 0..times {
        writer.start_file(format!("layer-{number}.zip"), SimpleFileOptions::default())?;
        writer.write_all(inner)?;
    }
    Ok(writer.finish()?.into_inner())
}

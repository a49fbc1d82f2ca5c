//! The figures as a table, the ratios beneath, and whether each target is met.

use std::time::Duration;

use anstream::println;

use crate::measure::Run;
use crate::program::{Part, Program};

/// Largest share of boto3's instructions.
const INSTRUCTIONS_OF_BOTO3: f64 = 1.0 / 100.0;
/// Most wall time, in times that of the bare handler.
const WALL_OF_BARE: f64 = 3.0;
/// Most resident memory.
const RSS_MIB: f64 = 10.0;
/// Largest deployment package.
const ZIP_MIB: f64 = 4.0;

/// One program's figures.
pub(crate) struct Row<'a> {
    program: &'a Program,
    pub(crate) runs: Vec<Run>,
    pub(crate) instructions: Option<u64>,
}

impl<'a> Row<'a> {
    pub(crate) fn new(program: &'a Program) -> Self {
        Self { program, runs: Vec::new(), instructions: None }
    }

    /// The fastest start: the one least disturbed by the machine.
    fn fastest(&self) -> f64 {
        self.walls().first().copied().unwrap_or_default().as_secs_f64()
    }

    fn median(&self) -> f64 {
        let walls = self.walls();
        walls.get(walls.len() / 2).copied().unwrap_or_default().as_secs_f64()
    }

    fn walls(&self) -> Vec<Duration> {
        let mut walls: Vec<_> = self.runs.iter().map(|run| run.wall).collect();
        walls.sort_unstable();
        walls
    }

    fn peak_mib(&self) -> f64 {
        self.runs.iter().map(|run| run.peak_kib).max().unwrap_or_default() as f64 / 1024.0
    }

    fn zip_mib(&self) -> Option<f64> {
        self.program.zip_bytes.map(|bytes| bytes as f64 / 1024.0 / 1024.0)
    }
}

/// Prints everything.
pub(crate) fn print(rows: &[Row<'_>]) {
    println!(
        "{:<14} {:>10} {:>10} {:>10} {:>14} {:>9}",
        "program", "wall min", "median", "peak RSS", "instructions", "zip"
    );
    for row in rows {
        let instructions = row.instructions.map_or("-".to_owned(), |count| format!("{:.2} M", count as f64 / 1e6));
        let zip = row.zip_mib().map_or("-".to_owned(), |mib| format!("{mib:.2} MiB"));
        println!(
            "{:<14} {:>7.2} ms {:>7.2} ms {:>6.1} MiB {:>14} {:>9}",
            row.program.name,
            row.fastest() * 1e3,
            row.median() * 1e3,
            row.peak_mib(),
            instructions,
            zip
        );
    }
    let other = |part| rows.iter().find(|row| row.program.part == part);
    for row in rows.iter().filter(|row| row.program.part == Part::Function) {
        println!();
        targets(row, other(Part::Bare), other(Part::Boto3));
    }
}

fn targets(row: &Row<'_>, bare: Option<&Row<'_>>, boto3: Option<&Row<'_>>) {
    let name = &row.program.name;
    if let Some(bare) = bare {
        target(name, "wall min, in times the bare handler", row.fastest() / bare.fastest(), WALL_OF_BARE);
    }
    if let Some(boto3) = boto3 {
        let share = boto3.fastest() / row.fastest();
        println!(
            "{name}: starts {share:.0} times as fast as boto3, with 1/{:.0} of its memory",
            boto3.peak_mib() / row.peak_mib()
        );
        if let (Some(ours), Some(theirs)) = (row.instructions, boto3.instructions) {
            let share = ours as f64 / theirs as f64;
            println!("{name}: 1/{:.0} of the instructions of boto3", 1.0 / share);
            target(name, "instructions, as a share of boto3's", share, INSTRUCTIONS_OF_BOTO3);
        }
    }
    target(name, "peak RSS in MiB", row.peak_mib(), RSS_MIB);
    if let Some(zip) = row.zip_mib() {
        target(name, "zip in MiB", zip, ZIP_MIB);
    }
}

fn target(name: &str, what: &str, value: f64, most: f64) {
    let verdict = if value <= most { "met" } else { "MISSED" };
    println!("{name}: {what}: {value:.3} (at most {most}): {verdict}");
}

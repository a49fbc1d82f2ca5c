//! Cold start: from starting each function's process to its first request for work.
//!
//! Run it with `cargo bench -p local --bench cold_start`, or with `-- --runs 50` for more than 20 runs.
//! Everything is measured in one go on one machine, run by run in turn, so the ratios mean something; the figures alone
//! depend on the machine. It needs valgrind for the instructions and a Python with boto3 for the comparison with it,
//! and says so when they are missing.

mod measure;
mod program;
mod report;
mod stub;

use anyhow::{Context, Result};
use stub::Stub;

/// Least number of runs of each program: the fastest of fewer is mostly chance.
const RUNS: usize = 20;

fn main() -> Result<()> {
    let runs = runs_wanted()?;
    let programs = program::all()?;
    let stub = Stub::start()?;
    let mut rows: Vec<_> = programs.iter().map(report::Row::new).collect();
    for run in 1..=runs {
        anstream::eprint!("\rrun {run} of {runs}");
        for (program, row) in programs.iter().zip(&mut rows) {
            row.runs.push(measure::run(program, &stub).with_context(|| format!("starting {}", program.name))?);
        }
    }
    anstream::eprintln!("\rcounting instructions (minutes for Python)");
    for (program, row) in programs.iter().zip(&mut rows) {
        row.instructions = measure::instructions(program, &stub)?;
    }
    report::print(&rows);
    Ok(())
}

/// `cargo bench` adds `--bench`; whatever else is not known is passed over.
fn runs_wanted() -> Result<usize> {
    let arguments: Vec<_> = std::env::args().collect();
    let wanted = arguments.iter().position(|argument| argument == "--runs").and_then(|at| arguments.get(at + 1));
    let wanted = wanted.map_or(Ok(RUNS), |text| text.parse().context("--runs takes a number"))?;
    Ok(wanted.max(RUNS))
}

//! The recorder at work: events per second against the same logic in Python with boto3, calls to AWS, and what it costs.
//!
//! Run it with `cargo bench -p local --bench recorder`, or with `-- --runs 10` for more than 5 runs.
//! Both programs are real processes behind a Runtime API and doubles of AWS on loopback. They are given the same batches,
//! in turn, in one go, and first it is checked that they record the same samples. It needs the Python that `cargo demo`
//! installs; instructions are counted where valgrind is installed.

mod batches;
mod calls;
mod cpu;
mod fleet;
mod program;
mod report;
mod requests;
mod rules;
mod samples;
mod series;
mod speed;
mod story;
mod table;
mod world;

use anyhow::{Context, Result};

/// Least and most runs of each program: a run is a day of the fleet, and CloudWatch takes samples of two weeks.
const RUNS: std::ops::RangeInclusive<usize> = 5..=11;

fn main() -> Result<()> {
    let runs = runs_wanted()?;
    let programs = program::all()?;
    anstream::eprintln!("playing the releases");
    let stories = story::play()?;
    anstream::eprintln!("comparing what the two programs record");
    let compared = samples::compare(&programs, &stories)?;
    anstream::println!("{compared} samples of both programs are the same");
    report::speed(&speed::measure(&programs, &stories, runs)?);
    report::calls(&calls::measure(&programs.recorder, &stories)?);
    report::series(&series::measure(&programs, &stories)?);
    Ok(())
}

/// `cargo bench` adds `--bench`; whatever else is not known is passed over.
fn runs_wanted() -> Result<usize> {
    let arguments: Vec<_> = std::env::args().collect();
    let wanted = arguments.iter().position(|argument| argument == "--runs").and_then(|at| arguments.get(at + 1));
    let wanted = wanted.map_or(Ok(*RUNS.start()), |text| text.parse().context("--runs takes a number"))?;
    Ok(wanted.clamp(*RUNS.start(), *RUNS.end()))
}

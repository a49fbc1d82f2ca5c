//! A scan of an artifact: its time beside other scanners' on the same zip, its speed per core, memory, bombs, cold start.
//!
//! Run it with `cargo bench -p local --bench scan`, or with `-- --runs 10` for more than 5 rounds, `-- --alone` without the
//! other scanners. Those are the peers of `peers.txt`, installed below `target/scan`; they are run without a network. All
//! programs read the same zip of 20,000 generated entries, in turn, round by round, so the ratios mean something; the
//! figures alone depend on the machine. Instructions are counted where valgrind is installed.

mod artifact;
mod bomb;
mod child;
mod findings;
mod measure;
mod memory;
mod peers;
mod random;
mod report;
mod rounds;
mod scanning;
mod start;
mod text;
mod vocabulary;
mod world;

use anyhow::{Context, Result};

use world::World;

/// Least number of rounds.
const ROUNDS: usize = 5;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, rest @ ..] = arguments.as_slice()
        && flag == child::FLAG
    {
        return child::run(rest);
    }
    let world = World::prepare()?;
    report::artifact(&world.artifact);
    let wanted = arguments.iter().position(|word| word == "--runs").and_then(|at| arguments.get(at + 1));
    let rounds: usize = wanted.map_or(Ok(ROUNDS), |text| text.parse().context("--runs takes a number"))?;
    let peers = if arguments.iter().any(|word| word == "--alone") { Vec::new() } else { peers::install()? };
    report::times(&rounds::measure(&world, &peers, rounds.max(ROUNDS))?, &world.artifact);
    report::speed(&rounds::speeds(&world, rounds.max(ROUNDS))?);
    report::instructions(measure::instructions(&world)?.as_ref());
    report::memory(&memory::measure()?);
    report::bombs(&bomb::measure()?);
    report::start(&start::measure(&world)?);
    Ok(())
}

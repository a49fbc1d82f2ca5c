//! How many events a second one core takes: both programs in turn, a day of the fleet each time.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::batches::{Batch, Tale, events};
use crate::cpu::cpu_time;
use crate::fleet;
use crate::program::{Process, Program, Programs};
use crate::story::Stories;
use crate::world::World;

/// Batches given to a program under valgrind; the difference is what is counted, and start-up is in both.
const FEW: usize = 3;
const MORE: usize = 9;

/// One program's figures.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) runs: Vec<Run>,
    /// Instructions per event; `None` without valgrind.
    pub(crate) instructions: Option<f64>,
}

/// One day of the fleet.
pub(crate) struct Run {
    pub(crate) events: usize,
    pub(crate) batches: usize,
    /// Processor time.
    pub(crate) cpu: Duration,
    pub(crate) wall: Duration,
}

pub(crate) fn measure(programs: &Programs, stories: &Stories, runs: usize) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut working = Vec::new();
    for program in [&programs.recorder, &programs.same] {
        let world = World::start(stories)?;
        let mut process = program.start(&world, &[])?;
        world.tell(&mut process, &fleet::day(stories, 0)?)?;
        working.push((world, process));
        rows.push(Row { name: program.name, runs: Vec::new(), instructions: None });
    }
    for run in 1..=runs {
        anstream::eprint!("\rday {run} of {runs}");
        let tale = fleet::day(stories, run)?;
        for ((world, process), row) in working.iter_mut().zip(&mut rows) {
            row.runs.push(a_run(world, process, &tale)?);
        }
    }
    anstream::eprintln!("\rcounting instructions (minutes for Python)");
    for (program, row) in [&programs.recorder, &programs.same].into_iter().zip(&mut rows) {
        row.instructions = instructions_per_event(program, stories)?;
    }
    Ok(rows)
}

fn a_run(world: &World, process: &mut Process, tale: &Tale) -> Result<Run> {
    world.prepare(tale);
    let (cpu, began) = (cpu_time(process.0.id())?, now());
    world.invoke(process, &tale.batches)?;
    let (events, batches) = (events(&tale.batches), tale.batches.len());
    Ok(Run { events, batches, wall: began.elapsed(), cpu: cpu_time(process.0.id())?.saturating_sub(cpu) })
}

fn instructions_per_event(program: &Program, stories: &Stories) -> Result<Option<f64>> {
    let day = fleet::day(stories, 0)?;
    let (few, more) = (&day.batches[..FEW], &day.batches[..MORE]);
    let took = |batches| instructions(program, stories, &day, batches);
    let (Some(few_took), Some(more_took)) = (took(few)?, took(more)?) else {
        anstream::eprintln!("valgrind is not installed, so instructions are not counted");
        return Ok(None);
    };
    Ok(Some((more_took - few_took) as f64 / (events(more) - events(few)) as f64))
}

fn instructions(program: &Program, stories: &Stories, day: &Tale, batches: &[Batch]) -> Result<Option<u64>> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        return Ok(None);
    }
    let output = program.home().join("callgrind.out");
    let world = World::start(stories)?;
    world.prepare(day);
    let words = ["valgrind", "--tool=callgrind", "--vgdb=no", &format!("--callgrind-out-file={}", output.display())];
    let mut process = program.start(&world, &words.map(str::to_owned))?;
    world.invoke(&mut process, batches)?;
    // Callgrind writes its counts when the program ends in an orderly way.
    let status = Command::new("kill").args(["-TERM", &process.0.id().to_string()]).status().context("starting kill")?;
    ensure!(status.success(), "the program had ended before it was stopped");
    process.0.wait()?;
    let counts = std::fs::read_to_string(&output).context("reading callgrind's counts")?;
    let total =
        counts.lines().find_map(|line| line.strip_prefix("totals: ").or_else(|| line.strip_prefix("summary: ")));
    Ok(Some(total.context("callgrind wrote no total")?.trim().parse()?))
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn now() -> Instant {
    Instant::now()
}

//! From starting the program until it has scanned its first piece, beside the same program when it does nothing.

use std::io::Read;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::measure::now;
use crate::world::{World, child};

const RUNS: usize = 30;

/// Sorted.
pub(crate) struct Starts {
    pub(crate) first: Vec<Duration>,
    pub(crate) nothing: Vec<Duration>,
}

pub(crate) fn measure(world: &World) -> Result<Starts> {
    let zip = world.artifact.zip.to_string_lossy().into_owned();
    let mut starts = Starts { first: Vec::new(), nothing: Vec::new() };
    for _ in 0..RUNS {
        starts.first.push(until_a_sign(&["first", &zip])?);
        starts.nothing.push(until_a_sign(&["nothing"])?);
    }
    starts.first.sort_unstable();
    starts.nothing.sort_unstable();
    Ok(starts)
}

fn until_a_sign(part: &[&str]) -> Result<Duration> {
    let mut command = child(part)?;
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let began = now();
    let mut process = command.spawn()?;
    let read = process.stdout.as_mut().context("no output")?.read(&mut [0])?;
    let took = began.elapsed();
    process.wait()?;
    ensure!(read == 1, "{part:?} ended without a sign");
    Ok(took)
}

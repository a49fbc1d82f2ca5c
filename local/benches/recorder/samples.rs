//! What the programs recorded, read from the requests they sent.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use tempfile::TempDir;

use crate::batches::Tale;
use crate::fleet;
use crate::program::{Program, Programs, root};
use crate::story::Stories;
use crate::world::World;

/// Name, dimensions, seconds since the epoch, value and unit of a sample.
#[derive(Debug, Clone, PartialEq, PartialOrd, Deserialize)]
pub(crate) struct Sample(pub(crate) String, pub(crate) String, pub(crate) i64, f64, String);

impl Sample {
    /// A mean depends on the order of its addends in the last digits, which may be rounded up or down.
    fn is(&self, other: &Self) -> bool {
        const WITHIN: f64 = 0.002;
        let names = |it: &Self| (it.0.clone(), it.1.clone(), it.2, it.4.clone());
        (self.3 - other.3).abs() < WITHIN && names(self) == names(other)
    }
}

/// What a program records when it is told a tale, in the order of names, dimensions and times.
pub(crate) fn recorded(program: &Program, python: &Path, stories: &Stories, tale: &Tale) -> Result<Vec<Sample>> {
    let world = World::start(stories)?;
    world.keep_metrics();
    let mut process = program.start(&world, &[])?;
    world.tell(&mut process, tale).with_context(|| program.name.to_owned())?;
    let mut samples = decoded(&world.metrics(), python)?;
    samples.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    Ok(samples)
}

/// Checks that both programs record the same, and says how much that is.
pub(crate) fn compare(programs: &Programs, stories: &Stories) -> Result<usize> {
    let mut compared = 0;
    for tale in [fleet::day(stories, 0)?, fleet::eventful(stories)?, fleet::month(stories)?] {
        let ours = recorded(&programs.recorder, &programs.python, stories, &tale)?;
        let theirs = recorded(&programs.same, &programs.python, stories, &tale)?;
        let are_same = ours.len() == theirs.len() && ours.iter().zip(&theirs).all(|(ours, theirs)| ours.is(theirs));
        let (only_ours, only_theirs) = match are_same {
            true => (Vec::new(), Vec::new()),
            false => (beyond(&ours, &theirs), beyond(&theirs, &ours)),
        };
        ensure!(
            are_same,
            "the programs do not record the same.\nonly the recorder: {only_ours:#?}\nonly the same in Python: {only_theirs:#?}"
        );
        ensure!(!ours.is_empty(), "nothing was recorded");
        compared += ours.len();
    }
    Ok(compared)
}

/// What is in the first list and not, or not as often, in the second.
fn beyond(some: &[Sample], others: &[Sample]) -> Vec<Sample> {
    let mut others = others.to_vec();
    let is_beyond = |sample: &&Sample| match others.iter().position(|other| other.is(sample)) {
        Some(place) => {
            others.swap_remove(place);
            false
        }
        None => true,
    };
    some.iter().filter(is_beyond).cloned().collect()
}

fn decoded(bodies: &[Vec<u8>], python: &Path) -> Result<Vec<Sample>> {
    let folder = TempDir::new()?;
    for (number, body) in bodies.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{number:08}")), body)?;
    }
    let script = root().join("local/benches/recorder/decode.py");
    let output = Command::new(python).arg(script).arg(folder.path()).output().context("starting Python")?;
    ensure!(output.status.success(), "decode.py: {}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout)?;
    lines.lines().map(|line| serde_json::from_str(line).with_context(|| line.to_owned())).collect()
}

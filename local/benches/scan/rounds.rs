//! Who scans in which order, and what came of it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::child::Told;
use crate::measure::{self, Run};
use crate::peers::{Peer, Scanner};
use crate::world::{World, processors};

/// One way to scan the artifact.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) is_ours: bool,
    /// It was given the unpacked files, and could have read the zip.
    pub(crate) is_favoured: bool,
    pub(crate) runs: Vec<Run>,
    pub(crate) findings: usize,
    /// It was ended after so long.
    pub(crate) gave_up: Option<Duration>,
}

/// How long a scanner may take for the artifact.
const PATIENCE: Duration = Duration::from_secs(120);

impl Row {
    fn new(name: String, is_ours: bool) -> Self {
        Self { name, is_ours, is_favoured: false, runs: Vec::new(), findings: 0, gave_up: None }
    }

    pub(crate) fn walls(&self) -> Vec<Duration> {
        let mut walls: Vec<_> = self.runs.iter().map(|run| run.wall).collect();
        walls.sort_unstable();
        walls
    }
}

/// Every program, round by round. What takes minutes is run once; it is the fastest nowhere.
pub(crate) fn measure(world: &World, peers: &[Peer], rounds: usize) -> Result<Vec<Row>> {
    let mut ours = vec![(1, Row::new("Pipewarden, 1 thread".to_owned(), true))];
    if processors() > 1 {
        ours.push((processors(), Row::new(format!("Pipewarden, {} threads", processors()), true)));
    }
    let mut theirs: Vec<(&Peer, &Path, Row)> = Vec::new();
    for peer in peers {
        let named = |form: &str| Row::new(format!("{} {}, {form}", peer.scanner.name(), peer.version), false);
        // detect-secrets takes a zip for one file that is no text.
        if peer.scanner != Scanner::DetectSecrets {
            theirs.push((peer, &world.artifact.zip, named("zip")));
        }
        let is_favoured = peer.scanner != Scanner::DetectSecrets;
        theirs.push((peer, &world.artifact.folder, Row { is_favoured, ..named("folder") }));
        anstream::eprintln!("warming {} up", peer.scanner.name());
        measure::run(&mut peer.scan(&world.small.folder, &world.home))?;
    }
    let zip = world.artifact.zip.to_string_lossy().into_owned();
    for round in 1..=rounds {
        anstream::eprint!("\rround {round} of {rounds}");
        for (threads, row) in &mut ours {
            let (run, told) = measure::told(&["scan", &zip, &threads.to_string()])?;
            row.findings = told.findings;
            row.runs.push(run);
        }
        for (peer, what, row) in &mut theirs {
            if round == 1 || peer.scanner != Scanner::DetectSecrets {
                let run = measure::run_at_most(&mut peer.scan(what, &world.home), PATIENCE)?;
                let Some(run) = run else {
                    row.gave_up = Some(PATIENCE);
                    continue;
                };
                let found = crate::findings::read(peer.scanner, &run.output);
                row.findings = found.with_context(|| format!("reading what {} found", row.name))?.len();
                row.runs.push(Run { output: Vec::new(), ..run });
            }
        }
    }
    anstream::eprintln!();
    Ok(ours.into_iter().map(|(_, row)| row).chain(theirs.into_iter().map(|(_, _, row)| row)).collect())
}

/// Bytes of text per second of processor time: of the scan alone, of reading alone, of both together.
pub(crate) struct Speeds {
    pub(crate) text: Vec<f64>,
    pub(crate) read: Vec<f64>,
    pub(crate) both: Vec<f64>,
}

pub(crate) fn speeds(world: &World, rounds: usize) -> Result<Speeds> {
    let mut speeds = Speeds { text: Vec::new(), read: Vec::new(), both: Vec::new() };
    let zip = world.artifact.zip.to_string_lossy().into_owned();
    let rate = |told: &Told| told.text_bytes as f64 / told.cpu.as_secs_f64();
    for _ in 0..rounds {
        speeds.text.push(rate(&measure::told(&["text", &zip])?.1));
        speeds.read.push(rate(&measure::told(&["read", &zip])?.1));
        speeds.both.push(rate(&measure::told(&["scan", &zip, "1"])?.1));
    }
    for list in [&mut speeds.text, &mut speeds.read, &mut speeds.both] {
        list.sort_by(|one, other| other.total_cmp(one));
    }
    Ok(speeds)
}

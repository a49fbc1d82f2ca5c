//! What scanners find and what they report wrongly: on our own corpus, by class, and on packages that others have made.
//!
//! Run it with `cargo bench -p local --bench scan_quality`; with `-- --write` the tables in `docs/scan-comparison.md` are
//! made anew; with `-- --problems` each secret missed and each wrong finding is listed. All is computed from what the scanners say in this run. The peers and the packages are installed below
//! `target/scan`; nothing of them comes into the repository.

mod documents;
mod ours;
mod public;
mod score;
mod tables;

#[path = "../scan/findings.rs"]
mod findings;
#[path = "../scan/peers.rs"]
mod peers;

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use documents::Documents;
use findings::Finding;
use peers::Peer;
use score::Score;

/// Seconds that a scanner may take for a folder.
const PATIENCE: &str = "60";

/// One of the scanners that are compared.
pub(crate) enum Contestant {
    Ours(ours::Ours),
    Peer(Peer),
}

impl Contestant {
    fn all() -> Result<Vec<Self>> {
        let peers = peers::install()?.into_iter().map(Self::Peer);
        Ok([Self::Ours(ours::Ours::new()?)].into_iter().chain(peers).collect())
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Ours(_) => "Pipewarden",
            Self::Peer(peer) => peer.scanner.name(),
        }
    }

    pub(crate) fn version(&self) -> &str {
        match self {
            Self::Ours(ours) => ours.version(),
            Self::Peer(peer) => &peer.version,
        }
    }

    /// What it finds in all files below a folder; paths are those from there. `None` if it takes longer than anybody waits.
    pub(crate) fn scan(&self, folder: &Path) -> Result<Option<Vec<Finding>>> {
        match self {
            Self::Ours(ours) => ours.scan(folder).map(Some),
            Self::Peer(peer) => {
                let home = tempfile::tempdir()?;
                let Some(output) = run(&peer.scan(folder, home.path()))? else { return Ok(None) };
                let mut findings = findings::read(peer.scanner, &output)?;
                for finding in &mut findings {
                    let path = Path::new(&finding.path);
                    let path = path.strip_prefix(folder).unwrap_or(path);
                    finding.path = path.to_string_lossy().into_owned();
                }
                Ok(Some(findings))
            }
        }
    }
}

/// Whether the word stands in the command line.
pub(crate) fn wanted(word: &str) -> bool {
    std::env::args().any(|argument| argument == word)
}

/// What it writes; `None` if it had to be ended.
fn run(command: &Command) -> Result<Option<Vec<u8>>> {
    let mut timed = Command::new("timeout");
    timed.args(["--signal=KILL", PATIENCE]).arg(command.get_program()).args(command.get_args());
    timed.current_dir(command.get_current_dir().unwrap_or(Path::new(".")));
    timed.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = timed.output().with_context(|| format!("starting {timed:?}"))?;
    // It ends itself in the same way as what it had to kill.
    let was_killed = matches!(output.status.code(), None | Some(137));
    Ok((!was_killed).then_some(output.stdout))
}

fn main() -> Result<()> {
    let contestants = Contestant::all()?;
    let documents = Documents::of_corpus()?;
    let mut scores = Vec::new();
    for contestant in &contestants {
        anstream::eprintln!("{} scans the corpus", contestant.name());
        let findings = contestant.scan(documents.folder())?.context("it took too long")?;
        scores.push((contestant, Score::of(&documents, &findings)));
    }
    let corpus = tables::corpus(&documents, &scores);
    let packages = public::compare(&contestants)?;
    let text = format!("{}\n{corpus}\n{packages}", tables::versions(&contestants));
    anstream::println!("{text}");
    if wanted("--problems") {
        for (contestant, score) in &scores {
            anstream::println!("{}:\n{}", contestant.name(), score.problems.join("\n"));
        }
    }
    if wanted("--write") { tables::write(&text) } else { Ok(()) }
}

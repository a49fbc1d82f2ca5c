//! Where everything is for the time of a run: in memory if there is a file system in memory, so that no disk is measured.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::artifact::{Artifact, ENTRIES};
use crate::peers::root;

pub(crate) struct World {
    pub(crate) artifact: Artifact,
    /// A zip with hardly anything in it, to know what starting costs.
    pub(crate) small: Artifact,
    /// The home of other programs, and where they may unpack.
    pub(crate) home: PathBuf,
    _folder: TempDir,
}

impl World {
    pub(crate) fn prepare() -> Result<Self> {
        anstream::eprintln!("making the artifact");
        let memory = Path::new("/dev/shm");
        let below = if memory.is_dir() { memory.to_owned() } else { root().join("target") };
        // A name that no scanner could take for a reason to leave anything out.
        let folder = tempfile::Builder::new().prefix("release").tempdir_in(below)?;
        let of = |name: &str, entries| {
            let path = folder.path().join(name);
            std::fs::create_dir(&path)?;
            Artifact::write(&path, entries)
        };
        let home = folder.path().join("home");
        std::fs::create_dir(&home)?;
        Ok(Self { artifact: of("whole", ENTRIES)?, small: of("small", 1)?, home, _folder: folder })
    }
}

/// This program again, in another part: with its own memory and clocks.
pub(crate) fn child(part: &[&str]) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe().context("finding this program")?);
    command.arg(crate::child::FLAG).args(part);
    Ok(command)
}

/// The processors there are.
pub(crate) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

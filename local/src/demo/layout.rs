//! Where the demo reads from and writes to: the workspace, and `target/demo` below its target folder.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Folders of one checkout.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// The workspace: `template.yaml`, `functions/`, `local/`.
    pub(crate) root: PathBuf,
    /// Everything the demo makes, and nothing else: `target/demo`.
    pub(crate) work: PathBuf,
}

impl Layout {
    /// Found from where this crate was compiled and where its binary runs.
    pub(crate) fn find() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the local package is not in a workspace")?;
        let binary = std::env::current_exe().context("cannot tell where this program is")?;
        // target/debug/pipewarden
        let target = binary.ancestors().nth(2).context("this program is not in a target folder")?;
        let work = target.join("demo");
        std::fs::create_dir_all(work.join("logs")).with_context(|| format!("cannot create {}", work.display()))?;
        Ok(Self { root: root.to_owned(), work })
    }

    /// Data of the demo that is part of the repository.
    pub(crate) fn data(&self, name: &str) -> PathBuf {
        self.root.join("local/demo").join(name)
    }

    /// The log of one step.
    pub(crate) fn log(&self, step: &str) -> PathBuf {
        self.work.join("logs").join(format!("{step}.log"))
    }

    /// How a path is shown: relative to the workspace where it can be.
    pub(crate) fn shown<'p>(&self, path: &'p Path) -> std::path::Display<'p> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }
}

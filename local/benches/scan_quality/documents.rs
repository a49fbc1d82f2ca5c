//! Files with secrets whose places are known, in a folder for the time of a run.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use artifact_scan::corpus::{Marked, cases, expand};
use tempfile::TempDir;

/// Each case is filled this often, each time with other secrets.
const SEEDS: u32 = 20;

pub(crate) struct Documents {
    pub(crate) all: BTreeMap<String, Document>,
    folder: TempDir,
}

/// A file.
pub(crate) struct Document {
    /// `leaks/json`, `quiet/code`.
    pub(crate) class: String,
    pub(crate) secrets: Vec<Marked>,
    /// What stands in it is encoded, so that lines and columns say nothing.
    pub(crate) is_encoded: bool,
}

impl Documents {
    /// The crate's corpus, each file in a folder of its own that is called by a number: what the folder is for must not
    /// be known by its name.
    pub(crate) fn of_corpus() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("release").tempdir()?;
        let mut all = BTreeMap::new();
        for part in ["leaks", "quiet"] {
            for (class, cases) in cases(part) {
                for case in cases {
                    for seed in 0..SEEDS {
                        let seed = format!("{class}{}{seed}", case.name);
                        let path = format!("{:05}/{}", all.len(), expand(&case.name, &seed));
                        let filled = case.fill(&seed);
                        let file = folder.path().join(&path);
                        std::fs::create_dir_all(file.parent().unwrap_or(folder.path()))?;
                        std::fs::write(file, filled.bytes)?;
                        let (class, is_encoded) = (format!("{part}/{class}"), !case.is_plain());
                        all.insert(path, Document { class, secrets: filled.secrets, is_encoded });
                    }
                }
            }
        }
        Ok(Self { all, folder })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// How many documents, and how many secrets, by class.
    pub(crate) fn classes(&self) -> BTreeMap<&str, (usize, usize)> {
        let mut classes: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for document in self.all.values() {
            let class = classes.entry(&document.class).or_default();
            class.0 += 1;
            class.1 += document.secrets.len();
        }
        classes
    }
}

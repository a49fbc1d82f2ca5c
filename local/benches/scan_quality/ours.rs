//! Our own scanner over a folder, with every rule and no policy.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use artifact_scan::secrets::{Found, Scan, Scanner, version};
use artifact_scan::{Budget, Limits, Walk};

use crate::findings::Finding;

pub(crate) struct Ours(Scanner);

impl Ours {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self(Scanner::built_in().map_err(|error| anyhow!(error))?))
    }

    pub(crate) fn version(&self) -> &'static str {
        version()
    }

    pub(crate) fn scan(&self, folder: &Path) -> Result<Vec<Finding>> {
        let limits = Limits::default();
        let budget = Budget::new(&limits, 0);
        let mut walk = Walk::new(&limits, &budget);
        let mut scan = Scan::new(&self.0, Found::new(b"a comparison"));
        let mut findings = Vec::new();
        for path in files(folder)? {
            let name = path.strip_prefix(folder)?.to_string_lossy().into_owned();
            walk.file(&name, File::open(&path)?, &mut scan).with_context(|| format!("reading {name}"))?;
            for found in scan.take() {
                findings.extend(found.places.iter().map(|place| Finding {
                    path: name.clone(),
                    lines: (place.line, place.line),
                    rule: found.rule.clone(),
                    // What it is is not told, so the place says which it is.
                    secret: format!("{}, column {}", place.path[1..].join("!"), place.column),
                }));
            }
        }
        Ok(findings)
    }
}

/// All files below a folder, by name.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let (mut folders, mut files) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}

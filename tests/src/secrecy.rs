//! What the scanner asks of others holds for this repository: it is scanned like an artifact, and passes.

use std::path::{Path, PathBuf};

use artifact_scan::secrets::{DEFAULT_FINGERPRINT_KEY, Found, Scan, Scanner};
use artifact_scan::{Budget, Limits, Policy, Scanned, Walk, judge};
use jiff::Timestamp;

use crate::root;

/// What is built, downloaded or kept by tools, and no source.
const OTHERS: [&str; 5] = [".aws-sam", ".git", ".venv", "__pycache__", "target"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_other = OTHERS.iter().any(|name| path.ends_with(name));
        match path.is_dir() {
            true if is_other => {}
            true => sources(&path, found),
            false => found.push(path),
        }
    }
}

#[test]
fn this_repository_passes_its_own_scan() {
    let mut paths = Vec::new();
    sources(root(), &mut paths);
    paths.sort();
    let (limits, scanner) = (Limits::default(), Scanner::built_in().unwrap());
    let budget = Budget::new(&limits, 0);
    let (mut walk, mut scanned) = (Walk::new(&limits, &budget), Scanned::default());
    let mut scan = Scan::new(&scanner, Found::new(DEFAULT_FINGERPRINT_KEY));
    for path in &paths {
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        let bytes = std::fs::read(path).unwrap();
        scanned.cover(walk.file(&name, &*bytes, &mut scan).unwrap());
        scanned.note(scan.take());
    }
    let policy = Policy::default();
    let judgement = judge(&scanned, &policy, None, Timestamp::UNIX_EPOCH);
    let read = scanned.coverage().scanned.entries;
    assert!(read > 1_000, "only {read} files were read");
    let found: Vec<_> = scanned.findings().map(|noted| (&noted.finding.rule, &noted.finding.places)).collect();
    assert!(judgement.reasons.is_empty(), "{found:#?}\n{:?}", judgement.gaps);
}

//! Packages that others have made and published: documents that nobody wrote with our rules in mind.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use zip::ZipArchive;

use crate::Contestant;
use crate::findings::Finding;
use crate::ours::files;
use crate::peers::root;
use crate::tables;

const HOME: &str = "target/scan/packages";
const WANTED: &str = "local/benches/scan_quality/packages.txt";
/// The package in which there is something to find: its test vectors hold private keys of nobody.
const VECTORS: &str = "cryptography-vectors";

pub(crate) fn compare(contestants: &[Contestant]) -> Result<String> {
    let wanted = std::fs::read_to_string(root().join(WANTED))?;
    let (mut rows, mut vectors) = (BTreeMap::new(), Vec::new());
    for package in wanted.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let folder = unpacked(package)?;
        let bytes: u64 = files(&folder)?.iter().map(|file| file.metadata().map_or(0, |data| data.len())).sum();
        let mut counts = Vec::new();
        for contestant in contestants {
            anstream::eprintln!("{} scans {package}", contestant.name());
            let Some(findings) = contestant.scan(&folder)? else {
                counts.push(None);
                continue;
            };
            if crate::wanted("--problems") {
                let say = |finding: &Finding| {
                    format!("{} {}:{} {}", contestant.name(), finding.path, finding.lines.0, finding.rule)
                };
                findings.iter().for_each(|finding| anstream::println!("{}", say(finding)));
            }
            if package.starts_with(VECTORS) {
                vectors.push(keys(contestant.name(), &folder, &findings)?);
            }
            counts.push(Some(places(&findings).len()));
        }
        if !package.starts_with(VECTORS) {
            rows.insert(package.replace("==", " "), (bytes as f64 / 1e6, counts));
        }
    }
    let names: Vec<_> = contestants.iter().map(Contestant::name).collect();
    Ok(format!(
        "### Public packages: places reported\n\n{}\n### {VECTORS}: private keys in PEM\n\n{}",
        tables::packages(&rows, &names),
        tables::keys(&vectors)
    ))
}

/// What several rules tell of one line counts once.
fn places(findings: &[Finding]) -> BTreeSet<(&str, u64)> {
    let is_place = |finding: &&Finding| finding.lines != (0, 0);
    findings.iter().filter(is_place).map(|finding| (finding.path.as_str(), finding.lines.0)).collect()
}

fn unpacked(package: &str) -> Result<PathBuf> {
    let folder = root().join(HOME).join(package.replace("==", "-"));
    if !folder.join("whole").exists() {
        let download = folder.join("download");
        std::fs::create_dir_all(&download)?;
        let mut pip = Command::new(root().join("target/scan/peers/bin/pip"));
        pip.args(["download", "--quiet", "--no-deps", "--only-binary", ":all:", package]).current_dir(&download);
        ensure!(pip.status().context("starting pip")?.success(), "pip cannot download {package}");
        for wheel in files(&download)? {
            ZipArchive::new(File::open(wheel)?)?.extract(folder.join("content"))?;
        }
        std::fs::remove_dir_all(download)?;
        std::fs::write(folder.join("whole"), "")?;
    }
    // The rest of the vectors takes minutes and has no key in PEM.
    let part = if package.starts_with(VECTORS) { "content/cryptography_vectors/asymmetric" } else { "content" };
    Ok(folder.join(part))
}

/// A file has a key if it has the lines around one.
fn keys(name: &'static str, folder: &Path, findings: &[Finding]) -> Result<(&'static str, usize, usize, usize, usize)> {
    let told: BTreeSet<_> = findings.iter().map(|finding| folder.join(&finding.path)).collect();
    let (mut with, mut found, mut others, mut of) = (0, 0, 0, 0);
    for file in files(folder)? {
        let text = std::fs::read(&file)?;
        let has_line = |begin: &[u8]| {
            text.split(|byte| *byte == b'\n')
                .any(|line| line.starts_with(begin) && line.windows(11).any(|part| part == b"PRIVATE KEY"))
        };
        let is_told = usize::from(told.contains(&file));
        if has_line(b"-----BEGIN ") && has_line(b"-----END ") {
            with += 1;
            found += is_told;
        } else {
            of += 1;
            others += is_told;
        }
    }
    Ok((name, with, found, others, of))
}

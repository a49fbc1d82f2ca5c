//! Builds the functions with `sam build`, and only when something they are made of has changed.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::environment;
use super::layout::Layout;
use super::process;
use super::python::Tools;
use super::steps::Step;
use super::trouble::{is_offline, trouble};

/// What `sam build` reads. A changed file below one of these means another build.
const SOURCES: [&str; 7] =
    [".cargo", "Cargo.lock", "Cargo.toml", "crates", "functions", "rust-toolchain.toml", "template.yaml"];

/// The built template and its functions.
#[derive(Debug, Clone)]
pub(crate) struct Built {
    pub(crate) template: PathBuf,
    pub(crate) architecture: &'static str,
}

/// Builds, or finds the last build as good as new.
pub(crate) async fn build(layout: &Layout, tools: &Tools, step: &Step) -> Result<Built> {
    let folder = layout.work.join("build");
    let built = Built { template: folder.join("template.yaml"), architecture: architecture()? };
    let stamp = layout.work.join("build.sources");
    let wanted = fingerprint(&layout.root)?;
    if built.template.exists() && std::fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        step.remark("unchanged since the last run");
        return Ok(built);
    }
    if !built.template.exists() {
        step.tell("The first release build compiles the AWS SDK: about 9 minutes on two cores.");
    }
    let _ = std::fs::remove_file(&stamp);
    let mut sam = environment::command(tools.bin.join("sam"), &tools.bin);
    sam.current_dir(&layout.root).args(["build", "--template-file", "template.yaml", "--build-dir"]).arg(&folder);
    sam.arg("--parameter-overrides").arg(format!("Architecture={}", built.architecture));
    // The functions run on this machine, so its own linker will do; the default would want zig.
    sam.env("CARGO_LAMBDA_COMPILER", "cargo");
    let log = layout.log("build");
    let finished = process::run(&mut sam, &log, |line| {
        if let Some(what) = progress(line) {
            step.at(what);
        }
    })
    .await?;
    if !finished.status.success() {
        return Err(why_not_built(layout, &log, &finished.tail));
    }
    std::fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(built)
}

fn progress(line: &str) -> Option<&str> {
    let line = line.trim();
    ["Compiling ", "Downloading ", "Updating ", "Building ", "Running "]
        .iter()
        .any(|start| line.starts_with(start))
        .then_some(line)
}

fn why_not_built(layout: &Layout, log: &Path, tail: &str) -> anyhow::Error {
    let log = layout.shown(log);
    if is_offline(tail) {
        return trouble!(
            "could not download the crates of the functions: the crate registry cannot be reached (details in {log})"
        );
    }
    trouble!("sam build failed:\n\n{tail}\n\nThe whole log is {log}")
}

/// Functions are built for the processor they run on, and run as processes of this machine.
fn architecture() -> Result<&'static str> {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => Ok("x86_64"),
        ("linux", "aarch64") => Ok("arm64"),
        (system, processor) => Err(trouble!(
            "cargo demo runs Lambda functions as Linux processes, and this is {system} on {processor}; \
             run it in a Linux machine or container (on Windows: WSL 2)"
        )),
    }
}

fn fingerprint(root: &Path) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for source in SOURCES {
        hash_below(&root.join(source), &mut hasher)?;
    }
    Ok(format!("{:016x}\n", hasher.finish()))
}

/// Names and contents, folders in order. Tests and benches are part of it: simpler, and a build too many is cheap.
fn hash_below(path: &Path, hasher: &mut DefaultHasher) -> Result<()> {
    path.hash(hasher);
    if path.is_file() {
        std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?.hash(hasher);
        return Ok(());
    }
    let entries = std::fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    paths.sort();
    paths.iter().try_for_each(|path| hash_below(path, hasher))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for source in SOURCES {
            std::fs::create_dir_all(root.path().join(source)).unwrap();
        }
        std::fs::write(root.path().join("crates/lib.rs"), "one").unwrap();
        root
    }

    #[test]
    fn a_changed_an_added_and_a_renamed_file_each_ask_for_another_build() {
        let root = tree();
        let mut seen = vec![fingerprint(root.path()).unwrap()];
        assert_eq!(fingerprint(root.path()).unwrap(), seen[0]);
        let file = root.path().join("crates/lib.rs");
        std::fs::write(&file, "two").unwrap();
        seen.push(fingerprint(root.path()).unwrap());
        std::fs::write(root.path().join("functions/main.rs"), "").unwrap();
        seen.push(fingerprint(root.path()).unwrap());
        std::fs::rename(&file, root.path().join("crates/main.rs")).unwrap();
        seen.push(fingerprint(root.path()).unwrap());
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 4);
    }

    #[test]
    fn compiling_is_progress_and_warnings_are_not() {
        assert_eq!(progress("   Compiling aws-sdk-sqs v1.0.0"), Some("Compiling aws-sdk-sqs v1.0.0"));
        assert_eq!(progress("warning: unused import"), None);
    }
}

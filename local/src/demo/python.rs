//! Makes the Python environment the demo and CI use: found, created, filled with pinned tools, remembered.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tokio::process::Command;

use super::layout::Layout;
use super::process::{self, Finished};
use super::steps::Step;
use super::trouble::{is_offline, trouble};

/// Newest first, after whatever `python3` is.
const NAMES: [&str; 7] = ["python3", "python", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10"];
const OLDEST: (u32, u32) = (3, 10);

/// Prints version and whether virtual environments can be made (Debian packages them apart).
const PROBE: &str = "import importlib.util as u, sys; print(*sys.version_info[:2], \
                     int(all(map(u.find_spec, ('venv', 'ensurepip')))))";

/// The folder with `sam`, `cfn-lint`, `cargo-lambda` and a `python` that knows boto3 and MiniStack.
#[derive(Debug, Clone)]
pub(crate) struct Tools {
    pub(crate) bin: PathBuf,
}

/// Makes the environment under `target/demo/python`, or finds it as the pins want it.
pub(crate) async fn prepare(layout: &Layout, step: &Step) -> Result<Tools> {
    let folder = layout.work.join("python");
    let tools = Tools { bin: folder.join("bin") };
    let stamp = folder.join("pins");
    let wanted = pins(layout)?;
    if std::fs::read_to_string(&stamp).is_ok_and(|found| found == wanted)
        && probe(&tools.bin.join("python")).await.is_some()
    {
        step.remark("ready since an earlier run");
        return Ok(tools);
    }
    let python = find().await?;
    step.tell("Installing pinned Python tools under target/demo: about 80 MB to download, once.");
    let log = layout.log("python");
    let mut create = Command::new(&python);
    create.args(["-m", "venv", "--clear"]).arg(&folder);
    let made = process::run(&mut create, &log, |_| {}).await?;
    if !made.status.success() {
        return Err(trouble!("{} cannot create a virtual environment; see {}", python.display(), layout.shown(&log)));
    }
    let installed = install(layout, &tools, step).await?;
    if !installed.status.success() {
        return Err(why_not_installed(layout, &installed));
    }
    std::fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
    step.remark(format!("in {}", layout.shown(&folder)));
    Ok(tools)
}

async fn install(layout: &Layout, tools: &Tools, step: &Step) -> Result<Finished> {
    let mut pip = pip_install(tools);
    pip.arg("--requirement").arg(layout.data("tools.txt")).arg("--constraint").arg(layout.data("constraints.txt"));
    let finished = process::run(&mut pip, &layout.log("pip"), |line| {
        let shown =
            ["Collecting ", "Downloading ", "Installing "].iter().any(|start| line.trim_start().starts_with(start));
        if shown {
            step.at(line.split('(').next().unwrap_or(line).trim());
        }
    })
    .await?;
    if !finished.status.success() {
        return Ok(finished);
    }
    step.at("Installing cargo-lambda");
    let mut alone = pip_install(tools);
    alone.arg("--no-deps").arg("--requirement").arg(layout.data("tools-alone.txt"));
    process::run(&mut alone, &layout.log("pip-alone"), |_| {}).await
}

fn pip_install(tools: &Tools) -> Command {
    let mut pip = Command::new(tools.bin.join("python"));
    pip.args(["-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"]);
    pip
}

fn why_not_installed(layout: &Layout, pip: &Finished) -> anyhow::Error {
    let log = layout.log("pip*");
    let log = layout.shown(&log);
    if is_offline(&pip.tail) {
        return trouble!(
            "could not download the Python tools: no answer from the package registry, or not with the pinned versions (details in {log})"
        );
    }
    trouble!("pip could not install the Python tools; the reason is at the end of {log}")
}

/// What the environment must have been made from; the folder's place counts, since it cannot be moved.
fn pins(layout: &Layout) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    layout.work.hash(&mut hasher);
    for name in ["tools.txt", "tools-alone.txt", "constraints.txt"] {
        let path = layout.data(name);
        std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?.hash(&mut hasher);
    }
    Ok(format!("{:016x}\n", hasher.finish()))
}

async fn find() -> Result<PathBuf> {
    let mut too_old = None;
    let mut incomplete = None;
    for name in NAMES {
        let Some((version, complete)) = probe(Path::new(name)).await else { continue };
        match (version >= OLDEST, complete) {
            (true, true) => return Ok(PathBuf::from(name)),
            (true, false) => incomplete = incomplete.or(Some((name, version))),
            (false, _) => too_old = too_old.or(Some(version)),
        }
    }
    Err(match (incomplete, too_old) {
        (Some((name, (major, minor))), _) => trouble!(
            "{name} ({major}.{minor}) lacks venv or ensurepip; on Debian and Ubuntu install the package python{major}.{minor}-venv"
        ),
        (None, Some((major, minor))) => {
            trouble!(
                "Python 3.10 or later is needed, and only {major}.{minor} was found; install a newer one and run again"
            )
        }
        (None, None) => {
            trouble!("Python 3.10 or later is needed, and no python3 was found on the path; install it and run again")
        }
    })
}

/// Version, and whether it can make virtual environments; `None` if it does not run at all.
async fn probe(python: &Path) -> Option<((u32, u32), bool)> {
    let output = Command::new(python).args(["-c", PROBE]).kill_on_drop(true).output().await.ok()?;
    parse_probe(&String::from_utf8_lossy(&output.stdout))
}

fn parse_probe(output: &str) -> Option<((u32, u32), bool)> {
    let numbers: Vec<u32> = output.split_whitespace().map_while(|word| word.parse().ok()).collect();
    let [major, minor, complete] = numbers.try_into().ok()?;
    Some(((major, minor), complete == 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_tells_version_and_completeness() {
        let cases = [
            ("3 11 1\n", Some(((3, 11), true))),
            ("3 9 0\n", Some(((3, 9), false))),
            ("", None),
            ("pyenv: python3.13: command not found", None),
        ];
        for (output, expected) in cases {
            assert_eq!(parse_probe(output), expected, "{output:?}");
        }
    }
}

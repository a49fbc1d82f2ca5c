//! The two programs that are compared, and how each is built and started.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use crate::world::World;

/// Where the demo keeps a Python with boto3.
const PYTHON: &str = "target/demo/python/bin/python";

pub(crate) struct Program {
    pub(crate) name: &'static str,
    command: Vec<PathBuf>,
    /// An empty home, so that nobody's AWS profile is read.
    home: TempDir,
}

pub(crate) struct Programs {
    pub(crate) recorder: Program,
    pub(crate) same: Program,
    /// Reads what the programs sent.
    pub(crate) python: PathBuf,
}

/// Builds what has to be built and finds the rest.
pub(crate) fn all() -> Result<Programs> {
    let python = root().join(PYTHON);
    if !python.exists() {
        bail!("there is no {PYTHON} to compare with; `cargo demo` installs it");
    }
    let build = ["build", "--quiet", "--release", "--package", "recorder", "--bin", "recorder"];
    let status = Command::new("cargo").args(build).current_dir(root()).status().context("starting cargo")?;
    ensure!(status.success(), "cargo {} failed", build.join(" "));
    let recorder = program("recorder", vec![root().join("target/release/recorder")])?;
    let same = program("Python", vec![python.clone(), root().join("local/benches/recorder/same.py")])?;
    Ok(Programs { recorder, same, python })
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is a folder of the workspace")
}

fn program(name: &'static str, command: Vec<PathBuf>) -> Result<Program> {
    Ok(Program { name, command, home: TempDir::new()? })
}

/// A program at work; dropping it ends it.
pub(crate) struct Process(pub(crate) Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Program {
    /// Starts it with every endpoint in `world` and nothing of this machine's environment. `around` is put in front of
    /// the command.
    pub(crate) fn start(&self, world: &World, around: &[String]) -> Result<Process> {
        let words: Vec<PathBuf> = around.iter().map(PathBuf::from).chain(self.command.iter().cloned()).collect();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let endpoint = format!("http://{}", world.address);
        command.env_clear().env("HOME", self.home.path()).env("PATH", "/usr/bin:/bin").envs([
            ("AWS_LAMBDA_FUNCTION_NAME", "bench-recorder"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_RUNTIME_API", world.address.to_string().as_str()),
            ("AWS_REGION", "us-east-1"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_ENDPOINT_URL", endpoint.as_str()),
            ("PYTHONDONTWRITEBYTECODE", "1"),
            ("SETTINGS_PREFIX", "/bench"),
            ("STACK_ID", "arn:aws:cloudformation:us-east-1:111122223333:stack/bench/6f1f0f8a"),
            ("TABLE_NAME", "bench"),
            ("QUEUE_URL", endpoint.as_str()),
            ("DEAD_LETTER_QUEUE_URL", endpoint.as_str()),
            ("METRIC_NAMESPACE", "Bench"),
            ("STAGE_DURATIONS", "true"),
        ]);
        Ok(Process(command.spawn().with_context(|| format!("starting {}", self.name))?))
    }

    /// Where it may leave files.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }
}

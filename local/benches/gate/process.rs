//! The gatekeeper's process: how it is built and started.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::world::World;

/// Dropping it ends it.
pub(crate) struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn build() -> Result<()> {
    let what = ["build", "--quiet", "--release", "--package", "gatekeeper", "--bin", "gatekeeper"];
    let status = Command::new("cargo").args(what).current_dir(root()).status().context("starting cargo")?;
    ensure!(status.success(), "cargo {} failed", what.join(" "));
    Ok(())
}

impl Process {
    /// With every endpoint in `world` and nothing of this machine's environment.
    pub(crate) fn start(world: &World) -> Result<Self> {
        let endpoint = format!("http://{}", world.address);
        let mut command = Command::new(root().join("target/release/gatekeeper"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).env_clear().envs([
            ("AWS_LAMBDA_FUNCTION_NAME", "bench-gatekeeper"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_RUNTIME_API", world.address.to_string().as_str()),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_ENDPOINT_URL", endpoint.as_str()),
            ("SETTINGS_PREFIX", "/bench"),
            ("STACK_ID", "arn:aws:cloudformation:us-east-1:111122223333:stack/bench/6f1f0f8a"),
            ("TABLE_NAME", "bench"),
            ("QUEUE_URL", endpoint.as_str()),
            ("METRIC_NAMESPACE", "Bench"),
        ]);
        Ok(Self(command.spawn().context("starting the gatekeeper")?))
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// An error if it has ended.
    pub(crate) fn check(&mut self) -> Result<()> {
        let ended = self.0.try_wait()?;
        ensure!(ended.is_none(), "the gatekeeper ended: {ended:?}");
        Ok(())
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is a folder of the workspace")
}

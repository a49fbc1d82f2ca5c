//! The environment of child processes: the tools first on the path, and no way to a real AWS account.

use std::ffi::OsString;
use std::path::Path;

use tokio::process::Command;

/// Region of everything in the demo.
pub(crate) const REGION: &str = "us-east-1";
/// Account of everything in the demo.
pub(crate) const ACCOUNT: &str = "111122223333";

/// A command that finds `tools` first and knows no AWS credentials, profile or endpoint of its caller.
pub(crate) fn command(program: impl AsRef<Path>, tools: &Path) -> Command {
    let mut command = Command::new(program.as_ref());
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
        // Not an AWS setting but cargo's: the build of aws-lc reads it.
        if !name.to_string_lossy().starts_with("AWS_LC_") {
            command.env_remove(name);
        }
    }
    command.env("PATH", path_with(tools)).env("SAM_CLI_TELEMETRY", "0").env("PYTHONUNBUFFERED", "1");
    command
}

/// Points a command at the AWS on loopback, and at nothing else.
pub(crate) fn use_local_aws(command: &mut Command, endpoint: &str) {
    command.envs(local_aws(endpoint));
    // A proxy has no business between processes of one machine.
    command.env("NO_PROXY", "127.0.0.1,localhost").env("no_proxy", "127.0.0.1,localhost");
}

/// The variables that lead the aws CLI, an SDK or sam to the AWS on loopback.
pub(crate) fn local_aws(endpoint: &str) -> [(&'static str, String); 8] {
    [
        ("AWS_ENDPOINT_URL", endpoint.to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_DEFAULT_REGION", REGION.to_owned()),
        ("AWS_CONFIG_FILE", "/dev/null".to_owned()),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null".to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
    ]
}

#[expect(clippy::disallowed_methods, reason = "the demo is a program at the edge: children inherit the caller's path")]
fn path_with(tools: &Path) -> OsString {
    let mut path = tools.as_os_str().to_owned();
    if let Some(rest) = std::env::var_os("PATH") {
        path.push(":");
        path.push(rest);
    }
    path
}

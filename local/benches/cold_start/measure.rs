//! One start of one program: wall time, peak memory, instructions.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::program::Program;
use crate::stub::{Stub, now};

/// What one start took.
#[derive(Clone, Copy)]
pub(crate) struct Run {
    /// From starting the process to its first request for work.
    pub(crate) wall: Duration,
    /// Peak resident memory at that moment.
    pub(crate) peak_kib: u64,
}

/// Starts the program, waits for its first request and stops it.
pub(crate) fn run(program: &Program, stub: &Stub) -> Result<Run> {
    stub.reset();
    let mut command = Command::new(&program.command[0]);
    command.args(&program.command[1..]).stdout(Stdio::null()).stderr(Stdio::null());
    environment(&mut command, program, stub);
    let started = now();
    let mut child = command.spawn()?;
    let arrived = stub.first_request(&mut child);
    let peak_kib = peak_kib(&child);
    child.kill()?;
    child.wait()?;
    Ok(Run { wall: arrived?.duration_since(started), peak_kib: peak_kib? })
}

/// The instructions until the first request, as callgrind counts them; `None` without valgrind.
pub(crate) fn instructions(program: &Program, stub: &Stub) -> Result<Option<u64>> {
    let output = program.home.path().join("callgrind.out");
    stub.reset();
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--vgdb=no"]).arg(format!("--callgrind-out-file={}", output.display()));
    command.args(&program.command).stdout(Stdio::null()).stderr(Stdio::null());
    environment(&mut command, program, stub);
    let Ok(mut child) = command.spawn() else {
        anstream::eprintln!("valgrind is not installed, so instructions are not counted");
        return Ok(None);
    };
    let arrived = stub.first_request(&mut child);
    if arrived.is_ok() {
        terminate(&child)?;
    } else {
        child.kill()?;
    }
    child.wait()?;
    arrived?;
    total(&output).map(Some)
}

/// Lambda's variables and the functions', with every endpoint at the stub and nothing of this machine's.
fn environment(command: &mut Command, program: &Program, stub: &Stub) {
    let endpoint = format!("http://{}", stub.address);
    command.env_clear().env("HOME", program.home.path()).env("PATH", "/usr/bin:/bin").envs([
        ("AWS_LAMBDA_FUNCTION_NAME", "demo-notifier"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_RUNTIME_API", stub.address.to_string().as_str()),
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
        ("SETTINGS_PREFIX", "/demo"),
        ("STACK_ID", "arn:aws:cloudformation:us-east-1:111122223333:stack/demo/1a2b3c4d-0000-4000-8000-000000000001"),
        ("TABLE_NAME", "demo"),
        ("TOPIC_ARN", "arn:aws:sns:us-east-1:111122223333:demo"),
        ("QUEUE_URL", endpoint.as_str()),
        ("DEAD_LETTER_QUEUE_URL", endpoint.as_str()),
        ("SLACK_CHANNEL", "C0EXAMPLE"),
        ("SLACK_API_URL", endpoint.as_str()),
        ("METRIC_NAMESPACE", "Demo"),
        ("ROLLBACK_MODE", "act"),
    ]);
}

fn peak_kib(child: &Child) -> Result<u64> {
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", child.id())).context("reading its memory (Linux only)")?;
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")).and_then(|text| text.split_whitespace().next());
    Ok(peak.context("its memory is not stated")?.parse()?)
}

/// Callgrind writes its counts when the program ends in an orderly way, which `Child::kill` does not allow.
fn terminate(child: &Child) -> Result<()> {
    let status = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().context("starting kill")?;
    ensure!(status.success(), "the program had ended before it was stopped");
    Ok(())
}

fn total(output: &Path) -> Result<u64> {
    let counts = std::fs::read_to_string(output).context("reading callgrind's counts")?;
    let total =
        counts.lines().find_map(|line| line.strip_prefix("totals: ").or_else(|| line.strip_prefix("summary: ")));
    Ok(total.context("callgrind wrote no total")?.trim().parse()?)
}

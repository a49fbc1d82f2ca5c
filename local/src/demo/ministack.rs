//! MiniStack: the local AWS with IAM enforced, on loopback, for as long as the demo runs.

use std::fs::File;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::ChildStdin;
use tokio::time::{Instant, sleep, timeout};

use super::environment::{self, ACCOUNT};
use super::functions::Processes;
use super::layout::Layout;
use super::process::Group;
use super::python::Tools;
use super::trouble::trouble;

const START: Duration = Duration::from_secs(60);

/// A running MiniStack; dropping it ends it together with every function it started.
#[derive(Debug)]
pub(crate) struct MiniStack {
    group: Group,
    /// MiniStack ends when this closes, so that it goes even if the demo is killed outright.
    _lifeline: Option<ChildStdin>,
    port: u16,
}

impl MiniStack {
    /// Starts it on `port`. Functions find the CodePipeline API at `codepipeline`.
    pub(crate) fn start(layout: &Layout, tools: &Tools, port: u16, codepipeline: &str) -> Result<Self> {
        let scratch = empty_folder(layout)?;
        let log = layout.log("ministack");
        let log = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut command = environment::command(tools.bin.join("python"), &tools.bin);
        command.arg(layout.data("ministack_start.py")).current_dir(&scratch);
        environment::use_local_aws(&mut command, &endpoint(port));
        command.envs([
            ("BIND_HOST", "127.0.0.1"),
            ("MINISTACK_HOST", "127.0.0.1"),
            ("MINISTACK_ACCOUNT_ID", ACCOUNT),
            ("AUTH", "true"),
            // It would listen on all interfaces.
            ("IOT_MTLS_ENABLED", "0"),
            ("AWS_ENDPOINT_URL_CODEPIPELINE", codepipeline),
        ]);
        command.env("GATEWAY_PORT", port.to_string()).env("TMPDIR", &scratch);
        command.stdin(Stdio::piped()).stdout(log.try_clone().context("cannot share the log")?).stderr(log);
        let mut group = Group::spawn(&mut command)?;
        Ok(Self { _lifeline: group.stdin(), group, port })
    }

    /// Waits until it serves requests.
    pub(crate) async fn ready(&mut self, layout: &Layout) -> Result<()> {
        let start = Instant::now();
        loop {
            if is_ready(self.port).await {
                return Ok(());
            }
            if self.group.ended().is_some() || start.elapsed() > START {
                return Err(self.why_not_ready(layout));
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Where the AWS APIs are.
    pub(crate) fn endpoint(&self) -> String {
        endpoint(self.port)
    }

    /// The processes that a function has now.
    pub(crate) fn processes_of(&self, function: &str) -> Result<Processes> {
        Processes::of(function, self.group.id())
    }

    fn why_not_ready(&self, layout: &Layout) -> anyhow::Error {
        let log = layout.log("ministack");
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        let last = text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it printed nothing").to_owned();
        trouble!("MiniStack did not start on port {}: {last} (log: {})", self.port, layout.shown(&log))
    }
}

/// Where MiniStack unpacks functions. What an earlier run left there goes now.
fn empty_folder(layout: &Layout) -> Result<PathBuf> {
    let folder = layout.work.join("ministack");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    std::fs::create_dir(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}

fn endpoint(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// One question over a bare connection: the answer is a status line, and nothing else matters.
async fn is_ready(port: u16) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.write_all(b"GET /_ministack/ready HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n").await?;
        let mut status = [0; 12];
        stream.read_exact(&mut status).await?;
        std::io::Result::Ok(status.ends_with(b" 200"))
    };
    matches!(timeout(Duration::from_secs(2), ask).await, Ok(Ok(true)))
}

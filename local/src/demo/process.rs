//! Child processes that never outlive the demo: each leads a process group that is ended as a whole.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc;

/// How long a group may take to end by itself.
const GRACE: Duration = Duration::from_secs(2);
const LINES_KEPT: usize = 40;

/// A process and all its descendants that stayed in its group.
#[derive(Debug)]
pub(crate) struct Group {
    child: Child,
    id: Pid,
    left_alone: bool,
}

impl Group {
    /// Starts `command` at the head of a new process group.
    ///
    /// Ctrl-C in a terminal reaches the demo alone then, and the demo ends the group.
    pub(crate) fn spawn(command: &mut Command) -> Result<Self> {
        let shown = command.as_std().get_program().to_string_lossy().into_owned();
        let child = command.process_group(0).spawn().with_context(|| format!("cannot start {shown}"))?;
        let id = child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
        Ok(Self { child, id: id.context("a process that just started has no id")?, left_alone: false })
    }

    /// Waits for the head of the group. A head that succeeded leaves nobody behind.
    pub(crate) async fn wait(&mut self) -> Result<ExitStatus> {
        let status = self.child.wait().await.context("cannot wait for a process")?;
        self.left_alone = status.success();
        Ok(status)
    }

    /// The writing end of its standard input, if that is a pipe.
    pub(crate) fn stdin(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    /// The group's id, which is that of its head.
    pub(crate) fn id(&self) -> Pid {
        self.id
    }

    /// How it ended, if it already has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.left_alone {
            return;
        }
        // An error means that nobody is left to be told.
        if killpg(self.id, Signal::SIGTERM).is_err() {
            return;
        }
        patiently(|| self.ended().is_some());
        let _ = killpg(self.id, Signal::SIGKILL);
        patiently(|| self.ended().is_some());
        // Orphans of the group are ours now: see `adopt_orphans`.
        patiently(|| {
            loop {
                match waitpid(Pid::from_raw(-self.id.as_raw()), Some(WaitPidFlag::WNOHANG)) {
                    Ok(WaitStatus::StillAlive) => return false,
                    Ok(_) => {}
                    Err(_) => return true,
                }
            }
        });
    }
}

/// Makes this process the parent of grandchildren that lose theirs, so that it can bury them.
///
/// Where process 1 does not (many containers), they would stay in the process list as zombies.
pub(crate) fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    // It fails on kernels older than 3.4 alone, and then nothing but tidiness is lost.
    let _ = nix::sys::prctl::set_child_subreaper(true);
}

fn patiently(mut done: impl FnMut() -> bool) {
    let polls = 100;
    for _ in 0..polls {
        if done() {
            return;
        }
        std::thread::sleep(GRACE / polls);
    }
}

/// How a command ended, and the end of what it printed.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    pub(crate) tail: String,
}

/// Runs a command to its end. Its output goes to the log, line by line also to `on_line`.
pub(crate) async fn run(command: &mut Command, log: &Path, mut on_line: impl FnMut(&str)) -> Result<Finished> {
    let mut file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut group = Group::spawn(command)?;
    let mut lines = output(&mut group.child);
    let mut tail = VecDeque::new();
    while let Some(line) = lines.recv().await {
        writeln!(file, "{line}").with_context(|| format!("cannot write {}", log.display()))?;
        on_line(&line);
        tail.push_back(line);
        if tail.len() > LINES_KEPT {
            tail.pop_front();
        }
    }
    let status = group.wait().await?;
    Ok(Finished { status, tail: Vec::from(tail).join("\n") })
}

/// Both outputs of a child as one stream of lines; it ends when nobody can write to them any more.
fn output(child: &mut Child) -> mpsc::UnboundedReceiver<String> {
    let (sender, receiver) = mpsc::unbounded_channel();
    if let Some(stdout) = child.stdout.take() {
        forward(stdout, sender.clone());
    }
    if let Some(stderr) = child.stderr.take() {
        forward(stderr, sender);
    }
    receiver
}

fn forward(from: impl AsyncRead + Send + Unpin + 'static, to: mpsc::UnboundedSender<String>) {
    tokio::spawn(async move {
        let mut reader = BufReader::new(from);
        let mut line = Vec::new();
        while matches!(reader.read_until(b'\n', &mut line).await, Ok(length) if length > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            line.clear();
            if to.send(text).is_err() {
                return;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[tokio::test]
    async fn output_reaches_the_log_the_caller_and_the_tail() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let mut seen = vec![];
        let finished = run(&mut shell("echo one; echo two >&2; exit 3"), &log, |line| seen.push(line.to_owned())).await;
        let finished = finished.unwrap();
        seen.sort();
        assert_eq!((finished.status.code(), seen), (Some(3), vec!["one".to_owned(), "two".to_owned()]));
        assert!(finished.tail.contains("two"));
        assert!(std::fs::read_to_string(&log).unwrap().contains("one"));
    }

    #[tokio::test]
    async fn dropping_a_group_ends_its_grandchildren_even_those_that_ignore_a_polite_word() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let script = format!("sh -c 'trap \"\" TERM; echo $$ > {}; sleep 60; sleep 60' & wait", file.display());
        let group = Group::spawn(&mut shell(&script)).unwrap();
        let pid = loop {
            tokio::time::sleep(Duration::from_millis(20)).await;
            if let Ok(pid) = std::fs::read_to_string(&file).unwrap_or_default().trim().parse::<i32>() {
                break Pid::from_raw(pid);
            }
        };
        assert!(is_running(pid));
        drop(group);
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(!is_running(pid));
    }

    /// A killed process whose new parent has not reaped it yet is not running any more.
    fn is_running(pid: Pid) -> bool {
        let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        state.rsplit(')').next().is_some_and(|rest| !rest.trim().is_empty() && !rest.trim().starts_with('Z'))
    }
}

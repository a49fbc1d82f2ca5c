//! The processes of a Lambda function: MiniStack runs each as a child, and a child can be stopped and killed.

use std::path::Path;

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpgid};

use super::trouble::trouble;

/// The processes one function had at one moment; those in one process group, and no others.
#[derive(Debug)]
pub(crate) struct Processes(Vec<Pid>);

impl Processes {
    /// Those of `function` in `group`. A function nobody has called yet has none, which is an error.
    pub(crate) fn of(function: &str, group: Pid) -> Result<Self> {
        let wanted = format!("AWS_LAMBDA_FUNCTION_NAME={function}");
        let entries = std::fs::read_dir("/proc").context("cannot list the processes")?;
        let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
        let own = numbers.map(Pid::from_raw).filter(|pid| getpgid(Some(*pid)) == Ok(group));
        let found: Vec<Pid> = own.filter(|pid| has_variable(*pid, &wanted)).collect();
        if found.is_empty() {
            return Err(trouble!("no process of the function {function} is running, so none can be killed"));
        }
        Ok(Self(found))
    }

    /// They answer nothing from now on.
    pub(crate) fn freeze(&self) -> Result<()> {
        self.send(Signal::SIGSTOP)
    }

    /// They end at once, as they do when memory is used up.
    pub(crate) fn kill(&self) -> Result<()> {
        self.send(Signal::SIGKILL)
    }

    fn send(&self, signal: Signal) -> Result<()> {
        self.0.iter().try_for_each(|pid| kill(*pid, signal).with_context(|| format!("cannot send {signal} to {pid}")))
    }
}

/// Whether a process was started with this variable; one that is gone meanwhile was not.
fn has_variable(pid: Pid, variable: &str) -> bool {
    let environment = std::fs::read(Path::new("/proc").join(pid.to_string()).join("environ")).unwrap_or_default();
    environment.split(|byte| *byte == 0).any(|entry| entry == variable.as_bytes())
}

#[cfg(test)]
mod tests {
    use tokio::process::Command;

    use super::*;
    use crate::demo::process::Group;

    #[tokio::test]
    async fn a_function_is_found_in_its_group_alone_and_killed() {
        let mut command = Command::new("sleep");
        command.arg("60").env("AWS_LAMBDA_FUNCTION_NAME", "gate");
        let mut group = Group::spawn(&mut command).unwrap();
        let other = Group::spawn(&mut command).unwrap();
        assert!(Processes::of("gat", group.id()).is_err());
        let processes = Processes::of("gate", group.id()).unwrap();
        assert_eq!(processes.0, [group.id()]);
        processes.freeze().unwrap();
        processes.kill().unwrap();
        assert_eq!(group.wait().await.unwrap().code(), None);
        assert!(Processes::of("gate", other.id()).is_ok());
    }
}

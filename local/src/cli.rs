//! The command line: what can be asked for, and which exit code answers.

mod check;
mod codepipeline;
mod dashboard;
mod scan;

use std::io::{self, ErrorKind, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use artifact_scan::shown_name;
use clap::{Args, Parser, Subcommand};
use local::demo;
use local::slack::Workspace;

/// Exit code after Ctrl-C, as shells have it: 128 and the signal's number.
const INTERRUPTED: u8 = 130;

/// Pipewarden on this machine, without an AWS account.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(DemoArguments),
    Check(check::Options),
    Codepipeline(codepipeline::Options),
    Dashboard(dashboard::Options),
    Scan(scan::Options),
    Slack(SlackArguments),
    /// Install the pinned Python tools under target/demo and print the folder of their programs.
    Tools,
}

/// Follow releases through a pipeline: one fails, one is fixed, one is rolled back by its alarm, one is stopped at a gate.
///
/// Builds the functions with `sam build`, starts a local AWS (MiniStack, with IAM enforced), a CodePipeline and a
/// Slack on 127.0.0.1, deploys template.yaml with `sam deploy`, plays the story in local/demo/story.yaml through the
/// pipeline in pipelines/release.yaml, prints what Slack shows, what the pipeline did and what CloudWatch has measured,
/// and checks it. On the way it kills the function at the gate while the pipeline waits for its answer. MiniStack's
/// alarms tell no event bus of their changes, so the demo does that for them.
///
/// Needs Linux, Rust and Python 3.10 or later. The first run downloads Python tools and crates and takes some minutes;
/// later ones take less than two. Everything it makes is under target/demo; logs are in target/demo/logs.
/// No AWS account is used, whatever credentials the environment holds.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes:
  0    every expected message is there, once, in its final state, the gate held, stopped and let through what it
       should, and production was rolled back once
  1    the demo ran, and a check does not hold
  2    the demo could not run: Python, network, a port, a failed build or deployment
  130  interrupted; nothing is left running")]
struct DemoArguments {
    /// Leave everything running until Ctrl-C, and print how to look around with the aws CLI
    #[arg(long)]
    keep: bool,
    /// Port of the local AWS on 127.0.0.1 [default: any free one]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
}

/// Run the Slack double alone.
#[derive(Debug, Args)]
struct SlackArguments {
    /// Name of its channel; the channel's id is C0000000001
    #[arg(long, default_value = "releases")]
    channel: String,
    /// Port on 127.0.0.1 [default: any free one]
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    port: u16,
}

/// Does what was asked, until it is done or somebody interrupts.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&anyhow::Error::from(error).context("cannot start")),
    };
    let code = runtime.block_on(async {
        tokio::select! {
            biased;
            result = answer(&arguments.command) => result.unwrap_or_else(|error| failed(&error)),
            () = demo::interrupted() => {
                tell("\ninterrupted; nothing is left running");
                ExitCode::from(INTERRUPTED)
            }
        }
    });
    runtime.shutdown_background();
    code
}

async fn answer(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Demo(DemoArguments { keep, port }) => {
            let well = demo::run(demo::Options { keep: *keep, port: *port }).await?;
            Ok(ExitCode::from(if well { demo::ALL_WELL } else { demo::CHECK_FAILED }))
        }
        Command::Check(options) => check::run(options),
        Command::Codepipeline(options) => codepipeline::run(options).await,
        Command::Dashboard(options) => dashboard::run(options).await,
        Command::Scan(options) => scan::run(options),
        Command::Slack(arguments) => slack(arguments).await,
        Command::Tools => {
            print(&format!("{}\n", demo::tools().await?.display()))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn slack(arguments: &SlackArguments) -> Result<ExitCode> {
    const CHANNEL: &str = "C0000000001";
    let workspace = Workspace::new().with_channel(CHANNEL, &arguments.channel);
    let slack = workspace.start_on(arguments.port).await.context("the Slack double did not start")?;
    print(&format!(
        "Web API     {}\nbot token   {}\nwebhook     {}\ntranscript  {}\n",
        slack.api_url(),
        slack.token(),
        slack.webhook_url(CHANNEL),
        slack.transcript_url(),
    ))?;
    std::future::pending().await
}

fn failed(error: &anyhow::Error) -> ExitCode {
    tell(&format!("error: {}", demo::explain(error)));
    ExitCode::from(demo::COULD_NOT_RUN)
}

/// Writes to standard output. A reader who has seen enough, such as `head`, is no error.
fn print(text: &str) -> Result<()> {
    written(anstream::stdout().lock(), text).context("cannot write to standard output")
}

fn written(mut out: impl Write, text: &str) -> io::Result<()> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Writes a line to standard error. If nobody can read it, the exit code has to do. Nothing in it acts on a terminal,
/// whatever was told by a file that somebody else has written.
fn tell(line: &str) {
    let _ = writeln!(anstream::stderr(), "{}", harmless(line));
}

fn harmless(text: &str) -> String {
    let visible = |c: char| match c {
        '\n' | '\t' | '\\' => c.to_string(),
        c => shown_name(c.encode_utf8(&mut [0; 4]).as_bytes()),
    };
    text.chars().map(visible).collect()
}

/// A path as people may see it: nothing in it acts on their terminal.
fn shown(path: &Path) -> String {
    shown_name(path.as_os_str().as_bytes())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// Fails as a full disk and a closed pipe do.
    struct Full(ErrorKind);

    impl Write for Full {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_cannot_be_written_is_an_error_and_a_reader_who_has_seen_enough_is_none() {
        assert!(written(Full(ErrorKind::StorageFull), "text").is_err());
        assert!(written(Full(ErrorKind::BrokenPipe), "text").is_ok());
        let mut out = Vec::new();
        assert!(written(&mut out, "text").is_ok() && out == b"text");
    }

    #[test]
    fn a_path_acts_on_no_terminal() {
        assert_eq!(shown(Path::new("a/\u{1b}[31m\n\u{202e}")), "a/\\x1b[31m\\x0a\\u{202e}");
    }

    #[test]
    fn a_message_acts_on_no_terminal_and_keeps_its_lines() {
        assert_eq!(harmless("a rule \u{1b}[31m:\n\t\\d\u{202e}…"), "a rule \\x1b[31m:\n\t\\d\\u{202e}…");
    }

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_help_of_check_and_scan_explains_every_exit_code() {
        for (name, codes) in [("check", check::CODES), ("scan", scan::CODES)] {
            let mut command = Arguments::command();
            let help = command.find_subcommand_mut(name).unwrap().render_long_help().to_string();
            for code in codes {
                assert!(help.contains(&format!("\n  {code}  ")), "{code}: {help}");
            }
        }
    }

    #[test]
    fn the_help_of_the_demo_explains_every_exit_code() {
        let mut command = Arguments::command();
        let help = command.find_subcommand_mut("demo").unwrap().render_long_help().to_string();
        for code in [demo::ALL_WELL, demo::CHECK_FAILED, demo::COULD_NOT_RUN, INTERRUPTED] {
            assert!(help.contains(&format!("\n  {code} ")), "{code}: {help}");
        }
    }
}

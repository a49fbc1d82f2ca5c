//! `cargo demo`: a real deployment of `template.yaml` follows a release through a pipeline, on this machine alone.

mod alarms;
mod build;
mod checks;
mod clock;
mod cloud;
mod delivery;
mod deploy;
mod environment;
mod functions;
mod layout;
mod leak;
mod ministack;
mod ports;
mod print;
mod process;
mod python;
mod scans;
mod shop;
mod steps;
mod story;
mod trouble;
mod world;

use std::fs::File;
use std::path::PathBuf;

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};

use checks::{Check, Evidence};
use layout::Layout;
use scans::Report;
use steps::Steps;
use story::{CHANNEL, Played, Rollback, Theatre};
use trouble::{Trouble, trouble};
use world::World;

/// Exit code when every check holds.
pub const ALL_WELL: u8 = 0;
/// Exit code when the demo ran and a check does not hold.
pub const CHECK_FAILED: u8 = 1;
/// Exit code when the demo could not run.
pub const COULD_NOT_RUN: u8 = 2;

/// What can be chosen.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Leave everything running until Ctrl-C.
    pub keep: bool,
    /// Port of the local AWS; a free one if not given.
    pub port: Option<u16>,
}

/// Runs the demo to its end. The result says whether every check holds.
///
/// # Errors
/// If it could not run. [`explain`] turns the error into words.
pub async fn run(options: Options) -> Result<bool> {
    process::adopt_orphans();
    let layout = Layout::find()?;
    let _alone = lock(&layout)?;
    let port = options.port.map_or_else(ports::free, ports::wanted)?;
    let steps = Steps::new();
    let world = World::start(&layout, &steps, port).await?;
    let theatre = Theatre::of(&world)?;
    let played = theatre.play(&steps).await?;
    print::title("What Slack shows");
    anstream::print!("{}", world.slack.render(CHANNEL));
    print::title("What the pipeline did");
    let rollbacks = theatre.rollbacks().await?;
    print::pipeline(&theatre, &played.releases(), &rollbacks).await?;
    let reports = scans::reports(&world, &theatre).await?;
    print::title("What the scan of the first release reported");
    print::report(reports.first());
    print::title("What CloudWatch has measured");
    let measured = delivery::measured(&world, &theatre, &played, &rollbacks).await?;
    print::delivery(&measured);
    let picture = layout.work.join("dashboard.svg");
    std::fs::write(&picture, delivery::picture(&world).await?)
        .with_context(|| format!("cannot write {}", picture.display()))?;
    anstream::println!("\nThe dashboard, drawn from the same numbers: {}", layout.shown(&picture));
    print::title("Checks");
    let mut found = check(&layout, &world, &theatre, &played, &rollbacks, &reports).await?;
    found.extend(delivery::checks(&measured));
    let well = print::checks(&found);
    if options.keep {
        print::invitation(&world)?;
        interrupted().await;
    }
    Ok(well)
}

/// Makes the Python environment and says where its programs are.
///
/// # Errors
/// If there is no suitable Python or the tools cannot be installed.
pub async fn tools() -> Result<PathBuf> {
    let layout = Layout::find()?;
    let _alone = lock(&layout)?;
    let tools = Steps::new().run("Python tools", async |step| python::prepare(&layout, step).await).await?;
    Ok(tools.bin)
}

/// Resolves when somebody asks this program to end: Ctrl-C, `kill`, or a terminal that closes.
pub async fn interrupted() {
    let heard = |kind| async move {
        match signal(kind) {
            Ok(mut signal) => signal.recv().await,
            // Without a handler the signal ends the program by itself, and MiniStack notices that.
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = heard(SignalKind::interrupt()) => {}
        _ = heard(SignalKind::terminate()) => {}
        _ = heard(SignalKind::hangup()) => {}
    }
}

/// An error in words: expected ones are one sentence, others tell their causes.
pub fn explain(error: &anyhow::Error) -> String {
    match error.downcast_ref::<Trouble>() {
        Some(trouble) => trouble.to_string(),
        None => format!("{error:#}"),
    }
}

/// Two demos at once would pull the tools and the build from under each other.
fn lock(layout: &Layout) -> Result<File> {
    let path = layout.work.join("lock");
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    file.try_lock()
        .map_err(|_| trouble!("another cargo demo is running in this checkout; wait for it, or end it with Ctrl-C"))?;
    Ok(file)
}

async fn check(
    layout: &Layout,
    world: &World,
    theatre: &Theatre<'_>,
    played: &Played,
    rollbacks: &[Rollback],
    reports: &[Report],
) -> Result<Vec<Check>> {
    let texts = scans::texts(layout, world, theatre, reports).await?;
    let log = std::fs::read_to_string(layout.log("ministack")).unwrap_or_default();
    let denials: Vec<String> = log.lines().filter(|line| line.contains("AccessDenied")).map(str::to_owned).collect();
    let (messages, calls, dead_letters) =
        (world.slack.channel(CHANNEL), world.slack.calls(), world.dead_letters().await?);
    Ok(checks::check(&Evidence {
        played,
        rollbacks,
        reports,
        leak: &world.leak,
        texts: &texts,
        messages: &messages,
        calls: &calls,
        dead_letters: &dead_letters,
        denials: &denials,
    }))
}

//! `cargo demo`: a real deployment of `template.yaml` follows a release through a pipeline, on this machine alone.

mod build;
mod checks;
mod clock;
mod cloud;
mod deploy;
mod environment;
mod layout;
mod ministack;
mod ports;
mod print;
mod process;
mod python;
mod steps;
mod story;
mod trouble;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use jiff::SignedDuration;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use crate::codepipeline::{AwsEndpoint, Clock, Config, Server};
use crate::script::Script;
use crate::slack::{SlackDouble, Workspace};
use crate::template;

use checks::Evidence;
use clock::FastClock;
use cloud::Cloud;
use environment::{ACCOUNT, REGION};
use layout::Layout;
use ministack::MiniStack;
use steps::Steps;
use story::{CHANNEL, PIPELINE, Release, Theatre};
use trouble::{Trouble, trouble};

/// Exit code when every check holds.
pub const ALL_WELL: u8 = 0;
/// Exit code when the demo ran and a check does not hold.
pub const CHECK_FAILED: u8 = 1;
/// Exit code when the demo could not run.
pub const COULD_NOT_RUN: u8 = 2;

/// The story begins this long ago, and ends before now.
const BEGINNING: SignedDuration = SignedDuration::from_mins(40);

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
    let tools = steps.run("Python tools", async |step| python::prepare(&layout, step).await).await?;
    let built = steps.run("sam build", async |step| build::build(&layout, &tools, step).await).await?;

    let clock = Arc::new(FastClock::starting(BEGINNING));
    let script = Script::read(&layout.data("story.yaml"))?;
    let slack = slack(&clock).await?;
    let pipeline = codepipeline(script.clone(), port, &clock).await?;
    let mut aws = MiniStack::start(&layout, &tools, port, &pipeline.url())?;
    steps.run("MiniStack, IAM enforced", async |_| aws.ready(&layout).await).await?;
    let cloud = Cloud::at(&aws.endpoint());
    let parameters = [("SlackChannel", "releases".to_owned()), ("SlackApiUrl", slack.api_url())];
    let outputs = steps
        .run("sam deploy", async |step| {
            deploy::settle(&layout, &cloud, &slack).await?;
            deploy::deploy(&layout, &tools, &built, &aws.endpoint(), &parameters, step).await
        })
        .await?;
    let output = |name: &str| outputs.get(name).with_context(|| format!("the stack has no output {name}"));
    create_pipeline(&layout, &cloud, &pipeline, output("ApprovalTopicArn")?).await?;

    let theatre = Theatre {
        pipeline: &pipeline,
        script: &script,
        slack: &slack,
        clock: &clock,
        cloud: &cloud,
        queue_url: output("NotifierQueueUrl")?,
        patience: Cell::new(story::PATIENCE),
    };
    let releases = theatre.play(&steps).await?;
    print::title("What Slack shows");
    anstream::print!("{}", slack.render(CHANNEL));
    print::title("What the pipeline did");
    print::pipeline(&theatre, &releases).await?;
    print::title("Checks");
    let well = checks(&layout, &cloud, &slack, &releases, &outputs).await?;
    if options.keep {
        print::invitation(
            &aws.endpoint(),
            &pipeline.url(),
            &slack.transcript_url(),
            output("NotifierDeadLetterQueueUrl")?,
        );
        interrupted().await;
        return Ok(well);
    }
    pipeline.shutdown().await;
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

async fn slack(clock: &Arc<FastClock>) -> Result<SlackDouble> {
    let clock = Arc::clone(clock);
    let workspace = Workspace::new().with_channel(CHANNEL, "releases").with_user("S0000000001", "shop-team");
    workspace.with_clock(move || clock.now()).start().await.context("the Slack double did not start")
}

async fn codepipeline(script: Script, aws_port: u16, clock: &Arc<FastClock>) -> Result<Server> {
    let config =
        Config { script, start_on_create: false, clock: Arc::clone(clock) as Arc<dyn Clock>, ..Config::default() };
    let config = config.in_account(ACCOUNT).with_aws(AwsEndpoint::local(&format!("http://127.0.0.1:{aws_port}")));
    Server::start(config).await.context("the local CodePipeline did not start")
}

/// Reads `pipelines/release.yaml` as CloudFormation would, makes what it names, and creates its pipeline.
async fn create_pipeline(layout: &Layout, cloud: &Cloud, server: &Server, topic: &str) -> Result<()> {
    let connection =
        format!("arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/0b6d1f5e-0000-4000-8000-0000000000aa");
    let parameters =
        [("ConnectionArn", connection.as_str()), ("Repository", "example/shop"), ("ApprovalTopicArn", topic)];
    let inputs = template::Inputs {
        stack: PIPELINE.to_owned(),
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        parameters: parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        physical: [("ArtifactKey.Arn".to_owned(), cloud.create_key().await?)].into(),
    };
    let loaded = template::load(&layout.root.join("pipelines/release.yaml"), &inputs)?;
    for bucket in &loaded.buckets {
        cloud.create_bucket(bucket).await?;
    }
    for declaration in loaded.pipelines {
        server.call("CreatePipeline", json!({"pipeline": declaration})).await.context("CreatePipeline was refused")?;
    }
    Ok(())
}

async fn checks(
    layout: &Layout,
    cloud: &Cloud,
    slack: &SlackDouble,
    releases: &[Release],
    outputs: &BTreeMap<String, String>,
) -> Result<bool> {
    let mut leftovers = BTreeMap::new();
    for (name, url) in outputs.iter().filter(|(name, _)| name.ends_with("QueueUrl")) {
        leftovers.insert(name.trim_end_matches("Url").to_owned(), cloud.messages_in(url).await?);
    }
    let log = std::fs::read_to_string(layout.log("ministack")).unwrap_or_default();
    let denials: Vec<String> = log.lines().filter(|line| line.contains("AccessDenied")).map(str::to_owned).collect();
    let [broken, fixed] = releases else {
        return Err(trouble!("the story has {} releases instead of two", releases.len()));
    };
    let (messages, calls) = (slack.channel(CHANNEL), slack.calls());
    let evidence =
        Evidence { broken, fixed, messages: &messages, calls: &calls, leftovers: &leftovers, denials: &denials };
    Ok(print::checks(&checks::check(&evidence)))
}

//! Plays the releases: one leaks a key, one goes without it, one is held, let through and taken back, one is stopped.

mod gate;
mod incident;

use std::cell::Cell;
use std::time::Duration;

use anyhow::{Context, Result};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::clock::FastClock;
use super::cloud::Cloud;
use super::ministack::MiniStack;
use super::shop;
use super::steps::{Step, Steps};
use super::trouble::trouble;
use super::world::World;
use crate::codepipeline::{Clock, GitPush, Server};
use crate::script::Script;
use crate::slack::{Message, SlackDouble};

pub(crate) use gate::{BAKE_TIME, Death, GATE, OPENED_BECAUSE};
pub(crate) use incident::Rollback;

/// The channel of the demo.
pub(crate) const CHANNEL: &str = "C0000000001";
/// The pipeline of the demo: the stack name `pipelines/release.yaml` is read with.
pub(crate) const PIPELINE: &str = "shop-release";

/// A slow machine with other work gets along with this.
const PATIENCE: Duration = Duration::from_secs(60);
/// Once Slack lacked something, the rest of the story is played without much hope.
const RESIGNATION: Duration = Duration::from_secs(3);
/// The notifier pauses for a second between two messages to a channel.
const SILENCE: Duration = Duration::from_millis(2500);
const BREAK_BEFORE_THE_FIX: SignedDuration = SignedDuration::from_mins(14);
/// A commit is reviewed before it is merged.
const REVIEW: SignedDuration = SignedDuration::from_mins(18);
const TIME_TO_DECIDE: SignedDuration = SignedDuration::from_mins(6);
const BREAK_BEFORE_THE_NEXT: SignedDuration = SignedDuration::from_mins(7);
/// From an approval to the end of production, by the script, and some seconds more. What the gate adds, it adds to both
/// this clock and everybody's.
const STAGING_AND_PRODUCTION: SignedDuration = SignedDuration::from_secs(135);

/// One release that was played.
#[derive(Debug, Clone)]
pub(crate) struct Release {
    pub(crate) execution: String,
    pub(crate) commit: String,
    pub(crate) subject: String,
}

/// What was played.
#[derive(Debug, Clone)]
pub(crate) struct Played {
    pub(crate) leaking: Release,
    pub(crate) fixed: Release,
    pub(crate) bad: Release,
    pub(crate) stopped: Release,
    /// Of the function that was to answer the last release: it was killed, and then it hung.
    pub(crate) deaths: [Death; 2],
}

/// Everybody on the stage.
pub(crate) struct Theatre<'t> {
    aws: &'t MiniStack,
    /// Name of the function at the gate.
    gatekeeper: String,
    pipeline: &'t Server,
    script: &'t Script,
    slack: &'t SlackDouble,
    cloud: &'t Cloud,
    clock: &'t FastClock,
    /// How long to wait for Slack.
    patience: Cell<Duration>,
}

impl Played {
    /// Every release, in order.
    pub(crate) fn releases(&self) -> [&Release; 4] {
        [&self.leaking, &self.fixed, &self.bad, &self.stopped]
    }
}

impl Release {
    /// How people name the commit.
    pub(crate) fn short_commit(&self) -> &str {
        &self.commit[..7]
    }

    /// The message about this release, if there is one.
    pub(crate) fn message<'m>(&self, messages: &'m [Message]) -> Option<&'m Message> {
        messages.iter().find(|message| message.visible_text().contains(self.short_commit()))
    }
}

impl<'t> Theatre<'t> {
    /// The stage is set.
    pub(crate) fn of(world: &'t World) -> Result<Self> {
        let World { aws, pipeline, script, slack, cloud, clock, .. } = world;
        let gatekeeper = world.output("GatekeeperFunctionName")?.to_owned();
        Ok(Self { aws, gatekeeper, pipeline, script, slack, cloud, clock, patience: Cell::new(PATIENCE) })
    }

    /// Plays all releases in order: one that leaks a key, one that repairs it, one that is taken back, one that is stopped.
    pub(crate) async fn play(&self, steps: &Steps) -> Result<Played> {
        shop::open(self.cloud).await?;
        let leaking = steps.run("A key leaks, a scan finds it", async |step| self.leak_a_key(step).await).await?;
        self.clock.skip(BREAK_BEFORE_THE_FIX);
        let fixed = steps.run("A fix waits for approval", async |step| self.propose(1, step).await).await?;
        self.clock.skip(TIME_TO_DECIDE);
        steps.run("Let through and deployed", async |step| self.repair(&fixed, step).await).await?;
        self.clock.skip(BREAK_BEFORE_THE_NEXT);
        let bad = steps.run("Another one waits its turn", async |step| self.propose(2, step).await).await?;
        steps.run("The gate holds it a while", async |step| self.follow(&bad, step).await).await?;
        steps.run("Its alarm rolls it back", async |step| self.withdraw(&bad, step).await).await?;
        steps.run("A second alarm is refused", async |step| self.refuse(step).await).await?;
        let (stopped, deaths) = self.while_customers_wait(self.stop_another(steps)).await?;
        Ok(Played { leaking, fixed, bad, stopped, deaths })
    }

    async fn leak_a_key(&self, step: &Step) -> Result<Release> {
        let release = self.push(0, step).await?;
        self.pipeline_reaches(&release, "Failed").await?;
        self.slack_shows(&release, "was stopped by the scan", step).await;
        self.silence().await;
        Ok(release)
    }

    /// Pushes the n-th commit, which waits for approval then.
    async fn propose(&self, number: usize, step: &Step) -> Result<Release> {
        let release = self.push(number, step).await?;
        self.pipeline_waits().await?;
        self.slack_shows(&release, "waits for approval", step).await;
        self.silence().await;
        Ok(release)
    }

    /// It is urgent, so somebody opens the gate for it beforehand.
    async fn repair(&self, release: &Release, step: &Step) -> Result<()> {
        self.open_the_gate_for(release).await?;
        self.approve("Totals checked with accounting. Lee", step).await?;
        self.succeed(release, "fixed", step).await
    }

    /// A release in which nothing is wrong that tests, people or alarms could see.
    async fn follow(&self, release: &Release, step: &Step) -> Result<()> {
        self.clock.catch_up(STAGING_AND_PRODUCTION);
        self.approve("Tried on staging. Lee", step).await?;
        self.bake(release, step).await?;
        self.succeed(release, "succeeded", step).await
    }

    async fn approve(&self, decision: &str, step: &Step) -> Result<()> {
        let token = self.approval_token().await?.context("the pipeline waits for no approval")?;
        let result = json!({"status": "Approved", "summary": decision});
        self.call(
            "PutApprovalResult",
            json!({
                "pipelineName": PIPELINE, "stageName": "Approval", "actionName": "ApproveRelease",
                "token": token, "result": result,
            }),
        )
        .await?;
        step.at("approved; staging and production follow");
        Ok(())
    }

    async fn succeed(&self, release: &Release, then: &str, step: &Step) -> Result<()> {
        self.pipeline_reaches(release, "Succeeded").await?;
        self.slack_shows(release, then, step).await;
        self.silence().await;
        Ok(())
    }

    /// Pushes the n-th commit of the script.
    async fn push(&self, number: usize, step: &Step) -> Result<Release> {
        let play = self.script.play(PIPELINE, "Source", "Source", number);
        let revision = play.revision.context("the story's source action has no revision")?;
        let push = GitPush {
            commit: revision.id.clone(),
            message: revision.message.clone(),
            branch: revision.branch.unwrap_or_else(|| "main".to_owned()),
            author_name: revision.author.name.clone(),
            author_email: revision.author.email,
            authored: Some(self.clock.now() - REVIEW),
            ..GitPush::default()
        };
        let execution = self.pipeline.push(PIPELINE, push).await.context("the push did not start the pipeline")?;
        let release = Release { execution, commit: revision.id, subject: revision.message };
        step.at(&format!("{} pushed {} {}", revision.author.name, release.short_commit(), release.subject));
        Ok(release)
    }

    async fn approval_token(&self) -> Result<Option<String>> {
        let state = self.call("GetPipelineState", json!({"name": PIPELINE})).await?;
        let stages = state["stageStates"].as_array().into_iter().flatten();
        let mut actions = stages.filter_map(|stage| stage["actionStates"].as_array()).flatten();
        Ok(actions.find_map(|action| action["latestExecution"]["token"].as_str()).map(str::to_owned))
    }

    async fn pipeline_reaches(&self, release: &Release, wanted: &str) -> Result<()> {
        self.in_a_hurry(async || {
            let found = self.status(release).await?;
            if found != wanted && found != "InProgress" {
                return Err(trouble!("the pipeline was to end as {wanted}, and {} is {found}", release.short_commit()));
            }
            Ok(found == wanted)
        })
        .await
    }

    async fn pipeline_waits(&self) -> Result<()> {
        self.in_a_hurry(async || Ok(self.approval_token().await?.is_some())).await
    }

    /// Lets the pipeline work until it is where the story wants it.
    async fn in_a_hurry(&self, there: impl AsyncFn() -> Result<bool>) -> Result<()> {
        let start = Instant::now();
        self.clock.hurry();
        while !there().await? {
            if start.elapsed() > PATIENCE {
                return Err(trouble!("the pipeline does not get on; its state is not what the story expects"));
            }
            sleep(Duration::from_millis(20)).await;
        }
        self.clock.take_time();
        Ok(())
    }

    /// What CodePipeline says of a release.
    pub(crate) async fn status(&self, release: &Release) -> Result<String> {
        let input = json!({"pipelineName": PIPELINE, "pipelineExecutionId": release.execution});
        let found = self.call("GetPipelineExecution", input).await?;
        Ok(found["pipelineExecution"]["status"].as_str().unwrap_or_default().to_owned())
    }

    /// Waits for the headline of a release.
    async fn slack_shows(&self, release: &Release, words: &str, step: &Step) {
        self.slack_has(|| {
            let messages = self.slack.channel(CHANNEL);
            let Some(message) = release.message(&messages) else { return false };
            step.at(&crate::slack::render::words(&message.text));
            message.text.contains(words)
        })
        .await;
    }

    /// Waits until the words stand anywhere in the channel.
    async fn slack_tells(&self, words: &str, step: &Step) {
        self.slack_has(|| {
            let messages = self.slack.channel(CHANNEL);
            let mut said = messages.iter().flat_map(|message| message.thread.iter().chain([message]));
            let found = said.find(|message| message.text.contains(words));
            found.inspect(|message| step.at(&crate::slack::render::words(&message.text))).is_some()
        })
        .await;
    }

    /// Waits, but not for ever: if it never comes, a check will say so with everything Slack shows beside it.
    async fn slack_has(&self, it: impl Fn() -> bool) {
        let start = Instant::now();
        while start.elapsed() < self.patience.get() {
            if it() {
                return;
            }
            sleep(Duration::from_millis(100)).await;
        }
        self.patience.set(RESIGNATION);
    }

    /// Waits until nobody has anything left to say.
    async fn silence(&self) {
        let start = Instant::now();
        let mut heard = (0, Instant::now());
        while start.elapsed() < self.patience.get() && heard.1.elapsed() < SILENCE {
            let calls = self.slack.calls().len();
            if calls != heard.0 {
                heard = (calls, Instant::now());
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// One call of the CodePipeline API.
    pub(crate) async fn call(&self, operation: &str, input: Value) -> Result<Value> {
        self.pipeline.call(operation, input).await.with_context(|| format!("{operation} was refused"))
    }
}

//! Plays what happens at the gate: it is opened by hand, holds a release, dies, and stops a release.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::incident::BETWEEN_CUSTOMERS;
use super::{PATIENCE, PIPELINE, Release, Theatre};
use crate::demo::deploy;
use crate::demo::shop::{self, Checkout};
use crate::demo::steps::{Step, Steps};
use crate::demo::trouble::trouble;

/// The stage, and the action in it.
pub(crate) const GATE: &str = "Gate";
/// How long alarms must have been quiet: time enough to see in Slack that a release waits.
pub(crate) const BAKE_TIME: &str = "10s";
/// Why somebody opened the gate.
pub(crate) const OPENED_BECAUSE: &str = "VAT on shipping is due since midnight";
/// What Lambda gives the gatekeeper, in seconds: `Timeout` in `template.yaml`, and so little while it is to hang.
const TIME_LIMIT: u64 = 60;
const SHORT_TIME_LIMIT: u64 = 3;
/// From a job to its function, with time to spare.
const HANDED_OVER: Duration = Duration::from_secs(1);

/// How a function died, and what became of the job it left.
#[derive(Debug, Clone)]
pub(crate) struct Death {
    /// From the death to the failure of the action.
    pub(crate) answered_after: Duration,
    /// What the action failed with.
    pub(crate) said: String,
}

impl Theatre<'_> {
    /// A person writes it into the settings, for this release and no other.
    pub(super) async fn open_the_gate_for(&self, release: &Release) -> Result<()> {
        let opening = json!({
            "pipeline": PIPELINE, "stage": GATE, "execution": release.execution,
            "by": "Lee", "reason": OPENED_BECAUSE,
        });
        deploy::add_to_settings(self.cloud, &format!("gates:\n  openings:\n    - {opening}\n")).await
    }

    /// Waits with the release until alarms have been quiet for long enough.
    pub(super) async fn bake(&self, release: &Release, step: &Step) -> Result<()> {
        self.in_a_hurry(async || Ok(self.at_the_gate(release).await? == "InProgress")).await?;
        step.at(&format!("held at the gate for {BAKE_TIME}"));
        self.slack_shows(release, "is held at the gate", step).await;
        self.until(async || Ok(self.at_the_gate(release).await? != "InProgress")).await
    }

    /// An alarm is red when the last release comes. First the function at the gate dies with it and then it hangs; at last
    /// the release is stopped.
    pub(super) async fn stop_another(&self, steps: &Steps) -> Result<(Release, [Death; 2])> {
        let release = steps.run("One more release comes", async |step| self.propose(3, step).await).await?;
        let death = steps.run("Its gate is killed", async |step| self.die(&release, step).await).await?;
        let hang = steps.run("Its gate hangs", async |step| self.hang(&release, step).await).await?;
        steps.run("A red alarm stops it", async |step| self.stop(&release, step).await).await?;
        Ok((release, [death, hang]))
    }

    async fn die(&self, release: &Release, step: &Step) -> Result<Death> {
        let gatekeeper = self.aws.processes_of(&self.gatekeeper)?;
        gatekeeper.freeze()?;
        self.approve("Smaller than it looks. Lee", step).await?;
        self.in_a_hurry(async || Ok(self.at_the_gate(release).await? == "InProgress")).await?;
        sleep(HANDED_OVER).await;
        gatekeeper.kill()?;
        step.at("the gatekeeper is killed while the pipeline waits for it");
        self.answered(release, Instant::now(), step).await
    }

    /// A person retries the stage, and the function does not answer within its time limit, which is made short.
    async fn hang(&self, release: &Release, step: &Step) -> Result<Death> {
        self.cloud.set_time_limit(&self.gatekeeper, SHORT_TIME_LIMIT).await?;
        self.cloud.wake(&self.gatekeeper).await?;
        self.aws.processes_of(&self.gatekeeper)?.freeze()?;
        step.at("the gatekeeper answers nothing until Lambda ends it");
        let frozen = Instant::now();
        self.retry(release).await?;
        let death = self.answered(release, frozen, step).await;
        self.cloud.set_time_limit(&self.gatekeeper, TIME_LIMIT).await?;
        death
    }

    /// Waits for the end of an action whose function is dead.
    async fn answered(&self, release: &Release, since: Instant, step: &Step) -> Result<Death> {
        self.pipeline_reaches(release, "Failed").await?;
        let answered_after = since.elapsed();
        step.remark(format!("answered after {:.1} s", answered_after.as_secs_f64()));
        self.slack_shows(release, "failed", step).await;
        self.silence().await;
        let action = self.gate_of(release).await?;
        let said = action.pointer("/actionStates/0/latestExecution/errorDetails/message");
        let said = said.and_then(Value::as_str).context("the gate failed without a message")?;
        Ok(Death { answered_after, said: said.to_owned() })
    }

    async fn stop(&self, release: &Release, step: &Step) -> Result<()> {
        step.at("somebody retries the stage");
        self.retry(release).await?;
        self.pipeline_reaches(release, "Failed").await?;
        self.slack_shows(release, "was stopped at the gate", step).await;
        self.silence().await;
        Ok(())
    }

    async fn retry(&self, release: &Release) -> Result<()> {
        let retry = json!({
            "pipelineName": PIPELINE, "stageName": GATE, "pipelineExecutionId": release.execution,
            "retryMode": "FAILED_ACTIONS",
        });
        self.call("RetryStageExecution", retry).await.map(drop)
    }

    /// Customers are served slowly for as long as the story takes.
    pub(super) async fn while_customers_wait<T>(&self, story: impl Future<Output = Result<T>>) -> Result<T> {
        let customers = async {
            loop {
                shop::serve(self.cloud, Checkout::SLOW).await?;
                sleep(BETWEEN_CUSTOMERS).await;
            }
        };
        tokio::select! {
            played = story => played,
            failed = customers => failed,
        }
    }

    /// What CodePipeline says of the gate in this release; nothing if another release is there, or none.
    async fn at_the_gate(&self, release: &Release) -> Result<String> {
        let stage = self.gate_of(release).await?;
        Ok(stage["latestExecution"]["status"].as_str().unwrap_or_default().to_owned())
    }

    async fn gate_of(&self, release: &Release) -> Result<Value> {
        let state = self.call("GetPipelineState", json!({"name": PIPELINE})).await?;
        let mut stages = state["stageStates"].as_array().into_iter().flatten();
        let gate = stages.find(|stage| stage["stageName"] == GATE).context("the pipeline has no gate")?;
        let is_there = gate["latestExecution"]["pipelineExecutionId"] == *release.execution;
        Ok(if is_there { gate.clone() } else { Value::Null })
    }

    /// Waits at the pace of the clock.
    async fn until(&self, there: impl AsyncFn() -> Result<bool>) -> Result<()> {
        let start = Instant::now();
        while !there().await? {
            if start.elapsed() > PATIENCE {
                return Err(trouble!("the gate does not let the release go on; its log is in target/demo/logs"));
            }
            sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }
}

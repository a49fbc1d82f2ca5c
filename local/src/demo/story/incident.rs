//! Plays what goes wrong in production: an alarm goes red, the release is rolled back, the next alarm is refused.

use anyhow::Result;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{PATIENCE, PIPELINE, Release, Theatre};
use crate::demo::shop::{self, Checkout};
use crate::demo::steps::Step;

/// Customers come this often.
pub(super) const BETWEEN_CUSTOMERS: std::time::Duration = std::time::Duration::from_millis(500);

/// A stage that was rolled back, as CodePipeline's history has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rollback {
    pub(crate) execution: String,
    pub(crate) target: String,
    pub(crate) status: String,
    pub(crate) trigger: String,
}

impl Theatre<'_> {
    /// Customers cannot pay until the release is gone again; then the alarm clears.
    pub(super) async fn withdraw(&self, bad: &Release, step: &Step) -> Result<()> {
        // Alarms know no other time than the present, so from here on the pipeline has the same.
        self.clock.catch_up(SignedDuration::ZERO);
        step.at(&format!("alarm {} goes red", shop::ERRORS));
        self.customers_come_until(bad, async || Ok(self.alarm(shop::ERRORS).await?["StateValue"] == "ALARM")).await?;
        self.customers_come_until(bad, async || Ok(!self.stands(bad).await?)).await?;
        step.at("rolled back; customers can pay again");
        self.customers_come_until(bad, async || Ok(self.alarm(shop::ERRORS).await?["StateValue"] == "OK")).await?;
        self.slack_tells("OK again", step).await;
        self.silence().await;
        Ok(())
    }

    /// What was rolled back stays as it is, whatever other alarms say.
    pub(super) async fn refuse(&self, step: &Step) -> Result<()> {
        step.at(&format!("alarm {} goes red", shop::LATENCY));
        shop::serve(self.cloud, Checkout::SLOW).await?;
        self.slack_tells("was not rolled back", step).await;
        self.silence().await;
        Ok(())
    }

    /// Every rollback of the pipeline, newest first.
    pub(crate) async fn rollbacks(&self) -> Result<Vec<Rollback>> {
        let found = self.call("ListPipelineExecutions", json!({"pipelineName": PIPELINE})).await?;
        let summaries = found["pipelineExecutionSummaries"].as_array().into_iter().flatten();
        Ok(summaries.filter(|summary| summary["executionType"] == "ROLLBACK").map(rollback).collect())
    }

    /// Lets customers come, well served or not by what stands in production. If it never ends, a check will say so.
    async fn customers_come_until(&self, bad: &Release, there: impl AsyncFn() -> Result<bool>) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            let checkout = if self.stands(bad).await? { Checkout::FAILING } else { Checkout::FINE };
            shop::serve(self.cloud, checkout).await?;
            if there().await? {
                break;
            }
            sleep(BETWEEN_CUSTOMERS).await;
        }
        Ok(())
    }

    /// Whether the release serves production, until another one has taken its place.
    async fn stands(&self, release: &Release) -> Result<bool> {
        let state = self.call("GetPipelineState", json!({"name": PIPELINE})).await?;
        let mut stages = state["stageStates"].as_array().into_iter().flatten();
        let production = stages.find(|stage| stage["stageName"] == "Production");
        let latest = production.map(|stage| &stage["latestExecution"]).unwrap_or(&Value::Null);
        Ok(latest["pipelineExecutionId"] == *release.execution || latest["status"] != "Succeeded")
    }

    async fn alarm(&self, name: &str) -> Result<Value> {
        let alarms = self.cloud.alarms().await?;
        Ok(alarms.into_iter().find(|alarm| alarm["AlarmName"] == name).unwrap_or_default())
    }
}

fn rollback(summary: &Value) -> Rollback {
    let text = |pointer: &str| summary.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    Rollback {
        execution: text("/pipelineExecutionId"),
        target: text("/rollbackMetadata/rollbackTargetPipelineExecutionId"),
        status: text("/status"),
        trigger: text("/trigger/triggerType"),
    }
}

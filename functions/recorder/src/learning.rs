//! What events do not say: an execution that ended is looked at once, for its stages, its approvals and its commit.

use std::collections::BTreeSet;

use anyhow::Result;
use delivery_metrics::{ActionRun, Fact, Learnt, Rules, Window, facts_of_actions};
use lambda_kit::settings::ParameterStore;
use pipeline_model::{ExecutionId, PipelineArn};
use serde::Serialize;

use crate::Recorder;
use crate::folding::{LEAST, Limits};
use crate::ports::{Backlog, Ledger, Measurements, Releases, Revision};

/// Actions of one log line: far below the 256 KB that CloudWatch Logs took of an event for long.
const MOST_IN_A_LINE: usize = 100;

impl<L: Ledger, C: Measurements, R: Releases, B: Backlog, S: ParameterStore> Recorder<L, C, R, B, S> {
    /// Fetches what the fold needs. A failed call makes the samples fewer, not wrong: the window remembers what it still
    /// wants to know, and the next sweep asks again.
    pub(crate) async fn learn(
        &self,
        pipeline: &PipelineArn,
        window: &mut Window,
        facts: &mut Vec<Fact>,
        rules: &Rules,
        limits: Limits<'_>,
    ) {
        let mut needs = window.needs(facts, rules);
        if needs.structure {
            match asked(limits, self.releases.stages(pipeline)).await {
                Ok(Some((version, stages))) => {
                    window.learn_structure(Some(version), stages);
                    needs = window.needs(facts, rules);
                }
                Ok(None) => {}
                Err(error) => report(pipeline, &error),
            }
        }
        let mut seen = BTreeSet::new();
        loop {
            needs.executions.retain(|execution| seen.insert(execution.clone()));
            if needs.executions.is_empty() || limits.0.remaining() <= LEAST {
                return;
            }
            for execution in needs.executions {
                match asked(limits, self.ask(pipeline, &execution)).await {
                    Ok((runs, learnt)) => {
                        report_actions(pipeline, &execution, &runs);
                        facts.extend(facts_of_actions(&execution, &runs));
                        let now = self.clock.now();
                        facts.extend(match self.releases.arn(&pipeline.pipeline) == *pipeline {
                            true => Fact::learnt_from(&execution, now, &learnt, &runs),
                            false => Fact::learnt(&execution, now, &learnt),
                        });
                    }
                    Err(error) => {
                        report(pipeline, &error);
                        return;
                    }
                }
            }
            if !needs.more {
                return;
            }
            needs = window.needs(facts, rules);
        }
    }

    /// One call for most sources: its stages, approvals and commit. A rollback runs no source action, and some sources do
    /// not say when their revision was made; both are answered by the execution itself.
    async fn ask(&self, pipeline: &PipelineArn, execution: &ExecutionId) -> Result<(Vec<ActionRun>, Learnt)> {
        let actions = self.releases.actions(pipeline, execution).await?;
        if let Some(newest) = newest(&actions.revisions) {
            return Ok((actions.runs, Learnt { is_rollback: Some(false), ..newest }));
        }
        let origin = self.releases.origin(pipeline, execution).await?;
        let newest = newest(&origin.revisions).unwrap_or_default();
        Ok((actions.runs, Learnt { is_rollback: origin.is_rollback, ..newest }))
    }
}

/// One question within the limits: at its turn, and only while there is time for what comes after it.
async fn asked<T>((deadline, pace): Limits<'_>, question: impl Future<Output = Result<T>>) -> Result<T> {
    if let Some(pace) = pace {
        pace.turn().await;
    }
    let limited = deadline.with_margin(LEAST).limit(question).await;
    let answer = limited.unwrap_or_else(|late| Err(late.into()));
    if let (Err(_), Some(pace)) = (&answer, pace) {
        pace.slow_down();
    }
    answer
}

/// The newest of several sources is the change that is being delivered.
pub(crate) fn newest(revisions: &[Revision]) -> Option<Learnt> {
    let newest = revisions.iter().filter(|revision| revision.made.is_some()).max_by_key(|revision| revision.made)?;
    Some(Learnt { is_rollback: None, committed: newest.made, revision: newest.id.clone() })
}

/// A run of an action that is over, as the logs have it.
#[derive(Serialize)]
struct Ended<'r> {
    id: &'r str,
    stage: &'r str,
    name: &'r str,
    category: &'r str,
    status: &'r str,
    seconds: f64,
}

impl<'r> Ended<'r> {
    fn of(run: &'r ActionRun) -> Option<Self> {
        let is_over = run.status != "InProgress";
        let (started, ended) = run.started.zip(run.updated).filter(|_| is_over)?;
        Some(Self {
            id: &run.id,
            stage: run.stage.as_str(),
            name: &run.action,
            category: &run.category,
            status: &run.status,
            seconds: ended.duration_since(started).as_secs_f64(),
        })
    }
}

/// Action durations are logged and no metrics: a series per action would be most of the bill. They share a line, because
/// a line each would be a good part of the work for an execution; Logs Insights takes them apart with `unnest`.
pub(crate) fn report_actions(pipeline: &PipelineArn, execution: &ExecutionId, runs: &[ActionRun]) {
    let ended: Vec<_> = runs.iter().filter_map(Ended::of).collect();
    for ended in ended.chunks(MOST_IN_A_LINE) {
        tracing::info!(
            pipeline.name = pipeline.pipeline.as_str(),
            execution.id = execution.as_str(),
            actions = serde_json::to_string(ended).expect("the keys of a run are texts"),
            "actions ended"
        );
    }
}

fn report(pipeline: &PipelineArn, error: &anyhow::Error) {
    tracing::warn!(pipeline.name = %pipeline.pipeline, error = format!("{error:#}"), "CodePipeline cannot be asked now");
}

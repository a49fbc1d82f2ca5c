//! What events do not say: an execution that ended is looked at once, for its stages, its approvals and its commit.

use delivery_metrics::{ActionRun, Fact, Learnt, Rules, Window, facts_of_actions};
use lambda_kit::Deadline;
use lambda_kit::settings::ParameterStore;
use pipeline_model::{ExecutionId, PipelineArn};

use crate::Recorder;
use crate::folding::LEAST;
use crate::ports::{Backlog, Ledger, Measurements, Releases, Revision};

impl<L: Ledger, C: Measurements, R: Releases, B: Backlog, S: ParameterStore> Recorder<L, C, R, B, S> {
    /// Fetches what the fold needs. A failed call makes the samples fewer, not wrong: the window remembers what it still
    /// wants to know, and the next sweep asks again.
    pub(crate) async fn learn(
        &self,
        pipeline: &PipelineArn,
        window: &mut Window,
        facts: &mut Vec<Fact>,
        rules: &Rules,
        deadline: &Deadline,
    ) {
        let needs = window.needs(facts, rules);
        if needs.structure && deadline.remaining() > LEAST {
            match self.releases.stages(pipeline).await {
                Ok(Some((version, stages))) => window.learn_structure(Some(version), stages),
                Ok(None) => {}
                Err(error) => report(pipeline, &error),
            }
        }
        for execution in window.needs(facts, rules).executions {
            if deadline.remaining() <= LEAST {
                return;
            }
            match self.ask(pipeline, &execution).await {
                Ok((runs, learnt)) => {
                    runs.iter().for_each(|run| report_action(pipeline, &execution, run));
                    facts.extend(facts_of_actions(&execution, &runs));
                    facts.extend(Fact::learnt(&execution, self.clock.now(), &learnt));
                }
                Err(error) => report(pipeline, &error),
            }
        }
    }

    /// One call for most sources: its stages, approvals and commit. A rollback runs no source action, and some sources do
    /// not say when their revision was made; both are answered by the execution itself.
    async fn ask(&self, pipeline: &PipelineArn, execution: &ExecutionId) -> anyhow::Result<(Vec<ActionRun>, Learnt)> {
        let actions = self.releases.actions(pipeline, execution).await?;
        if let Some(newest) = newest(&actions.revisions) {
            return Ok((actions.runs, Learnt { is_rollback: Some(false), ..newest }));
        }
        let origin = self.releases.origin(pipeline, execution).await?;
        let newest = newest(&origin.revisions).unwrap_or_default();
        Ok((actions.runs, Learnt { is_rollback: origin.is_rollback, ..newest }))
    }
}

/// The newest of several sources is the change that is being delivered.
pub(crate) fn newest(revisions: &[Revision]) -> Option<Learnt> {
    let newest = revisions.iter().filter(|revision| revision.made.is_some()).max_by_key(|revision| revision.made)?;
    Some(Learnt { is_rollback: None, committed: newest.made, revision: newest.id.clone() })
}

/// Action durations are log fields and no metrics: a series per action would be most of the bill.
fn report_action(pipeline: &PipelineArn, execution: &ExecutionId, run: &ActionRun) {
    let Some((started, ended)) = run.started.zip(run.updated) else { return };
    tracing::info!(
        pipeline.name = %pipeline.pipeline,
        execution.id = %execution,
        stage.name = %run.stage,
        action.name = run.action,
        action.category = run.category,
        action.status = run.status,
        action.duration_seconds = ended.duration_since(started).as_secs_f64(),
        "action ended"
    );
}

fn report(pipeline: &PipelineArn, error: &anyhow::Error) {
    tracing::warn!(pipeline.name = %pipeline.pipeline, error = format!("{error:#}"), "CodePipeline cannot be asked now");
}

//! One pipeline in a sweep: what is missing is fetched and folded like any other fact, marked as late.

use anyhow::Result;
use delivery_metrics::{Fact, Learnt, Needs, Rules, Window, late_facts};
use jiff::{SignedDuration, Timestamp};
use lambda_kit::settings::ParameterStore;
use pipeline_model::{PipelineArn, PipelineName};

use super::Run;
use crate::Recorder;
use crate::folding::{key, window};
use crate::learning::{newest, report_actions};
use crate::ports::{Backlog, Entry, Ledger, Measurements, Releases};
use crate::recording::OLDEST;
use crate::sorting::MOST_FACTS;

/// Executions compared: one page. A window holds fewer, but CodePipeline lists running ones and those that were overtaken,
/// too, and the newest first.
const COMPARED: u8 = 100;
/// Executions repaired in one visit. More come in the next rounds.
const MOST_REPAIRS: usize = 10;
/// Younger executions may have events on their way: in the queue's batching window, or handed back once or twice.
const GRACE: SignedDuration = SignedDuration::from_mins(15);

impl<L: Ledger, C: Measurements, R: Releases, B: Backlog, S: ParameterStore> Recorder<L, C, R, B, S> {
    /// The number of executions of which something was missing.
    pub(super) async fn repair(&self, name: &PipelineName, rules: &Rules, run: &mut Run<'_>) -> Result<u32> {
        let pipeline = self.releases.arn(name);
        let settled_before = self.clock.now().saturating_sub(GRACE).unwrap_or(Timestamp::MIN);
        let executions = self.releases.executions(&pipeline, COMPARED).await?;
        let entry = self.ledger.read(&key(&pipeline)).await?.unwrap_or_default();
        let (known, parked) = self.known(&entry, rules)?;

        let mut late = Vec::new();
        let oldest = self.clock.now().saturating_sub(OLDEST).unwrap_or(Timestamp::MIN);
        let is_due = |at: Timestamp| oldest <= at && at <= settled_before;
        let settled: Vec<_> = executions.into_iter().filter(|seen| seen.updated.is_some_and(is_due)).collect();
        let missing = known.missing(&settled, rules);
        let mut repaired = 0;
        for summary in missing.into_iter().take(MOST_REPAIRS) {
            if run.is_over() || late.len() > MOST_FACTS {
                break;
            }
            repaired += 1;
            run.pace.turn().await;
            let actions = self.releases.actions(&pipeline, &summary.id).await?;
            report_actions(&pipeline, &summary.id, &actions.runs);
            late.extend(late_facts(summary, &actions.runs));
            if let Some(newest) = newest(&actions.revisions) {
                // Or the fold would ask the same question again.
                let learnt = Learnt { is_rollback: Some(summary.is_rollback), ..newest };
                late.extend(Fact::learnt_from(&summary.id, self.clock.now(), &learnt, &actions.runs));
            }
            tracing::info!(pipeline.name = %name, execution.id = %summary.id, execution.status = summary.status, "execution repaired");
        }
        let is_overdue = parked.iter().any(|fact| fact.at <= settled_before);
        let is_curious = known.needs(&[], rules) != Needs::default();
        if late.is_empty() && !is_overdue && !is_curious {
            self.tally(&pipeline, &known, run);
            return Ok(0);
        }
        let due = self.fold(&pipeline, &late, rules, (run.deadline, Some(&run.pace))).await?;
        self.tally(&pipeline, &due.window, run);
        run.due.push(due);
        Ok(repaired)
    }

    /// What will be known once the inbox is folded, and what lies in it.
    fn known(&self, entry: &Entry, rules: &Rules) -> Result<(Window, Vec<Fact>)> {
        let mut window = window(entry.window.as_deref())?;
        let parked = self.read(&entry.inbox);
        window.fold(&parked, rules);
        Ok((window, parked))
    }

    fn tally(&self, pipeline: &PipelineArn, window: &Window, run: &mut Run<'_>) {
        let health = window.health(self.clock.now(), &self.thresholds);
        run.cursor.tally.add(&health);
        let beyond = [
            (health.below_success_rate, "pipeline below success rate"),
            (health.above_duration, "pipeline above duration"),
            (health.without_deployment, "pipeline without deployment"),
        ];
        for (_, finding) in beyond.into_iter().filter(|(is_beyond, _)| *is_beyond) {
            tracing::warn!(
                pipeline.name = %pipeline.pipeline,
                delivery.success_rate_percent = health.success_rate.map(|rate| rate.percent),
                delivery.executions = health.success_rate.map(|rate| rate.executions),
                delivery.duration_seconds = health.average_seconds,
                delivery.days_without_deployment = health.days_without_deployment,
                "{finding}"
            );
        }
    }
}

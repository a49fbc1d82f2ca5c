//! The reconcile: every pipeline's last executions are compared with what is known of them, and gaps are filled.
//!
//! A round over all pipelines may take several runs. Where it stands is kept in the ledger, under a lease of its own,
//! so two runs never do the same work.

mod cursor;
mod repair;
mod tally;

use std::time::Duration;

use lambda_kit::settings::ParameterStore;
use lambda_kit::{Deadline, Failure};
use pipeline_model::PipelineName;
use serde::Serialize;

use crate::Recorder;
use crate::folding::{Due, Kept, expires, lease};
use crate::pace::Pace;
use crate::ports::{Backlog, Ledger, Measurements, Opened, Opening, Page, Releases, Unlisted};
use cursor::Cursor;

/// Where the cursor is kept.
const KEY: &str = "reconcile";
/// A run stops this long before its deadline: the samples in hand must be recorded, and the cursor stored.
const STOP_BEFORE: Duration = Duration::from_secs(10);
/// A visit ends this long before the deadline, wherever it stands.
const FLUSH: Duration = Duration::from_secs(5);
/// So many pipelines that cannot be asked in a row mean that none can.
const MOST_FAILURES_IN_A_ROW: u32 = 3;
/// Samples are recorded when so many pipelines have some.
const PIPELINES_PER_CALL: usize = 25;

/// What one run did.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SweepReport {
    /// Another run is at work, so this one did nothing.
    pub is_busy: bool,
    /// Pipelines compared.
    pub pipelines: u32,
    /// Executions of which something was missing.
    pub repaired: u32,
    /// Visits that failed. Such a pipeline has one more turn at the end of the round, and the next in the next round.
    pub failed: u32,
    /// Pipelines of the round that could not be compared at all. They may be beyond a threshold without being counted.
    pub unjudged: u32,
    /// Whether the last pipeline was reached. If not, the next run goes on where this one stopped.
    pub is_round_complete: bool,
}

/// One run.
struct Run<'d> {
    deadline: &'d Deadline,
    pace: Pace,
    cursor: Cursor,
    report: SweepReport,
    failures_in_a_row: u32,
    due: Vec<Due>,
}

impl Run<'_> {
    fn is_over(&self) -> bool {
        self.deadline.remaining() < STOP_BEFORE || self.failures_in_a_row >= MOST_FAILURES_IN_A_ROW
    }
}

impl<L: Ledger, C: Measurements, R: Releases, B: Backlog, S: ParameterStore> Recorder<L, C, R, B, S> {
    pub(crate) async fn sweep(&self, deadline: &Deadline) -> Result<SweepReport, Failure> {
        let now = self.clock.now();
        let Opening::Open(opened) = self.ledger.open(KEY, &[], now, lease(deadline, now), expires(now)).await? else {
            tracing::info!("another run compares the pipelines now");
            return Ok(SweepReport { is_busy: true, ..SweepReport::default() });
        };
        let cursor = Cursor::read(opened.window.as_deref());
        let pace = Pace::new(self.clock.clone());
        let report = SweepReport::default();
        let mut run = Run { deadline, pace, cursor, report, failures_in_a_row: 0, due: Vec::new() };
        let walked = self.walk(&mut run).await;
        self.flush(&mut run).await;
        let is_cut_short = walked.is_err() || run.failures_in_a_row >= MOST_FAILURES_IN_A_ROW;
        if is_cut_short || run.report.unjudged > 0 {
            self.metrics.count(self.clock.now(), "ReconcilesIncomplete", 1);
        }
        self.keep_cursor(&opened, &run.cursor).await?;
        walked?;
        tracing::info!(
            sweep.pipelines = run.report.pipelines,
            sweep.repaired = run.report.repaired,
            sweep.failed = run.report.failed,
            sweep.is_round_complete = run.report.is_round_complete,
            "pipelines compared"
        );
        Ok(run.report)
    }

    async fn walk(&self, run: &mut Run<'_>) -> Result<(), Failure> {
        let settings = self.rulebook.current().await?;
        while !run.is_over() {
            let Some(page) = self.page(run).await? else { continue };
            for name in run.cursor.rest(&page.pipelines) {
                if run.is_over() {
                    return Ok(());
                }
                if !self.visit(name, &settings, run).await {
                    run.cursor.miss(name);
                }
                run.cursor.after = Some(name.clone());
            }
            match page.next {
                Some(next) => run.cursor.turn(next),
                None if run.cursor.is_seeking => run.cursor.stop_seeking(),
                None => return self.finish_round(&settings, run).await,
            }
        }
        Ok(())
    }

    /// Behind the last pipeline: those that were missed, then the gauges.
    async fn finish_round(&self, settings: &delivery_metrics::Settings, run: &mut Run<'_>) -> Result<(), Failure> {
        while !run.cursor.missed.is_empty() {
            if run.is_over() {
                return Ok(());
            }
            let name = run.cursor.missed.remove(0);
            if !self.visit(&name, settings, run).await {
                run.cursor.unjudged += 1;
            }
        }
        self.end_round(run).await;
        Ok(())
    }

    /// The page the cursor stands at; `None` if its token is no longer known, and the place has to be found again.
    async fn page(&self, run: &mut Run<'_>) -> Result<Option<Page>, Failure> {
        run.pace.turn().await;
        match self.releases.pipelines(run.cursor.page.as_deref()).await {
            Ok(page) => Ok(Some(page)),
            Err(Unlisted::UnknownPage) if run.cursor.page.is_some() => {
                run.cursor.seek();
                Ok(None)
            }
            Err(Unlisted::UnknownPage) => Err(Failure::retry(anyhow::anyhow!("CodePipeline has no first page"))),
            Err(Unlisted::Failed(error)) => Err(Failure::retry(error)),
        }
    }

    /// Whether the pipeline could be compared.
    async fn visit(&self, name: &PipelineName, settings: &delivery_metrics::Settings, run: &mut Run<'_>) -> bool {
        run.pace.turn().await;
        let enough = run.deadline.with_margin(FLUSH);
        let rules = self.rulebook.rules(settings, name);
        let compared = enough.limit(self.repair(name, &rules, run)).await.unwrap_or_else(|late| Err(late.into()));
        let is_compared = compared.is_ok();
        match compared {
            Ok(repaired) => {
                run.failures_in_a_row = 0;
                run.report.pipelines += 1;
                run.report.repaired += repaired;
            }
            Err(error) => {
                run.pace.slow_down();
                run.failures_in_a_row += 1;
                run.report.failed += 1;
                tracing::warn!(pipeline.name = %name, error = format!("{error:#}"), "the pipeline cannot be compared now");
            }
        }
        if run.due.len() >= PIPELINES_PER_CALL {
            self.flush(run).await;
        }
        is_compared
    }

    async fn flush(&self, run: &mut Run<'_>) {
        self.record(std::mem::take(&mut run.due), &mut Kept::default()).await;
    }

    async fn end_round(&self, run: &mut Run<'_>) {
        run.report.is_round_complete = true;
        run.report.unjudged = run.cursor.unjudged;
        let is_whole = run.cursor.unjudged == 0;
        let samples = run.cursor.tally.samples(&self.thresholds, self.clock.now(), is_whole);
        if !samples.is_empty()
            && let Err(error) = self.measurements.record(&samples).await
        {
            tracing::warn!(error = ?error, "the round's gauges were not recorded; the next round has new ones");
        }
        run.cursor = Cursor::default();
    }

    async fn keep_cursor(&self, opened: &Opened, cursor: &Cursor) -> Result<(), Failure> {
        let expires = expires(self.clock.now());
        self.ledger.settle(KEY, opened, &cursor.to_string(), opened.inbox.len(), expires).await?;
        Ok(())
    }
}

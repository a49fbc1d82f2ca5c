//! Pipeline events in, CloudWatch metrics of delivery out.
//!
//! Facts are put into the inbox of their pipeline. When one of them is urgent, the inbox is folded into the pipeline's
//! window, and what the fold yields is recorded: one `PutMetricData` for a whole batch. What a fold means is decided in
//! `delivery-metrics`; this crate carries it out, and repairs on a schedule what events have lost.

mod commit_time;
mod folding;
mod learning;
#[cfg(any(test, feature = "testing"))]
pub mod memory;
pub mod outside;
mod pace;
pub mod ports;
mod recording;
mod rulebook;
mod sorting;
mod sweep;

use std::time::Duration;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use delivery_metrics::Thresholds;
use lambda_kit::backlog::{backoff, hand_back};
use lambda_kit::batch::Batch;
use lambda_kit::metrics::Metrics;
use lambda_kit::settings::ParameterStore;
use lambda_kit::start::{Handler, Invocation};
use lambda_kit::{Clock, Deadline, Failure};
use serde::{Deserialize, Serialize};

use ports::{Backlog, Ledger, Measurements, Releases};

pub use rulebook::Rulebook;
pub use sweep::SweepReport;

/// Time kept back at the end of an invocation for writing down what was done.
const MARGIN: Duration = Duration::from_secs(3);

/// The recorder with its outside.
pub struct Recorder<L, C, R, B, S> {
    /// The state table.
    pub ledger: L,
    /// CloudWatch.
    pub measurements: C,
    /// CodePipeline's API.
    pub releases: R,
    /// The queues.
    pub backlog: B,
    /// Settings, and what they mean for each pipeline.
    pub rulebook: Rulebook<S>,
    /// What counts as unhealthy.
    pub thresholds: Thresholds,
    /// The time.
    pub clock: Clock,
    /// The recorder's own metrics.
    pub metrics: Metrics,
}

/// Why the recorder is invoked.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Occasion {
    /// Events from the queue.
    Events(SqsEvent),
    /// The schedule: it is time to repair what events have lost.
    Schedule(Schedule),
}

/// What the schedule sends.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Schedule {
    /// The only thing that is done on a schedule.
    pub task: Task,
}

/// What can be done on a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// Compare every pipeline's last executions with what is known of them.
    Reconcile,
}

/// The answer, each to its occasion.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// The records that are to come again.
    Events(SqsBatchResponse),
    /// What the sweep did.
    Schedule(SweepReport),
}

impl<L: Ledger, C: Measurements, R: Releases, B: Backlog, S: ParameterStore> Handler for Recorder<L, C, R, B, S> {
    type Event = Occasion;
    type Reply = Answer;

    async fn handle(&self, occasion: Occasion, invocation: Invocation) -> Result<Answer, Failure> {
        let deadline = invocation.deadline.with_margin(MARGIN);
        match occasion {
            Occasion::Events(event) => Ok(Answer::Events(self.take_in(event, &deadline).await?)),
            Occasion::Schedule(Schedule { task: Task::Reconcile }) => {
                Ok(Answer::Schedule(self.sweep(&deadline).await?))
            }
        }
    }
}

impl<L: Ledger, C: Measurements, R: Releases, B: Backlog, S: ParameterStore> Recorder<L, C, R, B, S> {
    async fn take_in(&self, event: SqsEvent, deadline: &Deadline) -> Result<SqsBatchResponse, Failure> {
        let mut batch = Batch::new(event)?;
        let sorted = self.sort(&batch.records()).await;
        sorted.done.iter().for_each(|id| batch.done(id));
        let mut later = sorted.later;
        match self.rulebook.current().await {
            Ok(settings) => {
                let kept = self.keep(sorted.parcels, &settings, deadline).await;
                kept.done.iter().for_each(|id| batch.done(id));
                later.extend(kept.later);
            }
            Err(failure) => {
                tracing::error!(error = %failure, "nothing can be recorded while there are no settings to go by");
                later.extend(sorted.parcels.into_iter().flat_map(|parcel| parcel.records));
            }
        }
        for record in later {
            if deadline.remaining().is_zero() {
                break; // The others come again after the visibility timeout.
            }
            hand_back(&self.backlog, &self.metrics, self.clock.now(), &record, backoff(record.receives)).await;
        }
        Ok(batch.reply())
    }
}

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

use std::rc::Rc;
use std::time::Duration;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use delivery_metrics::{Fact, Settings, Thresholds};
use lambda_kit::backlog::{backoff, hand_back};
use lambda_kit::batch::Batch;
use lambda_kit::metrics::Metrics;
use lambda_kit::settings::ParameterStore;
use lambda_kit::start::{Handler, Invocation};
use lambda_kit::{Clock, Deadline, Failure};
use serde::{Deserialize, Serialize};

use ports::{Backlog, Ledger, Measurements, Releases};
use sorting::Parcel;

pub use rulebook::Rulebook;
pub use sweep::SweepReport;

/// Time kept back at the end of an invocation for writing down what was done.
const MARGIN: Duration = Duration::from_secs(3);

/// How old settings may become. What they change is measured at its own time whenever that is learnt, so there is no
/// hurry; and of few releases, each would read them anew.
pub const SETTINGS_AGE: Duration = Duration::from_mins(10);

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
#[serde(try_from = "Sent")]
pub enum Occasion {
    /// Events from the queue.
    Events(SqsEvent),
    /// The schedule: it is time to repair what events have lost.
    Schedule(Schedule),
}

/// What the schedule sends.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    /// The only thing that is done on a schedule.
    pub task: Task,
}

/// What Lambda passes on from either of both. An untagged enum would copy a whole batch before it reads it.
#[derive(Deserialize)]
struct Sent {
    #[serde(rename = "Records")]
    records: Option<Vec<SqsMessage>>,
    task: Option<Task>,
}

impl TryFrom<Sent> for Occasion {
    type Error = &'static str;

    fn try_from(sent: Sent) -> Result<Self, Self::Error> {
        match (sent.records, sent.task) {
            (Some(records), _) => {
                let mut event = SqsEvent::default();
                event.records = records;
                Ok(Self::Events(event))
            }
            (None, Some(task)) => Ok(Self::Schedule(Schedule { task })),
            (None, None) => Err("expected the `Records` of a queue, or the `task` of a schedule"),
        }
    }
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
        match self.settings_for(&sorted.parcels).await {
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

    /// Where no fact asks for settings, none are read, and any would do.
    async fn settings_for(&self, parcels: &[Parcel]) -> Result<Rc<Settings>, Failure> {
        let mut facts = parcels.iter().flat_map(|parcel| &parcel.facts);
        if facts.any(Fact::asks_for_settings) { self.rulebook.current().await } else { Ok(Rc::default()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn occasion(json: &str) -> Result<Occasion, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn a_queue_and_a_schedule_are_told_apart_and_nothing_else_is_taken() {
        let batch = occasion(r#"{ "Records": [{ "messageId": "m-1", "body": "{}" }] }"#);
        assert!(matches!(batch, Ok(Occasion::Events(event)) if event.records.len() == 1));
        assert!(matches!(occasion(r#"{ "task": "reconcile" }"#), Ok(Occasion::Schedule(_))));
        for other in [r#"{ "task": "sleep" }"#, r#"{ "Records": {} }"#, "{}", "[]", "null"] {
            assert!(occasion(other).is_err(), "{other}");
        }
        assert!(occasion("{}").is_err_and(|problem| problem.contains("the `Records` of a queue")));
    }
}

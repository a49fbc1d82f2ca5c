//! Pipeline events, approvals, gates, scans and decided rollbacks in, Slack messages and SNS notices out.
//!
//! The order of work is the same for each execution: take in what came, learn what events do not say, say what is not
//! said yet, remember. What to say and to whom is decided in `notices`; this crate carries it out.

mod carrying;
mod desk;
mod inbox;
mod kept;
mod learning;
#[cfg(any(test, feature = "testing"))]
pub mod memory;
pub mod outside;
pub mod ports;
mod round;
mod session;
mod sorting;
mod teller;

use std::time::Duration;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use lambda_kit::backlog::{self, backoff};
use lambda_kit::batch::{Batch, Record};
use lambda_kit::metrics::Metrics;
use lambda_kit::settings::ParameterStore;
use lambda_kit::start::{Handler, Invocation};
use lambda_kit::{Clock, Failure};

pub use desk::Desks;
use ports::{Backlog, Outbox, Releases, Table};
use round::Round;
use teller::Told;

/// The notifier with its outside.
pub struct Notifier<T, R, O, B, S> {
    /// The state table.
    pub table: T,
    /// CodePipeline's API.
    pub releases: R,
    /// The way out.
    pub outbox: O,
    /// The queues.
    pub backlog: B,
    /// Settings and credentials.
    pub desks: Desks<S>,
    /// The time.
    pub clock: Clock,
    /// The notifier's own metrics.
    pub metrics: Metrics,
}

impl<T: Table, R: Releases, O: Outbox, B: Backlog, S: ParameterStore> Handler for Notifier<T, R, O, B, S> {
    type Event = SqsEvent;
    type Reply = SqsBatchResponse;

    async fn handle(&self, event: SqsEvent, invocation: Invocation) -> Result<SqsBatchResponse, Failure> {
        let mut batch = Batch::new(event)?;
        let round = Round::new(invocation.deadline);
        let sorted = self.sort(&batch.records(), &round).await;
        for id in sorted.done {
            batch.done(&id);
        }
        for record in sorted.later {
            self.hand_back(&record, backoff(record.receives)).await;
        }
        for bundle in sorted.bundles {
            let told = self.tell(&bundle, &round).await;
            for record in &bundle.records {
                match told {
                    Told::Everything => batch.done(&record.id),
                    Told::Later(after) => self.hand_back(record, after).await,
                }
            }
        }
        Ok(batch.reply())
    }
}

impl<T: Table, R: Releases, O: Outbox, B: Backlog, S: ParameterStore> Notifier<T, R, O, B, S> {
    async fn hand_back(&self, record: &Record, after: Duration) {
        backlog::hand_back(&self.backlog, &self.metrics, self.clock.now(), record, after).await;
    }

    /// Puts a record where a person will find it. If that fails, it is handed back.
    async fn bury(&self, record: &Record, code: &str, reason: &str) -> bool {
        backlog::bury(&self.backlog, &self.metrics, self.clock.now(), record, (code, reason)).await
    }
}

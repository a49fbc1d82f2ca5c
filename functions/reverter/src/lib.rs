//! A red alarm in, the last good release back.
//!
//! An alarm says by its tags what it protects. What stands there is looked at, `rollback-plans` decides, and this crate
//! carries the decision out: once, by writing down what it is about to do before it does it, and by looking at the target
//! before it does anything again.

mod acting;
mod call;
mod claiming;
mod clearing;
mod consents;
mod deciding;
mod door;
mod finishing;
#[cfg(any(test, feature = "testing"))]
pub mod memory;
mod occasion;
pub mod outside;
pub mod ports;
mod report;

use std::time::Duration;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use lambda_kit::batch::{Batch, Record};
use lambda_kit::laters::Laters;
use lambda_kit::metrics::Metrics;
use lambda_kit::publishing::Bus;
use lambda_kit::settings::ParameterStore;
use lambda_kit::start::{Handler, Invocation};
use lambda_kit::{Clock, Deadline, Failure, Home, OrFail};
use pipeline_model::{AlarmEvent, AlarmState};
use rollback_plans::{Limits, Mode};
use serde_json::Value;

use call::{Call, Errand};
use ports::{Alarms, Books, Executor, Releases};

pub use consents::Consents;
pub use occasion::{Answer, Occasion};

/// Time kept back at the end of an invocation for writing down what was done.
const MARGIN: Duration = Duration::from_secs(5);

/// What a reverter reaches.
pub trait Outside {
    /// CloudWatch.
    type Alarms: Alarms;
    /// What stands at the targets.
    type Releases: Releases;
    /// Whoever carries steps out.
    type Executor: Executor;
    /// The state table.
    type Books: Books;
    /// The queue to itself.
    type Laters: Laters;
    /// The event bus.
    type Bus: Bus;
    /// Where the settings are kept.
    type Parameters: ParameterStore;
}

/// The reverter with its outside.
pub struct Reverter<O: Outside> {
    /// CloudWatch.
    pub alarms: O::Alarms,
    /// What stands at the targets.
    pub releases: O::Releases,
    /// Whoever carries steps out.
    pub executor: O::Executor,
    /// The state table.
    pub books: O::Books,
    /// The queue to itself.
    pub laters: O::Laters,
    /// The event bus.
    pub bus: O::Bus,
    /// What alarms without tags protect.
    pub consents: Consents<O::Parameters>,
    /// Where it runs.
    pub home: Home,
    /// Whether any rollback is to be done; an alarm can only ask for less.
    pub mode: Mode,
    /// How far a rollback may go.
    pub limits: Limits,
    /// The time.
    pub clock: Clock,
    /// The reverter's own metrics.
    pub metrics: Metrics,
}

impl<O: Outside> Handler for Reverter<O> {
    type Event = Occasion;
    type Reply = Answer;

    async fn handle(&self, occasion: Occasion, invocation: Invocation) -> Result<Answer, Failure> {
        let deadline = invocation.deadline.with_margin(MARGIN);
        match occasion {
            Occasion::Alarm(event) => Ok(Answer::Alarm(self.take_in(&event, &deadline).await?)),
            Occasion::Errands(event) => Ok(Answer::Errands(self.run_errands(event, &deadline).await?)),
        }
    }
}

impl<O: Outside> Reverter<O> {
    async fn take_in(&self, event: &Value, deadline: &Deadline) -> Result<Vec<String>, Failure> {
        let events = AlarmEvent::parse(event).map_err(|error| {
            self.metrics.count(self.clock.now(), "AlarmsNotUnderstood", 1);
            Failure::permanent(error)
        })?;
        let mut told = Vec::new();
        for event in events {
            told.push(match event {
                AlarmEvent::Change(change) => {
                    deadline.limit(self.answer(&Call::from(*change))).await.or_retry("the alarm comes again")??
                }
                AlarmEvent::Other { what } => {
                    tracing::info!(ignored = what, "this is no change of an alarm's state");
                    format!("ignored: {what}")
                }
            });
        }
        Ok(told)
    }

    async fn run_errands(&self, event: SqsEvent, deadline: &Deadline) -> Result<SqsBatchResponse, Failure> {
        let mut batch = Batch::new(event)?;
        for record in batch.records() {
            match deadline.limit(self.run_errand(&record)).await {
                Ok(Ok(_)) => batch.done(&record.id),
                Ok(Err(failure)) => tracing::error!(error = %failure, "this errand comes again"),
                Err(late) => tracing::error!(error = %late, "this errand comes again"),
            }
        }
        Ok(batch.reply())
    }

    async fn run_errand(&self, record: &Record) -> Result<String, Failure> {
        match serde_json::from_str(&record.body).or_permanent("not an errand of the reverter's")? {
            Errand::Reconsider(call) => self.answer(&call).await,
            Errand::CheckOn(check) => self.check_on(&check).await,
        }
    }

    /// What becomes of one change of an alarm, in words.
    async fn answer(&self, call: &Call) -> Result<String, Failure> {
        let told = match &call.state {
            AlarmState::Alarm | AlarmState::Ok if !self.is_here(call) => {
                self.metrics.count(self.clock.now(), "AlarmsElsewhere", 1);
                String::from("ignored: the alarm is in another account or region")
            }
            AlarmState::Alarm => self.turned_red(call).await?,
            AlarmState::Ok => self.turned_green(call).await?,
            AlarmState::InsufficientData => String::from("ignored: no data is neither red nor green"),
            AlarmState::Unknown(word) => format!("ignored: nobody knows whether the state {word} is red or green"),
        };
        tracing::info!(alarm.name = call.alarm.name, alarm.state = %call.state, outcome = told, "an alarm was answered");
        Ok(told)
    }

    fn is_here(&self, call: &Call) -> bool {
        call.alarm.region == self.home.region && call.alarm.account == self.home.account
    }
}

//! One message on its way: it waits for its channel's turn, is sent, and its answer is read and logged.

use std::time::Duration;

use jiff::SignedDuration;
use lambda_kit::settings::ParameterStore;
use notices::{Address, Answer, Delivery};

use crate::Notifier;
use crate::ports::{Backlog, Outbox, Releases, Slot, Table};
use crate::round::Round;
use crate::sorting::Bundle;

/// The longest wait for one answer.
const LONGEST_SEND: Duration = Duration::from_secs(10);
/// The longest wait for a turn, and the longest pause that is sat out. Other channels wait with it.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(20);

/// What became of a message.
#[derive(Debug)]
pub(crate) enum Carried {
    /// The channel answered, or gave none.
    Answered(Answer),
    /// Everybody holds off from this channel for so long; nothing was sent.
    Shut(Duration),
}

impl<T: Table, R: Releases, O: Outbox, B: Backlog, S: ParameterStore> Notifier<T, R, O, B, S> {
    /// Waits for the channel's turn, sends, and reads the answer.
    pub(crate) async fn carry(&self, delivery: &Delivery, bundle: &Bundle, round: &Round) -> Carried {
        let outgoing = match &delivery.outgoing {
            Ok(outgoing) => outgoing,
            Err(missing) => {
                let answer = Answer::Refused(missing.to_string());
                log(bundle, delivery, &answer);
                return Carried::Answered(answer);
            }
        };
        if let Some(shut) = self.wait_for_turn(delivery, round).await {
            return Carried::Shut(shut);
        }
        let reply = self.outbox.send(outgoing, round.for_one_call(LONGEST_SEND)).await;
        let answer = delivery.read(&reply);
        log(bundle, delivery, &answer);
        Carried::Answered(answer)
    }

    /// Returns how long the channel stays shut, if its turn is too far away.
    async fn wait_for_turn(&self, delivery: &Delivery, round: &Round) -> Option<Duration> {
        if delivery.interval.is_zero() {
            return None;
        }
        let now = self.clock.now();
        let latest = now.saturating_add(round.patience(LONGEST_PAUSE)).unwrap_or(now);
        let wait = match self.table.reserve(&pace_key(&delivery.address), now, delivery.interval, latest).await {
            Ok(Slot::Taken(turn)) => turn.duration_since(self.clock.now()),
            Ok(Slot::Shut(until)) => return Some(until.duration_since(now).max(SignedDuration::ZERO).unsigned_abs()),
            Err(error) => {
                tracing::warn!(error = format!("{error:#}"), "the channel's pace is not known; sending all the same");
                SignedDuration::try_from(delivery.interval).unwrap_or(SignedDuration::ZERO)
            }
        };
        self.clock.sleep(wait.max(SignedDuration::ZERO).unsigned_abs()).await;
        None
    }
}

pub(crate) fn pace_key(address: &Address) -> String {
    format!("pace#{address}")
}

fn log(bundle: &Bundle, delivery: &Delivery, answer: &Answer) {
    let (pipeline, execution, incident) = (bundle.pipeline(), bundle.execution(), bundle.incident());
    let (address, kind) = (delivery.address.to_string(), delivery.kind.as_str());
    match answer {
        Answer::Delivered(_) => {
            tracing::info!(
                pipeline.name = pipeline,
                execution.id = execution,
                incident.key = incident,
                notice.address = address,
                notice.kind = kind,
                "told"
            );
        }
        Answer::Closed(reason) => {
            tracing::info!(
                pipeline.name = pipeline,
                execution.id = execution,
                incident.key = incident,
                notice.address = address,
                notice.reason = reason,
                "the message can no longer be changed; its thread goes on"
            );
        }
        Answer::Retry { reason, .. }
        | Answer::Lost(reason)
        | Answer::Unauthorised(reason)
        | Answer::Refused(reason) => {
            tracing::warn!(
                pipeline.name = pipeline,
                execution.id = execution,
                incident.key = incident,
                notice.address = address,
                notice.kind = kind,
                notice.reason = reason,
                "not told"
            );
        }
    }
}

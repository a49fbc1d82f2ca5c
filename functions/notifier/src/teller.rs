//! One execution or incident: take in what came, say what is not said yet, remember.
//!
//! Whoever sends holds the item's lease, which ends when the invocation does. Others write down what they learnt, and
//! leave the sending to the holder: a record of theirs comes back and finds everything said, or the lease over.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use anyhow::anyhow;
use jiff::{SignedDuration, Timestamp};
use lambda_kit::Failure;
use lambda_kit::backlog::backoff;
use lambda_kit::settings::ParameterStore;
use notices::Desk;

use crate::Notifier;
use crate::kept::Kept;
use crate::ports::{Backlog, Outbox, Releases, Stored, Table};
use crate::round::Round;
use crate::session::Session;
use crate::sorting::Bundle;

/// Conditional writes tried before a record is handed back.
pub(crate) const WRITES: usize = 8;
/// For what waits only because this invocation is over.
pub(crate) const SHORTLY: Duration = Duration::from_secs(1);
/// A record that cannot reach the table this often tells what is urgent without it.
const RECEIVES_BEFORE_URGENT: u32 = 3;
/// Wrong settings are looked at again after this time at the earliest.
const SETTINGS_PAUSE: Duration = Duration::from_secs(60);

/// How far a bundle got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// Everybody knows everything.
    Everything,
    /// Something waits; the records are to come again after this time.
    Later(Duration),
}

enum Opened<'a> {
    Nothing,
    Busy(Timestamp),
    Session(Box<Session<'a>>),
}

impl<T: Table, R: Releases, O: Outbox, B: Backlog, S: ParameterStore> Notifier<T, R, O, B, S> {
    pub(crate) async fn tell(&self, bundle: &Bundle, round: &Round) -> Told {
        if round.is_over() {
            return Told::Later(SHORTLY);
        }
        match self.try_tell(bundle, round).await {
            Ok(told) => told,
            Err(failure) => {
                let (pipeline, execution, incident) = (bundle.pipeline(), bundle.execution(), bundle.incident());
                tracing::error!(pipeline.name = pipeline, execution.id = execution, incident.key = incident, error = %failure, "this could not be told");
                let least = if failure.is_permanent() { SETTINGS_PAUSE } else { Duration::ZERO };
                self.metrics.count(self.clock.now(), "ExecutionsNotTold", 1);
                Told::Later(backoff(bundle.receives()).max(least))
            }
        }
    }

    async fn try_tell(&self, bundle: &Bundle, round: &Round) -> Result<Told, Failure> {
        let desk = self.desks.current().await?;
        match self.open(bundle, round, &desk).await {
            Ok(Opened::Nothing) => Ok(Told::Everything),
            Ok(Opened::Busy(until)) => {
                let left = until.duration_since(self.clock.now()).max(SignedDuration::ZERO).unsigned_abs();
                Ok(Told::Later(left.min(backoff(bundle.receives())).max(SHORTLY)))
            }
            Ok(Opened::Session(session)) => self.deliver(*session, round).await,
            Err(failure) => self.tell_what_is_urgent(bundle, &desk, round, failure).await,
        }
    }

    /// Joins the bundle into what is known and takes the lease if there is something to say.
    async fn open<'a>(&self, bundle: &'a Bundle, round: &Round, desk: &Rc<Desk>) -> Result<Opened<'a>, Failure> {
        let key = bundle.key.clone();
        let mut promised = None;
        for _ in 0..WRITES {
            let item = self.table.load(&key).await?;
            if item.is_none() && bundle.is_a_reminder_only() {
                return Ok(Opened::Nothing);
            }
            let before = item.as_ref().and_then(|item| Kept::read(&key, item));
            let mut kept = before.clone().unwrap_or_else(|| Kept::new(bundle));
            let news = self.take_in(&mut kept, before.as_ref(), bundle, round, &mut promised).await?;
            let now = self.clock.now();
            let something = kept.record.next(desk, now, &BTreeSet::new()).is_some();
            let changed = before.as_ref() != Some(&kept);
            let busy = item.as_ref().and_then(|item| item.leased_until).filter(|until| *until > now);
            match (something, changed, busy) {
                (false, false, _) => return Ok(Opened::Nothing),
                (true, false, Some(until)) => return Ok(Opened::Busy(until)),
                _ => {}
            }
            let lease = round.lease(now);
            let revision = item.map(|item| item.revision);
            if self.keep(&key, &kept, busy.or(something.then_some(lease)), revision).await? == Stored::Lost {
                continue;
            }
            self.count(&news);
            return Ok(match (something, busy) {
                (false, _) => Opened::Nothing,
                (true, Some(until)) => Opened::Busy(until),
                (true, None) => {
                    let revision = revision.unwrap_or(0) + 1;
                    Opened::Session(Box::new(Session::new((bundle, key, kept), revision, lease, desk)))
                }
            });
        }
        Err(Failure::retry(anyhow!("others keep writing {key}; the record comes again")))
    }

    /// With the table down, what is loud is said without state: a repeat is better than silence.
    async fn tell_what_is_urgent(
        &self,
        bundle: &Bundle,
        desk: &Desk,
        round: &Round,
        failure: Failure,
    ) -> Result<Told, Failure> {
        if bundle.receives() != RECEIVES_BEFORE_URGENT {
            return Err(failure);
        }
        tracing::error!(error = %failure, "the table cannot be used; what is urgent is told without it");
        let mut record = Kept::new(bundle).record;
        bundle.absorb_into(&mut record.subject);
        for delivery in record.urgent(desk, self.clock.now()) {
            if !round.is_over() {
                self.carry(&delivery, bundle, round).await;
            }
        }
        Err(failure)
    }
}

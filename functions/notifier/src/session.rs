//! The right to send for one execution: one thing after the other until nothing is left or nothing can be said now.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use anyhow::anyhow;
use jiff::Timestamp;
use lambda_kit::Failure;
use lambda_kit::settings::ParameterStore;
use notices::{Address, Answer, Delivery, Desk, Kind};

use crate::carrying::{Carried, LONGEST_PAUSE, pace_key};
use crate::kept::Kept;
use crate::ports::{Backlog, Item, Outbox, Releases, Stored, Table};
use crate::round::Round;
use crate::sorting::Bundle;
use crate::teller::{SHORTLY, Told, WRITES};
use crate::{Notifier, backoff};

/// Pauses sat out for one address.
const MOST_PAUSES: u32 = 3;
/// A channel that gives no answer is left alone for this long at most, so that its return is noticed soon.
const LONGEST_HOLD: Duration = Duration::from_secs(60);
/// A record received this often waits longer than a channel asks: it must not run out of receives.
const MANY_RECEIVES: u32 = 30;

/// Whoever sends holds one of these, and the item's lease with it.
pub(crate) struct Session<'a> {
    pub(crate) bundle: &'a Bundle,
    pub(crate) key: String,
    pub(crate) kept: Kept,
    pub(crate) revision: u64,
    pub(crate) lease: Lease,
    pub(crate) desk: Rc<Desk>,
    /// Answers not written down yet.
    unsaved: Vec<(Delivery, Answer, Timestamp)>,
    waiting: BTreeMap<Address, Duration>,
    pauses: BTreeMap<Address, u32>,
    refetched: bool,
}

/// Whose turn it is to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lease {
    /// Ours, until then.
    Held(Timestamp),
    /// Ours ended, and the item went on without us.
    Overtaken(Option<Timestamp>),
}

impl<'a> Session<'a> {
    pub(crate) fn new(
        (bundle, key, kept): (&'a Bundle, String, Kept),
        revision: u64,
        lease: Timestamp,
        desk: &Rc<Desk>,
    ) -> Self {
        Self {
            bundle,
            key,
            kept,
            revision,
            lease: Lease::Held(lease),
            desk: Rc::clone(desk),
            unsaved: Vec::new(),
            waiting: BTreeMap::new(),
            pauses: BTreeMap::new(),
            refetched: false,
        }
    }

    fn next(&self, now: Timestamp) -> Option<Delivery> {
        let held: BTreeSet<Address> = self.waiting.keys().cloned().collect();
        self.kept.record.next(&self.desk, now, &held)
    }

    /// Longer with each receive, so that a long outage does not use up the receives the queue allows.
    fn wait_at_least(&mut self, address: &Address, wait: Duration) {
        self.waiting.insert(address.clone(), wait.max(backoff(self.bundle.receives())));
    }

    /// Goes on from what somebody else wrote, with our answers added.
    fn rebase(&mut self, mut kept: Kept, item: &Item) {
        for (delivery, answer, at) in &self.unsaved {
            kept.record.note(delivery, answer, *at);
        }
        (self.kept, self.revision) = (kept, item.revision);
        let ours = matches!(self.lease, Lease::Held(until) if item.leased_until == Some(until));
        if !ours {
            self.lease = Lease::Overtaken(item.leased_until);
        }
    }
}

impl<T: Table, R: Releases, O: Outbox, B: Backlog, S: ParameterStore> Notifier<T, R, O, B, S> {
    pub(crate) async fn deliver(&self, mut session: Session<'_>, round: &Round) -> Result<Told, Failure> {
        while matches!(session.lease, Lease::Held(_))
            && let Some(delivery) = session.next(self.clock.now())
        {
            let now = self.clock.now();
            if let Some(until) = round.shut_until(&delivery.address, now) {
                session.wait_at_least(&delivery.address, until.duration_since(now).unsigned_abs());
            } else if round.is_over() {
                session.waiting.insert(delivery.address, SHORTLY);
            } else {
                let carried = self.carry(&delivery, session.bundle, round).await;
                self.take_answer(&mut session, delivery, carried, round).await?;
            }
        }
        self.save(&mut session, true).await?;
        // What others wrote down meanwhile, they left for us to say.
        let more = session.next(self.clock.now()).map(|_| SHORTLY);
        Ok(session.waiting.into_values().chain(more).min().map_or(Told::Everything, Told::Later))
    }

    async fn take_answer(
        &self,
        session: &mut Session<'_>,
        delivery: Delivery,
        carried: Carried,
        round: &Round,
    ) -> Result<(), Failure> {
        match carried {
            Carried::Shut(wait) => {
                let until = self.clock.now().saturating_add(wait).unwrap_or(Timestamp::MAX);
                round.shut(&delivery.address, until);
                session.wait_at_least(&delivery.address, wait);
                Ok(())
            }
            Carried::Answered(Answer::Retry { after, .. }) => {
                self.pause(session, &delivery, after, round).await;
                Ok(())
            }
            Carried::Answered(Answer::Unauthorised(_)) if !session.refetched && self.refetch(session).await => Ok(()),
            Carried::Answered(answer) => self.note(session, delivery, answer).await,
        }
    }

    /// Reads the credentials anew, once: they may have been rotated.
    async fn refetch(&self, session: &mut Session<'_>) -> bool {
        session.refetched = true;
        let desk = self.desks.refetched().await;
        let read = desk.is_ok();
        session.desk = desk.unwrap_or_else(|_| Rc::clone(&session.desk));
        read
    }

    /// Remembers the answer, and writes it down before anything else is sent if forgetting it would repeat the message.
    async fn note(&self, session: &mut Session<'_>, delivery: Delivery, answer: Answer) -> Result<(), Failure> {
        let given_up = match &answer {
            Answer::Refused(reason) | Answer::Unauthorised(reason) => Some(reason),
            Answer::Lost(reason) if session.kept.record.has_lost_too_many(&delivery.address) => Some(reason),
            _ => None,
        };
        if let Some(reason) = given_up
            && !self.set_aside(session, &delivery, reason).await
        {
            session.wait_at_least(&delivery.address, Duration::ZERO);
            return Ok(());
        }
        let now = self.clock.now();
        session.kept.record.note(&delivery, &answer, now);
        let repeatable = delivery.kind == Kind::Edit;
        session.unsaved.push((delivery, answer, now));
        if repeatable { Ok(()) } else { self.save(session, false).await }
    }

    /// A record of a refused message goes to the dead-letter queue, once per execution and address: sent again from
    /// there it finds in the table what is still untold.
    async fn set_aside(&self, session: &Session<'_>, delivery: &Delivery, reason: &str) -> bool {
        self.metrics.count(self.clock.now(), "NoticesRefused", 1);
        if session.kept.record.has_refused(&delivery.address) {
            return true;
        }
        match session.bundle.records.first() {
            Some(record) => self.bury(record, "channel-refused", &format!("{}: {reason}", delivery.address)).await,
            None => true,
        }
    }

    /// Sits a short wait out, and remembers to come back after a long one. Everybody else holds off, too.
    async fn pause(&self, session: &mut Session<'_>, delivery: &Delivery, after: Option<Duration>, round: &Round) {
        let hold = after.unwrap_or_else(|| backoff(session.bundle.receives()).min(LONGEST_HOLD));
        let until = self.clock.now().saturating_add(hold).unwrap_or(Timestamp::MAX);
        if let Err(error) = self.table.hold(&pace_key(&delivery.address), until).await {
            tracing::warn!(error = format!("{error:#}"), "others cannot be told to hold off");
        }
        let pauses = session.pauses.entry(delivery.address.clone()).or_default();
        *pauses += 1;
        self.metrics.count(self.clock.now(), "NoticesDelayed", 1);
        match after {
            Some(asked) if *pauses <= MOST_PAUSES && asked <= round.patience(LONGEST_PAUSE) => {
                self.clock.sleep(asked).await;
                return;
            }
            Some(asked) if session.bundle.receives() < MANY_RECEIVES => {
                session.waiting.insert(delivery.address.clone(), asked);
            }
            _ => session.wait_at_least(&delivery.address, hold),
        }
        round.shut(&delivery.address, until);
    }

    /// Writes down what was learnt and said, joined with what others wrote meanwhile.
    async fn save(&self, session: &mut Session<'_>, release: bool) -> Result<(), Failure> {
        for _ in 0..WRITES {
            let leased_until = match session.lease {
                Lease::Held(until) => Some(until).filter(|_| !release),
                Lease::Overtaken(until) => until,
            };
            if self.keep(&session.key, &session.kept, leased_until, Some(session.revision)).await? == Stored::Yes {
                session.revision += 1;
                session.unsaved.clear();
                return Ok(());
            }
            let Some(item) = self.table.load(&session.key).await? else { break };
            let Some(kept) = Kept::read(&session.key, &item) else { break };
            session.rebase(kept, &item);
        }
        Err(Failure::retry(anyhow!("what was sent for {} could not be written down", session.key)))
    }
}

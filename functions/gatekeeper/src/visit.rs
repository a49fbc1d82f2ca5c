//! One visit of a release at the gate: claim it, ask, judge, tell, remember.

mod kept;
#[cfg(test)]
mod tests;

use std::time::Duration;

use anyhow::Context;
use gate_checks::{Judgement, Memory, Place, judge};
use jiff::{SignedDuration, Timestamp};
use lambda_kit::Deadline;
use lambda_kit::jobs::{Asked, FailureKind};
use lambda_kit::publishing::Bus;
use pipeline_model::{ActionName, Decision, Verdict};

use crate::policies::{Rules, Trouble};
use crate::ports::{Claimed, Inquiry, Shelf, Visit, Written};
use crate::report::{self, Moment};
use crate::token::Token;
use crate::{Gatekeeper, Outside};
use kept::Kept;

/// Longest wait for each call that follows the judgement: the answer must not wait for the table or the bus.
const BRIEFLY: Duration = Duration::from_secs(3);

/// Kept back from asking for what follows it: three such calls, and the answer with its retries.
const FOR_THE_REST: Duration = Duration::from_secs(14);

/// So many visits in a row may find the table or the policy unreachable; the one after them ends the gate.
const MOST_BLIND: u32 = 10;

/// A gate that cannot see its policy's deadline goes by this one: CodePipeline ends an action after a day.
const LONGEST: SignedDuration = SignedDuration::from_hours(23);

/// A release at the gate, as its door brings it.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    /// The policy it asks for.
    pub(crate) asked: Asked,
    /// Where it stands.
    pub(crate) place: Place,
    /// The action it stands in, if that is known.
    pub(crate) action: Option<ActionName>,
    /// What waits where no execution does: `codedeploy:shop/orders`, `ecs:c1/orders`.
    pub(crate) target: Option<String>,
    /// Which gate, and which visit.
    pub(crate) token: Token,
    /// What this visit is for: the same for each delivery of the same thing.
    pub(crate) job: String,
    /// How long its door can wait at most.
    pub(crate) longest: SignedDuration,
    /// What becomes of the visit if this process dies.
    pub(crate) afterwards: Afterwards,
}

/// Who goes on where a process died in the middle of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Afterwards {
    /// The watchdog answers, so nobody else ever makes the visit: a delivery that comes again is left alone.
    Watchdog,
    /// It comes again, and is made by whoever finds the lease of the first ended.
    Again,
}

/// What comes of a visit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    /// It was judged; a release that is to wait comes again with the token.
    Judged(Box<Judgement>, Token),
    /// Nothing could be judged now; the release waits.
    Blind(Token, String),
    /// Nothing can be judged at all.
    Unable(FailureKind, String),
    /// This visit has stopped the release before, and told so, but its answer may not have arrived.
    Stopped(String),
    /// Somebody else makes this visit, or has made it, and answers.
    Others,
}

/// Ends a visit early.
type Early<T> = Result<T, Outcome>;

impl<O: Outside> Gatekeeper<O> {
    pub(crate) async fn visit(&self, arrival: &Arrival, deadline: &Deadline) -> Outcome {
        let visit = self.make(arrival, deadline);
        let outcome = match self.try_visit(arrival, &visit, deadline).await {
            Ok(outcome) | Err(outcome) => outcome,
        };
        if let Outcome::Unable(_, why) = &outcome {
            // It must be answered also where the visit could not be claimed.
            let _ = self.stop(arrival, &visit, Kept::of(Memory::begin(visit.now)), why).await;
            // A hook has no other way to say it.
            self.publish(report::unable(&self.home, arrival, why, self.clock.now())).await;
        }
        log(arrival, &outcome);
        outcome
    }

    async fn try_visit(&self, arrival: &Arrival, visit: &Visit, deadline: &Deadline) -> Early<Outcome> {
        let kept = self.remember(arrival, visit).await?;
        let rules = self.rules(arrival, visit).await?;
        let policy = rules.policy.within(arrival.longest);
        let margin = FOR_THE_REST.min(deadline.remaining() / 2);
        let questions = policy.questions(&arrival.place, visit.now);
        let facts = self.inquiry.ask(questions, &rules.secrets, &deadline.with_margin(margin)).await.as_of(visit.now);
        if facts.refuse_a_secret() {
            self.policies.distrust();
        }

        let now = self.clock.now();
        let opened = rules.meaning.opening(&arrival.place, now);
        let memory = kept.memory.clone().after_a_gap(arrival.token.seen, now);
        let judgement = judge(&policy, &arrival.place, &facts, memory, opened, now);
        let untold = (judgement.is_news || kept.untold) && judgement.verdict == Verdict::Wait;
        self.claim_first(arrival, visit, &judgement.memory, judgement.verdict == Verdict::Wait).await?;
        if !matches!(judgement.verdict, Verdict::Pass | Verdict::Wait) {
            self.stop(arrival, visit, Kept::of(judgement.memory.clone()), &judgement.reason).await?;
        }
        let told = match &judgement.verdict {
            Verdict::Wait if !untold => true,
            _ => {
                let deadline = judgement.memory.since().saturating_add(policy.deadline());
                let moment = Moment { now, deadline: deadline.unwrap_or(now) };
                self.publish(report::decision(&self.home, arrival, &judgement, moment)).await
            }
        };
        let next_kept = Kept { untold: !told, ..Kept::of(judgement.memory.clone()) };
        // After a blind visit `kept` has a break that what is stored has not.
        let is_stored = || arrival.token.blind == 0 && !next_kept.has_news_since(&kept);
        let is_kept = judgement.verdict != Verdict::Wait || if visit.number == 0 { told } else { is_stored() };
        let blind = if is_kept { 0 } else { self.keep(arrival, visit, &next_kept).await? };
        Ok(Outcome::Judged(Box::new(judgement), Token { seen: now, ..next(arrival, blind) }))
    }

    fn make(&self, arrival: &Arrival, deadline: &Deadline) -> Visit {
        let now = self.clock.now();
        let until = match arrival.afterwards {
            Afterwards::Watchdog => now.saturating_add(arrival.longest).unwrap_or(Timestamp::MAX),
            Afterwards::Again => deadline.expires_at(),
        };
        Visit {
            key: arrival.token.key.clone(),
            number: arrival.token.visit,
            job: arrival.job.clone(),
            worker: format!("{:016x}", fastrand::u64(..)),
            now,
            until,
        }
    }

    /// What earlier visits left; a first one has nothing to read, and claims when it has something to write.
    async fn remember(&self, arrival: &Arrival, visit: &Visit) -> Early<Kept> {
        if visit.number == 0 {
            return Ok(Kept::of(Memory::begin(visit.now)));
        }
        match self.shelf.claim(visit, None).await {
            Ok(Claimed::Mine(Some(kept))) => {
                let kept = Kept::parse(&kept);
                let kept = kept.map_err(|error| Outcome::Unable(FailureKind::ConfigurationError, error.to_string()))?;
                if let Some(why) = kept.stopped {
                    return Err(Outcome::Stopped(why));
                }
                Ok(if arrival.token.blind > 0 { kept.with_a_break() } else { kept })
            }
            Ok(Claimed::Mine(None)) => {
                tracing::warn!(gate.key = visit.key, "what was measured before is gone; the release is looked at anew");
                Ok(Kept::of(Memory::begin(arrival.token.since)))
            }
            Ok(Claimed::Others) => Err(Outcome::Others),
            Err(error) => Err(blind(arrival, visit, format!("{error:#}"))),
        }
    }

    /// The policy and what goes with it. A first visit that ends here claims before anything is said, as any other does.
    async fn rules(&self, arrival: &Arrival, visit: &Visit) -> Early<Rules> {
        let trouble = match self.policies.rules(&arrival.asked).await {
            Ok(rules) => return Ok(rules),
            Err(trouble) => trouble,
        };
        self.claim_first(arrival, visit, &Memory::begin(visit.now), false).await?;
        Err(match trouble {
            Trouble::Wrong(problems) => Outcome::Unable(FailureKind::ConfigurationError, problems),
            Trouble::Unreadable(why) => blind(arrival, visit, why),
        })
    }

    /// Claims a first visit with what it is to remember; any other was claimed when it began. A decision needs nothing
    /// remembered, so it stands even if the table cannot be reached.
    async fn claim_first(&self, arrival: &Arrival, visit: &Visit, memory: &Memory, waits: bool) -> Early<()> {
        if visit.number > 0 {
            return Ok(());
        }
        let kept = Kept::of(memory.clone()).to_json();
        match briefly(self.shelf.claim(visit, Some(&kept))).await {
            Ok(Claimed::Mine(_)) => Ok(()),
            Ok(Claimed::Others) => Err(Outcome::Others),
            Err(error) if waits => Err(blind(arrival, visit, format!("{error:#}"))),
            Err(error) => {
                tracing::error!(gate.key = visit.key, error = format!("{error:#}"), "answered without a claim");
                Ok(())
            }
        }
    }

    /// Whether it is on the bus. The release does not wait for its news.
    pub(crate) async fn publish(&self, decision: Decision) -> bool {
        match briefly(self.bus.publish(&decision)).await {
            Ok(()) => true,
            Err(error) => {
                self.metrics.count(self.clock.now(), "GateDecisionsNotPublished", 1);
                tracing::error!(gate.key = decision.key, error = format!("{error:#}"), "nobody hears of this");
                false
            }
        }
    }

    /// Remembers that the release was stopped, so that a visit that comes again says the same, whatever it would see. A
    /// first visit comes again to nobody: it is the watchdog's, or its token is lost.
    async fn stop(&self, arrival: &Arrival, visit: &Visit, kept: Kept, why: &str) -> Early<()> {
        if arrival.afterwards == Afterwards::Watchdog || visit.number == 0 {
            return Ok(());
        }
        let kept = Kept { stopped: Some(why.to_owned()), ..kept };
        match briefly(self.shelf.save(visit, &kept.to_json())).await {
            Ok(Written::Yes) => Ok(()),
            Ok(Written::Lost) => Err(Outcome::Others),
            Err(error) => {
                let error = format!("{error:#}");
                tracing::error!(gate.key = visit.key, error, "stopped, and a visit that comes again may not know it");
                Ok(())
            }
        }
    }

    /// Stores what the next visit needs. How often in a row that has failed by now.
    async fn keep(&self, arrival: &Arrival, visit: &Visit, kept: &Kept) -> Early<u32> {
        match briefly(self.shelf.save(visit, &kept.to_json())).await {
            Ok(Written::Yes) => Ok(0),
            Ok(Written::Lost) => Err(Outcome::Others),
            Err(error) => match blind(arrival, visit, format!("{error:#}")) {
                Outcome::Blind(token, why) => {
                    tracing::error!(gate.key = visit.key, error = why, "what was measured is not remembered");
                    Ok(token.blind)
                }
                end => Err(end),
            },
        }
    }
}

async fn briefly<T>(call: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let limit = BRIEFLY.as_secs();
    tokio::time::timeout(BRIEFLY, call).await.with_context(|| format!("no answer within {limit} s"))?
}

/// The release waits, within limits that the token knows.
fn blind(arrival: &Arrival, visit: &Visit, why: String) -> Outcome {
    let next = next(arrival, arrival.token.blind + 1);
    let waited = visit.now.duration_since(arrival.token.since);
    if next.blind > MOST_BLIND || waited >= arrival.longest.min(LONGEST) {
        let visits = if next.blind == 1 { String::from("visit") } else { format!("{} visits in a row", next.blind) };
        let told = format!("The gate could not be asked at its last {visits}: {why}. Retry the stage later.");
        return Outcome::Unable(FailureKind::SystemUnavailable, told);
    }
    Outcome::Blind(next, why)
}

fn next(arrival: &Arrival, blind: u32) -> Token {
    Token { visit: arrival.token.visit.saturating_add(1), blind, ..arrival.token.clone() }
}

fn log(arrival: &Arrival, outcome: &Outcome) {
    let (key, visit) = (&arrival.token.key, arrival.token.visit);
    match outcome {
        Outcome::Judged(judgement, _) => tracing::info!(
            gate.key = key,
            gate.visit = visit,
            gate.verdict = %judgement.verdict,
            gate.waited_seconds = judgement.waited.as_secs(),
            gate.reason = judgement.reason,
            "a release was judged"
        ),
        Outcome::Blind(token, why) => {
            tracing::warn!(
                gate.key = key,
                gate.visit = visit,
                gate.blind = token.blind,
                error = why,
                "nothing is seen"
            );
        }
        Outcome::Unable(kind, why) => {
            tracing::error!(gate.key = key, gate.visit = visit, gate.failure = ?kind, error = why, "nothing is judged");
        }
        Outcome::Stopped(why) => {
            tracing::info!(gate.key = key, gate.visit = visit, gate.reason = why, "the release was stopped before");
        }
        Outcome::Others => {
            tracing::info!(gate.key = key, gate.visit = visit, "somebody else makes this visit, or has made it");
        }
    }
}

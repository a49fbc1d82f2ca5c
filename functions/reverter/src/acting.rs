//! A rollback is carried out, or one that nobody told of is told.

use std::time::Duration;

use anyhow::anyhow;
use lambda_kit::laters::Laters;
use lambda_kit::publishing::Bus;
use lambda_kit::{Failure, OrFail};
use rollback_plans::{Book, Carried, Past, Plan, Pledge, Release, Step, Way};

use crate::call::{CheckOn, Errand};
use crate::deciding::{LEASE, Matter, Verdict};
use crate::ports::{Books, Executor, Releases, Written};
use crate::report::sentence;
use crate::{Outside, Reverter};

/// How long to wait when a service is busy with the target.
const BUSY: Duration = Duration::from_secs(60);
/// When to see whether a rollback has helped: the longest delay SQS has.
pub(crate) const CHECK_AFTER: Duration = Duration::from_secs(900);

/// The inbound transition, while ways back are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    /// Nobody of us has touched it.
    AsItWas,
    /// It was us who closed it.
    Closed,
    /// It may have been us, or may yet be.
    Unclear,
}

/// What was done and refused so far.
struct Tries {
    door: Door,
    /// A sentence each.
    steps: Vec<String>,
    /// An answer that our role may not.
    denied: Option<String>,
}

impl<O: Outside> Reverter<O> {
    /// Tries the ways back in their order. The claim is held, so nobody else does.
    pub(crate) async fn roll_back(&self, matter: &mut Matter<'_>, plan: &Plan) -> Result<Verdict, Failure> {
        let mut tries = self.begin(matter, plan).await;
        for way in &plan.ways {
            let words = way.step.in_words();
            match self.executor.carry_out(&way.step).await {
                Ok(Carried::Done(started)) => {
                    tries.steps.push(sentence(&words));
                    let mut done = Past::of(self.pledge(matter, plan, way), started, tries.steps);
                    done.closed_transition = tries.door != Door::AsItWas;
                    return self.conclude(matter, done).await;
                }
                Ok(Carried::Impossible(answer)) => tries.refused(&words, &answer),
                Ok(Carried::Denied(answer)) => {
                    tries.refused(&words, &answer);
                    tries.denied.get_or_insert(answer);
                }
                Ok(Carried::Later(answer)) => {
                    tracing::warn!(step = words, answer, "the service is busy; this is tried again");
                    return self.try_again(matter, tries.door).await;
                }
                Err(unclear) => {
                    // The pledge stays: whoever comes after the claim has ended looks whether anything came of it.
                    tracing::error!(step = words, error = %unclear, "this is looked at again");
                    let pause = Duration::try_from(LEASE).unwrap_or(BUSY) + Duration::from_secs(1);
                    matter.lease = None;
                    return self.wait(matter, pause).await;
                }
            }
            if !self.still_stands(matter).await? {
                return self.try_again(matter, tries.door).await;
            }
        }
        self.undo(matter, tries.door).await?;
        self.give_up(matter, plan, tries).await
    }

    /// Closes the transition, if that is wanted.
    async fn begin(&self, matter: &Matter<'_>, plan: &Plan) -> Tries {
        let mut steps = plan.remarks.clone();
        let door = match &plan.before {
            Some(closing) => self.close(closing, &mut steps).await,
            None if matter.seen.is_closed_by_us() => Door::Closed,
            None => Door::AsItWas,
        };
        Tries { door, steps, denied: None }
    }

    async fn try_again(&self, matter: &mut Matter<'_>, door: Door) -> Result<Verdict, Failure> {
        self.undo(matter, door).await?;
        self.wait(matter, BUSY).await
    }

    /// Whether nothing has come between the look and a refusal: what was refused because of something newer is looked at
    /// anew.
    async fn still_stands(&self, matter: &Matter<'_>) -> Result<bool, Failure> {
        let seen = self.releases.look(matter.target).await.or_retry("what stands at the target now")?;
        Ok(seen.stands_as(&matter.seen))
    }

    /// Somebody began this rollback and could not tell.
    pub(crate) async fn adopt(
        &self,
        matter: &mut Matter<'_>,
        pledge: Pledge,
        by: &Release,
    ) -> Result<Verdict, Failure> {
        tracing::warn!(incident = pledge.incident, rollback.id = by.id, "a rollback that nobody told of is told now");
        let target_execution = by.restores.clone().or(pledge.target_execution.clone());
        let to = pledge.to.clone().filter(|_| target_execution == pledge.target_execution);
        let steps = vec![sentence(&format!("roll {} back", matter.target.in_words()))];
        let mut done =
            Past::of(Pledge { target_execution, to, candidates: Vec::new(), ..pledge }, Some(by.id.clone()), steps);
        done.closed_transition = matter.seen.is_closed_by_us();
        self.conclude(matter, done).await
    }

    /// Tells first and writes down then: after a crash in between it is told again, under the same key.
    async fn conclude(&self, matter: &mut Matter<'_>, done: Past) -> Result<Verdict, Failure> {
        let report = self.reporter(matter).done(&done);
        self.bus.publish(&report).await.or_retry("publishing the rollback")?;
        let check = CheckOn {
            call: matter.call.for_pledge(&done.pledge, &self.home),
            target: matter.target.clone(),
            incident: done.pledge.incident.clone(),
            looks: 0,
            no_data: false,
        };
        self.laters.again(&Errand::CheckOn(check).to_body(), CHECK_AFTER).await.or_retry("seeing whether it helps")?;
        let told = format!("rolled back: {}", done.pledge.incident);
        self.write_down(matter, done).await?;
        Ok(Verdict::Dealt(told))
    }

    /// A missing permission is told once for this change of the alarm, and does not use up the release: the next alarm may
    /// find it granted.
    async fn give_up(&self, matter: &mut Matter<'_>, plan: &Plan, tries: Tries) -> Result<Verdict, Failure> {
        let Tries { steps, denied, .. } = tries;
        let report = self.reporter(matter).failed(&matter.alarm, plan, steps.clone(), denied.as_deref());
        self.bus.publish(&report).await.or_retry("publishing that no way is left")?;
        if let Some(way) = plan.ways.first() {
            let tried = Past::of(self.pledge(matter, plan, way), None, steps);
            let vain = Past { failed: true, denied: denied.is_some(), ..tried };
            self.write_down(matter, vain).await?;
        }
        Ok(Verdict::Dealt(format!("failed: {}", plan.incident)))
    }

    async fn write_down(&self, matter: &mut Matter<'_>, past: Past) -> Result<(), Failure> {
        let Some(lease) = matter.lease.take() else { return Ok(()) };
        let mut book = matter.book.take().unwrap_or_default();
        book.remember(past);
        let book = Book { pledges: Vec::new(), ..book };
        let written = self.books.settle(&self.key(matter.target), &lease, &book, self.clock.now()).await;
        if written.or_retry("writing the rollback down")? == Written::Lost {
            tracing::error!(target.name = %matter.target, "the claim has ended before the rollback was written down");
        }
        Ok(())
    }

    /// Closes the transition before a rollback. It may fail: a rollback that leaves a door open is better than none.
    async fn close(&self, step: &Step, steps: &mut Vec<String>) -> Door {
        match self.executor.carry_out(step).await {
            Ok(Carried::Done(_)) => {
                steps.push(sentence(&step.in_words()));
                Door::Closed
            }
            Ok(Carried::Impossible(answer) | Carried::Denied(answer) | Carried::Later(answer)) => {
                steps.push(format!("Could not {}: {answer}", step.in_words()));
                Door::AsItWas
            }
            Err(unclear) => {
                steps.push(format!("Could not {}: {unclear}", step.in_words()));
                Door::Unclear
            }
        }
    }

    /// Opens what was closed for nothing. If that fails, the pledge stays, and whoever comes after it opens it.
    async fn undo(&self, matter: &Matter<'_>, door: Door) -> Result<(), Failure> {
        match door {
            Door::AsItWas => Ok(()),
            Door::Closed => {
                let seen =
                    self.releases.look(matter.target).await.or_retry("whether the transition is still closed")?;
                let book = matter.book.clone().unwrap_or_default();
                self.reopen(matter.target, &seen, &book).await.map(drop)
            }
            Door::Unclear => Err(Failure::retry(anyhow!("nobody knows yet whether the transition was closed"))),
        }
    }

    fn pledge(&self, matter: &Matter<'_>, plan: &Plan, way: &Way) -> Pledge {
        Pledge::of(plan, Some(way), &matter.alarm, &matter.seen, self.clock.now())
    }
}

impl Tries {
    fn refused(&mut self, words: &str, answer: &str) {
        tracing::warn!(step = words, answer, "this way back is closed");
        self.steps.push(format!("Could not {words}: {answer}"));
    }
}

//! A rollback is carried out, or one that nobody told of is told.

use std::time::Duration;

use anyhow::anyhow;
use lambda_kit::publishing::Bus;
use lambda_kit::{Failure, OrFail};
use rollback_plans::{Book, Carried, Past, Plan, Pledge, Redeployment, Release, Step, Way};

use crate::call::{CheckOn, Errand};
use crate::deciding::{LEASE, Matter, Verdict};
use crate::ports::{Books, Executor, Laters, Releases, Written};
use crate::report::{past, sentence};
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

impl<O: Outside> Reverter<O> {
    /// Tries the ways back in their order. The claim is held, so nobody else does.
    pub(crate) async fn roll_back(&self, matter: &mut Matter<'_>, plan: &Plan) -> Result<Verdict, Failure> {
        let mut steps = plan.remarks.clone();
        let door = match &plan.before {
            Some(closing) => self.close(closing, &mut steps).await,
            None if matter.seen.is_closed_by_us() => Door::Closed,
            None => Door::AsItWas,
        };
        for way in &plan.ways {
            match self.executor.carry_out(&way.step).await {
                Ok(Carried::Done(started)) => {
                    steps.push(sentence(&way.step.in_words()));
                    let mut done = past(self.pledge(matter, plan, way), started, steps);
                    done.closed_transition = door != Door::AsItWas;
                    return self.conclude(matter, done).await;
                }
                Ok(Carried::Impossible(answer)) => {
                    tracing::warn!(step = way.step.in_words(), answer, "this way back is closed");
                    steps.push(format!("Could not {}: {answer}", way.step.in_words()));
                    if !self.still_stands(matter).await? {
                        self.undo(matter, door).await?;
                        return self.wait(matter, BUSY).await;
                    }
                }
                Ok(Carried::Later(answer)) => {
                    tracing::warn!(step = way.step.in_words(), answer, "the service is busy; this is tried again");
                    self.undo(matter, door).await?;
                    return self.wait(matter, BUSY).await;
                }
                Err(unclear) => {
                    // The pledge stays: whoever comes after the claim has ended looks whether anything came of it.
                    tracing::error!(step = way.step.in_words(), error = %unclear, "this is looked at again");
                    let pause = Duration::try_from(LEASE).unwrap_or(BUSY) + Duration::from_secs(1);
                    matter.lease = None;
                    return self.wait(matter, pause).await;
                }
            }
        }
        self.undo(matter, door).await?;
        self.give_up(matter, plan, steps).await
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
        let mut done = past(Pledge { target_execution, to, ..pledge }, Some(by.id.clone()), steps);
        done.closed_transition = matter.seen.is_closed_by_us();
        self.conclude(matter, done).await
    }

    /// Tells first and writes down then: after a crash in between it is told again, under the same key.
    async fn conclude(&self, matter: &mut Matter<'_>, done: Past) -> Result<Verdict, Failure> {
        let report = self.reporter(matter).done(&done);
        self.bus.publish(&report).await.or_retry("publishing the rollback")?;
        let check = CheckOn {
            call: matter.call.clone(),
            target: matter.target.clone(),
            incident: done.pledge.incident.clone(),
            looks: 0,
        };
        self.laters.again(&Errand::CheckOn(check).to_body(), CHECK_AFTER).await.or_retry("seeing whether it helps")?;
        let told = format!("rolled back: {}", done.pledge.incident);
        self.write_down(matter, done).await?;
        Ok(Verdict::Dealt(told))
    }

    async fn give_up(&self, matter: &mut Matter<'_>, plan: &Plan, answers: Vec<String>) -> Result<Verdict, Failure> {
        let report = self.reporter(matter).failed(&matter.alarm, plan, answers.clone());
        self.bus.publish(&report).await.or_retry("publishing that no way is left")?;
        if let Some(way) = plan.ways.first() {
            let vain = Past { failed: true, ..past(self.pledge(matter, plan, way), None, answers) };
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
            Ok(Carried::Impossible(answer) | Carried::Later(answer)) => {
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
                self.reopen(matter.target, &seen).await
            }
            Door::Unclear => Err(Failure::retry(anyhow!("nobody knows yet whether the transition was closed"))),
        }
    }

    fn pledge(&self, matter: &Matter<'_>, plan: &Plan, way: &Way) -> Pledge {
        Pledge {
            incident: plan.incident.clone(),
            release: plan.release.id.clone(),
            alarm: matter.alarm.name.clone(),
            alarm_reason: matter.alarm.reason.clone(),
            red_since: matter.alarm.red_since,
            at: self.clock.now(),
            from: plan.release.revision.clone(),
            to: way.to.clone(),
            target_execution: way.target_execution.clone(),
            closes: plan.before.is_some() || matter.seen.is_closed_by_us(),
            redeployment: Redeployment::of(&plan.ways),
        }
    }
}

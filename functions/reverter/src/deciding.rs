//! An alarm turned red: finds out what is to be known, decides, and has the decision carried out.

use std::time::Duration;

use anyhow::anyhow;
use jiff::SignedDuration;
use lambda_kit::publishing::Bus;
use lambda_kit::{Failure, OrFail};
use rollback_plans::{
    Alarm, Book, Calls, Case, Consent, Decision, Mode, Pledge, Question, Refusal, Refused, Seen, Sibling, Target,
    decide,
};

use crate::call::Call;
use crate::claiming::{Remembered, others};
use crate::ports::{Alarms, Books, Lease, Releases};
use crate::report::Reporter;
use crate::{Outside, Reverter};

/// How long a claim holds.
pub(crate) const LEASE: SignedDuration = Pledge::HOLDS;
/// More rounds than there are questions.
const MOST_ROUNDS: usize = 10;

/// What became of one target.
pub(crate) enum Verdict {
    /// The alarm is dealt with: what was done, in words.
    Dealt(String),
    /// A stage runs, which is waited for, unless something can be done at another target.
    Waits(Duration),
    /// Policy or the state of things forbids it; perhaps the next target can be rolled back.
    Refused(Box<Refused>),
}

/// One alarm and one of its targets, while a decision is made.
pub(crate) struct Matter<'a> {
    pub(crate) call: &'a Call,
    pub(crate) alarm: Alarm,
    pub(crate) target: &'a Target,
    pub(crate) siblings: Vec<Sibling>,
    pub(crate) mode: Mode,
    pub(crate) seen: Seen,
    pub(crate) book: Option<Book>,
    pub(crate) lease: Option<Lease>,
}

impl<O: Outside> Reverter<O> {
    /// Tries the targets in their order, until one is dealt with. A stage that runs keeps nobody from stopping what it
    /// deploys.
    pub(crate) async fn turned_red(&self, call: &Call) -> Result<String, Failure> {
        let Some(consent) = self.consent(call).await? else {
            return Ok(String::from("ignored: nothing says what this alarm protects"));
        };
        let seen = self.alarms.now(&call.alarm.name).await.or_retry("the alarm")?;
        let alarm = call.alarm(seen);
        match alarm.still_calls(&self.limits, self.clock.now()) {
            Ok(Calls::Now) => {}
            Ok(Calls::Perhaps(pause)) => return self.come_back(call, pause).await,
            Err(refusal) => return self.let_ring(call, &alarm, &consent, refusal).await,
        }
        let known = match self.remembered(call, &alarm, &consent.targets).await? {
            Remembered::Books(known) => known,
            Remembered::Told(told) => return Ok(told),
        };
        let (mut refusals, mut waits) = (Vec::new(), None);
        for target in &consent.targets {
            let siblings = others(target, &known);
            match self.consider(call, &alarm, (target, siblings), self.mode.and(consent.mode)).await? {
                Verdict::Dealt(told) => return Ok(told),
                Verdict::Waits(pause) => waits = Some(pause),
                Verdict::Refused(refused) => refusals.push((target, refused)),
            }
        }
        if let Some(pause) = waits {
            return self.come_back(call, pause).await;
        }
        let mut told = Vec::new();
        for (target, refused) in refusals {
            if let Some(answered) = self.finish(call, target).await? {
                return Ok(answered);
            }
            told.push(self.refuse(call, &alarm, Some(target), &refused).await?);
        }
        Ok(told.join("; "))
    }

    /// The alarm asks for nothing, whatever it protects. What was begun for it is told all the same.
    async fn let_ring(
        &self,
        call: &Call,
        alarm: &Alarm,
        consent: &Consent,
        refusal: Refusal,
    ) -> Result<String, Failure> {
        for target in &consent.targets {
            if let Some(told) = self.finish(call, target).await? {
                return Ok(told);
            }
        }
        let first = consent.targets.first();
        let incident = first.map(|target| alarm.incident(target)).unwrap_or_default();
        let by_hand = first.filter(|_| refusal.leaves_it_to_people()).map(Target::look_by_hand);
        let refused = Refused { refusal, incident, release: None, commands: by_hand.into_iter().collect() };
        self.refuse(call, alarm, first, &refused).await
    }

    async fn consider(
        &self,
        call: &Call,
        alarm: &Alarm,
        (target, siblings): (&Target, Vec<Sibling>),
        mode: Mode,
    ) -> Result<Verdict, Failure> {
        let seen = self.releases.look(target).await.or_retry("what stands at the target")?;
        let alarm = alarm.clone();
        let mut matter = Matter { call, alarm, target, siblings, mode, seen, book: None, lease: None };
        for _ in 0..MOST_ROUNDS {
            let decision = self.decide(&matter);
            if let Some(verdict) = self.follow(&mut matter, decision).await? {
                return Ok(verdict);
            }
        }
        Err(Failure::retry(anyhow!("no decision about {target} after {MOST_ROUNDS} rounds; this is a fault")))
    }

    fn decide(&self, matter: &Matter<'_>) -> Decision {
        decide(&Case {
            alarm: &matter.alarm,
            target: matter.target,
            seen: &matter.seen,
            book: matter.book.as_ref(),
            siblings: &matter.siblings,
            mode: matter.mode,
            limits: &self.limits,
            now: self.clock.now(),
        })
    }

    /// Does what was decided; `None` when there is more to decide.
    async fn follow(&self, matter: &mut Matter<'_>, decision: Decision) -> Result<Option<Verdict>, Failure> {
        let verdict = match decision {
            Decision::Ask(question) => {
                self.find_out(matter, question).await?;
                return Ok(None);
            }
            Decision::Claim(pledge) => return self.claim(matter, &pledge).await,
            Decision::Wait(pause) => self.wait(matter, pause).await?,
            Decision::WaitForStage(pause) => {
                self.let_go(matter).await?;
                Verdict::Waits(pause)
            }
            Decision::Refuse(refused) => {
                self.let_go(matter).await?;
                self.keep_closed(matter, &refused.refusal).await?.unwrap_or(Verdict::Refused(refused))
            }
            Decision::Answered => {
                self.let_go(matter).await?;
                let is_left = matter.book.as_ref().is_some_and(|book| !book.pledges.is_empty());
                let finished = if is_left { self.finish(matter.call, matter.target).await? } else { None };
                Verdict::Dealt(finished.unwrap_or_else(|| String::from("answered before")))
            }
            Decision::Observe(plan) => {
                let report = self.reporter(matter).observed(&matter.alarm, &plan);
                self.bus.publish(&report).await.or_retry("publishing the decision")?;
                Verdict::Dealt(String::from("observed"))
            }
            Decision::RollBack(plan) => self.roll_back(matter, &plan).await?,
            Decision::Adopt(pledge, release) => {
                self.adopt(matter, *pledge, &release).await?;
                matter.book = None;
                return Ok(None);
            }
        };
        Ok(Some(verdict))
    }

    async fn find_out(&self, matter: &mut Matter<'_>, question: Question) -> Result<(), Failure> {
        match question {
            Question::Book => {
                let key = self.key(matter.target);
                let read = self.books.read(&key, self.clock.now()).await.or_retry("what is remembered")?;
                matter.book = Some(read.book);
            }
            Question::Turns(since) => {
                let turns = self.alarms.turns(&matter.alarm.name, since).await.or_retry("the alarm's history")?;
                matter.alarm.turns = Some(turns);
            }
            Question::Siblings => self.see_stages(matter).await?,
            Question::AllExecutions => {
                let Some((pipeline, _)) = matter.target.stage() else { return Ok(()) };
                let all = self.releases.all_executions(pipeline).await.or_retry("all executions")?;
                if let Seen::Stage(stage) = &mut matter.seen {
                    stage.all = Some(all);
                }
            }
        }
        Ok(())
    }

    /// Comes back to the alarm later.
    pub(crate) async fn wait(&self, matter: &mut Matter<'_>, pause: Duration) -> Result<Verdict, Failure> {
        self.let_go(matter).await?;
        self.come_back(matter.call, pause).await.map(Verdict::Dealt)
    }

    pub(crate) async fn let_go(&self, matter: &mut Matter<'_>) -> Result<(), Failure> {
        match matter.lease.take() {
            Some(lease) => self.books.release(&self.key(matter.target), &lease).await.or_retry("letting the target go"),
            None => Ok(()),
        }
    }

    pub(crate) async fn refuse(
        &self,
        call: &Call,
        alarm: &Alarm,
        target: Option<&Target>,
        refused: &Refused,
    ) -> Result<String, Failure> {
        let reporter = Reporter { home: &self.home, call, target, now: self.clock.now() };
        let report = reporter.refused(alarm.red_since, refused, &self.limits);
        self.bus.publish(&report).await.or_retry("publishing the decision")?;
        Ok(format!("refused: {}", refused.refusal.code()))
    }

    pub(crate) fn reporter<'a>(&'a self, matter: &'a Matter<'_>) -> Reporter<'a> {
        Reporter { home: &self.home, call: matter.call, target: Some(matter.target), now: self.clock.now() }
    }

    /// Where the book of a target is kept.
    pub(crate) fn key(&self, target: &Target) -> String {
        format!("rollback#{}:{}#{target}", self.home.region, self.home.account)
    }
}

/// A moment longer than until then.
pub(crate) fn after(until: jiff::Timestamp, now: jiff::Timestamp) -> Duration {
    Duration::try_from(until.duration_since(now)).unwrap_or_default() + Duration::from_secs(1)
}

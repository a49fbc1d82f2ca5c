//! What follows a rollback: the alarm is OK again, or it is still red.

use std::time::Duration;

use anyhow::anyhow;
use lambda_kit::publishing::Bus;
use lambda_kit::{Failure, OrFail};
use pipeline_model::{AlarmState, PipelineName, StageName};
use rollback_plans::{
    AlarmNow, Carried, Fate, Hold, Past, Refusal, Refused, Release, Seen, Step, Target, fate, look_into,
};

use crate::acting::CHECK_AFTER;
use crate::call::{Call, CheckOn, Errand};
use crate::deciding::after;
use crate::ports::{Alarms, Books, Executor, Laters, Releases, Written};
use crate::report::Reporter;
use crate::{Outside, Reverter};

/// How long to wait for somebody who is about to write down the rollback this alarm asked for.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a rollback is looked at that does not end: for three hours.
const MOST_LOOKS: u8 = 12;

impl<O: Outside> Reverter<O> {
    /// Tells that a rollback has helped, and opens what was closed for it.
    pub(crate) async fn turned_green(&self, call: &Call) -> Result<String, Failure> {
        let Some(consent) = self.consent(call).await? else {
            return Ok(String::from("ignored: nothing says what this alarm protects"));
        };
        let mut cleared = Vec::new();
        for target in &consent.targets {
            if self.clear(call, target).await? {
                cleared.push(target.to_string());
            }
        }
        Ok(if cleared.is_empty() {
            String::from("ignored: no rollback waits for this alarm")
        } else {
            format!("cleared: {}", cleared.join(" "))
        })
    }

    async fn clear(&self, call: &Call, target: &Target) -> Result<bool, Failure> {
        let (key, now) = (self.key(target), self.clock.now());
        let mut read = self.books.read(&key, now).await.or_retry("what is remembered")?;
        if !read.book.pledges.is_empty() {
            if self.finish(call, target).await?.is_some() {
                return Ok(false);
            }
            read = self.books.read(&key, self.clock.now()).await.or_retry("what is remembered")?;
        }
        let mut book = read.book.clone();
        let Some(past) = book.clear(&call.alarm.name, call.at) else { return Ok(false) };
        if past.closed_transition {
            let seen = self.releases.look(target).await.or_retry("whether the transition is still closed")?;
            self.reopen(target, &seen).await?;
        }
        let report = Reporter { home: &self.home, call, target: Some(target), now }.done(past);
        self.bus.publish(&report).await.or_retry("publishing that the alarm is OK")?;
        if self.books.note(&key, &read, &book, now).await.or_retry("writing that the alarm is OK")? == Written::Lost {
            let errand = Errand::Reconsider(call.clone());
            self.laters.again(&errand.to_body(), PATIENCE).await.or_retry("looking again later")?;
        }
        Ok(true)
    }

    /// A quarter of an hour after a rollback began: if it did not succeed, or the alarm is still red, a person must look.
    /// One that still runs is looked at again.
    pub(crate) async fn check_on(&self, check: &CheckOn) -> Result<String, Failure> {
        let CheckOn { call, target, incident, looks } = check;
        let (key, now) = (self.key(target), self.clock.now());
        let mut book = self.books.read(&key, now).await.or_retry("what is remembered")?.book;
        if let (false, Hold::Others(until)) = (book.pledges.is_empty(), book.hold) {
            return self.look_again(check, after(until, now)).await;
        }
        if !book.pledges.is_empty() {
            self.finish(call, target).await?;
            book = self.books.read(&key, self.clock.now()).await.or_retry("what is remembered")?.book;
        }
        let Some(past) = book.past.iter().rev().find(|past| past.pledge.incident == *incident && !past.failed) else {
            return Ok(String::from("nothing is remembered of this rollback"));
        };
        let seen = self.releases.look(target).await.or_retry("what became of the rollback")?;
        let fate = fate(past, &seen);
        if let Fate::Failed(word) = &fate {
            let reporter = Reporter { home: &self.home, call, target: Some(target), now };
            let report = reporter.broke(past, word, look_into(past, target, &seen));
            self.bus.publish(&report).await.or_retry("publishing that the rollback failed")?;
            return Ok(format!("the rollback failed: {word}"));
        }
        let mut told = if *looks == 0 { self.has_helped(check, past).await? } else { String::from("looked once more") };
        if fate == Fate::Runs {
            let next = CheckOn { looks: looks.saturating_add(1), ..check.clone() };
            told = format!("{told}; {}", self.look_again(&next, CHECK_AFTER).await?);
        }
        Ok(told)
    }

    /// Whether the alarm turned green; if not, a person is called.
    async fn has_helped(&self, check: &CheckOn, past: &Past) -> Result<String, Failure> {
        let CheckOn { call, target, incident, .. } = check;
        let seen = self.alarms.now(&call.alarm.name).await.or_retry("the alarm")?;
        if past.cleared.is_some() {
            return Ok(String::from("the alarm was OK since"));
        }
        if let AlarmNow::Is(AlarmState::Ok) | AlarmNow::Gone = seen.now {
            // Its event was lost, or nothing says any more what the alarm protects.
            let at = seen.since.unwrap_or_else(|| self.clock.now());
            let green = Call { state: AlarmState::Ok, at, ..call.clone() };
            self.clear(&green, target).await?;
        }
        if seen.now != AlarmNow::Is(AlarmState::Alarm) {
            return Ok(String::from("the rollback has helped"));
        }
        let refused = Refused {
            refusal: Refusal::StillRed,
            incident: incident.clone(),
            release: Some(Release { id: past.pledge.release.clone(), ..Release::default() }),
            commands: vec![target.look_by_hand()],
        };
        self.refuse(call, &call.alarm(seen), Some(target), &refused).await
    }

    async fn look_again(&self, check: &CheckOn, pause: Duration) -> Result<String, Failure> {
        if check.looks >= MOST_LOOKS {
            tracing::warn!(incident = check.incident, "the rollback still runs; it is not looked at any more");
            return Ok(String::from("it is left to people"));
        }
        let errand = Errand::CheckOn(check.clone());
        self.laters.again(&errand.to_body(), pause).await.or_retry("looking again later")?;
        Ok(format!("looked at again after {} s", pause.as_secs()))
    }

    /// Opens the transition of a stage again if it was us who closed it: one that a person closed since stays closed.
    pub(crate) async fn reopen(&self, target: &Target, seen: &Seen) -> Result<(), Failure> {
        match target.stage() {
            Some((pipeline, stage)) if seen.is_closed_by_us() => self.open_transition(pipeline, stage).await,
            _ => Ok(()),
        }
    }

    /// Opens the transition that was closed for a rollback. If CodePipeline refuses for good, a person sees it closed, with
    /// the reason.
    pub(crate) async fn open_transition(&self, pipeline: &PipelineName, stage: &StageName) -> Result<(), Failure> {
        let step = Step::OpenTransition { pipeline: pipeline.clone(), stage: stage.clone() };
        match self.executor.carry_out(&step).await {
            Ok(Carried::Done(_)) => Ok(()),
            Ok(Carried::Impossible(answer)) => {
                tracing::error!(pipeline.name = %pipeline, stage.name = %stage, answer, "the transition stays closed");
                Ok(())
            }
            Ok(Carried::Later(answer)) => Err(Failure::retry(anyhow!("opening the transition of {stage}: {answer}"))),
            Err(unclear) => Err(Failure::retry(unclear).context("opening the transition")),
        }
    }
}

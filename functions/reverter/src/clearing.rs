//! What follows a rollback: the alarm is OK again, or it is still red.

use std::time::Duration;

use lambda_kit::laters::Laters;
use lambda_kit::publishing::Bus;
use lambda_kit::{Failure, OrFail};
use pipeline_model::AlarmState;
use rollback_plans::{AlarmNow, Fate, Hold, Past, Refusal, Refused, Release, Seen, Target, fate, look_into};

use crate::acting::CHECK_AFTER;
use crate::call::{Call, CheckOn, Errand};
use crate::deciding::after;
use crate::ports::{Alarms, Books, Releases, Shelved, Written};
use crate::report::Reporter;
use crate::{Outside, Reverter};

/// How long to wait for somebody who writes to the same book.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
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
        let past = book.clear(&call.alarm.name, call.at).cloned();
        if !book.leave_door(&call.alarm.name, call.at) && past.is_none() {
            return Ok(false);
        }
        let kept_closed_by = self.open_door(target, &mut book).await?;
        if let Some(past) = past {
            let reporter = Reporter { home: &self.home, call, target: Some(target), now };
            let report = reporter.cleared(&past, kept_closed_by.as_deref());
            self.bus.publish(&report).await.or_retry("publishing that the alarm is OK")?;
        }
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
        let mut read = self.books.read(&key, now).await.or_retry("what is remembered")?;
        if let (false, Hold::Others(until)) = (read.book.pledges.is_empty(), read.book.hold) {
            return self.look_again(check, after(until, now)).await;
        }
        if !read.book.pledges.is_empty() {
            self.finish(call, target).await?;
            read = self.books.read(&key, self.clock.now()).await.or_retry("what is remembered")?;
        }
        let is_it = |past: &Past| past.pledge.incident == *incident && !past.failed;
        let Some(place) = read.book.past.iter().rposition(is_it) else {
            return Ok(String::from("nothing is remembered of this rollback"));
        };
        let past = &read.book.past[place];
        let (fate, seen) = self.fate(past, target).await?;
        if let Fate::Failed(word) = fate {
            return self.tell_failed(check, &read, place, (&word, &seen)).await;
        }
        let mut told = if *looks == 0 { self.has_helped(check, past).await? } else { String::from("looked once more") };
        if fate == Fate::Runs {
            told = format!("{told}; {}", self.look_again(&check.next(), CHECK_AFTER).await?);
        }
        Ok(told)
    }

    /// What became of a rollback, and what was seen. A pipeline that was started anew may fail before it comes to the stage.
    async fn fate(&self, past: &Past, target: &Target) -> Result<(Fate, Seen), Failure> {
        let mut seen = self.releases.look(target).await.or_retry("what became of the rollback")?;
        let mut became = fate(past, &seen);
        if became == Fate::Runs && target.stage().is_some() {
            self.see_all(target, &mut seen).await?;
            became = fate(past, &seen);
        }
        Ok((became, seen))
    }

    /// A rollback that was told did not succeed. It is remembered, so that the alarm's recovery is not taken for its doing.
    async fn tell_failed(
        &self,
        check: &CheckOn,
        read: &Shelved,
        place: usize,
        (word, seen): (&str, &Seen),
    ) -> Result<String, Failure> {
        let CheckOn { call, target, .. } = check;
        let (mut book, now) = (read.book.clone(), self.clock.now());
        let past = &mut book.past[place];
        if past.broke.is_some() {
            return Ok(String::from("that the rollback failed was told before"));
        }
        past.broke = Some(word.to_owned());
        let reporter = Reporter { home: &self.home, call, target: Some(target), now };
        let report = reporter.broke(past, word, look_into(past, target, seen));
        self.bus.publish(&report).await.or_retry("publishing that the rollback failed")?;
        let written = self.books.note(&self.key(target), read, &book, now).await;
        if written.or_retry("writing that the rollback failed")? == Written::Lost {
            return self.look_again(&check.next(), PATIENCE).await;
        }
        Ok(format!("the rollback failed: {word}"))
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
}

//! What follows a rollback: the alarm is OK again, or it is still red.

use std::time::Duration;

use anyhow::anyhow;
use lambda_kit::laters::Laters;
use lambda_kit::publishing::Bus;
use lambda_kit::{Failure, OrFail};
use pipeline_model::AlarmState;
use rollback_plans::{AlarmNow, Fate, Hold, Past, Refusal, Refused, Release, Seen, Target, fate, look_into};

use crate::acting::CHECK_AFTER;
use crate::call::{Call, CheckOn, Errand};
use crate::deciding::after;
use crate::ports::{AlarmSeen, Alarms, Books, Releases, Shelved, Written};
use crate::report::Reporter;
use crate::{Outside, Reverter};

/// How long to wait for somebody who writes to the same book.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// How often a rollback is looked at that does not end, or whose alarm has no data: for three hours.
const MOST_LOOKS: u8 = 12;

/// Why an alarm asks for nothing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relief {
    /// It is OK.
    Green,
    /// It was deleted, which says nothing about the rollback and is not told.
    Gone,
}

impl<O: Outside> Reverter<O> {
    /// Tells that a rollback has helped, and opens what was closed for it.
    pub(crate) async fn turned_green(&self, call: &Call) -> Result<String, Failure> {
        let Some(consent) = self.consent(call).await? else {
            return Ok(String::from("ignored: nothing says what this alarm protects"));
        };
        let mut cleared = Vec::new();
        for target in &consent.targets {
            if self.clear(call, target, Relief::Green).await? {
                cleared.push(target.to_string());
            }
        }
        Ok(if cleared.is_empty() {
            String::from("ignored: no rollback waits for this alarm")
        } else {
            format!("cleared: {}", cleared.join(" "))
        })
    }

    async fn clear(&self, call: &Call, target: &Target, relief: Relief) -> Result<bool, Failure> {
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
        let doorway = self.open_door(target, &mut book).await?;
        if let Some(past) = past.filter(|_| relief == Relief::Green) {
            let reporter = Reporter { home: &self.home, call, target: Some(target), now };
            let report = reporter.cleared(&past, &doorway);
            self.bus.publish(&report).await.or_retry("publishing that the alarm is OK")?;
        }
        if self.books.note(&key, &read, &book, now).await.or_retry("writing that the alarm is OK")? == Written::Lost {
            if relief == Relief::Gone {
                return Err(Failure::retry(anyhow!("somebody else has just written what is remembered of {target}")));
            }
            let errand = Errand::Reconsider(call.clone());
            self.laters.again(&errand.to_body(), PATIENCE).await.or_retry("looking again later")?;
        }
        Ok(true)
    }

    /// A quarter of an hour after a rollback began: if it did not succeed, or the alarm is still red, a person must look.
    /// One that still runs is looked at again, and so is one whose alarm has no data.
    pub(crate) async fn check_on(&self, check: &CheckOn) -> Result<String, Failure> {
        let CheckOn { call, target, incident, .. } = check;
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
        let helped = self.has_helped(check, past).await?;
        let next = CheckOn { no_data: helped.is_none(), ..check.next() };
        let told = helped.unwrap_or_else(|| String::from("the alarm has no data"));
        match fate == Fate::Runs || next.no_data {
            true => Ok(format!("{told}; {}", self.look_again(&next, CHECK_AFTER).await?)),
            false => Ok(told),
        }
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

    /// Whether the alarm turned green; if not, a person is called, once. `None` if it says neither.
    async fn has_helped(&self, check: &CheckOn, past: &Past) -> Result<Option<String>, Failure> {
        let CheckOn { call, target, looks, no_data, .. } = check;
        if *looks > 0 && !no_data {
            return Ok(Some(String::from("looked once more")));
        }
        let seen = self.alarms.now(&call.alarm.name).await.or_retry("the alarm")?;
        if past.cleared.is_some() {
            return Ok(Some(String::from("the alarm was OK since")));
        }
        // Its event was lost, or nothing says any more what the alarm protects.
        let relieved =
            Call { state: AlarmState::Ok, at: seen.since.unwrap_or_else(|| self.clock.now()), ..call.clone() };
        let told = match &seen.now {
            AlarmNow::Is(AlarmState::Ok) => {
                self.clear(&relieved, target, Relief::Green).await?;
                String::from("the rollback has helped")
            }
            AlarmNow::Gone => {
                self.clear(&relieved, target, Relief::Gone).await?;
                String::from("the alarm is gone")
            }
            // That it turned red once more is answered as any such change is.
            AlarmNow::Is(AlarmState::Alarm) if *no_data => String::from("the alarm is red once more"),
            AlarmNow::Is(AlarmState::Alarm) => self.tell_still_red(check, past, seen).await?,
            AlarmNow::Is(AlarmState::InsufficientData | AlarmState::Unknown(_)) | AlarmNow::Behind => return Ok(None),
        };
        Ok(Some(told))
    }

    async fn tell_still_red(&self, check: &CheckOn, past: &Past, seen: AlarmSeen) -> Result<String, Failure> {
        let CheckOn { call, target, incident, .. } = check;
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
            tracing::warn!(incident = check.incident, "this rollback is not looked at any more");
            return Ok(String::from("it is left to people"));
        }
        let errand = Errand::CheckOn(check.clone());
        self.laters.again(&errand.to_body(), pause).await.or_retry("looking again later")?;
        Ok(format!("looked at again after {} s", pause.as_secs()))
    }
}

//! What is known of the alarm that asks.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use pipeline_model::AlarmState;

use crate::decide::is_later;
use crate::{Limits, Refusal, Target};

/// How long to wait before CloudWatch is asked again whether the alarm may act.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// How soon CloudWatch is asked again that has not heard of the change it told: it is seconds behind, if at all.
const SOON: Duration = Duration::from_secs(5);
/// How far ahead of our clock an event's time may be: further ahead is no clock.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// How much older than the change itself its entry in the history may be.
const SAME_CHANGE: SignedDuration = SignedDuration::from_mins(1);

/// The alarm that asks for a rollback: what its event said, and what CloudWatch says now.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    /// The alarm's name.
    pub name: String,
    /// CloudWatch's reason, as the event said it.
    pub reason: Option<String>,
    /// Since when it is red.
    pub red_since: Timestamp,
    /// What it was before, as far as the event says.
    pub before: Option<Before>,
    /// What holds the alarm's actions back.
    pub suppressed_by: Option<Suppression>,
    /// What CloudWatch says at this moment.
    pub now: AlarmNow,
    /// Its changes from some time before the deployment on, oldest first; `None` until somebody has asked for them.
    pub turns: Option<Vec<Turn>>,
}

/// A state and since when the alarm had it.
#[derive(Debug, Clone, PartialEq)]
pub struct Before {
    /// The state.
    pub state: AlarmState,
    /// Since when, if the event says it.
    pub since: Option<Timestamp>,
}

/// What holds an alarm's actions back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Suppression {
    /// Not yet: CloudWatch waits whether a suppressor alarm turns red (`WaitPeriod`), or for a while after it has turned
    /// green (`ExtensionPeriod`). After that the alarm acts.
    Perhaps,
    /// A suppressor alarm that is red, or a mute rule, by its name.
    By(String),
}

impl Suppression {
    /// Reads CloudWatch's `ActionsSuppressedBy`, or the ARN of a mute rule.
    pub fn of(word: String) -> Self {
        match word.as_str() {
            "WaitPeriod" | "ExtensionPeriod" => Self::Perhaps,
            "Alarm" => Self::By(String::from("another alarm")),
            _ => Self::By(word),
        }
    }
}

/// Whether a red alarm asks for anything already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calls {
    /// It does.
    Now,
    /// CloudWatch holds it back for the moment, or has not heard of it yet: look again after that time.
    Perhaps(Duration),
}

/// What CloudWatch says at this moment.
#[derive(Debug, Clone, PartialEq)]
pub enum AlarmNow {
    /// It exists and has this state.
    Is(AlarmState),
    /// It was not red when it changed last, which was before the event says that it turned red. An event may be a
    /// forgery, so that CloudWatch must say it, too.
    Behind,
    /// There is no such alarm any more.
    Gone,
}

/// One change of the alarm's state.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// When.
    pub at: Timestamp,
    /// What it was.
    pub from: AlarmState,
    /// What it became.
    pub to: AlarmState,
}

impl Alarm {
    /// The alarm is red now, not for so long that people are at it, and may act, or may in a moment.
    ///
    /// # Errors
    /// Why it asks for nothing, whatever it protects.
    pub fn still_calls(&self, limits: &Limits, now: Timestamp) -> Result<Calls, Refusal> {
        let is_behind = self.now == AlarmNow::Behind;
        if !is_behind && self.now != AlarmNow::Is(AlarmState::Alarm) {
            return Err(Refusal::AlarmNotRed);
        }
        if let Some(Suppression::By(name)) = &self.suppressed_by {
            return Err(Refusal::AlarmSuppressed(name.clone()));
        }
        // Whoever can send an event can date it: it would be looked at until then.
        if is_later(now, AHEAD, self.red_since) {
            return Err(if is_behind { Refusal::AlarmNotRed } else { Refusal::AlarmPastUnknown });
        }
        // A stage that is running is waited for, which must not make the alarm stale.
        if is_later(self.red_since, limits.watch.max(limits.patience), now) {
            return Err(Refusal::AlarmStale);
        }
        Ok(match self.suppressed_by {
            _ if is_behind => Calls::Perhaps(self.as_long_again(now)),
            Some(_) => Calls::Perhaps(LOOK_AGAIN),
            None => Calls::Now,
        })
    }

    /// As long as it is red already: soon at first, and then less and less often.
    fn as_long_again(&self, now: Timestamp) -> Duration {
        Duration::try_from(now.duration_since(self.red_since)).unwrap_or_default().clamp(SOON, LOOK_AGAIN)
    }

    /// Names what a refusal is about where no release is known: once a day is told, and the next day again.
    pub fn incident(&self, target: &Target) -> String {
        format!("{target}@{}", self.red_since.strftime("%F"))
    }

    /// Whether the alarm was red at `moment`. Its event tells what it was before and since when; how it was before
    /// that, only its history tells.
    ///
    /// No data is neither red nor green: what counts is the last state that was one of them.
    pub(crate) fn was_red_at(&self, moment: Timestamp) -> WasRed {
        if moment > self.red_since {
            return WasRed::Yes;
        }
        if let Some(Before { state, since: Some(since) }) = &self.before
            && *state != AlarmState::InsufficientData
            && *since <= moment
        {
            return WasRed::of(state);
        }
        let Some(turns) = &self.turns else { return WasRed::AskHistory };
        let Some(first) = turns.first().filter(|_| self.is_in(turns)) else { return WasRed::HistoryLags };
        let until_then = &turns[..turns.partition_point(|turn| turn.at <= moment)];
        let mut newest_first = until_then.iter().rev().map(|turn| &turn.to).chain([&first.from]);
        newest_first.find(|state| **state != AlarmState::InsufficientData).map_or(WasRed::No, WasRed::of)
    }

    /// Whether these changes hold the one by which it is red. If not, they may lack others as well.
    fn is_in(&self, turns: &[Turn]) -> bool {
        let earliest = self.red_since.saturating_sub(SAME_CHANGE).unwrap_or(Timestamp::MIN);
        turns.last().is_some_and(|last| last.at >= earliest)
    }
}

/// Whether an alarm was red at some moment; of several moments the greatest answer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum WasRed {
    No,
    /// Its history was asked and does not say it.
    Unknown,
    /// Its history was asked and does not know yet that it is red.
    HistoryLags,
    /// Its history must be asked.
    AskHistory,
    Yes,
}

impl WasRed {
    fn of(state: &AlarmState) -> Self {
        match state {
            AlarmState::Alarm => Self::Yes,
            AlarmState::Ok | AlarmState::InsufficientData => Self::No,
            AlarmState::Unknown(_) => Self::Unknown,
        }
    }
}

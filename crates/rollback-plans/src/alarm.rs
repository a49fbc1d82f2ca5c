//! What is known of the alarm that asks.

use jiff::Timestamp;
use pipeline_model::AlarmState;

use crate::decide::is_later;
use crate::{Limits, Refusal, Target};

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
    /// What holds the alarm's actions back: another alarm, or a mute rule.
    pub suppressed_by: Option<String>,
    /// What CloudWatch says at this moment.
    pub now: AlarmNow,
    /// Its changes from the deployment on, oldest first; `None` until somebody has asked for them.
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

/// What CloudWatch says at this moment.
#[derive(Debug, Clone, PartialEq)]
pub enum AlarmNow {
    /// It exists and has this state.
    Is(AlarmState),
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
    /// The alarm is red now, not for so long that people are at it, and may act.
    ///
    /// # Errors
    /// Why it asks for nothing, whatever it protects.
    pub fn still_calls(&self, limits: &Limits, now: Timestamp) -> Result<(), Refusal> {
        if self.now != AlarmNow::Is(AlarmState::Alarm) {
            return Err(Refusal::AlarmNotRed);
        }
        if let Some(by) = &self.suppressed_by {
            return Err(Refusal::AlarmSuppressed(by.clone()));
        }
        // A stage that is running is waited for, which must not make the alarm stale.
        if is_later(self.red_since, limits.watch.max(limits.patience), now) {
            return Err(Refusal::AlarmStale);
        }
        Ok(())
    }

    /// Names what a refusal is about where no release is known: once a day is told, and the next day again.
    pub fn incident(&self, target: &Target) -> String {
        format!("{target}@{}", self.red_since.strftime("%F"))
    }

    /// Whether the alarm was red at `moment`. Its event tells what it was before and since when; how it was before
    /// that, only its history tells.
    pub(crate) fn was_red_at(&self, moment: Timestamp) -> WasRed {
        if moment > self.red_since {
            return WasRed::Yes;
        }
        if let Some(Before { state, since: Some(since) }) = &self.before
            && *since <= moment
        {
            return WasRed::of(state);
        }
        let Some(turns) = &self.turns else { return WasRed::AskHistory };
        let before = turns.iter().filter(|turn| turn.at <= moment).max_by_key(|turn| turn.at);
        let after = turns.iter().filter(|turn| turn.at > moment).min_by_key(|turn| turn.at);
        match (before, after) {
            (Some(turn), _) => WasRed::of(&turn.to),
            (None, Some(turn)) => WasRed::of(&turn.from),
            (None, None) => WasRed::Unknown,
        }
    }
}

/// Whether an alarm was red at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WasRed {
    Yes,
    No,
    /// The alarm's history must be asked.
    AskHistory,
    /// It was asked and does not reach back.
    Unknown,
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

//! What was decided about rolling a release back, joined from events that may come twice, late and in any order.

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use pipeline_model::{Decided, Decision, ExecutionId, Revision, RollbackOutcome, StageName};
use serde::{Deserialize, Serialize};

use crate::facts::Commit;
use crate::lattice::earliest;
use crate::moment::{Moment, Outcome};
use crate::remembered::{Remember, Remembered};
use crate::story::{bounds, kept};
use crate::text;

/// Steps and commands kept of one decision.
const STEPS: usize = 6;
const COMMANDS: usize = 3;
/// Bytes of a command; the longest of ours, with the longest names, has half of it.
const COMMAND: usize = 600;

/// Every decision about rolling one release back: of several reports of one decision the earliest is kept, with the
/// earliest time at which its alarm is said to be quiet again.
pub(crate) type Rollbacks = Remembered<Ruling>;

/// How a rollback ended. What comes later in this list is kept for longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Ending {
    Observed,
    Refused,
    Failed,
    Done,
}

/// One decision.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Ruling {
    pub(crate) at: Timestamp,
    pub(crate) ending: Ending,
    pub(crate) stage: Option<StageName>,
    pub(crate) reason: Option<String>,
    pub(crate) refusal: Option<String>,
    pub(crate) alarm: Option<String>,
    pub(crate) alarm_reason: Option<String>,
    pub(crate) alarm_url: Option<String>,
    pub(crate) red_since: Option<Timestamp>,
    pub(crate) from: Option<Commit>,
    pub(crate) to: Option<Commit>,
    #[serde(default)]
    pub(crate) steps: Vec<String>,
    #[serde(default)]
    pub(crate) commands: Vec<String>,
    pub(crate) rollback_execution: Option<ExecutionId>,
    pub(crate) target_execution: Option<ExecutionId>,
    /// Since when the alarm is quiet again.
    pub(crate) cleared_at: Option<Timestamp>,
}

impl Rollbacks {
    /// All but one, oldest first.
    pub(crate) fn others(&self, than: Option<&str>) -> Vec<&Ruling> {
        let others = self.0.iter().filter(|(identity, _)| Some(identity.as_str()) != than);
        let mut others: Vec<_> = others.map(|(_, ruling)| ruling).collect();
        others.sort();
        others
    }

    /// The latest one that was carried out or tried: the release is not what it was.
    pub(crate) fn carried_out(&self) -> Option<&str> {
        self.newest(|ruling| ruling.ending >= Ending::Failed)
    }

    /// The one to speak of first: what was carried out or tried, else the latest one.
    pub(crate) fn leading(&self) -> Option<&str> {
        self.carried_out().or_else(|| self.newest(|_| true))
    }

    /// When the release was rolled back first.
    pub(crate) fn done_at(&self) -> Option<Timestamp> {
        self.0.values().filter(|ruling| ruling.ending == Ending::Done).map(|ruling| ruling.at).min()
    }

    /// When the first decision was made.
    pub(crate) fn first_at(&self) -> Option<Timestamp> {
        self.0.values().map(|ruling| ruling.at).min()
    }

    /// The latest thing there is to tell.
    pub(crate) fn last_news(&self) -> Option<Timestamp> {
        self.0.values().flat_map(|ruling| [Some(ruling.at), ruling.cleared_at]).flatten().max()
    }

    /// Each decision, and each alarm that is quiet again.
    pub(crate) fn moments(&self, attempt: u32) -> impl Iterator<Item = Moment> {
        self.0.iter().flat_map(move |(identity, ruling)| {
            let moment = |key: String, outcome: Outcome, at: Timestamp| Moment {
                rollback: Some(identity.clone()),
                ..Moment::new(key, outcome, attempt, at).in_stage(ruling.stage.clone())
            };
            let decided = moment(format!("rollback:{identity}"), ruling.ending.outcome(), ruling.at);
            let cleared = ruling.cleared_at.filter(|_| ruling.ending == Ending::Done);
            let cleared = cleared.map(|at| moment(format!("cleared:{identity}"), Outcome::AlarmCleared, at));
            [Some(decided), cleared].into_iter().flatten()
        })
    }

    fn newest(&self, wanted: impl Fn(&Ruling) -> bool) -> Option<&str> {
        let wanted = self.0.iter().filter(|(_, ruling)| wanted(ruling));
        wanted.max_by_key(|(identity, ruling)| (ruling.at, *identity)).map(|(identity, _)| identity.as_str())
    }
}

impl Ending {
    fn read(outcome: &RollbackOutcome) -> Option<Self> {
        match outcome {
            RollbackOutcome::Done => Some(Self::Done),
            RollbackOutcome::Refused => Some(Self::Refused),
            RollbackOutcome::Failed => Some(Self::Failed),
            RollbackOutcome::Observed => Some(Self::Observed),
            RollbackOutcome::Unknown(_) => None,
        }
    }

    fn outcome(self) -> Outcome {
        match self {
            Self::Done => Outcome::RolledBack,
            Self::Failed => Outcome::RollbackFailed,
            Self::Refused => Outcome::RollbackRefused,
            Self::Observed => Outcome::RollbackObserved,
        }
    }
}

impl Remember for Ruling {
    const KEPT: usize = 24;
    const DETAILED: usize = 4;

    fn read(decision: &Decision) -> Option<Self> {
        let Decided::Rollback(rollback) = &decision.what else { return None };
        let ending = Ending::read(&rollback.outcome)?;
        let id = |id: &Option<ExecutionId>| kept(id.as_ref().map(ExecutionId::as_str), bounds::WORD);
        Some(Self {
            at: decision.time,
            ending,
            stage: kept(decision.stage.as_ref().map(StageName::as_str), bounds::WORD).map(StageName::new),
            reason: kept(decision.reason.as_deref(), bounds::TEXT),
            refusal: kept(rollback.refusal.as_deref(), bounds::WORD),
            alarm: kept(rollback.alarm.as_deref(), bounds::LINE),
            alarm_reason: kept(rollback.alarm_reason.as_deref(), bounds::TEXT),
            alarm_url: rollback.alarm_url.clone().filter(|url| text::is_web_address(url)),
            red_since: rollback.red_since,
            from: rollback.from.as_ref().and_then(commit),
            to: rollback.to.as_ref().and_then(commit),
            steps: lines(&rollback.steps, STEPS, bounds::LINE),
            commands: lines(&rollback.commands, COMMANDS, COMMAND),
            rollback_execution: id(&rollback.rollback_execution).map(ExecutionId::new),
            target_execution: id(&rollback.target_execution).map(ExecutionId::new),
            cleared_at: rollback.cleared_at,
        })
    }

    fn rank(&self) -> u8 {
        self.ending as u8
    }

    /// The same alarm may go red, and be refused, a hundred times in a night: that is told once for each release and
    /// reason. That it is quiet again is told of the rollback that was done, whatever alarm says so.
    fn identity(&self, key: &str) -> String {
        let (rank, outcome) = (self.rank(), self.ending.outcome());
        match self.ending {
            Ending::Done => format!("{rank}#{outcome}#{key}"),
            _ => {
                let word = |text: &Option<String>| text.clone().unwrap_or_default();
                format!("{rank}#{outcome}#{}#{}#{key}", word(&self.refusal), word(&self.alarm))
            }
        }
    }

    fn shorten(&mut self) {
        (self.alarm_reason, self.alarm_url, self.from, self.to) = (None, None, None, None);
        (self.steps, self.commands) = (Vec::new(), Vec::new());
    }

    fn join(&mut self, mut other: Self) {
        let cleared_at = earliest(self.cleared_at.take(), other.cleared_at.take());
        if other < *self {
            *self = other;
        }
        self.cleared_at = cleared_at;
    }
}

impl Ruling {
    /// Nothing will happen unless a person does it.
    pub(crate) fn needs_a_person(&self) -> bool {
        match self.ending {
            Ending::Failed => true,
            Ending::Refused => !self.commands.is_empty(),
            Ending::Done | Ending::Observed => false,
        }
    }
}

fn commit(revision: &Revision) -> Option<Commit> {
    let subject = revision.summary.as_deref().and_then(|summary| summary.lines().find(|line| !line.trim().is_empty()));
    Some(Commit {
        id: kept(Some(&revision.id), bounds::WORD)?,
        message: kept(subject, bounds::LINE),
        author: None,
        url: revision.url.clone().filter(|url| text::is_web_address(url)),
    })
}

fn lines(texts: &[String], most: usize, limit: usize) -> Vec<String> {
    texts.iter().filter_map(|text| kept(Some(text), limit)).take(most).collect()
}

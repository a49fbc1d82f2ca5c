//! What gates said of a release, joined from events that may come twice, late and in any order.

#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use pipeline_model::{Decided, Decision, Gate, GateCheck, Verdict};
use serde::{Deserialize, Serialize};

use crate::lattice::earliest;
use crate::moment::{Moment, Outcome};
use crate::remembered::{Remember, Remembered, ranked};
use crate::stopper::{Place, Stopper};
use crate::story::{bounds, kept};

/// Checks kept of one visit, those that do not pass first; a message shows as many and counts the others.
const CHECKS: usize = 8;
/// Bytes of a check's name and of its sentence: together with the others they fit into one section of Slack's.
const NAME: usize = 80;
const SAYS: usize = 200;
/// Bytes of a verdict's word; the longest of ours has twelve.
const VERDICT: usize = 20;
/// Bytes of a reason.
const REASON: usize = 300;
/// A gate that decided sooner than this held nobody up.
const HELD: SignedDuration = SignedDuration::from_secs(1);

/// Every visit of one release to a gate: of several reports of a hold the latest is kept, of several reports of a decision
/// the earliest, and beside a decision no hold.
pub(crate) type Gates = Remembered<Visit>;

/// Where a visit stands. What comes later in this list is kept for longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Stand {
    Held,
    Passed,
    /// A person let it through.
    Opened,
    Inconclusive,
    Error,
    Failed,
}

/// One visit, from the first question to the decision.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Visit {
    pub(crate) at: Timestamp,
    pub(crate) stand: Stand,
    #[serde(flatten)]
    pub(crate) place: Place,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// Since when the release waits, or waited: nothing if it did not have to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<Timestamp>,
    /// How long it waits at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) opened_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) opened_because: Option<String>,
    // What is left out of a visit that is shortened stands last, so that the greater of two stays the greater one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) checks: Vec<Check>,
    /// How many checks are not kept, and how many of these do not pass.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) more: usize,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) more_open: usize,
}

/// What came of one check.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Check {
    pub(crate) name: String,
    /// The verdict's word, since one of a later version can be stored as well.
    pub(crate) verdict: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) says: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) advisory: bool,
}

impl Gates {
    /// What gates decided about an execution. A hold is shown and not told, as is a gate that held nobody up; that the
    /// execution failed is told by itself.
    pub(crate) fn moments(&self, attempt: u32) -> impl Iterator<Item = Moment> {
        self.told(attempt, |visit| match visit.stand {
            Stand::Held => None,
            Stand::Passed => visit.waited().map(|_| Outcome::GatePassed),
            Stand::Opened => Some(Outcome::GateOpened),
            Stand::Inconclusive | Stand::Error | Stand::Failed => Some(Outcome::GateFailed),
        })
    }

    /// What gates decided about a deployment no execution stands for: nothing else tells that it was stopped.
    pub(crate) fn moments_of_a_hook(&self) -> impl Iterator<Item = Moment> {
        self.told(1, |visit| match visit.stand {
            Stand::Held | Stand::Passed => None,
            Stand::Opened => Some(Outcome::GateOpened),
            Stand::Inconclusive | Stand::Error | Stand::Failed => Some(Outcome::Failed),
        })
    }
}

impl Stand {
    /// Where a visit can end.
    const ENDS: [Self; 5] = [Self::Passed, Self::Opened, Self::Inconclusive, Self::Error, Self::Failed];

    fn read(gate: &Gate) -> Option<Self> {
        let opened = gate.opened_by.is_some() || gate.opened_because.is_some();
        match &gate.verdict {
            Verdict::Wait => Some(Self::Held),
            Verdict::Pass if opened => Some(Self::Opened),
            Verdict::Pass => Some(Self::Passed),
            Verdict::Inconclusive => Some(Self::Inconclusive),
            Verdict::Error => Some(Self::Error),
            Verdict::Fail => Some(Self::Failed),
            Verdict::Unknown(_) => None,
        }
    }

    /// The word for programs.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Passed => "passed",
            Self::Opened => "opened",
            Self::Inconclusive => "inconclusive",
            Self::Error => "error",
            Self::Failed => "failed",
        }
    }
}

impl Remember for Visit {
    const KEPT: usize = 16;
    const DETAILED: usize = 8;

    fn read(decision: &Decision) -> Option<Self> {
        let Decided::Gate(gate) = &decision.what else { return None };
        let mut checks: Vec<Check> = gate.checks.iter().map(Check::read).collect();
        checks.sort_by_key(|check| Reverse(check.weight()));
        let left_out = checks.split_off(checks.len().min(CHECKS));
        Some(Self {
            at: decision.time,
            stand: Stand::read(gate)?,
            place: Place::read(decision, gate.policy.as_deref()),
            reason: kept(decision.reason.as_deref(), REASON),
            since: gate.waited_seconds.and_then(|waited| began(decision.time, waited)),
            until: gate.deadline_at,
            opened_by: kept(gate.opened_by.as_deref(), bounds::WORD),
            opened_because: kept(gate.opened_because.as_deref(), REASON),
            checks,
            more: left_out.len(),
            more_open: left_out.iter().filter(|check| !check.passes()).count(),
        })
    }

    fn rank(&self) -> u8 {
        self.stand as u8
    }

    fn overtake(&self, known: &mut BTreeMap<String, Self>, key: &str) -> bool {
        if self.stand == Stand::Held {
            return !Stand::ENDS.iter().any(|end| known.contains_key(&ranked(*end as u8, key)));
        }
        known.remove(&ranked(Stand::Held as u8, key));
        true
    }

    fn join(&mut self, mut other: Self) {
        let since = earliest(self.since.take(), other.since.take());
        let later = if self.stand == Stand::Held { other > *self } else { other < *self };
        if later {
            *self = other;
        }
        self.since = since;
    }

    fn shorten(&mut self) {
        (self.checks, self.more, self.more_open) = (Vec::new(), 0, 0);
    }
}

impl Stopper for Visit {
    fn at(&self) -> Timestamp {
        self.at
    }

    fn place(&self) -> &Place {
        &self.place
    }

    fn stops(&self) -> bool {
        self.stand >= Stand::Inconclusive
    }

    fn named(moment: Moment, identity: &str) -> Moment {
        Moment { key: format!("gate:{identity}"), gate: Some(identity.to_owned()), ..moment }
    }
}

impl Visit {
    /// The release stands still, or has to.
    pub(crate) fn holds_up(&self) -> bool {
        self.stand == Stand::Held || self.stops()
    }

    /// Its reason begins with a check, so a list of the checks that did not pass says as much.
    pub(crate) fn is_explained_by_its_checks(&self) -> bool {
        let begins =
            |check: &Check| self.reason.as_deref().is_some_and(|reason| reason.starts_with(check.name.as_str()));
        self.checks.iter().any(|check| !check.passes() && check.says.is_some() && begins(check))
    }

    /// From when to when the release waited, if it had to.
    pub(crate) fn waited(&self) -> Option<(Timestamp, Timestamp)> {
        let since = self.since.filter(|since| self.at.duration_since(*since) >= HELD)?;
        Some((since, self.at))
    }
}

impl Check {
    fn read(check: &GateCheck) -> Self {
        Self {
            name: kept(Some(&check.name), NAME).unwrap_or_else(|| String::from("A check without a name")),
            verdict: kept(Some(check.verdict.as_str()), VERDICT).unwrap_or_default(),
            says: kept(check.says.as_deref(), SAYS),
            advisory: check.advisory,
        }
    }

    pub(crate) fn passes(&self) -> bool {
        self.verdict == Verdict::Pass.as_str()
    }

    /// What does not pass matters most, and then what counts.
    fn weight(&self) -> (bool, bool, u8) {
        let severity = match Verdict::from(self.verdict.clone()) {
            Verdict::Pass => 0,
            Verdict::Wait => 1,
            Verdict::Unknown(_) => 2,
            Verdict::Inconclusive => 3,
            Verdict::Error => 4,
            Verdict::Fail => 5,
        };
        (!self.passes(), !self.advisory, severity)
    }
}

/// When a wait of so many seconds began; a number that is none says nothing.
fn began(at: Timestamp, waited: f64) -> Option<Timestamp> {
    let waited = SignedDuration::try_from_secs_f64(waited).ok().filter(|waited| !waited.is_negative())?;
    at.checked_sub(waited).ok()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

//! What gates said of a release, joined from events that may come twice, late and in any order.

#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use pipeline_model::{ActionName, Decided, Decision, Gate, GateCheck, StageName, Verdict};
use serde::{Deserialize, Serialize};

use crate::lattice::earliest;
use crate::moment::{Moment, Outcome};
use crate::rollback::incident_key;
use crate::story::{bounds, kept};
use crate::text;

/// Visits kept of one release: of more, those that stopped it stay.
const KEPT: usize = 16;
/// Of these, how many keep their checks.
const DETAILED: usize = 8;
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

/// Every visit of one release to a gate, by what tells it from the others.
///
/// Joining is commutative, associative and idempotent: of several reports of a hold the latest is kept, of several reports
/// of a decision the earliest, and beside a decision no hold.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Gates(BTreeMap<String, Visit>);

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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stage: Option<StageName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) action: Option<ActionName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) policy: Option<String>,
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
    /// Takes in a decision; one about something else, or with a verdict this version does not know, says nothing here.
    pub(crate) fn absorb(&mut self, decision: &Decision) {
        let Some(visit) = Visit::read(decision) else { return };
        let key = text::keep_line(&incident_key(decision), bounds::WORD);
        match visit.stand {
            Stand::Held if Stand::ENDS.iter().any(|end| self.0.contains_key(&end.identity(&key))) => return,
            Stand::Held => {}
            _ => drop(self.0.remove(&Stand::Held.identity(&key))),
        }
        let identity = visit.stand.identity(&key);
        match self.0.get_mut(&identity) {
            Some(known) => known.join(visit),
            None => drop(self.0.insert(identity, visit)),
        }
        self.trim();
    }

    /// Which ones lose what depends on what is known and not on the order it came in.
    fn trim(&mut self) {
        while self.0.len() > KEPT {
            self.0.pop_first();
        }
        let surplus = self.0.len().saturating_sub(DETAILED);
        self.0.values_mut().take(surplus).for_each(Visit::shorten);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn get(&self, identity: &str) -> Option<&Visit> {
        self.0.get(identity)
    }

    /// Every visit with its identity, oldest first.
    pub(crate) fn visits(&self) -> Vec<(&str, &Visit)> {
        let mut visits: Vec<_> = self.0.iter().map(|(identity, visit)| (identity.as_str(), visit)).collect();
        visits.sort_by_key(|(identity, visit)| (visit.at, *identity));
        visits
    }

    /// The one to speak of where nothing else is known: what stopped the release, else the latest one.
    pub(crate) fn leading(&self) -> Option<&str> {
        let visits = self.visits().into_iter();
        let last =
            visits.max_by_key(|(identity, visit)| (visit.stand.stops().then_some(visit.stand), visit.at, *identity));
        last.map(|(identity, _)| identity)
    }

    /// When a gate was heard of first.
    pub(crate) fn first_at(&self) -> Option<Timestamp> {
        self.0.values().map(|visit| visit.at).min()
    }

    /// The latest thing there is to tell.
    pub(crate) fn last_news(&self) -> Option<Timestamp> {
        self.0.values().map(|visit| visit.at).max()
    }

    /// What gates decided about an execution. A hold is shown and not told, as is a gate that held nobody up; that the
    /// execution failed is told by itself.
    pub(crate) fn moments(&self, attempt: u32) -> impl Iterator<Item = Moment> {
        self.decided(attempt, |visit| match visit.stand {
            Stand::Held => None,
            Stand::Passed => visit.waited().map(|_| Outcome::GatePassed),
            Stand::Opened => Some(Outcome::GateOpened),
            Stand::Inconclusive | Stand::Error | Stand::Failed => Some(Outcome::GateFailed),
        })
    }

    /// What gates decided about a deployment no execution stands for: nothing else tells that it was stopped.
    pub(crate) fn moments_of_a_hook(&self) -> impl Iterator<Item = Moment> {
        self.decided(1, |visit| match visit.stand {
            Stand::Held | Stand::Passed => None,
            Stand::Opened => Some(Outcome::GateOpened),
            Stand::Inconclusive | Stand::Error | Stand::Failed => Some(Outcome::Failed),
        })
    }

    fn decided(&self, attempt: u32, outcome: fn(&Visit) -> Option<Outcome>) -> impl Iterator<Item = Moment> {
        self.0.iter().filter_map(move |(identity, visit)| {
            let moment = Moment::new(format!("gate:{identity}"), outcome(visit)?, attempt, visit.at);
            Some(Moment { gate: Some(identity.clone()), ..moment.in_stage(visit.stage.clone()) })
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

    /// The release does not go on.
    pub(crate) fn stops(self) -> bool {
        self >= Self::Inconclusive
    }

    /// The release stands still, or has to.
    pub(crate) fn holds_up(self) -> bool {
        self == Self::Held || self.stops()
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

    fn identity(self, key: &str) -> String {
        format!("{}#{key}", self as u8)
    }
}

impl Visit {
    /// Its reason begins with a check, so a list of the checks that did not pass says as much.
    pub(crate) fn is_explained_by_its_checks(&self) -> bool {
        let begins =
            |check: &Check| self.reason.as_deref().is_some_and(|reason| reason.starts_with(check.name.as_str()));
        self.checks.iter().any(|check| !check.passes() && check.says.is_some() && begins(check))
    }

    fn read(decision: &Decision) -> Option<Self> {
        let Decided::Gate(gate) = &decision.what else { return None };
        let mut checks: Vec<Check> = gate.checks.iter().map(Check::read).collect();
        checks.sort_by_key(|check| Reverse(check.weight()));
        let left_out = checks.split_off(checks.len().min(CHECKS));
        let word = |text: Option<&str>| kept(text, bounds::WORD);
        Some(Self {
            at: decision.time,
            stand: Stand::read(gate)?,
            stage: word(decision.stage.as_ref().map(StageName::as_str)).map(StageName::new),
            action: word(decision.action.as_ref().map(ActionName::as_str)).map(ActionName::new),
            policy: word(gate.policy.as_deref()),
            reason: kept(decision.reason.as_deref(), REASON),
            since: gate.waited_seconds.and_then(|waited| began(decision.time, waited)),
            until: gate.deadline_at,
            opened_by: word(gate.opened_by.as_deref()),
            opened_because: kept(gate.opened_because.as_deref(), REASON),
            checks,
            more: left_out.len(),
            more_open: left_out.iter().filter(|check| !check.passes()).count(),
        })
    }

    fn join(&mut self, mut other: Self) {
        let since = earliest(self.since.take(), other.since.take());
        let later = if self.stand == Stand::Held { other > *self } else { other < *self };
        if later {
            *self = other;
        }
        self.since = since;
    }

    /// Leaves what a line needs.
    fn shorten(&mut self) {
        (self.checks, self.more, self.more_open) = (Vec::new(), 0, 0);
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

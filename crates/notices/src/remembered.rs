//! What was decided of a release, joined from events that may come twice, late and in any order.

use std::collections::BTreeMap;

use pipeline_model::Decision;
use serde::{Deserialize, Serialize};

use crate::story::bounds;
use crate::text;

/// Every decision of one kind about one release, by what tells it from the others.
///
/// Joining is commutative, associative and idempotent: which decisions stay, and which keep all that was said with them,
/// depends on what is known and not on the order it came in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Remembered<D>(pub(crate) BTreeMap<String, D>);

/// What is remembered of one decision.
pub(crate) trait Remember: Ord + Sized {
    /// Decisions kept of one release: of more, those of the highest rank stay.
    const KEPT: usize;
    /// Of these, how many keep all that was said with them.
    const DETAILED: usize;

    /// Nothing, if the decision is about something else or has an outcome this version does not know.
    fn read(decision: &Decision) -> Option<Self>;

    /// What is of a higher rank is kept for longer.
    fn rank(&self) -> u8;

    /// What tells it from the others of its release; it begins with the rank.
    fn identity(&self, key: &str) -> String {
        ranked(self.rank(), key)
    }

    /// Forgets what it overtakes, and says whether it is news beside what is left.
    fn overtake(&self, _known: &mut BTreeMap<String, Self>, _key: &str) -> bool {
        true
    }

    /// Takes in another report of the same decision: the earliest stays.
    fn join(&mut self, other: Self) {
        if other < *self {
            *self = other;
        }
    }

    /// Leaves what a line needs.
    fn shorten(&mut self);
}

/// What a decision is known by: the incident's key, or else the event itself.
pub(crate) fn incident_key(decision: &Decision) -> String {
    text::keep_line(decision.key.as_deref().unwrap_or(&decision.id), bounds::LINE)
}

/// One identity for each rank and key.
pub(crate) fn ranked(rank: u8, key: &str) -> String {
    format!("{rank}#{}", text::keep_line(key, bounds::WORD))
}

impl<D> Default for Remembered<D> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<D: Remember> Remembered<D> {
    /// Takes in a decision, if it says anything here.
    pub(crate) fn absorb(&mut self, decision: &Decision) {
        let (key, Some(report)) = (incident_key(decision), D::read(decision)) else { return };
        if !report.overtake(&mut self.0, &key) {
            return;
        }
        let identity = report.identity(&key);
        match self.0.get_mut(&identity) {
            Some(known) => known.join(report),
            None => drop(self.0.insert(identity, report)),
        }
        self.trim();
    }

    fn trim(&mut self) {
        while self.0.len() > D::KEPT {
            self.0.pop_first();
        }
        let surplus = self.0.len().saturating_sub(D::DETAILED);
        self.0.values_mut().take(surplus).for_each(D::shorten);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn get(&self, identity: &str) -> Option<&D> {
        self.0.get(identity)
    }
}

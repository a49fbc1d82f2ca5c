//! The stages a window has heard of, each by a number, and which of them make up the pipeline's structure.

use jiff::Timestamp;
use jiff::fmt::serde::timestamp::millisecond;
use pipeline_model::StageName;
use serde::{Deserialize, Serialize};

use crate::rules::Rules;

/// The names that numbers stand for.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Stages {
    #[serde(rename = "n", default)]
    names: Vec<StageName>,
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    structure: Option<Structure>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Structure {
    #[serde(rename = "v")]
    version: Option<u32>,
    #[serde(rename = "o")]
    order: Vec<u8>,
    /// The newest moment it is known to have been in force; none between an answer and the fold it was asked for.
    #[serde(rename = "t", with = "millisecond::optional", default, skip_serializing_if = "Option::is_none")]
    seen: Option<Timestamp>,
}

/// A set of stage numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct StageSet(u64);

/// A set has as many bits; a structure has 50 stages at most (CodePipeline quotas).
const MOST: usize = 64;

impl Stages {
    /// The number of a stage; none if there are too many names.
    pub(crate) fn number(&mut self, name: &StageName) -> Option<u8> {
        let place = self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(name.clone());
            self.names.len() - 1
        });
        if place >= MOST {
            self.names.truncate(MOST);
            return None;
        }
        u8::try_from(place).ok()
    }

    pub(crate) fn learn(&mut self, version: Option<u32>, stages: Vec<StageName>) {
        let order = stages.iter().filter_map(|stage| self.number(stage)).collect();
        self.structure = Some(Structure { version, order, seen: None });
    }

    pub(crate) fn is_unknown(&self) -> bool {
        self.structure.is_none()
    }

    /// Whether a fact may have happened in another structure than the one that is known: in a later version; or in an
    /// earlier one after the known one was last in force, because a pipeline that is created again under its name starts
    /// at version 1. (One that is created again at the known version is not noticed before its next version.)
    ///
    /// Executions that go on in the structure before also tell an earlier version. [`Stages::settle`] lets each of their
    /// facts ask once, for the answer is in force at their time.
    pub(crate) fn may_be_outdated_by(&self, version: Option<u32>, at: Timestamp) -> bool {
        let Some(structure) = &self.structure else { return true };
        let Some((known, told)) = structure.version.zip(version) else { return false };
        told > known || told < known && structure.seen.is_some_and(|seen| at > seen)
    }

    /// A fact of this version happened.
    pub(super) fn see(&mut self, version: Option<u32>, at: Timestamp) {
        let known = self.structure.as_mut().filter(|known| version.is_some() && known.version == version);
        if let Some(seen) = known.and_then(|known| known.seen.as_mut()) {
            *seen = at.max(*seen);
        }
    }

    /// What was learnt is in force at the time of everything that is known by now.
    pub(super) fn settle(&mut self, newest: Option<Timestamp>) {
        if let Some(structure) = &mut self.structure {
            structure.seen = structure.seen.or(newest);
        }
    }

    /// The stages that deploy; unknown while the structure is.
    pub(crate) fn deploying(&self, rules: &Rules) -> Option<StageSet> {
        let order = &self.structure.as_ref()?.order;
        let named: Vec<_> = order.iter().filter_map(|number| self.names.get(usize::from(*number)).cloned()).collect();
        let deploying = rules.deploy_stages.of(&named);
        let deploys =
            |number: &&u8| self.names.get(usize::from(**number)).is_some_and(|name| deploying.contains(&name));
        Some(order.iter().filter(deploys).copied().collect())
    }

    /// The stages of the structure, where it is known.
    pub(crate) fn in_structure(&self) -> StageSet {
        self.structure.iter().flat_map(|structure| structure.order.iter().copied()).collect()
    }

    /// Whether so many new names need old ones to be forgotten first.
    pub(super) fn is_full_for(&self, more: usize) -> bool {
        self.names.len() + more > MOST
    }

    /// Forgets all names but those of the structure and these; says which number each old one has now.
    pub(super) fn keep(&mut self, used: StageSet) -> Vec<Option<u8>> {
        let used = used.with(self.in_structure());
        let mut kept = Vec::new();
        let mut renumbered = Vec::new();
        for (number, name) in (0_u8..).zip(&self.names) {
            renumbered.push(used.has(number).then(|| u8::try_from(kept.len()).unwrap_or(u8::MAX)));
            if used.has(number) {
                kept.push(name.clone());
            }
        }
        self.names = kept;
        if let Some(structure) = &mut self.structure {
            structure.order.retain_mut(|number| renumber(number, &renumbered));
        }
        renumbered
    }
}

/// Gives a stage its new number; says whether it has one.
pub(super) fn renumber(number: &mut u8, renumbered: &[Option<u8>]) -> bool {
    let new = renumbered.get(usize::from(*number)).copied().flatten();
    *number = new.unwrap_or(*number);
    new.is_some()
}

impl StageSet {
    pub(crate) fn has(self, number: u8) -> bool {
        self.0 & Self::bit(number) != 0
    }

    /// Adds a stage; says whether it is new.
    pub(crate) fn add(&mut self, number: u8) -> bool {
        let new = !self.has(number);
        self.0 |= Self::bit(number);
        new
    }

    pub(crate) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0 == 0
    }

    pub(super) fn numbers(self) -> impl Iterator<Item = u8> {
        (0..64).filter(move |number| self.has(*number))
    }

    fn bit(number: u8) -> u64 {
        1_u64.checked_shl(u32::from(number)).unwrap_or_default()
    }
}

impl FromIterator<u8> for StageSet {
    fn from_iter<I: IntoIterator<Item = u8>>(numbers: I) -> Self {
        numbers.into_iter().fold(Self::default(), |set, number| Self(set.0 | Self::bit(number)))
    }
}

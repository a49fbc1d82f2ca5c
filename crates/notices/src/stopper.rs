//! What gates and scans have in common: both stand at a place in a release, and both can stop it.

use jiff::Timestamp;
use pipeline_model::{ActionName, Decision, StageName};
use serde::{Deserialize, Serialize};

use crate::moment::{Moment, Outcome};
use crate::remembered::{Remember, Remembered};
use crate::story::{bounds, kept};

/// Where something was decided, and by which policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Place {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stage: Option<StageName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) action: Option<ActionName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) policy: Option<String>,
}

/// Something of ours that can stop a release.
pub(crate) trait Stopper {
    fn at(&self) -> Timestamp;

    fn place(&self) -> &Place;

    /// The release does not go on.
    fn stops(&self) -> bool;

    /// The moment, with what it is about.
    fn named(moment: Moment, identity: &str) -> Moment
    where
        Self: Sized;
}

impl Place {
    pub(crate) fn read(decision: &Decision, policy: Option<&str>) -> Self {
        let word = |text: Option<&str>| kept(text, bounds::WORD);
        Self {
            stage: word(decision.stage.as_ref().map(StageName::as_str)).map(StageName::new),
            action: word(decision.action.as_ref().map(ActionName::as_str)).map(ActionName::new),
            policy: word(policy),
        }
    }

    /// In this stage, as far as it is known.
    pub(crate) fn is_in(&self, stage: &StageName) -> bool {
        self.stage.as_ref().is_none_or(|own| own == stage)
    }
}

impl<S: Remember + Stopper> Remembered<S> {
    /// Every one with its identity, oldest first.
    pub(crate) fn all(&self) -> Vec<(&str, &S)> {
        let mut all: Vec<_> = self.0.iter().map(|(identity, stopper)| (identity.as_str(), stopper)).collect();
        all.sort_by_key(|(identity, stopper)| (stopper.at(), *identity));
        all
    }

    /// The one to speak of where nothing else is known: what stopped the release, else the latest one.
    pub(crate) fn leading(&self) -> Option<(&str, &S)> {
        let weight = |stopper: &S| (stopper.stops().then(|| stopper.rank()), stopper.at());
        self.all().into_iter().max_by_key(|(identity, stopper)| (weight(stopper), *identity))
    }

    /// When one was heard of first.
    pub(crate) fn first_at(&self) -> Option<Timestamp> {
        self.0.values().map(S::at).min()
    }

    /// The latest thing there is to tell.
    pub(crate) fn last_news(&self) -> Option<Timestamp> {
        self.0.values().map(S::at).max()
    }

    /// What of them is worth telling.
    pub(crate) fn told(&self, attempt: u32, outcome: fn(&S) -> Option<Outcome>) -> impl Iterator<Item = Moment> {
        self.0.iter().filter_map(move |(identity, stopper)| {
            let moment = Moment::new(String::new(), outcome(stopper)?, attempt, stopper.at());
            Some(S::named(moment.in_stage(stopper.place().stage.clone()), identity))
        })
    }
}

//! A policy: the checks of a gate, each with the terms it is judged by, and how long a release may wait.

mod digest;
mod limits;
#[cfg(test)]
mod tests;
mod written;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::check::Check;
use crate::{Place, Problem, Question};

#[cfg(any(test, feature = "schema"))]
pub(crate) use limits::MOST_CHECKS;
#[cfg(feature = "schema")]
pub(crate) use written::{Group, Header, Terms};

/// A policy that can be judged by: it has at least one check that counts.
#[derive(Debug, Clone)]
pub struct Policy {
    deadline: SignedDuration,
    pub(crate) rules: Vec<Rule>,
    /// The names of the groups of which one check suffices.
    pub(crate) groups: Vec<String>,
}

/// A check and its terms.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) check: Arc<dyn Check>,
    /// Changes with what it measures.
    pub(crate) digest: u32,
    /// How long it must hold without a break.
    pub(crate) hold: SignedDuration,
    pub(crate) failures: u16,
    pub(crate) inconclusive: u16,
    pub(crate) errors: u16,
    pub(crate) no_data: NoData,
    pub(crate) advisory: bool,
    /// The group it is a member of.
    pub(crate) group: Option<usize>,
}

/// What it means that there is nothing to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum NoData {
    /// It is a failure.
    #[default]
    Fail,
    /// It is fine.
    Pass,
    /// There will be data.
    Wait,
}

impl Policy {
    /// Reads and checks a document, YAML or JSON.
    ///
    /// # Errors
    /// Every problem of the document, in the order of its lines. A document that is not YAML ends at its first problem.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        written::parse(text)
    }

    /// How long a release may wait here in all.
    pub fn deadline(&self) -> SignedDuration {
        self.deadline
    }

    /// The same policy where waiting longer than `most` is not possible.
    #[must_use]
    pub fn within(self, most: SignedDuration) -> Self {
        Self { deadline: self.deadline.min(most), ..self }
    }

    /// What must be fetched now; equal questions are one.
    pub fn questions(&self, place: &Place, now: Timestamp) -> Vec<Question> {
        let all: BTreeSet<_> = self.rules.iter().flat_map(|rule| rule.check.questions(place, now)).collect();
        all.into_iter().collect()
    }
}

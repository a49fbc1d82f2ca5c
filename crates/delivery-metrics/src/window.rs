//! What is known of one pipeline: its last executions, joined from facts, and what was already measured of them.

mod bounds;
mod execution;
mod hearing;
mod join;
mod marks;
mod stages;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::fmt::serde::timestamp::millisecond;
use pipeline_model::{ExecutionId, StageName};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::fact::Fact;
use crate::measures::{self, Step};
use crate::rules::Rules;
use crate::sample::Sample;

pub(crate) use bounds::{RATED, REVISIONS};
pub(crate) use execution::{Commit, Execution, Standing, earliest};
pub(crate) use marks::Mark;
use stages::Stages;

/// The rolling window of one pipeline. As JSON it is below 6 KB for 30 executions of four stages, because DynamoDB bills
/// each KB that is written; names are short for that reason.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Window {
    #[serde(rename = "v")]
    version: Version,
    #[serde(rename = "s", default)]
    pub(crate) stages: Stages,
    #[serde(rename = "x", default)]
    pub(crate) executions: BTreeMap<ExecutionId, Execution>,
    #[serde(rename = "p", default)]
    pub(crate) past: Past,
}

/// Executions asked about at a time; the others are asked about with the next facts.
const MOST_QUESTIONS: usize = 10;

/// What remains of executions that were forgotten.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Past {
    /// The low-water mark: the last activity of anything that was forgotten. A fact of an unknown execution that is not
    /// newer may have been counted before.
    #[serde(rename = "w", with = "millisecond::optional", default, skip_serializing_if = "Option::is_none")]
    pub(crate) low_water: Option<Timestamp>,
    /// The first red that no green has followed, where its execution is forgotten.
    #[serde(rename = "r", with = "millisecond::optional", default, skip_serializing_if = "Option::is_none")]
    pub(crate) red: Option<Timestamp>,
    /// The newest green whose execution is forgotten.
    #[serde(rename = "g", with = "millisecond::optional", default, skip_serializing_if = "Option::is_none")]
    pub(crate) green: Option<Timestamp>,
    /// The newest deployment ever.
    #[serde(rename = "d", with = "millisecond::optional", default, skip_serializing_if = "Option::is_none")]
    pub(crate) deployed: Option<Timestamp>,
    /// The last revisions that were deployed, oldest first.
    #[serde(rename = "v", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) revisions: Vec<u32>,
}

/// The version of the document. Fields may be added within a version, with a default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Version;

/// What a window has to be told before facts are folded, so that nothing is left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Needs {
    /// The stages of the pipeline's structure: see [`Window::learn_structure`]. Ask again once it is known, because
    /// only then it is known which executions have deployed.
    pub structure: bool,
    /// Executions whose commit time or whose kind is not known, newest first; the answer is [`Fact::learnt`], even if
    /// CodePipeline knows neither. What depends on it is not measured before.
    pub executions: Vec<ExecutionId>,
    /// There are more executions to ask about than are named at a time: ask again with what was learnt of these.
    pub more: bool,
}

/// What came of folding facts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Folded {
    /// What goes to CloudWatch.
    pub samples: Vec<Sample>,
    /// Facts of executions that were forgotten long ago, dropped because they may have been counted then.
    pub too_late: usize,
    /// Deployments without a lead time: no commit time is known, or it lies after the deployment.
    pub without_commit: usize,
    /// Numbers left out because they cannot be: negative durations, and what CloudWatch does not accept.
    pub skewed: usize,
    /// Executions whose success or failure was learnt by looking instead of by an event.
    pub repaired: usize,
}

impl Window {
    /// What has to be known to measure these facts, and what could not be learnt before.
    pub fn needs(&self, facts: &[Fact], rules: &Rules) -> Needs {
        let mut known = self.clone();
        let batch: Vec<&Fact> = facts.iter().collect();
        let facts: Vec<&Fact> = facts.iter().filter(|fact| known.hears(fact, &batch)).collect();
        facts.iter().for_each(|fact| known.join(fact));
        let mut asking = facts.iter().filter(|fact| fact.asks_for_structure(rules));
        let is_outdated = asking.any(|fact| known.stages.may_be_outdated_by(fact.structure, fact.at));
        let waits = known.executions.values().any(|execution| execution.waits_for_structure(&known.stages));
        let deploys = known.stages.deploying(rules);
        // One look at a time: what it did not tell, another one in the same moment would not tell either.
        let looked: Vec<&ExecutionId> =
            batch.iter().filter(|fact| fact.is_a_look()).map(|fact| &fact.execution).collect();
        let asks = |(id, execution): &(&ExecutionId, &Execution)| execution.asks(deploys) && !looked.contains(id);
        let mut asking: Vec<_> = known.executions.iter().filter(asks).collect();
        asking.sort_by_key(|(_, execution)| Reverse(execution.last_activity()));
        Needs {
            structure: waits || is_outdated,
            more: asking.len() > MOST_QUESTIONS,
            executions: asking.into_iter().take(MOST_QUESTIONS).map(|(id, _)| id.clone()).collect(),
        }
    }

    /// Learns the stages of the pipeline's structure, in their order.
    pub fn learn_structure(&mut self, version: Option<u32>, stages: Vec<StageName>) {
        self.make_room_for_stages(stages.len());
        self.stages.learn(version, stages);
    }

    /// Joins facts, in any order and with any repetition, and measures what they add.
    pub fn fold(&mut self, facts: &[Fact], rules: &Rules) -> Folded {
        let mut folded = Folded::default();
        self.measure_what_waited(rules, &mut folded);
        let mut facts: Vec<&Fact> = facts.iter().collect();
        // As they happened: then one batch of many facts gives the samples that many batches would have given.
        facts.sort_by(|a, b| a.order().cmp(&b.order()));
        for fact in &facts {
            if self.hears(fact, &facts) {
                self.take(fact, rules, &mut folded);
            } else {
                folded.too_late += usize::from(!fact.is_learnt());
            }
        }
        self.stages.settle(self.executions.values().filter_map(Execution::last_activity).max());
        folded
    }

    /// Executions whose stages ended before it was known which of them deploy.
    fn measure_what_waited(&mut self, rules: &Rules, folded: &mut Folded) {
        let waiting = self.executions.iter().filter(|(_, execution)| !execution.ends.is_empty());
        let waiting: Vec<ExecutionId> = waiting.map(|(id, _)| id.clone()).collect();
        for id in &waiting {
            let before = self.standing(id);
            measures::measure(&mut Step { window: self, id, fact: None, before, rules, folded });
        }
    }

    fn take(&mut self, fact: &Fact, rules: &Rules, folded: &mut Folded) {
        let id = &fact.execution;
        let before = self.standing(id);
        self.join(fact);
        let after = self.standing(id);
        let is_repaired = fact.late && fact.is_result() && (before.over, before.green) != (after.over, after.green);
        folded.repaired += usize::from(is_repaired);
        measures::measure(&mut Step { window: self, id, fact: Some(fact), before, rules, folded });
        self.forget_the_oldest();
    }

    fn standing(&self, id: &ExecutionId) -> Standing {
        self.executions.get(id).map(Standing::of).unwrap_or_default()
    }
}

impl Version {
    const NUMBER: u32 = 1;
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(Self::NUMBER)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u32::deserialize(deserializer)? {
            Self::NUMBER => Ok(Self),
            other => Err(D::Error::custom(format!(
                "the window is a document of version {other} and this program reads version {}; deploy the newer \
                 program again, or delete the window and lose what it remembers",
                Self::NUMBER
            ))),
        }
    }
}

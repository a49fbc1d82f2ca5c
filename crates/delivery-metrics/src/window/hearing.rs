//! Which facts are heard: those that cannot have been counted before their execution was forgotten.

use super::Window;
use super::execution::Execution;
use crate::fact::{Fact, Outcome, StageResult, What};

impl Window {
    /// Whether a fact of a batch is heard. An execution that is heard of for the first time is remembered.
    ///
    /// What is forgotten lies at or before the low-water mark as a whole. So an execution with anything after the mark is
    /// new, or it was forgotten and goes on; then only what lies after the mark is heard of it.
    pub(super) fn hears(&mut self, fact: &Fact, batch: &[&Fact]) -> bool {
        if let Some(known) = self.executions.get(&fact.execution) {
            return fact.is_learnt() || known.heard_after.is_none_or(|mark| fact.at > mark);
        }
        let mut unheard = Execution::default();
        if let Some(mark) = self.past.low_water {
            let of_it = || batch.iter().filter(|other| other.execution == fact.execution && !other.is_learnt());
            if of_it().all(|other| other.at <= mark) {
                return false;
            }
            let ended_after = of_it().any(|other| other.at > mark && matches!(other.what, What::Ended { .. }));
            let failed_before = of_it().any(|other| other.at <= mark && other.is_failure());
            unheard.heard_after = (!ended_after || failed_before).then_some(mark);
        }
        let heard = fact.is_learnt() || unheard.heard_after.is_none_or(|mark| fact.at > mark);
        self.executions.insert(fact.execution.clone(), unheard);
        heard
    }
}

impl Fact {
    fn is_failure(&self) -> bool {
        matches!(
            self.what,
            What::Ended { outcome: Outcome::Failed, .. } | What::StageEnded { result: StageResult::Failed, .. }
        )
    }
}

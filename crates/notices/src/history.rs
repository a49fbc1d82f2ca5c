//! What a pipeline's last finished executions were, to know what a success has fixed.

use jiff::Timestamp;
use pipeline_model::ExecutionId;
use serde::{Deserialize, Serialize};

/// How many finished attempts are remembered: work and item size stay constant however long a pipeline lives.
const REMEMBERED: usize = 50;

/// The attempt under which it is remembered that an execution's release was rolled back.
pub(crate) const ROLLED_BACK: u32 = 0;

/// The last finished attempts of one pipeline, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct History {
    finished: Vec<Finished>,
    /// Failures between the oldest entry, the first of its row, and the next one.
    #[serde(default)]
    left_out: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Finished {
    at: Timestamp,
    execution: ExecutionId,
    attempt: u32,
    succeeded: bool,
}

/// A pipeline was red until now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broken {
    /// When the first failure in the unbroken row of failures ended.
    pub since: Timestamp,
    /// The execution that failed first.
    pub by: ExecutionId,
    /// How many attempts failed in that row.
    pub failures: usize,
    /// It began with a release that was rolled back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rolled_back: bool,
}

impl History {
    /// Remembers that an attempt succeeded or failed. Says whether that was new.
    ///
    /// Executions that were stopped, superseded or canceled say nothing about the release and do not belong here. An
    /// attempt from before all that is remembered is not new: it may have been counted before.
    pub fn remember(&mut self, execution: &ExecutionId, attempt: u32, succeeded: bool, at: Timestamp) -> bool {
        let known = |finished: &Finished| finished.execution == *execution && finished.attempt == attempt;
        if self.finished.iter().any(known) {
            return false;
        }
        let finished = Finished { at, execution: execution.clone(), attempt, succeeded };
        let place = self.finished.partition_point(|other| *other < finished);
        let forgotten = usize::from(self.left_out > 0);
        if self.finished.len() == REMEMBERED && place <= forgotten {
            return false;
        }
        self.finished.insert(place, finished);
        self.forget();
        true
    }

    /// Forgets the oldest entry; of a row of failures its second one, since the first says since when it is red.
    fn forget(&mut self) {
        match self.finished.as_slice() {
            all if all.len() <= REMEMBERED => {}
            [first, second, ..] if !first.succeeded && !second.succeeded => {
                self.finished.remove(1);
                self.left_out += 1;
            }
            _ => {
                self.finished.remove(0);
                self.left_out = 0;
            }
        }
    }

    /// What was broken just before this attempt finished.
    pub fn broken_before(&self, execution: &ExecutionId, attempt: u32) -> Option<Broken> {
        let this = |finished: &&Finished| finished.execution == *execution && finished.attempt == attempt;
        let at = self.finished.iter().position(|finished| this(&finished))?;
        let failures: Vec<_> = self.finished[..at].iter().rev().take_while(|finished| !finished.succeeded).collect();
        let first = failures.last()?;
        let left_out = if failures.len() == at { self.left_out } else { 0 };
        Some(Broken {
            since: first.at,
            by: first.execution.clone(),
            failures: failures.len() + left_out,
            rolled_back: first.attempt == ROLLED_BACK,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn history(outcomes: &[(&str, u32, bool, i64)]) -> History {
        let mut history = History::default();
        for (id, attempt, succeeded, second) in outcomes {
            history.remember(&ExecutionId::from(*id), *attempt, *succeeded, at(*second));
        }
        history
    }

    #[test]
    fn a_success_after_failures_fixes_them_since_the_first_one() {
        let history = history(&[("a", 1, true, 1), ("b", 1, false, 2), ("c", 1, false, 5), ("d", 1, true, 9)]);
        let broken = history.broken_before(&ExecutionId::from("d"), 1).unwrap();
        assert_eq!((broken.since, broken.by.as_str(), broken.failures), (at(2), "b", 2));
    }

    #[test]
    fn a_success_after_a_success_fixes_nothing() {
        let history = history(&[("a", 1, false, 1), ("b", 1, true, 2), ("c", 1, true, 3)]);
        assert_eq!(history.broken_before(&ExecutionId::from("c"), 1), None);
    }

    #[test]
    fn a_retry_that_succeeds_fixes_its_own_first_attempt() {
        let history = history(&[("a", 1, false, 1), ("a", 2, true, 7)]);
        assert_eq!(history.broken_before(&ExecutionId::from("a"), 2).map(|broken| broken.since), Some(at(1)));
    }

    fn failing(seconds: std::ops::Range<i64>) -> History {
        let mut history = History::default();
        for second in seconds {
            assert!(history.remember(&ExecutionId::new(format!("f{second}")), 1, false, at(second)));
        }
        history
    }

    fn fixed_at(history: &mut History, second: i64) -> Option<Broken> {
        let id = ExecutionId::new(format!("s{second}"));
        history.remember(&id, 1, true, at(second));
        history.broken_before(&id, 1)
    }

    fn broken(first: i64, failures: usize) -> Option<Broken> {
        Some(Broken { since: at(first), by: ExecutionId::new(format!("f{first}")), failures, rolled_back: false })
    }

    #[test]
    fn a_row_of_failures_longer_than_the_memory_keeps_its_first_one_and_their_number() {
        let mut history = failing(0..60);
        assert_eq!(history.finished.len(), REMEMBERED);
        assert_eq!(fixed_at(&mut history, 60), broken(0, 60));
        assert_eq!(history.broken_before(&ExecutionId::from("s60"), 1), broken(0, 60), "told again");
        history.remember(&ExecutionId::from("f61"), 1, false, at(61));
        assert_eq!(fixed_at(&mut history, 62), broken(61, 1));
    }

    #[test]
    fn what_was_forgotten_is_counted_once_and_begins_no_row() {
        let mut history = failing(0..60);
        let before = history.clone();
        assert!(!history.remember(&ExecutionId::from("f3"), 1, false, at(3)), "it was counted");
        assert!(!history.remember(&ExecutionId::from("earlier"), 1, false, at(-1)), "who knows what came after it");
        assert_eq!(history, before);
    }

    #[test]
    fn a_long_row_that_is_over_is_forgotten_in_the_end() {
        let mut history = failing(0..60);
        for second in 60..60 + 2 * 50 {
            fixed_at(&mut history, second);
        }
        assert_eq!(history.left_out, 0);
        history.remember(&ExecutionId::from("f200"), 1, false, at(200));
        assert_eq!(fixed_at(&mut history, 201), broken(200, 1));
    }

    #[test]
    fn a_history_stored_before_failures_were_left_out_is_read() {
        let stored = r#"{"finished":[{"at":"2026-03-02T10:00:00Z","execution":"a","attempt":1,"succeeded":false}]}"#;
        assert_eq!(serde_json::from_str::<History>(stored).unwrap().finished.len(), 1);
    }

    proptest! {
        #[test]
        fn order_and_repetition_do_not_matter(
            (outcomes, shuffled) in proptest::collection::vec(("[a-e]", 1_u32..3, any::<bool>(), 0_i64..9), 0..12)
                .prop_map(|outcomes| {
                    let mut seen = std::collections::BTreeSet::new();
                    outcomes.into_iter().filter(|(id, attempt, ..)| seen.insert((id.clone(), *attempt))).collect::<Vec<_>>()
                })
                .prop_flat_map(|outcomes| (Just(outcomes.clone()), Just(outcomes).prop_shuffle())),
        ) {
            let of = |list: &[(String, u32, bool, i64)]| {
                history(&list.iter().map(|(id, attempt, ok, second)| (id.as_str(), *attempt, *ok, *second)).collect::<Vec<_>>())
            };
            let mut twice = shuffled.clone();
            twice.extend(shuffled);
            prop_assert_eq!(of(&outcomes), of(&twice));
        }

        #[test]
        fn it_never_grows_beyond_its_bound(count in 0_i64..200) {
            let mut history = History::default();
            for second in 0..count {
                history.remember(&ExecutionId::new(second.to_string()), 1, false, at(second));
            }
            prop_assert!(history.finished.len() <= REMEMBERED);
        }
    }
}

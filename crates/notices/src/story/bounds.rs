//! How much of a story is kept, so that an item stays far below DynamoDB's 400 KB: at most 350 KB for the 1,000 actions
//! that CodePipeline allows (its limits page), each with the longest name.
//!
//! Each bound depends on what is known and not on the order it came in, so that the order still does not matter.

use super::Story;

/// Bytes of a text people wrote or a provider said.
pub(crate) const TEXT: usize = 600;
/// Bytes of what succeeded actions say: it is shown as one line of a thread.
pub(crate) const LINE: usize = 200;
/// Bytes of a name, a code, an id, a state.
pub(crate) const WORD: usize = 100;
/// With more actions than this, only failures keep what was said; names and times of the others remain.
const DETAILED_ACTIONS: usize = 60;
/// Failed actions kept for each attempt, by name; a message shows as many and counts the others.
pub(crate) const FAILED_ACTIONS: usize = 5;
/// Attempts whose failures are kept: the latest ones.
const FAILED_ATTEMPTS: usize = 5;
/// Approvals whose configuration is kept, in the pipeline's order.
pub(crate) const APPROVALS: usize = 50;
/// Bytes of all configured approval texts together.
pub(crate) const APPROVAL_TEXTS: usize = 12_000;

impl Story {
    /// Drops what is beyond the bounds.
    pub(super) fn trim(&mut self) {
        while self.failures.len() > FAILED_ATTEMPTS {
            self.failures.pop_first();
        }
        for failure in self.failures.values_mut() {
            while failure.actions.len() > FAILED_ACTIONS {
                failure.actions.pop_last();
            }
        }
        if self.stages.values().map(|stage| stage.actions.len()).sum::<usize>() > DETAILED_ACTIONS {
            let actions = self.stages.values_mut().flat_map(|stage| stage.actions.values_mut());
            actions.for_each(|action| action.said = Default::default());
        }
    }
}

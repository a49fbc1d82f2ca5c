//! How much a window remembers: work and size stay constant however long a pipeline lives.

use jiff::Timestamp;
use pipeline_model::ExecutionId;

use super::Window;
use super::execution::{Execution, Standing};
use super::stages::{StageSet, renumber};

/// Executions that succeeded or failed: the length of every rolling rate.
pub(crate) const RATED: usize = 30;
/// Executions that ended otherwise, and rollbacks.
const OTHERWISE_OVER: usize = 20;
/// Executions that run: as many as CodePipeline allows at a time (quotas).
const OPEN: usize = 50;
/// Revisions that were deployed.
pub(crate) const REVISIONS: usize = 30;

/// What an execution is remembered as.
#[derive(PartialEq, Eq, Clone, Copy)]
enum Class {
    Rated,
    OtherwiseOver,
    Open,
}

impl Class {
    const ALL: [(Self, usize); 3] = [(Self::Rated, RATED), (Self::OtherwiseOver, OTHERWISE_OVER), (Self::Open, OPEN)];

    fn of(execution: &Execution) -> Self {
        match Standing::of(execution) {
            Standing { rated: true, .. } => Self::Rated,
            Standing { over: true, .. } => Self::OtherwiseOver,
            _ => Self::Open,
        }
    }
}

impl Window {
    /// Forgets what is beyond the bounds, oldest first, and keeps what later measures need of it.
    pub(super) fn forget_the_oldest(&mut self) {
        for (class, most) in Class::ALL {
            while self.executions.values().filter(|execution| Class::of(execution) == class).count() > most {
                let in_class = self.executions.iter().filter(|(_, execution)| Class::of(execution) == class);
                let age = |(id, execution): &(&ExecutionId, &Execution)| {
                    (execution.first_end().or(execution.last_activity()), (*id).clone())
                };
                let Some(oldest) = in_class.min_by_key(age).map(|(id, _)| id.clone()) else { break };
                self.forget(&oldest);
            }
        }
    }

    fn forget(&mut self, id: &ExecutionId) {
        let green = self.newest_green();
        let Some(execution) = self.executions.remove(id) else { return };
        self.past.low_water = self.past.low_water.max(execution.last_activity());
        self.past.green = self.past.green.max(execution.succeeded);
        // A red that no green has followed is still the beginning of a time to restore.
        let reds = execution.reds().chain(self.past.red).filter(|red| Some(*red) >= green);
        self.past.red = reds.min();
    }

    /// The newest success, whether or not its execution is forgotten.
    fn newest_green(&self) -> Option<Timestamp> {
        self.executions.values().map(|execution| execution.succeeded).chain([self.past.green]).max().flatten()
    }

    /// Forgets stages nobody names any more, if so many new ones would not have room.
    pub(super) fn make_room_for_stages(&mut self, more: usize) {
        if !self.stages.is_full_for(more) {
            return;
        }
        let ends = self.executions.values().flat_map(|execution| execution.ends.iter().map(|end| end.0));
        let timed = self.executions.values().map(|execution| execution.timed_stages);
        let used = timed.fold(ends.collect(), StageSet::with);
        let renumbered = self.stages.keep(used);
        for execution in self.executions.values_mut() {
            execution.ends.retain_mut(|end| renumber(&mut end.0, &renumbered));
            let numbers = execution.timed_stages.numbers();
            execution.timed_stages = numbers.filter_map(|number| *renumbered.get(usize::from(number))?).collect();
        }
    }
}

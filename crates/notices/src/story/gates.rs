//! What the story knows of gates: which one it stands at, and which one made it fail.

use pipeline_model::{ActionName, StageName};

use super::{ActionPath, FailedAction, Story};
use crate::gate::Visit;

/// Seconds by which two of AWS's clocks may differ.
const SKEW: i64 = 60;
/// The provider of an action that asks a gate.
const PROVIDER: &str = "Lambda";

impl Story {
    /// The gates the execution stands at, oldest first: they hold it, or have stopped it and CodePipeline has not said so.
    pub(crate) fn at_gates(&self) -> Vec<(&str, &Visit)> {
        let mut visits = self.gates.visits();
        visits.retain(|(_, visit)| visit.stand.holds_up() && !self.is_past(visit));
        visits
    }

    /// The decision of a gate that made an action fail.
    pub(crate) fn gate_behind(&self, path: &ActionPath, failed: &FailedAction) -> Option<&Visit> {
        let asks = |visit: &Visit| match &visit.action {
            Some(action) => *action == path.action,
            None => [PROVIDER, ""].contains(&failed.said.provider.as_str()),
        };
        let in_time = |visit: &Visit| {
            let at = visit.at.as_second();
            let began = failed.started.is_none_or(|started| started.as_second() <= at + SKEW);
            began && at <= failed.at.as_second() + SKEW
        };
        let visits = self.gates.visits().into_iter().map(|(_, visit)| visit);
        let stops = visits.filter(|visit| visit.stand.stops() && !failed.approval);
        let of_it = stops.filter(|visit| visit.is_in(&path.stage) && asks(visit) && in_time(visit));
        // An attempt that failed at once lies within the skew of the one before.
        of_it.min_by_key(|visit| visit.at.duration_since(failed.at).abs())
    }

    /// Every decision of a gate that made an attempt fail.
    pub(crate) fn gates_behind(&self, attempt: u32) -> Vec<&Visit> {
        let Some(failure) = self.failures.get(&attempt) else { return Vec::new() };
        if !failure.actions.is_empty() {
            return failure.actions.iter().filter_map(|(path, failed)| self.gate_behind(path, failed)).collect();
        }
        // The condition of a stage stops it without an action that fails.
        let before = self.failures.range(..attempt).next_back().map(|(_, failure)| failure.at);
        let next = self.attempt_began(attempt + 1);
        let of_it = |visit: &Visit| {
            let at = visit.at.as_second();
            visit.stand.stops()
                && failure.stage.as_ref().is_some_and(|stage| visit.is_in(stage))
                && before.is_none_or(|before| before < visit.at)
                && next.is_none_or(|next| visit.at < next)
                && at <= failure.at.as_second() + SKEW
        };
        self.gates.visits().into_iter().map(|(_, visit)| visit).filter(|visit| of_it(visit)).collect()
    }

    /// The execution has gone on since, or ended.
    fn is_past(&self, visit: &Visit) -> bool {
        let after = |at: jiff::Timestamp| at.as_second() > visit.at.as_second();
        let retried = self.attempt() > 1 && self.attempt_began(self.attempt()).is_some_and(after);
        let elsewhere = |name: &StageName| visit.stage.as_ref() != Some(name);
        let went_on = self.stages.iter().any(|(name, stage)| elsewhere(name) && stage.began().is_some_and(after));
        self.is_over() || retried || went_on || self.ended_since(visit)
    }

    /// The stage or the action of a gate has ended after the gate was last heard of.
    fn ended_since(&self, visit: &Visit) -> bool {
        let Some(stage) = visit.stage.as_ref().and_then(|name| self.stages.get(name)) else { return false };
        let action = visit.action.as_ref().and_then(|name: &ActionName| stage.actions.get(name));
        let since = |at: jiff::Timestamp| at.as_second() >= visit.at.as_second();
        let stage = stage.course.as_ref().is_some_and(|course| course.is_over() && since(course.at));
        stage || action.is_some_and(|action| action.course.is_over() && since(action.course.at))
    }
}

impl Visit {
    /// In this stage, as far as it is known.
    fn is_in(&self, stage: &StageName) -> bool {
        self.stage.as_ref().is_none_or(|own| own == stage)
    }
}

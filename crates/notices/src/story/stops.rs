//! What the story knows of gates and scans: which one it stands at, and which one made it fail.

use std::cmp::Reverse;

use jiff::Timestamp;
use pipeline_model::StageName;

use super::view::Standing;
use super::{ActionPath, FailedAction, Story};
use crate::gate::Visit;
use crate::scan::Scanned;
use crate::stopper::Stopper;

/// Seconds by which two of AWS's clocks may differ.
const SKEW: i64 = 60;
/// The provider of an action that asks a gate or a scan.
const PROVIDER: &str = "Lambda";

impl Story {
    /// The gates the execution stands at, oldest first: they hold it, or have stopped it and CodePipeline has not said so.
    pub(crate) fn at_gates(&self) -> Vec<(&str, &Visit)> {
        let mut visits = self.gates.all();
        visits.retain(|(_, visit)| visit.holds_up() && !self.is_past(*visit));
        visits
    }

    /// The scans that have stopped the execution, oldest first, of which CodePipeline has not said so.
    pub(crate) fn at_scans(&self) -> Vec<(&str, &Scanned)> {
        let mut scans = self.scans.all();
        scans.retain(|(_, scanned)| scanned.stops() && !self.is_past(*scanned));
        scans
    }

    /// What has stopped it, else the gate that has held it for longest.
    pub(super) fn stands_at(&self) -> Option<Standing> {
        let gates = self.at_gates().into_iter();
        let gates = gates.map(|(identity, visit)| (visit.stops(), visit.at, Standing::Gate(identity.to_owned())));
        let scans = self.at_scans().into_iter();
        let scans = scans.map(|(identity, scanned)| (true, scanned.at, Standing::Scan(identity.to_owned())));
        let first = gates.chain(scans).min_by_key(|(stops, at, _)| (Reverse(*stops), *at));
        first.map(|(.., standing)| standing)
    }

    /// The gate or scan to speak of where nothing else is known: what stopped the release, else the latest one.
    pub(super) fn known_of_first(&self) -> Option<Standing> {
        let gate = self.gates.leading();
        let gate = gate.map(|(identity, visit)| (visit.stops(), visit.at, Standing::Gate(identity.to_owned())));
        let scan = self.scans.leading();
        let scan = scan.map(|(identity, scanned)| (scanned.stops(), scanned.at, Standing::Scan(identity.to_owned())));
        let first = gate.into_iter().chain(scan).max_by_key(|(stops, at, _)| (*stops, *at));
        first.map(|(.., standing)| standing)
    }

    /// The latest thing our own functions have decided about it.
    pub(crate) fn last_decision(&self) -> Option<Timestamp> {
        self.rollbacks.last_news().max(self.gates.last_news()).max(self.scans.last_news())
    }

    /// The decision of a gate that made an action fail.
    pub(crate) fn gate_behind(&self, path: &ActionPath, failed: &FailedAction) -> Option<&Visit> {
        behind(self.gates.all(), path, failed)
    }

    /// The scan that made an action fail.
    pub(crate) fn scan_behind(&self, path: &ActionPath, failed: &FailedAction) -> Option<&Scanned> {
        behind(self.scans.all(), path, failed)
    }

    /// Every decision of a gate that made an attempt fail.
    pub(crate) fn gates_behind(&self, attempt: u32) -> Vec<&Visit> {
        self.all_behind(self.gates.all(), attempt)
    }

    /// Every scan that made an attempt fail.
    pub(crate) fn scans_behind(&self, attempt: u32) -> Vec<&Scanned> {
        self.all_behind(self.scans.all(), attempt)
    }

    fn all_behind<'a, S: Stopper>(&self, of: Vec<(&str, &'a S)>, attempt: u32) -> Vec<&'a S> {
        let Some(failure) = self.failures.get(&attempt) else { return Vec::new() };
        if !failure.actions.is_empty() {
            return failure.actions.iter().filter_map(|(path, failed)| behind(of.clone(), path, failed)).collect();
        }
        // The condition of a stage stops it without an action that fails.
        let before = self.failures.range(..attempt).next_back().map(|(_, failure)| failure.at);
        let next = self.attempt_began(attempt + 1);
        let of_it = |stopper: &S| {
            let at = stopper.at();
            stopper.stops()
                && failure.stage.as_ref().is_some_and(|stage| stopper.place().is_in(stage))
                && before.is_none_or(|before| before < at)
                && next.is_none_or(|next| at < next)
                && at.as_second() <= failure.at.as_second() + SKEW
        };
        of.into_iter().map(|(_, stopper)| stopper).filter(|stopper| of_it(stopper)).collect()
    }

    /// The execution has gone on since, or ended.
    fn is_past(&self, stopper: &impl Stopper) -> bool {
        let after = |at: Timestamp| at.as_second() > stopper.at().as_second();
        let retried = self.attempt() > 1 && self.attempt_began(self.attempt()).is_some_and(after);
        let elsewhere = |name: &StageName| stopper.place().stage.as_ref() != Some(name);
        let went_on = self.stages.iter().any(|(name, stage)| elsewhere(name) && stage.began().is_some_and(after));
        self.is_over() || retried || went_on || self.ended_since(stopper)
    }

    /// The stage or the action of a gate or scan has ended after that was last heard of.
    fn ended_since(&self, stopper: &impl Stopper) -> bool {
        let Some(stage) = stopper.place().stage.as_ref().and_then(|name| self.stages.get(name)) else { return false };
        let action = stopper.place().action.as_ref().and_then(|name| stage.actions.get(name));
        let since = |at: Timestamp| at.as_second() >= stopper.at().as_second();
        let stage = stage.course.as_ref().is_some_and(|course| course.is_over() && since(course.at));
        stage || action.is_some_and(|action| action.course.is_over() && since(action.course.at))
    }
}

/// What made an action fail, if it was one of these.
fn behind<'a, S: Stopper>(of: Vec<(&str, &'a S)>, path: &ActionPath, failed: &FailedAction) -> Option<&'a S> {
    let asks = |stopper: &S| match &stopper.place().action {
        Some(action) => *action == path.action,
        None => [PROVIDER, ""].contains(&failed.said.provider.as_str()),
    };
    let in_time = |stopper: &S| {
        let at = stopper.at().as_second();
        let began = failed.started.is_none_or(|started| started.as_second() <= at + SKEW);
        began && at <= failed.at.as_second() + SKEW
    };
    let stops = of.into_iter().map(|(_, stopper)| stopper).filter(|stopper| stopper.stops() && !failed.approval);
    let of_it = stops.filter(|stopper| stopper.place().is_in(&path.stage) && asks(stopper) && in_time(stopper));
    // An attempt that failed at once lies within the skew of the one before.
    of_it.min_by_key(|stopper| stopper.at().duration_since(failed.at).abs())
}

//! How a fact changes what is known: the same in any order, and nothing when it comes again.

use crate::fact::{Fact, Outcome, StageResult, What};

use super::Window;
use super::execution::{Commit, Execution, earliest};
use super::marks::Mark;

impl Window {
    pub(super) fn join(&mut self, fact: &Fact) {
        self.stages.see(fact.structure, fact.at);
        let stage_end = self.stage_end(fact);
        let execution = self.executions.entry(fact.execution.clone()).or_default();
        let last = execution.last_activity().max((!fact.is_learnt()).then_some(fact.at));
        if let Some((stage, result)) = stage_end {
            execution.end_stage(stage, fact.at, result);
        }
        execution.join(fact);
        execution.heard_after =
            execution.heard_after.filter(|mark| execution.started.is_none_or(|start| start <= *mark));
        execution.touch(last);
    }

    fn stage_end(&mut self, fact: &Fact) -> Option<(u8, StageResult)> {
        let What::StageEnded { stage, result, .. } = &fact.what else { return None };
        self.make_room_for_stages(1);
        Some((self.stages.number(stage)?, *result))
    }
}

impl Execution {
    fn join(&mut self, fact: &Fact) {
        match &fact.what {
            What::Started { is_rollback } => {
                self.started = earliest(self.started, Some(fact.at));
                self.learn_kind(*is_rollback);
            }
            What::Ended { outcome, started } => {
                self.started = earliest(self.started, *started);
                self.end(*outcome, fact);
            }
            What::StageEnded { result: StageResult::Failed, .. } => {
                self.marks.add(Mark::StageFailed);
            }
            What::Commit { at, revision } => self.commit = self.commit.max(Some(Commit(*at, *revision))),
            What::Kind { is_rollback } => {
                self.marks.add(Mark::KindAsked);
                self.learn_kind(*is_rollback);
            }
            What::LookedAt | What::LookedAtInPart if self.is_settled_by(fact) => self.look(),
            What::RolledBack { .. } => self.rolled_back = earliest(self.rolled_back, Some(fact.at)),
            What::LookedAt
            | What::LookedAtInPart
            | What::StageEnded { .. }
            | What::ApprovalAnswered { .. }
            | What::GateDecided { .. }
            | What::ScanCompleted { .. } => {}
        }
    }

    fn end(&mut self, outcome: Outcome, fact: &Fact) {
        if fact.late {
            self.marks.add(Mark::Compared);
        }
        match outcome {
            Outcome::Succeeded => self.succeeded = earliest(self.succeeded, Some(fact.at)),
            Outcome::Failed => {
                if self.failed.max(self.failed_again) < Some(fact.at) {
                    self.marks.remove(Mark::LookedAtRed);
                }
                self.fail(fact.at);
            }
            Outcome::Dropped => self.dropped = self.dropped.max(Some(fact.at)),
        }
    }

    fn look(&mut self) {
        if self.failed.is_some() {
            self.marks.add(Mark::LookedAtRed);
        }
        if self.succeeded.is_some() {
            self.marks.add(Mark::LookedAtGreen);
        }
    }

    fn learn_kind(&mut self, is_rollback: Option<bool>) {
        match is_rollback {
            Some(true) => self.marks.add(Mark::Rollback),
            Some(false) => self.marks.add(Mark::Standard),
            None => false,
        };
    }
}

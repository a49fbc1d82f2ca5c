//! What events lost, found again in CodePipeline's own lists.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use pipeline_model::{ExecutionId, StageName};

use crate::fact::{Fact, Outcome, StageResult, What, is_rollback_trigger};
use crate::rules::Rules;
use crate::window::{Mark, Window};

/// One entry of `ListPipelineExecutions`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutionSummary {
    /// `pipelineExecutionId`.
    pub id: ExecutionId,
    /// `status`, as text because it grows.
    pub status: String,
    /// `startTime`.
    pub started: Option<Timestamp>,
    /// `lastUpdateTime`: when it ended, once it has ended.
    pub updated: Option<Timestamp>,
    /// `executionType` is `ROLLBACK`.
    pub is_rollback: bool,
    /// `trigger.triggerType`.
    pub trigger: Option<String>,
}

/// One entry of `ListActionExecutions`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionRun {
    /// `actionExecutionId`.
    pub id: String,
    /// `stageName`.
    pub stage: StageName,
    /// `actionName`.
    pub action: String,
    /// `input.actionTypeId.category`.
    pub category: String,
    /// `status`, as text because it grows.
    pub status: String,
    /// `startTime`.
    pub started: Option<Timestamp>,
    /// `lastUpdateTime`.
    pub updated: Option<Timestamp>,
}

/// The end an event tells and the end a list tells are the same within this time: events round to seconds, and an
/// execution is updated a moment after its last stage.
const SAME_END: SignedDuration = SignedDuration::from_secs(5);

impl ExecutionSummary {
    /// How it ended, if it did. `InProgress`, `Stopping` and what is new are not an end.
    fn outcome(&self) -> Option<Outcome> {
        match self.status.as_str() {
            "Succeeded" => Some(Outcome::Succeeded),
            "Failed" => Some(Outcome::Failed),
            "Stopped" | "Superseded" | "Cancelled" => Some(Outcome::Dropped),
            _ => None,
        }
    }
}

impl Window {
    /// Which of these executions have ended without the window knowing, or without it knowing of the stages that
    /// matter; oldest first. Each is named once more at most after [`late_facts`] of it were folded. Leave out those that
    /// ended so recently that their events may still be on their way.
    pub fn missing<'s>(&self, seen: &'s [ExecutionSummary], rules: &Rules) -> Vec<&'s ExecutionSummary> {
        let deploys = self.stages.deploying(rules).is_some_and(|set| !set.is_empty());
        let mut missing: Vec<_> = seen.iter().filter(|summary| self.misses(summary, deploys)).collect();
        missing.sort_by_key(|summary| (summary.updated, summary.id.clone()));
        missing
    }

    fn misses(&self, summary: &ExecutionSummary, deploys: bool) -> bool {
        let (Some(outcome), Some(updated)) = (summary.outcome(), summary.updated) else { return false };
        let is_new = self.past.low_water.is_none_or(|mark| updated > mark);
        let Some(known) = self.executions.get(&summary.id) else { return is_new };
        // Without a start it was forgotten and then heard of again, and is as old as its end.
        let is_followed = is_new || known.started.is_some();
        let was_compared = known.marks.has(Mark::Compared) || known.is_rollback() || !known.has_unseen_end();
        is_followed
            && match outcome {
                Outcome::Succeeded => {
                    known.succeeded.is_none() || !was_compared && deploys && !known.marks.has(Mark::Deployed)
                }
                Outcome::Failed => {
                    known.first_end().is_none()
                        || known.last_failure().is_some_and(|last| updated.duration_since(last) > SAME_END)
                        || !was_compared && !known.marks.has(Mark::StageFailed)
                }
                Outcome::Dropped => known.first_end().or(known.dropped).is_none(),
            }
    }
}

/// The facts of an execution as CodePipeline tells it afterwards, with all runs of its actions.
pub fn late_facts(execution: &ExecutionSummary, actions: &[ActionRun]) -> Vec<Fact> {
    let fact =
        |at: Timestamp, what: What| Fact { execution: execution.id.clone(), at, late: true, structure: None, what };
    let rollback = execution.is_rollback || execution.trigger.as_deref().is_some_and(is_rollback_trigger);
    let mut facts = Vec::new();
    facts.extend(execution.started.map(|at| fact(at, What::Started { is_rollback: Some(rollback) })));
    facts.extend(facts_of_actions(&execution.id, actions).into_iter().map(|fact| Fact { late: true, ..fact }));
    let ended = execution.outcome().zip(execution.updated);
    facts.extend(ended.map(|(outcome, at)| fact(at, What::Ended { outcome, started: execution.started })));
    facts
}

/// Whether these runs are all of an execution that ended: it has any, and none of them goes on.
pub fn is_complete(actions: &[ActionRun]) -> bool {
    !actions.is_empty() && actions.iter().all(|run| run.status != "InProgress")
}

/// What the runs of an execution's actions tell of its stages and approvals.
pub fn facts_of_actions(execution: &ExecutionId, actions: &[ActionRun]) -> Vec<Fact> {
    let fact = |(at, what)| Fact { execution: execution.clone(), at, late: false, structure: None, what };
    let stages: BTreeSet<_> = actions.iter().map(|run| &run.stage).collect();
    let mut told = Vec::new();
    for stage in stages {
        let runs: Vec<_> = actions.iter().filter(|run| run.stage == *stage).collect();
        told.extend(stage_failure(&runs));
        told.extend(stage_success(&runs));
    }
    told.extend(actions.iter().filter_map(approval));
    told.into_iter().map(fact).collect()
}

/// A stage failed first when the first of its runs did.
fn stage_failure(runs: &[&ActionRun]) -> Option<(Timestamp, What)> {
    let first = runs.iter().filter(|run| run.status == "Failed").min_by_key(|run| run.updated)?;
    let what = What::StageEnded { stage: first.stage.clone(), result: StageResult::Failed, began: first.started };
    Some((first.updated?, what))
}

/// A stage succeeded if the last run of each of its actions did. It began with the first run after the last failure.
fn stage_success(runs: &[&ActionRun]) -> Option<(Timestamp, What)> {
    let mut last: BTreeMap<&str, &ActionRun> = BTreeMap::new();
    for run in runs {
        let newest = last.entry(&run.action).or_insert(run);
        if run.started > newest.started {
            *newest = run;
        }
    }
    if !last.values().all(|run| run.status == "Succeeded") {
        return None;
    }
    let failed = runs.iter().filter(|run| run.status != "Succeeded").map(|run| run.updated).max().flatten();
    let retried = runs.iter().filter_map(|run| run.started).filter(|started| Some(*started) >= failed).min();
    let stage = last.values().next()?.stage.clone();
    let ended = last.values().map(|run| run.updated).max().flatten()?;
    Some((ended, What::StageEnded { stage, result: StageResult::Succeeded, began: retried }))
}

fn approval(run: &ActionRun) -> Option<(Timestamp, What)> {
    let answered = run.category == "Approval" && ["Succeeded", "Failed"].contains(&run.status.as_str());
    let what = What::ApprovalAnswered { key: Fact::key(&[&run.id]), waited_since: run.started? };
    answered.then_some((run.updated?, what))
}

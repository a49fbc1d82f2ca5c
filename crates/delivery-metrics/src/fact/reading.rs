//! Facts read from CodePipeline's events, from our own, and from CodePipeline's answers.

use jiff::Timestamp;
use pipeline_model::{
    ActionChange, ActionState, Change, Decided, Decision, ExecutionId, ExecutionState, PipelineArn, PipelineEvent,
    RollbackOutcome, StageName, StageState, Trigger, Verdict,
};

use super::{Fact, Learnt, Outcome, StageResult, What};

/// Trigger types of executions that CodePipeline starts to roll back (API enum `TriggerType`).
const ROLLBACKS: [&str; 2] = ["ManualRollback", "AutomatedRollback"];

impl Fact {
    /// What an event of CodePipeline tells; nothing, where it tells nothing that is measured.
    pub fn of_event(event: &PipelineEvent) -> Vec<Self> {
        let fact = |at: Timestamp, what: What| Self {
            execution: event.execution.clone(),
            at,
            late: false,
            structure: event.structure_version,
            what,
        };
        match &event.change {
            Change::Execution { state, trigger, .. } => {
                let mut facts = Vec::new();
                let began = event.started.or((*state == ExecutionState::Started).then_some(event.time));
                if let Some(began) = began.filter(|_| *state == ExecutionState::Started || trigger.is_some()) {
                    facts.push(fact(began, What::Started { is_rollback: trigger.as_ref().map(is_rollback) }));
                }
                facts.extend(trigger.as_ref().and_then(commit).map(|what| fact(event.time, what)));
                let ended = outcome(state).map(|outcome| What::Ended { outcome, started: event.started });
                facts.extend(ended.map(|what| fact(event.time, what)));
                facts
            }
            Change::Stage { stage, state, retried } => {
                let what = stage_ended(stage, state, retried.or(event.started));
                what.map(|what| fact(event.time, what)).into_iter().collect()
            }
            Change::Action(change) => answered(event, change).map(|what| fact(event.time, what)).into_iter().collect(),
        }
    }

    /// What one of our own functions decided, for the pipeline it names; nothing, where it names none or tells nothing
    /// that is measured.
    pub fn of_decision(decision: &Decision) -> Option<(PipelineArn, Self)> {
        let (pipeline, execution) = (decision.pipeline.clone()?, decision.execution.clone()?);
        let key = decision.key.as_deref().unwrap_or(&decision.id);
        let key = Self::key(&[key]);
        let what = match &decision.what {
            Decided::Gate(gate) => match gate.verdict {
                // The decision comes later, under the same key.
                Verdict::Wait | Verdict::Unknown(_) => return None,
                _ => What::GateDecided { key, failed: gate.verdict != Verdict::Pass, waited: gate.waited_seconds },
            },
            Decided::Approval { .. } => return None,
            // Nothing was found because nothing was looked at: another scan may come under the same key.
            Decided::Scan(scan) if scan.verdict == Verdict::Error && scan.findings.all() == 0 => return None,
            Decided::Scan(scan) => What::ScanCompleted { key, findings: scan.findings },
            Decided::Rollback(rollback) if rollback.outcome == RollbackOutcome::Done => What::RolledBack { key },
            Decided::Rollback(_) => return None,
        };
        Some((pipeline, Self { execution, at: decision.time, late: false, structure: None, what }))
    }

    /// A short name for something with a long one, the same in every version of this program (FNV-1a, 32 bits): what is
    /// told apart by it are the few things within one execution, and the last revisions of one pipeline.
    pub fn key(parts: &[&str]) -> u32 {
        let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
        bytes.fold(0x811c_9dc5, |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
    }
}

/// A state no version of CodePipeline's guide knew when this was written, as AWS wrote it.
pub fn unknown_state(event: &PipelineEvent) -> Option<&str> {
    match &event.change {
        Change::Execution { state: ExecutionState::Unknown(text), .. }
        | Change::Stage { state: StageState::Unknown(text), .. } => Some(text),
        Change::Action(change) => match &change.state {
            ActionState::Unknown(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn learnt(execution: &ExecutionId, at: Timestamp, learnt: &Learnt, look: What) -> Vec<Fact> {
    let commit = learnt.committed.map(|at| What::Commit { at, revision: learnt.revision.as_deref().map(name) });
    let kind = What::Kind { is_rollback: learnt.is_rollback };
    let fact = |what| Fact { execution: execution.clone(), at, late: false, structure: None, what };
    commit.into_iter().chain([kind, look]).map(fact).collect()
}

fn name(revision: &str) -> u32 {
    Fact::key(&[revision])
}

/// Whether a trigger starts a rollback.
pub(crate) fn is_rollback_trigger(kind: &str) -> bool {
    ROLLBACKS.contains(&kind)
}

fn is_rollback(trigger: &Trigger) -> bool {
    matches!(trigger, Trigger::Typed { kind, .. } if is_rollback_trigger(kind))
}

fn commit(trigger: &Trigger) -> Option<What> {
    let Trigger::Git { commit, authored, .. } = trigger else { return None };
    Some(What::Commit { at: (*authored)?, revision: commit.as_deref().map(name) })
}

fn outcome(state: &ExecutionState) -> Option<Outcome> {
    match state {
        ExecutionState::Succeeded => Some(Outcome::Succeeded),
        ExecutionState::Failed => Some(Outcome::Failed),
        ExecutionState::Stopped | ExecutionState::Canceled | ExecutionState::Superseded => Some(Outcome::Dropped),
        _ => None,
    }
}

fn stage_ended(stage: &StageName, state: &StageState, began: Option<Timestamp>) -> Option<What> {
    let result = match state {
        StageState::Succeeded => StageResult::Succeeded,
        StageState::Failed => StageResult::Failed,
        _ => return None,
    };
    Some(What::StageEnded { stage: stage.clone(), result, began })
}

fn answered(event: &PipelineEvent, change: &ActionChange) -> Option<What> {
    let answer = matches!(change.state, ActionState::Succeeded | ActionState::Failed);
    let waited_since = event.started.filter(|_| answer && change.kind.is_approval())?;
    let attempt = event.attempt.unwrap_or_default().to_string();
    let key = match &change.action_execution {
        Some(id) => Fact::key(&[id]),
        None => Fact::key(&[change.stage.as_str(), change.action.as_str(), &attempt]),
    };
    Some(What::ApprovalAnswered { key, waited_since })
}

//! A stage with a history, told in a line: `good@10 bad@40` succeeded in it at these minutes, oldest first.

use jiff::{SignedDuration, Timestamp};
use pipeline_model::{AlarmState, ExecutionId, Revision};

use crate::targets::{ExecutionSeen, RunStatus, SourceRevision, StageRun, StageSeen};
use crate::{Alarm, AlarmNow, Before, Book, Case, Decision, Limits, Mode, Past, Pledge, Seen, Target, decide};

/// Minutes after 2026-03-02T12:00:00Z.
pub(crate) fn at(minutes: i64) -> Timestamp {
    let noon: Timestamp = "2026-03-02T12:00:00Z".parse().expect("a time");
    noon + SignedDuration::from_mins(minutes)
}

/// Executions that succeeded in the stage, oldest first: `id@minute`, and `id@minute>target` for a rollback. Each began
/// five minutes before. The last one is what stands.
pub(crate) fn stage(line: &str) -> StageSeen {
    let succeeded: Vec<ExecutionSeen> = line.split_whitespace().rev().map(|word| execution(word).0).collect();
    let last = line.split_whitespace().last().map(execution);
    let current = last.map(|(execution, ended)| StageRun {
        execution: execution.execution,
        status: RunStatus::Succeeded,
        is_rollback: execution.is_rollback,
        changed: Some(ended),
    });
    StageSeen { current, succeeded, ..StageSeen::default() }
}

fn execution(word: &str) -> (ExecutionSeen, Timestamp) {
    let (id, rest) = word.split_once('@').expect("id@minute");
    let (minute, restores) = rest.split_once('>').map_or((rest, None), |(minute, target)| (minute, Some(target)));
    let ended = at(minute.parse().expect("a minute"));
    let revision = Revision { id: format!("commit-{id}"), summary: None, url: None };
    let seen = ExecutionSeen {
        execution: ExecutionId::from(id),
        is_rollback: restores.is_some(),
        restores: restores.map(ExecutionId::from),
        started: Some(ended - SignedDuration::from_mins(5)),
        is_parallel: false,
        status: RunStatus::Succeeded,
        sources: vec![SourceRevision { action: String::from("Source"), revision }],
    };
    (seen, ended)
}

/// Red since that minute, green from noon until then.
pub(crate) fn red(minute: i64) -> Alarm {
    Alarm {
        name: String::from("orders-errors"),
        reason: Some(String::from("Threshold Crossed")),
        red_since: at(minute),
        before: Some(Before { state: AlarmState::Ok, since: Some(at(0)) }),
        suppressed_by: None,
        now: AlarmNow::Is(AlarmState::Alarm),
        turns: None,
    }
}

/// Everything a decision about `orders/Production` rests on; the fields are to be changed.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    pub(crate) alarm: Alarm,
    pub(crate) target: Target,
    pub(crate) seen: Seen,
    pub(crate) book: Option<Book>,
    pub(crate) siblings: Vec<crate::Sibling>,
    pub(crate) mode: Mode,
    pub(crate) limits: Limits,
    pub(crate) now: Timestamp,
}

impl Desk {
    /// The alarm is red since `red_since` and it is a minute later.
    pub(crate) fn new(seen: impl Into<Seen>, red_since: i64) -> Self {
        Self {
            alarm: red(red_since),
            target: "orders/Production".parse().expect("a target"),
            seen: seen.into(),
            book: None,
            siblings: Vec::new(),
            mode: Mode::Act,
            limits: Limits::default(),
            now: at(red_since + 1),
        }
    }

    /// With a book that is ours.
    pub(crate) fn holding(mut self, past: Vec<Past>) -> Self {
        self.book = Some(Book { past, pledges: Vec::new(), hold: crate::Hold::Mine });
        self
    }

    pub(crate) fn decide(&self) -> Decision {
        decide(&Case {
            alarm: &self.alarm,
            target: &self.target,
            seen: &self.seen,
            book: self.book.as_ref(),
            siblings: &self.siblings,
            mode: self.mode,
            limits: &self.limits,
            now: self.now,
        })
    }

    /// The code of the refusal, or the name of another decision.
    pub(crate) fn outcome(&self) -> String {
        match self.decide() {
            Decision::Refuse(refused) => refused.refusal.code().to_owned(),
            Decision::Ask(question) => format!("ask {question:?}").split('(').next().unwrap_or_default().to_owned(),
            Decision::Claim(pledge) => format!("claim {}", pledge.incident),
            Decision::Wait(_) => String::from("wait"),
            Decision::WaitForStage(_) => String::from("wait for the stage"),
            Decision::Observe(plan) => format!("observe: {}", plan.ways[0].step.in_words()),
            Decision::RollBack(plan) => {
                plan.ways.iter().map(|way| way.step.in_words()).collect::<Vec<_>>().join(", or ")
            }
            Decision::Adopt(pledge, release) => format!("adopt {} for {}", release.id, pledge.incident),
            Decision::Answered => String::from("answered"),
        }
    }
}

/// That `release` is to be rolled back was written down at that minute, for another alarm.
pub(crate) fn pledge(release: &str, minute: i64) -> Pledge {
    Pledge {
        incident: format!("orders/Production@{release}"),
        release: release.to_owned(),
        alarm: String::from("another"),
        alarm_reason: None,
        red_since: at(minute - 1),
        at: at(minute),
        from: None,
        to: None,
        target_execution: None,
        candidates: Vec::new(),
        closes: false,
        redeployment: None,
        version: None,
    }
}

/// `release` was rolled back at that minute by execution `by`.
pub(crate) fn past(release: &str, by: &str, minute: i64) -> Past {
    Past::of(pledge(release, minute), Some(by.to_owned()), Vec::new())
}

impl From<StageSeen> for Seen {
    fn from(seen: StageSeen) -> Self {
        Self::Stage(seen)
    }
}

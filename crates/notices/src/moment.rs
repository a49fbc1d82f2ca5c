//! What is worth telling about an execution, each thing once.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use pipeline_model::{ActionName, ExecutionState, StageName, StageState};
use serde::Deserialize;

use crate::story::Story;

/// What happened, in the words settings use for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// An execution began.
    Started,
    /// A stage succeeded.
    Progress,
    /// A failed stage is being retried.
    Resumed,
    /// An approval waits for a person.
    Approval,
    /// A gate that held the release has let it go on.
    GatePassed,
    /// A gate has stopped the release, which fails and is told as `failed`.
    GateFailed,
    /// A person has opened a gate.
    GateOpened,
    /// A scan has let the release go on.
    ScanPassed,
    /// A scan has stopped the release, or could not be made; the release fails and is told as `failed`.
    ScanFailed,
    /// A stage failed.
    Failed,
    /// The execution succeeded where the one before had failed.
    Fixed,
    /// The execution succeeded.
    Succeeded,
    /// Somebody stopped the execution.
    Stopped,
    /// The pipeline was changed while it ran.
    Canceled,
    /// A newer execution took over.
    Superseded,
    /// The release was rolled back because an alarm went red.
    RolledBack,
    /// A rollback was tried and did not work.
    RollbackFailed,
    /// An alarm asked for a rollback, and there is none.
    RollbackRefused,
    /// There would have been a rollback, had the mode not been `observe`.
    RollbackObserved,
    /// The alarm that asked for a rollback is quiet again.
    AlarmCleared,
}

/// How much an outcome matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Good to find when one looks.
    Info,
    /// Somebody waits for it.
    Notice,
    /// Unusual.
    Warning,
    /// Something is broken.
    Error,
}

impl Outcome {
    /// Every outcome, mildest first.
    pub const ALL: [Self; 20] = [
        Self::Started,
        Self::Progress,
        Self::Resumed,
        Self::GatePassed,
        Self::GateFailed,
        Self::ScanPassed,
        Self::ScanFailed,
        Self::Succeeded,
        Self::Superseded,
        Self::Approval,
        Self::GateOpened,
        Self::Fixed,
        Self::AlarmCleared,
        Self::RollbackObserved,
        Self::Stopped,
        Self::Canceled,
        Self::RollbackRefused,
        Self::Failed,
        Self::RolledBack,
        Self::RollbackFailed,
    ];

    /// How much it matters.
    pub fn severity(self) -> Severity {
        match self {
            Self::Started | Self::Progress | Self::Resumed | Self::Succeeded | Self::Superseded => Severity::Info,
            Self::GatePassed | Self::GateFailed | Self::ScanPassed | Self::ScanFailed => Severity::Info,
            Self::Approval | Self::GateOpened | Self::Fixed | Self::AlarmCleared | Self::RollbackObserved => {
                Severity::Notice
            }
            Self::Stopped | Self::Canceled | Self::RollbackRefused => Severity::Warning,
            Self::Failed | Self::RolledBack | Self::RollbackFailed => Severity::Error,
        }
    }

    /// The word settings, log lines and JSON notices use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Progress => "progress",
            Self::Resumed => "resumed",
            Self::Approval => "approval",
            Self::GatePassed => "gate-passed",
            Self::GateFailed => "gate-failed",
            Self::GateOpened => "gate-opened",
            Self::ScanPassed => "scan-passed",
            Self::ScanFailed => "scan-failed",
            Self::Failed => "failed",
            Self::Fixed => "fixed",
            Self::Succeeded => "succeeded",
            Self::Stopped => "stopped",
            Self::Canceled => "canceled",
            Self::Superseded => "superseded",
            Self::RolledBack => "rolled-back",
            Self::RollbackFailed => "rollback-failed",
            Self::RollbackRefused => "rollback-refused",
            Self::RollbackObserved => "rollback-observed",
            Self::AlarmCleared => "alarm-cleared",
        }
    }

    /// Somebody should look up: a failure, a recovery, a question, a rollback.
    pub fn is_loud(self) -> bool {
        let rollback = [Self::RolledBack, Self::RollbackFailed, Self::RollbackRefused, Self::RollbackObserved];
        matches!(self, Self::Failed | Self::Fixed | Self::Approval) || rollback.contains(&self)
    }

    /// The message of the execution says it all; its thread has nothing to add.
    pub(crate) fn is_told_by_the_message(self) -> bool {
        matches!(self, Self::Started | Self::Succeeded | Self::Stopped | Self::Canceled | Self::Superseded)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// One thing worth telling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Names the thing itself, not the event that told it: the same however often and in whatever order events come.
    pub key: String,
    /// What it is.
    pub outcome: Outcome,
    /// The stage it happened in.
    pub stage: Option<StageName>,
    /// The approval it is about.
    pub action: Option<ActionName>,
    /// The attempt it happened in.
    pub attempt: u32,
    /// When it happened.
    pub at: Timestamp,
    /// After this it is no longer worth telling.
    pub until: Option<Timestamp>,
    /// The decision about a rollback it is about.
    pub(crate) rollback: Option<String>,
    /// The visit to a gate it is about.
    pub(crate) gate: Option<String>,
    /// The scan it is about.
    pub(crate) scan: Option<String>,
}

/// What happened this long before a forgotten execution was heard of again was told when it happened.
const OLD_NEWS: SignedDuration = SignedDuration::from_hours(24);

/// Everything worth telling about an execution so far, oldest first.
pub(crate) fn moments(story: &Story) -> Vec<Moment> {
    let mut moments: Vec<_> = [beginning(story), ending(story)].into_iter().flatten().collect();
    moments.extend(failures(story));
    moments.extend(finished_stages(story));
    moments.extend(approvals(story));
    if let Some(recalled) = story.recalled {
        moments.retain(|moment| recalled.duration_since(moment.at) < OLD_NEWS);
    }
    moments.extend(story.rollbacks.moments(story.attempt()));
    moments.extend(story.gates.moments(story.attempt()));
    moments.extend(story.scans.moments(story.attempt()));
    in_order(moments)
}

/// Oldest first.
pub(crate) fn in_order(mut moments: Vec<Moment>) -> Vec<Moment> {
    moments.sort_by(|a, b| (a.at, a.outcome, &a.key).cmp(&(b.at, b.outcome, &b.key)));
    moments
}

fn beginning(story: &Story) -> Option<Moment> {
    let attempt = story.attempt();
    let at = story.attempt_began(attempt).or(story.last_change())?;
    Some(match attempt {
        1 => Moment::new(String::from("started"), Outcome::Started, attempt, at),
        _ => Moment::new(format!("resumed:{attempt}"), Outcome::Resumed, attempt, at)
            .in_stage(story.failed_stage(attempt - 1)),
    })
}

fn ending(story: &Story) -> Option<Moment> {
    let run = story.run.as_ref().filter(|_| story.is_over())?;
    let outcome = match run.state {
        ExecutionState::Succeeded if story.has_fixed().is_some() => Outcome::Fixed,
        ExecutionState::Succeeded => Outcome::Succeeded,
        ExecutionState::Stopped => Outcome::Stopped,
        ExecutionState::Canceled => Outcome::Canceled,
        ExecutionState::Superseded => Outcome::Superseded,
        _ => return None,
    };
    Some(Moment::new(format!("ended:{}", run.attempt), outcome, run.attempt, run.at))
}

fn failures(story: &Story) -> impl Iterator<Item = Moment> {
    story.failures.iter().map(|(attempt, failure)| {
        Moment::new(format!("failed:{attempt}"), Outcome::Failed, *attempt, failure.at)
            .in_stage(story.failed_stage(*attempt))
    })
}

fn finished_stages(story: &Story) -> impl Iterator<Item = Moment> {
    story.stages.iter().filter_map(|(name, stage)| {
        let course = stage.course.as_ref().filter(|course| course.state == StageState::Succeeded)?;
        let key = format!("stage:{name}:{}", course.attempt);
        Some(Moment::new(key, Outcome::Progress, course.attempt, course.at).in_stage(Some(name.clone())))
    })
}

fn approvals(story: &Story) -> impl Iterator<Item = Moment> {
    story.pending().into_iter().map(|pending| Moment {
        key: format!("approval:{}/{}:{}", pending.path.stage, pending.path.action, pending.attempt),
        outcome: Outcome::Approval,
        stage: Some(pending.path.stage),
        action: Some(pending.path.action),
        attempt: pending.attempt,
        at: pending.since,
        until: Some(pending.expires),
        rollback: None,
        gate: None,
        scan: None,
    })
}

impl Moment {
    pub(crate) fn new(key: String, outcome: Outcome, attempt: u32, at: Timestamp) -> Self {
        let (stage, action, until, rollback, gate, scan) = (None, None, None, None, None, None);
        Self { key, outcome, stage, action, attempt, at, until, rollback, gate, scan }
    }

    pub(crate) fn in_stage(self, stage: Option<StageName>) -> Self {
        Self { stage, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_outcomes_is_complete_and_its_words_are_unique() {
        let words: std::collections::BTreeSet<_> = Outcome::ALL.iter().map(|outcome| outcome.as_str()).collect();
        assert_eq!(words.len(), Outcome::ALL.len());
        for outcome in Outcome::ALL {
            let read: Outcome = serde_json::from_value(outcome.as_str().into()).unwrap();
            assert_eq!(read, outcome);
        }
    }

    #[test]
    fn loud_outcomes_matter_more_than_progress() {
        assert!(
            Outcome::ALL
                .iter()
                .filter(|outcome| outcome.is_loud())
                .all(|outcome| outcome.severity() >= Severity::Notice)
        );
    }
}

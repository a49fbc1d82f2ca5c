//! One thing that happened in a pipeline, small enough to wait in the pipeline's inbox.

mod reading;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use jiff::fmt::serde::timestamp::millisecond;
use pipeline_model::{ExecutionId, FindingCounts, StageName};
use serde::{Deserialize, Serialize};

use crate::rules::{DeployStages, Rules};
use crate::sweep::{ActionRun, is_complete};

pub(crate) use reading::is_rollback_trigger;
pub use reading::unknown_state;

/// One thing that happened to one execution. Its JSON stays below 250 bytes for names of ordinary length.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// The execution it happened to.
    #[serde(rename = "e")]
    pub execution: ExecutionId,
    /// When it happened.
    #[serde(rename = "t", with = "millisecond::required")]
    pub at: Timestamp,
    /// Learnt by looking instead of by an event.
    #[serde(rename = "l", default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
    /// The version of the pipeline's structure it happened in, where that is known.
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    pub structure: Option<u32>,
    /// What happened.
    #[serde(rename = "w")]
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum What {
    /// The execution began, at the time of the fact.
    #[serde(rename = "s")]
    Started {
        /// Whether it was started to roll back; absent where its trigger is not known.
        #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
        is_rollback: Option<bool>,
    },
    /// The execution ended; a retry may open it again.
    #[serde(rename = "x")]
    Ended {
        /// How it ended.
        #[serde(rename = "o")]
        outcome: Outcome,
        /// When the execution began.
        #[serde(rename = "b", with = "millisecond::optional", default, skip_serializing_if = "Option::is_none")]
        started: Option<Timestamp>,
    },
    /// A stage ended.
    #[serde(rename = "g")]
    StageEnded {
        /// The stage.
        #[serde(rename = "n")]
        stage: StageName,
        /// How it ended.
        #[serde(rename = "o")]
        result: StageResult,
        /// When it began, or was last retried.
        #[serde(rename = "b", with = "millisecond::optional", default, skip_serializing_if = "Option::is_none")]
        began: Option<Timestamp>,
    },
    /// An approval was answered.
    #[serde(rename = "a")]
    ApprovalAnswered {
        /// Names the question: see [`Fact::key`].
        #[serde(rename = "k")]
        key: u32,
        /// When the approval began to wait.
        #[serde(rename = "b", with = "millisecond::required")]
        waited_since: Timestamp,
    },
    /// The newest commit among the execution's sources is known.
    #[serde(rename = "c")]
    Commit {
        /// The commit's own time.
        #[serde(rename = "b", with = "millisecond::required")]
        at: Timestamp,
        /// Names the revision: see [`Fact::key`].
        #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
        revision: Option<u32>,
    },
    /// CodePipeline was asked whether the execution was started to roll back.
    #[serde(rename = "i")]
    Kind {
        /// What it answered; an execution whose kind nobody knows is taken for a release.
        #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
        is_rollback: Option<bool>,
    },
    /// CodePipeline was asked for everything it knows of the execution until now.
    #[serde(rename = "l")]
    LookedAt,
    /// CodePipeline was asked, and did not tell everything yet.
    #[serde(rename = "h")]
    LookedAtInPart,
    /// A gate was decided.
    #[serde(rename = "d")]
    GateDecided {
        /// Names the decision.
        #[serde(rename = "k")]
        key: u32,
        /// The release was stopped.
        #[serde(rename = "f", default, skip_serializing_if = "std::ops::Not::not")]
        failed: bool,
        /// How long the release waited, in seconds.
        #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
        waited: Option<f64>,
    },
    /// A scan was completed.
    #[serde(rename = "f")]
    ScanCompleted {
        /// Names the scan.
        #[serde(rename = "k")]
        key: u32,
        /// What it found.
        #[serde(rename = "c")]
        findings: FindingCounts,
    },
    /// The execution was rolled back.
    #[serde(rename = "r")]
    RolledBack {
        /// Names the rollback.
        #[serde(rename = "k")]
        key: u32,
    },
}

/// How an execution ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Every stage succeeded.
    #[serde(rename = "s")]
    Succeeded,
    /// A stage failed.
    #[serde(rename = "f")]
    Failed,
    /// It was stopped, canceled or superseded, which says nothing about the release.
    #[serde(rename = "d")]
    Dropped,
}

/// How a stage ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StageResult {
    /// Every action succeeded.
    #[serde(rename = "s")]
    Succeeded,
    /// An action failed.
    #[serde(rename = "f")]
    Failed,
}

/// What CodePipeline answers when asked about an execution.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Learnt {
    /// Whether it was started to roll back.
    pub is_rollback: Option<bool>,
    /// The newest commit time among its sources.
    pub committed: Option<Timestamp>,
    /// The revision that was committed then.
    pub revision: Option<String>,
}

impl Fact {
    /// The facts of an answer to [`crate::Needs::executions`] that was given at this moment. It is the last word: for
    /// what nobody can be asked about again, such as a pipeline elsewhere.
    pub fn learnt(execution: &ExecutionId, at: Timestamp, learnt: &Learnt) -> Vec<Self> {
        reading::learnt(execution, at, learnt, What::LookedAt)
    }

    /// The same with the runs of its actions that came with it (see [`crate::facts_of_actions`] for what they tell):
    /// as long as they are not [complete](crate::is_complete), [`crate::Window::needs`] names the execution again, until
    /// an hour after the last thing that happened to it.
    pub fn learnt_from(execution: &ExecutionId, at: Timestamp, learnt: &Learnt, runs: &[ActionRun]) -> Vec<Self> {
        let look = if is_complete(runs) { What::LookedAt } else { What::LookedAtInPart };
        reading::learnt(execution, at, learnt, look)
    }

    /// CodePipeline was asked about the execution.
    pub(crate) fn is_a_look(&self) -> bool {
        matches!(self.what, What::LookedAt | What::LookedAtInPart)
    }

    /// Whether what is done with it depends on the settings.
    pub fn asks_for_settings(&self) -> bool {
        match &self.what {
            What::Ended { outcome, .. } => *outcome != Outcome::Dropped,
            What::RolledBack { .. } | What::StageEnded { .. } => true,
            _ => false,
        }
    }

    /// Cannot wait in the inbox: a sample or a question follows from it.
    pub fn is_urgent(&self, rules: &Rules) -> bool {
        match &self.what {
            What::Ended { outcome, .. } => *outcome != Outcome::Dropped,
            What::RolledBack { .. } => true,
            What::StageEnded { stage, .. } => match &rules.deploy_stages {
                DeployStages::Last => false,
                DeployStages::Named(globs) => globs.iter().any(|glob| glob.matches(stage.as_str())),
            },
            _ => false,
        }
    }

    /// Whether what follows from it depends on the stages of the structure.
    pub(crate) fn asks_for_structure(&self, rules: &Rules) -> bool {
        self.is_urgent(rules) && !matches!(self.what, What::RolledBack { .. })
    }

    /// The execution succeeded or failed.
    pub(crate) fn is_result(&self) -> bool {
        matches!(&self.what, What::Ended { outcome, .. } if *outcome != Outcome::Dropped)
    }

    /// Says what an execution is, and not that anything happened.
    pub(crate) fn is_learnt(&self) -> bool {
        matches!(self.what, What::Commit { .. } | What::Kind { .. } | What::LookedAt | What::LookedAtInPart)
    }

    /// The order in which facts are joined: what an execution is, then what happened as it happened, then that there is
    /// no more to learn. Within a second an execution begins, then its parts end, then it ends.
    pub(crate) fn order(&self) -> impl Ord {
        let part = match &self.what {
            What::Commit { .. } | What::Kind { .. } => 0,
            What::LookedAt | What::LookedAtInPart => 2,
            _ => 1,
        };
        let rank = match &self.what {
            What::Started { .. } => 0,
            What::Ended { .. } => 2,
            What::RolledBack { .. } => 3,
            _ => 1,
        };
        (part, self.at, rank, &self.execution)
    }
}

//! What was seen at a target: one file per kind of target, and the list of them.

mod alias;
mod code_deploy;
mod ecs_service;
mod stack;
mod stage;

use std::mem::discriminant;

use crate::step::is_our_reason;
use crate::windows::Outlook;
use crate::{Fate, Past, Pledge, Refusal, Release, Standing, Target, Way};

pub use alias::AliasSeen;
pub use code_deploy::CodeDeploySeen;
pub use ecs_service::EcsSeen;
pub use stack::StackSeen;
pub use stage::{ExecutionSeen, RunStatus, SourceRevision, StageRun, StageSeen};

/// What was seen at a target.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    /// A stage of a pipeline.
    Stage(StageSeen),
    /// A deployment group.
    CodeDeploy(CodeDeploySeen),
    /// An ECS service.
    EcsService(EcsSeen),
    /// A stack.
    Stack(StackSeen),
    /// An alias of a function.
    Alias(AliasSeen),
    /// There is no such target in this account and region; the text is the service's answer.
    Unknown(String),
}

/// What each kind of target can tell of itself.
pub(crate) trait Look {
    /// What stands there.
    fn standing(&self) -> Standing;

    /// The ways back, the best one first, or why there is none.
    fn ways(&self, outlook: &Outlook<'_>) -> Result<Vec<Way>, Refusal>;

    /// What became of a rollback of ours that its service accepted.
    fn fate(&self, past: &Past) -> Fate;

    /// What came of a promise of ours that nobody told of, if it did: what stands is what was promised, and is no older
    /// than the promise. Of a stage, which has a list of its rollbacks, `untold` tells.
    fn came_of(&self, pledge: &Pledge) -> Option<Release>;

    /// What a person can run where there is no way.
    fn by_hand(&self, target: &Target) -> String {
        target.look_by_hand()
    }
}

impl Seen {
    /// Whether the same release stands, in the same way, as when `other` was seen.
    pub fn stands_as(&self, other: &Self) -> bool {
        let standing = |seen: &Self| {
            seen.look().map(|look| {
                let standing = look.standing();
                (discriminant(&standing), standing.release().map(|release| release.id.clone()))
            })
        };
        standing(self) == standing(other)
    }

    /// Why nothing enters the stage; `None` if something may, and for what is no stage.
    pub fn closed_because(&self) -> Option<&str> {
        match self {
            Self::Stage(stage) => stage.closed.as_deref(),
            _ => None,
        }
    }

    /// The inbound transition is closed, and it was us who closed it.
    pub fn is_closed_by_us(&self) -> bool {
        self.closed_because().is_some_and(is_our_reason)
    }

    /// What is to be said of a transition that need not be closed any more.
    pub(crate) fn remark_on_closing(&self, target: &Target) -> Option<String> {
        let transition = format!("The inbound transition of {} was closed before", target.in_words());
        self.closed_because().map(|reason| match reason {
            _ if self.is_closed_by_us() => format!("{transition}."),
            "" => format!("{transition} and stays closed."),
            reason => format!("{transition} and stays closed: {reason}"),
        })
    }

    pub(crate) fn look(&self) -> Option<&dyn Look> {
        Some(match self {
            Self::Stage(seen) => seen,
            Self::CodeDeploy(seen) => seen,
            Self::EcsService(seen) => seen,
            Self::Stack(seen) => seen,
            Self::Alias(seen) => seen,
            Self::Unknown(_) => return None,
        })
    }
}

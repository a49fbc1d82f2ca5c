//! What was seen at a target: one file per kind of target, and the list of them.

mod alias;
mod code_deploy;
mod ecs_service;
mod stack;
mod stage;

use std::mem::discriminant;

use crate::windows::Outlook;
use crate::{Refusal, Standing, Target, Way};

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

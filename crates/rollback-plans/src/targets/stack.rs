//! A CloudFormation stack: `DescribeStacks`.

use jiff::Timestamp;

use super::Look;
use crate::windows::Outlook;
use crate::{Fate, Past, Pledge, Refusal, Release, Standing, Step, Target, Way, command};

/// What was seen of a stack.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StackSeen {
    /// `StackStatus`.
    pub status: String,
    /// `LastUpdatedTime`, or `CreationTime` of a stack that was never updated: when the last operation began.
    pub changed: Option<Timestamp>,
}

impl StackSeen {
    /// A stack's last operation has no name of its own but the time of its beginning.
    fn id(&self) -> String {
        self.changed.map_or_else(|| String::from("unknown"), |changed| changed.to_string())
    }
}

impl Look for StackSeen {
    fn standing(&self) -> Standing {
        let id = self.id();
        let release = Release { id, began: self.changed, ended: None, ..Release::default() };
        match self.status.as_str() {
            "UPDATE_IN_PROGRESS" => Standing::Stoppable(release),
            // Nobody knows when it ended; what it left behind is there from its beginning on, and watched from then.
            "UPDATE_FAILED"
            | "CREATE_FAILED"
            | "UPDATE_COMPLETE"
            | "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
            | "CREATE_COMPLETE" => Standing::Deployed(Release { ended: release.began, ..release }),
            "CREATE_IN_PROGRESS" => Standing::Running(release),
            rolled if rolled.contains("ROLLBACK") && rolled != "UPDATE_ROLLBACK_FAILED" => {
                Standing::RolledBack(release)
            }
            other => Standing::Broken(release, other.to_owned()),
        }
    }

    /// Whether a rollback counts as an operation of its own, with a time of its own, is not documented, so its status alone
    /// tells it.
    fn fate(&self, past: &Past) -> Fate {
        match self.status.as_str() {
            failed if failed.ends_with("ROLLBACK_FAILED") => Fate::Failed(failed.to_owned()),
            over if over.contains("ROLLBACK_COMPLETE") => Fate::Over,
            runs if runs.ends_with("ROLLBACK_IN_PROGRESS") => Fate::Runs,
            _ if self.id() != past.pledge.release => Fate::Over,
            "UPDATE_IN_PROGRESS" => Fate::Runs,
            other => Fate::Failed(other.to_owned()),
        }
    }

    /// For the same reason, what goes back is the operation that was promised, or one that began with the promise.
    fn came_of(&self, pledge: &Pledge) -> Option<Release> {
        let began_with_it = |it: &Release| it.began.is_some_and(|began| pledge.can_have_begun(began));
        match self.standing() {
            Standing::RolledBack(it) if it.id == pledge.release || began_with_it(&it) => Some(it),
            _ => None,
        }
    }

    fn ways(&self, outlook: &Outlook<'_>) -> Result<Vec<Way>, Refusal> {
        let Target::Stack { name } = outlook.target else { return Err(Refusal::NoWayBack) };
        let step = match self.status.as_str() {
            "UPDATE_IN_PROGRESS" => Step::CancelUpdate { stack: name.clone(), token: outlook.token() },
            "UPDATE_FAILED" => Step::RollBackStack { stack: name.clone(), token: outlook.token() },
            // Without a stable state to go back to, RollbackStack deletes the stack.
            "CREATE_FAILED" => return Err(Refusal::WouldDeleteStack),
            _ => return Err(Refusal::NothingToStop),
        };
        Ok(vec![Way { step, to: None, target_execution: None }])
    }

    fn by_hand(&self, target: &Target) -> String {
        match target {
            Target::Stack { name } if self.status == "UPDATE_ROLLBACK_FAILED" => {
                command("cloudformation continue-update-rollback", &[("stack-name", name)])
            }
            other => other.look_by_hand(),
        }
    }
}

//! A CodeDeploy deployment group: the newest of `ListDeployments`, by `BatchGetDeployments`.

use jiff::Timestamp;

use super::Look;
use crate::windows::Outlook;
use crate::{Fate, Past, Pledge, Refusal, Release, Standing, Step, Target, Way};

/// The newest deployment of a group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CodeDeploySeen {
    /// `deploymentId`; absent when nothing was ever deployed.
    pub deployment: Option<String>,
    /// `status`, in CodeDeploy's word.
    pub status: String,
    /// `createTime`.
    pub created: Option<Timestamp>,
    /// `completeTime`.
    pub completed: Option<Timestamp>,
    /// `creator` is `codeDeployRollback`, or `rollbackInfo` names a deployment that is rolled back or rolls back.
    pub is_rollback: bool,
    /// `rollbackTriggeringDeploymentId`: what it is the rollback of.
    pub rolls_back: Option<String>,
    /// `previousRevision` is there: what stood before.
    pub has_previous: bool,
}

impl Look for CodeDeploySeen {
    fn standing(&self) -> Standing {
        let Some(id) = self.deployment.clone() else { return Standing::Never };
        let release = Release { id, began: self.created, ended: self.completed, ..Release::default() };
        match self.status.as_str() {
            _ if self.is_rollback => Standing::RolledBack(release),
            "Created" | "Queued" | "InProgress" | "Baking" | "Ready" => Standing::Stoppable(release),
            "Succeeded" => Standing::Deployed(release),
            other => Standing::Broken(release, other.to_owned()),
        }
    }

    /// What was stopped is followed by a deployment whose name nobody was told.
    fn fate(&self, past: &Past) -> Fate {
        let stands = |id: &str| self.deployment.as_deref() == Some(id);
        let is_ours = past.started.as_deref().map_or(self.is_rollback, stands);
        if !is_ours && (past.started.is_some() || !stands(&past.pledge.release)) {
            return Fate::Over;
        }
        match self.status.as_str() {
            "Created" | "Queued" | "InProgress" | "Baking" | "Ready" => Fate::Runs,
            "Succeeded" if is_ours => Fate::Over,
            other => Fate::Failed(other.to_owned()),
        }
    }

    /// The rollback of what was to be stopped names it. A revision that is deployed once more looks like any other
    /// deployment, and began with the promise.
    fn came_of(&self, pledge: &Pledge) -> Option<Release> {
        let release = self.standing().release().cloned()?;
        let began_with_it = release.began.is_some_and(|began| pledge.can_have_begun(began));
        let is_it = match &self.rolls_back {
            Some(deployment) => *deployment == pledge.release,
            None if release.id == pledge.release => self.is_rollback,
            None => began_with_it,
        };
        is_it.then_some(release)
    }

    fn ways(&self, outlook: &Outlook<'_>) -> Result<Vec<Way>, Refusal> {
        let Target::CodeDeploy { application, group } = outlook.target else { return Err(Refusal::NoWayBack) };
        let deployment = outlook.release.id.clone();
        let step = match self.standing() {
            Standing::Stoppable(_) => Step::StopDeployment { deployment },
            _ if self.has_previous => {
                Step::DeployPrevious { application: application.clone(), group: group.clone(), instead_of: deployment }
            }
            _ => return Err(Refusal::NoWayBack),
        };
        Ok(vec![Way { step, to: None, target_execution: None }])
    }
}

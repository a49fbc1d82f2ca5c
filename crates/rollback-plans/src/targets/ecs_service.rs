//! An ECS service with ECS's own deployments: the newest of `ListServiceDeployments`.

use jiff::{SignedDuration, Timestamp};

use super::Look;
use crate::windows::Outlook;
use crate::{Fate, Past, Pledge, Refusal, Release, Standing, Step, Way};

/// The newest deployment of a service.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EcsSeen {
    /// `serviceDeploymentArn`; absent when nothing was ever deployed.
    pub deployment: Option<String>,
    /// `status`, in ECS's word.
    pub status: String,
    /// `createdAt`.
    pub created: Option<Timestamp>,
    /// `finishedAt`.
    pub finished: Option<Timestamp>,
}

impl Look for EcsSeen {
    fn standing(&self) -> Standing {
        let Some(id) = self.deployment.clone() else { return Standing::Never };
        let release = Release { id, began: self.created, ended: self.finished, ..Release::default() };
        match self.status.as_str() {
            "PENDING" | "IN_PROGRESS" => Standing::Stoppable(release),
            "SUCCESSFUL" => Standing::Deployed(release),
            "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS" | "ROLLBACK_SUCCESSFUL" | "ROLLBACK_FAILED" => {
                Standing::RolledBack(release)
            }
            other => Standing::Broken(release, other.to_owned()),
        }
    }

    /// The same deployment goes back, under the same ARN.
    fn fate(&self, past: &Past) -> Fate {
        match self.status.as_str() {
            _ if self.deployment.as_deref() != Some(past.pledge.release.as_str()) => Fate::Over,
            "PENDING" | "IN_PROGRESS" | "STOP_REQUESTED" | "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS" => Fate::Runs,
            "ROLLBACK_SUCCESSFUL" => Fate::Over,
            other => Fate::Failed(other.to_owned()),
        }
    }

    /// It could be stopped when it was promised, so that its rollback is younger than that.
    fn came_of(&self, pledge: &Pledge) -> Option<Release> {
        let ended_later = |it: &Release| it.ended.is_none_or(|end| pledge.is_followed_by(end, SignedDuration::MAX));
        match self.standing() {
            Standing::RolledBack(it) if it.id == pledge.release && ended_later(&it) => Some(it),
            _ => None,
        }
    }

    /// ECS can roll back only what is still under way.
    fn ways(&self, outlook: &Outlook<'_>) -> Result<Vec<Way>, Refusal> {
        match self.standing() {
            Standing::Stoppable(_) => {
                let step = Step::StopServiceDeployment { arn: outlook.release.id.clone() };
                Ok(vec![Way { step, to: None, target_execution: None }])
            }
            _ => Err(Refusal::NothingToStop),
        }
    }
}

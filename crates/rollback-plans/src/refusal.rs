//! Why there is no rollback: a closed list of codes, each with a sentence.

use jiff::Timestamp;

use crate::Limits;

/// Why there is no rollback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The alarm is not red any more.
    AlarmNotRed,
    /// The alarm's actions are held back by another alarm or a mute rule.
    AlarmSuppressed(String),
    /// The alarm went red so long ago that people are at it.
    AlarmStale,
    /// The alarm was red before the deployment.
    AlarmRedBeforeDeployment,
    /// The alarm went red while the deployment was under way.
    AlarmRedDuringDeployment,
    /// Nobody can tell whether the alarm was red before the deployment.
    AlarmPastUnknown,
    /// Nothing was ever deployed there.
    NeverDeployed,
    /// Nobody can tell when the deployment was.
    DeploymentTimeUnknown,
    /// The deployment succeeded longer ago than it is watched.
    DeployedTooLongAgo,
    /// The last deployment did not succeed.
    DeploymentNotSucceeded(String),
    /// A deployment is under way and does not end.
    DeploymentStillRunning,
    /// What stands there is itself a rollback.
    CurrentIsRollback,
    /// The alarm is still red long after the rollback.
    StillRed,
    /// This release was rolled back, or tried to be, before.
    AlreadyHandled,
    /// A rollback of the same target was done moments ago.
    Cooldown(Timestamp),
    /// As many rollbacks as a day may have were done.
    DailyCap,
    /// The pipeline runs in PARALLEL mode, which knows no rollback.
    ParallelMode,
    /// A tag of the alarm cannot be meant; the text says how.
    TagUnreadable(String),
    /// There is no such target.
    TargetUnknown(String),
    /// No earlier release can stand again.
    NoWayBack,
    /// The deployment is over, and its service can only stop one that is under way.
    NothingToStop,
    /// CloudFormation would delete the stack.
    WouldDeleteStack,
}

impl Refusal {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::AlarmNotRed => "alarm-not-red",
            Self::AlarmSuppressed(_) => "alarm-suppressed",
            Self::AlarmStale => "alarm-stale",
            Self::AlarmRedBeforeDeployment => "alarm-red-before-deployment",
            Self::AlarmRedDuringDeployment => "alarm-red-during-deployment",
            Self::AlarmPastUnknown => "alarm-past-unknown",
            Self::NeverDeployed => "never-deployed",
            Self::DeploymentTimeUnknown => "deployment-time-unknown",
            Self::DeployedTooLongAgo => "deployed-too-long-ago",
            Self::DeploymentNotSucceeded(_) => "deployment-not-succeeded",
            Self::DeploymentStillRunning => "deployment-still-running",
            Self::CurrentIsRollback => "current-is-rollback",
            Self::StillRed => "still-red",
            Self::AlreadyHandled => "already-handled",
            Self::Cooldown(_) => "cooldown",
            Self::DailyCap => "daily-cap",
            Self::ParallelMode => "parallel-mode",
            Self::TagUnreadable(_) => "tag-unreadable",
            Self::TargetUnknown(_) => "target-unknown",
            Self::NoWayBack => "no-way-back",
            Self::NothingToStop => "nothing-to-stop",
            Self::WouldDeleteStack => "would-delete-stack",
        }
    }

    /// What there is to say, as a whole sentence.
    pub fn sentence(&self, limits: &Limits) -> String {
        let minutes = |duration: jiff::SignedDuration| match duration.as_mins() {
            1 => String::from("1 minute"),
            minutes => format!("{minutes} minutes"),
        };
        match self {
            Self::AlarmNotRed => String::from("The alarm is not red any more."),
            Self::AlarmSuppressed(by) => format!("The alarm's actions are suppressed by {by}."),
            Self::AlarmStale => {
                format!(
                    "The alarm went red more than {} ago: people may be at it.",
                    minutes(limits.watch.max(limits.patience))
                )
            }
            Self::AlarmRedBeforeDeployment => String::from("The alarm was red before the deployment."),
            Self::AlarmRedDuringDeployment => {
                String::from("The alarm went red while the deployment was under way, so its cause is not certain.")
            }
            Self::AlarmPastUnknown => {
                String::from("CloudWatch does not say whether the alarm was red before the deployment.")
            }
            Self::NeverDeployed => String::from("Nothing was deployed there."),
            Self::DeploymentTimeUnknown => String::from("It is not known when the deployment was."),
            Self::DeployedTooLongAgo => {
                format!("The last deployment was more than {} before the alarm.", minutes(limits.watch))
            }
            Self::DeploymentNotSucceeded(word) => format!("The last deployment did not succeed ({word})."),
            Self::DeploymentStillRunning => {
                format!("A deployment is still under way, {} after the alarm.", minutes(limits.patience))
            }
            Self::CurrentIsRollback => {
                String::from("What stands there is itself a rollback, and a rollback is never rolled back.")
            }
            Self::StillRed => String::from(
                "The alarm is still red, a quarter of an hour after the rollback began. A rollback is never rolled back, so \
                 a person must look.",
            ),
            Self::AlreadyHandled => String::from("A rollback of this release was made or tried before."),
            Self::Cooldown(until) => {
                let until = until.strftime("%H:%M UTC");
                format!("The last rollback was less than {} ago; the next may be at {until}.", minutes(limits.cooldown))
            }
            Self::DailyCap => match limits.per_day {
                1 => String::from("There was a rollback within 24 hours, and 1 is allowed."),
                allowed => format!("There were {allowed} rollbacks within 24 hours, and no more are allowed."),
            },
            Self::ParallelMode => {
                String::from("The pipeline runs in PARALLEL mode, where no stage can be rolled back.")
            }
            Self::TagUnreadable(problem) => format!("The alarm does not say what to roll back: {problem}."),
            Self::TargetUnknown(answer) => format!("There is no such target in this account and region: {answer}"),
            Self::NoWayBack => String::from("No earlier release can stand again."),
            Self::NothingToStop => {
                String::from("The deployment is over, and its service can roll back only what is under way.")
            }
            Self::WouldDeleteStack => String::from("The stack was never stable, and rolling it back would delete it."),
        }
    }

    /// The alarm calls and the release may be to blame, but no rollback of ours will come: a person must judge.
    pub fn leaves_it_to_people(&self) -> bool {
        !matches!(
            self,
            Self::AlarmNotRed
                | Self::AlarmSuppressed(_)
                | Self::AlarmRedBeforeDeployment
                | Self::NeverDeployed
                | Self::DeployedTooLongAgo
                | Self::TargetUnknown(_)
        )
    }

    /// One of each.
    #[cfg(test)]
    pub(crate) fn each() -> Vec<Self> {
        vec![
            Self::AlarmNotRed,
            Self::AlarmSuppressed(String::from("a mute rule")),
            Self::AlarmStale,
            Self::AlarmRedBeforeDeployment,
            Self::AlarmRedDuringDeployment,
            Self::AlarmPastUnknown,
            Self::NeverDeployed,
            Self::DeploymentTimeUnknown,
            Self::DeployedTooLongAgo,
            Self::DeploymentNotSucceeded(String::from("Failed")),
            Self::DeploymentStillRunning,
            Self::CurrentIsRollback,
            Self::StillRed,
            Self::AlreadyHandled,
            Self::Cooldown("2026-03-02T18:00:00Z".parse().expect("a time")),
            Self::DailyCap,
            Self::ParallelMode,
            Self::TagUnreadable(String::from("tag `pipewarden:mode` is `on`; it can be `act` or `observe`")),
            Self::TargetUnknown(String::from("PipelineNotFoundException")),
            Self::NoWayBack,
            Self::NothingToStop,
            Self::WouldDeleteStack,
        ]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Write;

    use super::*;

    #[test]
    fn codes_are_unique_and_stable() {
        let codes: Vec<_> = Refusal::each().iter().map(Refusal::code).collect();
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
        assert!(codes.iter().all(|code| code.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-')));
    }

    #[test]
    fn each_refusal_says_why() {
        let told = Refusal::each().iter().fold(String::new(), |mut told, refusal| {
            writeln!(told, "{}: {}", refusal.code(), refusal.sentence(&Limits::default())).expect("a text");
            told
        });
        insta::assert_snapshot!(told);
    }
}

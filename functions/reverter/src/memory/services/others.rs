//! Targets that are no stages: what stands there, and how their services answer the steps.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rollback_plans::targets::{AliasSeen, CodeDeploySeen, EcsSeen, StackSeen};
use rollback_plans::{Carried, Seen, Step, Target};

/// Everything but stages.
#[derive(Debug, Default)]
pub(super) struct Others {
    targets: BTreeMap<Target, Seen>,
    tokens: BTreeSet<String>,
    created: usize,
}

impl Others {
    pub(super) fn put(&mut self, target: Target, seen: Seen) {
        self.targets.insert(target, seen);
    }

    pub(super) fn get(&self, target: &Target) -> Option<Seen> {
        self.targets.get(target).cloned()
    }

    /// Carries a step out that is none of CodePipeline's.
    pub(super) fn obey(&mut self, step: &Step, now: Timestamp) -> Carried {
        match step {
            Step::StopDeployment { deployment } => self.stop_deployment(deployment, now),
            Step::DeployPrevious { instead_of, .. } => self.deploy_previous(instead_of, now),
            Step::StopServiceDeployment { arn } => self.stop_service_deployment(arn),
            Step::CancelUpdate { stack, token } => self.change_stack(stack, token, "UPDATE_IN_PROGRESS"),
            Step::RollBackStack { stack, token } => self.roll_back_stack(stack, token),
            Step::PointAlias { function, alias, version, revision_id } => {
                self.point_alias(function, alias, version, revision_id.as_deref())
            }
            _ => Carried::Impossible(String::from("UnknownOperationException: this is CodePipeline's")),
        }
    }

    fn deployment(&mut self, id: &str) -> Option<&mut CodeDeploySeen> {
        self.targets.values_mut().find_map(|seen| match seen {
            Seen::CodeDeploy(seen) if seen.deployment.as_deref() == Some(id) => Some(seen),
            _ => None,
        })
    }

    fn next_deployment(&mut self) -> String {
        self.created += 1;
        format!("d-{:09}", self.created)
    }

    fn stop_deployment(&mut self, id: &str, now: Timestamp) -> Carried {
        let rollback = self.next_deployment();
        let Some(seen) = self.deployment(id) else { return impossible("DeploymentDoesNotExistException") };
        if !["Created", "Queued", "InProgress", "Baking", "Ready"].contains(&seen.status.as_str()) {
            return impossible("DeploymentAlreadyCompletedException");
        }
        *seen = begun(rollback, now, Some(id.to_owned()));
        Carried::Done(None)
    }

    fn deploy_previous(&mut self, instead_of: &str, now: Timestamp) -> Carried {
        let id = self.next_deployment();
        let Some(seen) = self.deployment(instead_of) else { return impossible("DeploymentDoesNotExistException") };
        if !seen.has_previous {
            return Carried::Impossible(String::from("CodeDeploy knows no revision before this deployment"));
        }
        *seen = begun(id.clone(), now, None);
        Carried::Done(Some(id))
    }

    fn stop_service_deployment(&mut self, arn: &str) -> Carried {
        let found = self.targets.values_mut().find_map(|seen| match seen {
            Seen::EcsService(seen) if seen.deployment.as_deref() == Some(arn) => Some(seen),
            _ => None,
        });
        match found {
            Some(EcsSeen { status, .. }) if ["PENDING", "IN_PROGRESS"].contains(&status.as_str()) => {
                *status = String::from("ROLLBACK_IN_PROGRESS");
                Carried::Done(None)
            }
            Some(_) => impossible("InvalidParameterException"),
            None => impossible("ServiceDeploymentNotFoundException"),
        }
    }

    fn change_stack(&mut self, stack: &str, token: &str, only_in: &str) -> Carried {
        let target = Target::Stack { name: stack.to_owned() };
        match self.targets.get_mut(&target) {
            Some(Seen::Stack(_)) if self.tokens.contains(token) => Carried::Done(None),
            Some(Seen::Stack(StackSeen { status, .. })) if status == only_in => {
                *status = String::from("UPDATE_ROLLBACK_IN_PROGRESS");
                self.tokens.insert(token.to_owned());
                Carried::Done(None)
            }
            _ => impossible("ValidationError"),
        }
    }

    /// A stack that was never stable is deleted by this, as CloudFormation does it.
    fn roll_back_stack(&mut self, stack: &str, token: &str) -> Carried {
        let target = Target::Stack { name: stack.to_owned() };
        if matches!(self.targets.get(&target), Some(Seen::Stack(seen)) if seen.status == "CREATE_FAILED") {
            self.targets.remove(&target);
            return Carried::Done(None);
        }
        self.change_stack(stack, token, "UPDATE_FAILED")
    }

    fn point_alias(&mut self, function: &str, alias: &str, version: &str, revision_id: Option<&str>) -> Carried {
        let target = Target::Alias { function: function.to_owned(), alias: alias.to_owned() };
        self.created += 1;
        let next = format!("revision-{}", self.created);
        let Some(Seen::Alias(seen)) = self.targets.get_mut(&target) else {
            return impossible("ResourceNotFoundException");
        };
        if revision_id.is_some() && revision_id != seen.revision_id.as_deref() {
            return impossible("PreconditionFailedException");
        }
        let versions = std::mem::take(&mut seen.versions);
        *seen = AliasSeen { version: version.to_owned(), canary: None, revision_id: Some(next), versions };
        Carried::Done(Some(version.to_owned()))
    }
}

fn begun(id: String, now: Timestamp, rolls_back: Option<String>) -> CodeDeploySeen {
    CodeDeploySeen {
        deployment: Some(id),
        status: String::from("InProgress"),
        created: Some(now),
        completed: None,
        is_rollback: rolls_back.is_some(),
        rolls_back,
        has_previous: true,
    }
}

fn impossible(code: &str) -> Carried {
    Carried::Impossible(format!("{code}: the double refuses as the service would"))
}

//! What became of a rollback: its service has accepted it, which is not to say that it succeeds.

use crate::{Past, Seen, Target, command};

/// What became of a rollback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is under way.
    Runs,
    /// It stands, or something newer does, or nobody can tell any more.
    Over,
    /// It did not succeed; the text is the service's word for it.
    Failed(String),
}

/// What became of a rollback of ours, by what stands at its target now.
pub fn fate(past: &Past, seen: &Seen) -> Fate {
    seen.look().map_or(Fate::Over, |look| look.fate(past))
}

/// How a person looks into a rollback that did not succeed: a line for the AWS CLI.
pub fn look_into(past: &Past, target: &Target, seen: &Seen) -> String {
    match (target.stage(), &past.started) {
        (Some((pipeline, _)), Some(execution)) => {
            let filter = format!("pipelineExecutionId={execution}");
            command("codepipeline list-action-executions", &[("pipeline-name", pipeline.as_str()), ("filter", &filter)])
        }
        _ => seen.look().map_or_else(|| target.look_by_hand(), |look| look.by_hand(target)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::targets::{AliasSeen, CodeDeploySeen, EcsSeen, RunStatus, StackSeen};
    use crate::testing::{at, past, stage};

    fn failed(word: &str) -> Fate {
        Fate::Failed(word.to_owned())
    }

    #[test]
    fn of_a_stage_the_execution_that_was_started_tells() {
        let of = |line: &str, status: RunStatus| {
            let mut seen = stage(line);
            seen.current.as_mut().unwrap().status = status;
            fate(&past("bad", "back", 45), &seen.into())
        };
        let with_back = "good@10 bad@40 back@46>good";
        assert_eq!(of(with_back, RunStatus::Running), Fate::Runs);
        assert_eq!(of(with_back, RunStatus::Succeeded), Fate::Over);
        assert_eq!(of(with_back, RunStatus::Ended(String::from("Failed"))), failed("Failed"));
        let covered = "good@10 bad@40 back@46>good fix@60";
        assert_eq!(of(covered, RunStatus::Ended(String::from("Failed"))), Fate::Over, "it is the fix that failed");
        assert_eq!(fate(&past("bad", "back", 45), &Seen::Unknown(String::new())), Fate::Over);
    }

    #[test]
    fn of_what_was_started_anew_the_list_of_all_executions_tells_until_it_comes_to_the_stage() {
        let of = |status: Option<RunStatus>| {
            let mut seen = stage("good@10 bad@40");
            seen.all = status.map(|status| {
                let mut all = stage("good@10 bad@40 back@46").succeeded;
                all[0].status = status;
                all
            });
            fate(&past("bad", "back", 45), &seen.into())
        };
        assert_eq!(of(None), Fate::Runs);
        assert_eq!(of(Some(RunStatus::Running)), Fate::Runs);
        for word in ["Failed", "Stopped", "Cancelled"] {
            assert_eq!(of(Some(RunStatus::Ended(word.to_owned()))), failed(word));
        }
        assert_eq!(of(Some(RunStatus::Ended(String::from("Superseded")))), Fate::Over, "something newer comes");
    }

    #[test]
    fn of_a_deployment_group_the_deployment_that_came_of_it_tells() {
        let of = |started: Option<&str>, id: &str, status: &str, is_rollback| {
            let (deployment, status) = (Some(id.to_owned()), status.to_owned());
            let seen = CodeDeploySeen { deployment, status, is_rollback, ..CodeDeploySeen::default() };
            let past = Past { started: started.map(str::to_owned), ..past("d-2", "", 45) };
            fate(&past, &Seen::CodeDeploy(seen))
        };
        for (status, expected) in [("InProgress", Fate::Runs), ("Succeeded", Fate::Over), ("Failed", failed("Failed"))]
        {
            assert_eq!(of(None, "d-3", status, true), expected, "a stopped one is followed by a rollback");
            assert_eq!(of(Some("d-3"), "d-3", status, false), expected);
        }
        assert_eq!(of(None, "d-2", "InProgress", false), Fate::Runs, "it is being stopped");
        assert_eq!(of(None, "d-2", "Stopped", false), failed("Stopped"), "nothing was deployed in its place");
        assert_eq!(of(None, "d-2", "Succeeded", false), failed("Succeeded"), "it was not stopped in time");
        assert_eq!(of(None, "d-4", "Failed", false), Fate::Over, "somebody deployed since");
        assert_eq!(of(Some("d-3"), "d-4", "Failed", false), Fate::Over);
    }

    #[test]
    fn of_a_service_the_same_deployment_tells() {
        let of = |arn: &str, status: &str| {
            let (deployment, status) = (Some(arn.to_owned()), status.to_owned());
            fate(&past("d1", "", 45), &Seen::EcsService(EcsSeen { deployment, status, ..EcsSeen::default() }))
        };
        for status in ["STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"] {
            assert_eq!(of("d1", status), Fate::Runs);
        }
        assert_eq!(of("d1", "ROLLBACK_SUCCESSFUL"), Fate::Over);
        for status in ["ROLLBACK_FAILED", "SUCCESSFUL", "STOPPED"] {
            assert_eq!(of("d1", status), failed(status));
        }
        assert_eq!(of("d2", "ROLLBACK_FAILED"), Fate::Over);
    }

    #[test]
    fn of_a_stack_its_status_tells() {
        let of = |minute, status: &str| {
            let changed = Some(at(minute));
            let past = past(&at(40).to_string(), "", 45);
            fate(&past, &Seen::Stack(StackSeen { status: status.to_owned(), changed }))
        };
        for minute in [40, 46] {
            assert_eq!(of(minute, "UPDATE_ROLLBACK_IN_PROGRESS"), Fate::Runs);
            assert_eq!(of(minute, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"), Fate::Over);
            assert_eq!(of(minute, "UPDATE_ROLLBACK_COMPLETE"), Fate::Over);
            assert_eq!(of(minute, "UPDATE_ROLLBACK_FAILED"), failed("UPDATE_ROLLBACK_FAILED"));
        }
        assert_eq!(of(40, "UPDATE_IN_PROGRESS"), Fate::Runs, "it is about to be canceled");
        assert_eq!(of(40, "UPDATE_COMPLETE"), failed("UPDATE_COMPLETE"));
        assert_eq!(of(60, "UPDATE_COMPLETE"), Fate::Over, "somebody updated it since");
    }

    #[test]
    fn an_alias_has_gone_back_at_once() {
        assert_eq!(fate(&past("4", "2", 45), &Seen::Alias(AliasSeen::default())), Fate::Over);
    }

    #[test]
    fn a_person_is_told_how_to_look_into_it() {
        let stage_of = |target: &str, seen: Seen| look_into(&past("bad", "back", 45), &target.parse().unwrap(), &seen);
        assert_eq!(
            stage_of("orders/Production", stage("good@10 bad@40 back@46>good").into()),
            "aws codepipeline list-action-executions --pipeline-name orders --filter pipelineExecutionId=back"
        );
        let stuck = StackSeen { status: String::from("UPDATE_ROLLBACK_FAILED"), changed: None };
        assert_eq!(
            stage_of("cloudformation:orders", Seen::Stack(stuck)),
            "aws cloudformation continue-update-rollback --stack-name orders"
        );
    }
}

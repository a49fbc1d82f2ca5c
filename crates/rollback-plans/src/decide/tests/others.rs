//! Targets that are no stages.

use super::*;
use crate::targets::{AliasSeen, CodeDeploySeen, EcsSeen, StackSeen};

fn elsewhere(target: &str, seen: Seen) -> String {
    let mut desk = Desk::new(seen, 45).holding(Vec::new());
    desk.target = target.parse().unwrap();
    desk.outcome()
}

#[test]
fn a_deployment_of_codedeploy_is_stopped_while_it_runs_and_deployed_over_afterwards() {
    let seen = |status: &str| CodeDeploySeen {
        deployment: Some(String::from("d-2")),
        status: status.to_owned(),
        created: Some(at(30)),
        completed: (status == "Succeeded").then(|| at(40)),
        is_rollback: false,
        rolls_back: None,
        has_previous: true,
    };
    let outcome = |seen| elsewhere("codedeploy:orders/blue", Seen::CodeDeploy(seen));
    for running in ["Created", "Queued", "InProgress", "Baking", "Ready"] {
        assert_eq!(outcome(seen(running)), "stop deployment d-2 and roll it back");
    }
    assert_eq!(outcome(seen("Succeeded")), "deploy to group blue of orders what stood before deployment d-2");
    assert_eq!(outcome(seen("Failed")), "deployment-not-succeeded");
    assert_eq!(outcome(CodeDeploySeen { is_rollback: true, ..seen("InProgress") }), "current-is-rollback");
    assert_eq!(outcome(CodeDeploySeen { has_previous: false, ..seen("Succeeded") }), "no-way-back");
    assert_eq!(outcome(CodeDeploySeen { created: Some(at(46)), ..seen("InProgress") }), "alarm-red-before-deployment");
    assert_eq!(outcome(CodeDeploySeen::default()), "never-deployed");
}

#[test]
fn an_ecs_deployment_is_stopped_while_it_runs() {
    let outcome = |status: &str| {
        let finished = (status == "SUCCESSFUL").then(|| at(40));
        let deployment = Some(String::from("arn:aws:ecs:us-east-1:111122223333:service-deployment/shop/orders/d1"));
        let seen = EcsSeen { deployment, status: status.to_owned(), created: Some(at(30)), finished };
        elsewhere("ecs:shop/orders", Seen::EcsService(seen))
    };
    assert_eq!(outcome("PENDING"), "stop service deployment d1 and roll it back");
    assert_eq!(outcome("IN_PROGRESS"), "stop service deployment d1 and roll it back");
    assert_eq!(outcome("SUCCESSFUL"), "nothing-to-stop");
    assert_eq!(outcome("ROLLBACK_IN_PROGRESS"), "current-is-rollback");
    assert_eq!(outcome("STOPPED"), "deployment-not-succeeded");
}

#[test]
fn a_stack_is_rolled_back_only_in_the_states_that_allow_it() {
    let outcome = |status: &str| {
        elsewhere("cloudformation:orders", Seen::Stack(StackSeen { status: status.to_owned(), changed: Some(at(40)) }))
    };
    assert_eq!(outcome("UPDATE_IN_PROGRESS"), "cancel the update of stack orders");
    assert_eq!(outcome("UPDATE_FAILED"), "roll stack orders back to its last stable state");
    assert_eq!(outcome("CREATE_FAILED"), "would-delete-stack");
    assert_eq!(outcome("UPDATE_COMPLETE"), "nothing-to-stop");
    assert_eq!(outcome("UPDATE_ROLLBACK_IN_PROGRESS"), "current-is-rollback");
    assert_eq!(outcome("UPDATE_ROLLBACK_FAILED"), "deployment-not-succeeded");
    assert_eq!(outcome("DELETE_COMPLETE"), "deployment-not-succeeded");
}

#[test]
fn an_alias_points_back_to_the_version_before_and_a_canary_gets_no_traffic() {
    let versions = vec![(1, Some(at(1))), (2, Some(at(10))), (4, Some(at(40)))];
    let seen = |version: &str, canary: Option<&str>| AliasSeen {
        version: version.to_owned(),
        canary: canary.map(str::to_owned),
        revision_id: Some(String::from("r1")),
        versions: versions.clone(),
    };
    let outcome = |seen| elsewhere("lambda:orders:live", Seen::Alias(seen));
    assert_eq!(outcome(seen("4", None)), "point alias live of function orders to version 2");
    assert_eq!(outcome(seen("1", Some("4"))), "point alias live of function orders to version 1");
    assert_eq!(outcome(seen("2", None)), "current-is-rollback");
    assert_eq!(outcome(seen("$LATEST", None)), "deployment-not-succeeded");
}

#[test]
fn a_stack_that_failed_days_ago_is_not_rolled_back_for_an_alarm_of_today() {
    let seen = StackSeen { status: String::from("UPDATE_FAILED"), changed: Some(at(-3 * 24 * 60)) };
    assert_eq!(elsewhere("cloudformation:orders", Seen::Stack(seen)), "deployed-too-long-ago");
}

#[test]
fn an_alias_never_goes_back_to_a_version_that_was_thrown_out() {
    let seen = AliasSeen {
        version: String::from("4"),
        revision_id: Some(String::from("r1")),
        versions: vec![(1, Some(at(1))), (2, Some(at(10))), (4, Some(at(40)))],
        ..AliasSeen::default()
    };
    let mut desk = Desk::new(Seen::Alias(seen), 45).holding(vec![past("2", "1", -1500)]);
    desk.target = "lambda:orders:live".parse().unwrap();
    assert_eq!(desk.outcome(), "point alias live of function orders to version 1");
}

//! Targets that are no stages: the way back, what forbids it, an impossible one, a second alarm. Three or more targets.

use jiff::Timestamp;
use pipeline_model::{AlarmState, Decided};
use rollback_plans::targets::{AliasSeen, CodeDeploySeen, EcsSeen, StackSeen};
use rollback_plans::{CONSENT_TAG, Carried, Limits, Seen, Target};

use crate::rollback::guard::{Guard, PIPELINE, at};

const GROUP: &str = "codedeploy:orders/blue";
const SERVICE: &str = "ecs:shop/orders";
const STACK: &str = "cloudformation:orders";
const ALIAS: &str = "lambda:orders:live";

fn group(status: &str) -> Seen {
    let completed = (status == "Succeeded").then(|| at(40));
    let (deployment, status) = (Some(String::from("d-2")), status.to_owned());
    Seen::CodeDeploy(CodeDeploySeen {
        deployment,
        status,
        created: Some(at(35)),
        completed,
        is_rollback: false,
        rolls_back: None,
        has_previous: true,
    })
}

fn service(status: &str) -> Seen {
    let deployment = Some(String::from("arn:aws:ecs:us-east-1:111122223333:service-deployment/shop/orders/d2"));
    let finished = (status == "SUCCESSFUL").then(|| at(40));
    Seen::EcsService(EcsSeen { deployment, status: status.to_owned(), created: Some(at(35)), finished })
}

fn stack(status: &str) -> Seen {
    Seen::Stack(StackSeen { status: status.to_owned(), changed: Some(at(40)) })
}

fn alias(version: &str, canary: Option<&str>) -> Seen {
    let versions: Vec<(u64, Option<Timestamp>)> = vec![(1, Some(at(1))), (2, Some(at(10))), (3, Some(at(40)))];
    let (version, canary) = (version.to_owned(), canary.map(str::to_owned));
    Seen::Alias(AliasSeen { version, canary, revision_id: Some(String::from("revision-0")), versions })
}

fn target(name: &str) -> Target {
    name.parse().unwrap()
}

/// Alarm `watch` protects this target, and it is a quarter to one.
fn guarding(name: &str, seen: Seen) -> Guard {
    let guard = Guard::after("");
    guard.protect("watch", &[(CONSENT_TAG, name)]);
    guard.protect("second", &[(CONSENT_TAG, name)]);
    guard.world.services.put(target(name), seen);
    guard.go_to(45);
    guard
}

async fn rings(guard: &Guard, alarm: &str) -> String {
    let event = guard.turn(alarm, AlarmState::Alarm).event();
    guard.wait_seconds(3);
    guard.hear(&event).await
}

const STAMP: &str = "2026-03-02T12:40:00Z";

/// Target, what stands there, its incident, the step.
fn each() -> Vec<(&'static str, Seen, String, &'static str)> {
    let ecs = "arn:aws:ecs:us-east-1:111122223333:service-deployment/shop/orders/d2";
    vec![
        (GROUP, group("InProgress"), format!("{GROUP}@d-2"), "stop deployment d-2 and roll it back"),
        (
            GROUP,
            group("Succeeded"),
            format!("{GROUP}@d-2"),
            "deploy to group blue of orders what stood before deployment d-2",
        ),
        (SERVICE, service("IN_PROGRESS"), format!("{SERVICE}@{ecs}"), "stop service deployment d2 and roll it back"),
        (STACK, stack("UPDATE_IN_PROGRESS"), format!("{STACK}@{STAMP}"), "cancel the update of stack orders"),
        (STACK, stack("UPDATE_FAILED"), format!("{STACK}@{STAMP}"), "roll stack orders back to its last stable state"),
        (ALIAS, alias("3", None), format!("{ALIAS}@3"), "point alias live of function orders to version 2"),
        (ALIAS, alias("1", Some("3")), format!("{ALIAS}@3"), "point alias live of function orders to version 1"),
    ]
}

#[tokio::test]
async fn each_kind_of_target_goes_back_once_and_a_second_alarm_changes_nothing() {
    for (name, seen, incident, step) in each() {
        let mut guard = guarding(name, seen);
        let red = guard.turn("watch", AlarmState::Alarm).event();
        guard.wait_seconds(3);
        assert_eq!(guard.hear(&red).await, format!("rolled back: {incident}"));
        assert_eq!(guard.acts(), [format!("{step}: done")]);
        let decision = guard.world.bus.take_published().remove(0);
        assert_eq!(
            (decision.pipeline, decision.stage, decision.execution),
            (None, None, None),
            "{name} is in no pipeline"
        );
        let Decided::Rollback(rollback) = decision.what else { panic!("a rollback") };
        assert_eq!(rollback.target.as_deref(), Some(name));
        assert_eq!(rollback.rollback_execution, None);
        assert_eq!(rollback.steps.len(), 1);
        assert_eq!(guard.hear(&red).await, "answered before", "{name}");
        let second = rings(&guard, "second").await;
        assert!(
            ["refused: current-is-rollback", "refused: already-handled"].contains(&second.as_str()),
            "{name}: {second}"
        );
        assert_eq!(guard.acts().len(), 1, "{name}: {second}");
        guard.let_pass(5).await;
        guard.told();
        guard.hear(&guard.turn("watch", AlarmState::Ok).event()).await;
        assert_eq!(guard.told(), [format!("{incident}: done, cleared")]);
        guard.let_pass(60).await;
        guard.assert_settled(name);
    }
}

#[tokio::test]
async fn each_kind_of_target_that_cannot_go_back_is_told_as_failed_with_the_command_and_not_tried_again() {
    for (name, seen, incident, _) in each() {
        let mut guard = guarding(name, seen);
        guard.world.services.answer_next(Carried::Impossible(String::from("ValidationError: no")));
        let red = guard.turn("watch", AlarmState::Alarm).event();
        guard.wait_seconds(3);
        assert_eq!(guard.hear(&red).await, format!("failed: {incident}"));
        let decision = guard.world.bus.take_published().remove(0).detail();
        assert_eq!(decision["outcome"], "failed");
        assert!(decision["commands"][0].as_str().unwrap().starts_with("aws "), "{decision}");
        assert!(decision["steps"][0].as_str().unwrap().ends_with("ValidationError: no"), "{decision}");
        assert_eq!(guard.hear(&red).await, "answered before", "{name}");
        assert_eq!(rings(&guard, "second").await, "refused: already-handled", "{name}");
        assert_eq!(guard.acts().len(), 1, "{name}");
        guard.let_pass(60).await;
        guard.assert_settled(name);
    }
}

#[tokio::test]
async fn a_busy_service_is_asked_again_and_a_lost_answer_is_looked_up() {
    for (name, seen, incident, step) in each() {
        let mut guard = guarding(name, seen.clone());
        guard.world.services.answer_next(Carried::Later(String::from("ThrottlingException: Rate exceeded")));
        assert_eq!(rings(&guard, "watch").await, "looked at again after 60 s");
        guard.let_pass(2).await;
        assert_eq!(guard.acts()[1], format!("{step}: done"), "{name}");

        let mut guard = guarding(name, seen);
        guard.world.services.lose_answers(1);
        assert_eq!(rings(&guard, "watch").await, "looked at again after 151 s");
        guard.let_pass(10).await;
        assert_eq!(guard.world.services.done().len(), 1, "{name}: {:?}", guard.acts());
        assert_eq!(guard.told()[0], format!("{incident}: done"), "{name}");
        guard.assert_settled(name);
    }
}

#[tokio::test]
async fn each_kind_of_target_has_states_from_which_there_is_no_way_back() {
    let no_previous = CodeDeploySeen {
        deployment: Some(String::from("d-1")),
        status: String::from("Succeeded"),
        created: Some(at(35)),
        completed: Some(at(40)),
        is_rollback: false,
        rolls_back: None,
        has_previous: false,
    };
    for (name, seen, code) in [
        (GROUP, group("Failed"), "deployment-not-succeeded"),
        (GROUP, Seen::CodeDeploy(no_previous), "no-way-back"),
        (GROUP, Seen::CodeDeploy(CodeDeploySeen::default()), "never-deployed"),
        (SERVICE, service("SUCCESSFUL"), "nothing-to-stop"),
        (SERVICE, service("ROLLBACK_IN_PROGRESS"), "current-is-rollback"),
        (SERVICE, service("STOPPED"), "deployment-not-succeeded"),
        (STACK, stack("UPDATE_COMPLETE"), "nothing-to-stop"),
        (STACK, stack("CREATE_FAILED"), "would-delete-stack"),
        (STACK, stack("UPDATE_ROLLBACK_FAILED"), "deployment-not-succeeded"),
        (STACK, stack("UPDATE_ROLLBACK_COMPLETE"), "current-is-rollback"),
        (ALIAS, alias("2", None), "current-is-rollback"),
        (ALIAS, alias("$LATEST", None), "deployment-not-succeeded"),
    ] {
        let guard = guarding(name, seen.clone());
        assert_eq!(rings(&guard, "watch").await, format!("refused: {code}"), "{seen:?}");
        assert_eq!(guard.acts(), [""; 0], "{seen:?}");
        assert_eq!(guard.world.services.standing(&target(name)), Some(seen));
    }
}

#[tokio::test]
async fn a_deployment_under_way_that_began_after_the_alarm_is_not_stopped() {
    let late = CodeDeploySeen {
        deployment: Some(String::from("d-3")),
        status: String::from("InProgress"),
        created: Some(at(46)),
        ..CodeDeploySeen::default()
    };
    let guard = guarding(GROUP, Seen::CodeDeploy(late));
    let red = guard.turn("watch", AlarmState::Alarm).event();
    guard.go_to(47);
    assert_eq!(guard.hear(&red).await, "refused: alarm-red-before-deployment");
    assert_eq!(guard.acts(), [""; 0]);
}

#[tokio::test]
async fn an_alias_that_somebody_moved_meanwhile_is_left_to_people() {
    let guard = guarding(ALIAS, alias("3", None));
    guard.world.services.answer_next(Carried::Impossible(String::from(
        "PreconditionFailedException: The RevisionId provided does not match",
    )));
    assert_eq!(rings(&guard, "watch").await, format!("failed: {ALIAS}@3"));
}

/// Targets of one alarm are tried in their order until one goes back.
#[tokio::test]
async fn of_several_targets_the_first_that_can_go_back_does_and_the_others_are_left_alone() {
    let guard = Guard::after("good@10 bad@40");
    guard.world.services.put(target(STACK), stack("UPDATE_COMPLETE"));
    guard.world.services.put(target(ALIAS), alias("3", None));
    guard.protect("all", &[(CONSENT_TAG, "cloudformation:orders orders/Production lambda:orders:live")]);
    guard.go_to(45);
    assert_eq!(rings(&guard, "all").await, "rolled back: orders/Production@bad");
    assert_eq!(guard.told(), ["orders/Production@bad: done to good"], "the refusal of the first is no news");
    assert_eq!(guard.acts().len(), 1);
}

#[tokio::test]
async fn if_no_target_can_go_back_each_refusal_is_told() {
    let guard = Guard::after("bad@40").limits(Limits::default());
    guard.world.services.put(target(STACK), stack("UPDATE_COMPLETE"));
    guard.protect("all", &[(CONSENT_TAG, "cloudformation:orders orders/Production unknown/Production")]);
    guard.go_to(45);
    assert_eq!(rings(&guard, "all").await, "refused: nothing-to-stop; refused: no-way-back; refused: target-unknown");
    assert_eq!(guard.told().len(), 3);
    assert_eq!(guard.world.services.executions(PIPELINE).len(), 1);
}

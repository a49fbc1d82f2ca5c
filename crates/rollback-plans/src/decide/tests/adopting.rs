//! What came of a promise: at targets that are no stages what was promised, and nothing older.

use super::*;
use crate::targets::{AliasSeen, CodeDeploySeen, EcsSeen, StackSeen};

/// Whether what stands is told for somebody who pledged at minute 41 that `release` goes.
fn adopts(target: &str, release: &str, seen: Seen) -> bool {
    let mut desk = Desk::new(seen, 45);
    desk.target = target.parse().unwrap();
    let pledge = Pledge { version: Some(String::from("2")), ..pledge(release, 41) };
    desk.book = Some(Book { pledges: vec![pledge], hold: Hold::Mine, ..Book::default() });
    desk.outcome().starts_with("adopt")
}

/// The first candidate was outdated, or the book said after the claim that it was thrown out. The rollback failed, and
/// something newer stands, so that nothing in the stage tells of it.
#[test]
fn of_a_stage_a_rollback_to_another_candidate_than_the_first_is_told() {
    let Decision::Claim(pledge) = Desk::new(stage("a@1 b@5 c@10 bad@40"), 45).decide() else { panic!("a claim") };
    let told = |to: &str| {
        let mut seen = stage("a@1 b@5 c@10 bad@40 fix@60");
        seen.all = Some(stage(&format!("a@1 b@5 c@10 bad@40 back@52>{to} fix@60")).succeeded);
        let mut desk = Desk::new(seen, 62);
        desk.book = Some(Book { pledges: vec![(*pledge).clone()], hold: Hold::Mine, ..Book::default() });
        desk.outcome() == "adopt back for orders/Production@bad"
    };
    assert!(["a", "b", "c"].into_iter().all(told));
    assert!(!told("elsewhere"), "that is another stage's");
}

#[test]
fn of_a_service_only_the_deployment_that_was_to_be_stopped_is_told() {
    let told = |id: &str, finished: Option<i64>| {
        let (deployment, status) = (Some(id.to_owned()), String::from("ROLLBACK_SUCCESSFUL"));
        let seen = EcsSeen { deployment, status, created: Some(at(35)), finished: finished.map(at) };
        adopts("ecs:shop/orders", "d1", Seen::EcsService(seen))
    };
    assert!(told("d1", None) && told("d1", Some(43)));
    assert!(!told("d1", Some(40)), "it had gone back before");
    assert!(!told("d0", None) && !told("d2", Some(43)), "another one");
}

#[test]
fn of_a_deployment_group_the_rollback_of_what_was_to_be_stopped_is_told() {
    let told = |id: &str, began: i64, is_rollback: bool, rolls_back: Option<&str>| {
        let seen = CodeDeploySeen {
            deployment: Some(id.to_owned()),
            status: String::from("InProgress"),
            created: Some(at(began)),
            is_rollback,
            rolls_back: rolls_back.map(str::to_owned),
            ..CodeDeploySeen::default()
        };
        adopts("codedeploy:orders/blue", "d-2", Seen::CodeDeploy(seen))
    };
    assert!(told("d-3", 60, true, Some("d-2")), "stopping takes its time");
    assert!(!told("d-3", 42, true, Some("d-1")), "the rollback of another one");
    assert!(told("d-3", 42, true, None) && told("d-3", 42, false, None));
    assert!(!told("d-3", 39, true, None) && !told("d-3", 39, false, None), "older than the promise");
    assert!(!told("d-3", 60, true, None), "much younger");
    assert!(told("d-2", 35, true, None) && !told("d-2", 35, false, None));
}

#[test]
fn of_a_stack_the_operation_that_was_promised_is_told() {
    let told = |changed: i64, release: i64| {
        let seen = StackSeen { status: String::from("UPDATE_ROLLBACK_COMPLETE"), changed: Some(at(changed)) };
        adopts("cloudformation:orders", &at(release).to_string(), Seen::Stack(seen))
    };
    assert!(told(40, 40) && told(42, 40));
    assert!(!told(20, 40), "it had gone back before");
    assert!(!told(60, 40), "somebody else, later");
}

#[test]
fn of_an_alias_the_version_that_was_promised_is_told() {
    let told = |version: &str, canary: Option<&str>| {
        let versions = vec![(1, Some(at(1))), (2, Some(at(10))), (3, Some(at(20))), (4, Some(at(40)))];
        let (version, canary) = (version.to_owned(), canary.map(str::to_owned));
        adopts("lambda:orders:live", "4", Seen::Alias(AliasSeen { version, canary, revision_id: None, versions }))
    };
    assert!(told("2", None));
    assert!(!told("1", None) && !told("3", None), "somebody pointed it elsewhere");
    assert!(!told("1", Some("2")), "somebody shifts traffic");
}

//! The inbound transition: closed by us, by a person, or not at all.

use super::*;
use crate::Plan;

fn closing(reason: Option<&str>) -> Desk {
    let mut seen = stage("good@10 bad@40");
    seen.closed = reason.map(str::to_owned);
    let mut desk = Desk::new(seen, 45);
    desk.limits.closes_transition = true;
    desk
}

fn plan(desk: Desk) -> Plan {
    match desk.holding(Vec::new()).decide() {
        Decision::RollBack(plan) => *plan,
        other => panic!("a rollback: {other:?}"),
    }
}

fn closes(desk: &Desk) -> bool {
    let Decision::Claim(pledge) = desk.decide() else { panic!("a claim: {}", desk.outcome()) };
    pledge.closes
}

#[test]
fn the_transition_is_closed_first_where_that_is_wanted() {
    let mut desk = desk().holding(Vec::new());
    desk.limits.closes_transition = true;
    desk.alarm.name = String::from("orders: 5xx / min");
    let Decision::RollBack(plan) = desk.decide() else { panic!("a rollback") };
    let Some(crate::Step::CloseTransition { reason, .. }) = plan.before else { panic!("a step before") };
    assert_eq!(reason, "Pipewarden rolls back because alarm orders- 5xx - min is red");
}

#[test]
fn a_transition_that_a_person_closed_keeps_its_reason_and_nobody_is_to_open_it() {
    for (reason, remark) in [
        (
            "Freeze until Monday.",
            "The inbound transition of stage Production of orders was closed before and stays closed: Freeze until Monday.",
        ),
        ("", "The inbound transition of stage Production of orders was closed before and stays closed."),
    ] {
        assert!(!closes(&closing(Some(reason))));
        let plan = plan(closing(Some(reason)));
        assert_eq!((plan.before, plan.remarks), (None, vec![remark.to_owned()]));
    }
}

#[test]
fn a_transition_that_one_of_us_closed_and_did_not_come_back_is_taken_over() {
    let ours = "Pipewarden rolls back because alarm another is red";
    assert!(closes(&closing(Some(ours))));
    let plan = plan(closing(Some(ours)));
    let remark = "The inbound transition of stage Production of orders was closed before.";
    assert_eq!((plan.before, plan.remarks), (None, vec![remark.to_owned()]));
}

#[test]
fn a_pledge_says_that_it_closes_only_if_it_does() {
    assert!(closes(&closing(None)));
    assert!(!closes(&desk()));
    let mut unwanted = closing(Some("Freeze"));
    unwanted.limits.closes_transition = false;
    assert_eq!(plan(unwanted).remarks, [""; 0], "nobody asked for it");
}

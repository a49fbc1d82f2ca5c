//! Gates: who hears of them, how loudly, and how often.

use pipeline_model::Verdict::{Error, Fail, Inconclusive, Pass, Wait};

use super::*;
use crate::testing::{check, gated, of_a_hook, opened, with_gate};

const REACHED: &str =
    "0 execution STARTED\n395 stage Production STARTED\n399 action Production/Check STARTED as=Invoke by=Lambda";
const STOPPED: &str = "901 action Production/Check FAILED as=Invoke by=Lambda why=\"A function said no\"
    901 stage Production FAILED\n901 execution FAILED";
const ENDED: &str =
    "1121 action Production/Check SUCCEEDED by=Lambda\n1200 stage Production SUCCEEDED\n1200 execution SUCCEEDED";

#[test]
fn a_hold_and_each_change_of_it_are_edits_and_the_pass_is_one_quiet_line() {
    let changed = with_gate(gated(Wait, 700), |gate| gate.checks = vec![check("latency", "metric", "wait", "240 ms")]);
    let sent = told_of(
        REACHED,
        vec![of(gated(Wait, 430)), of(gated(Wait, 430)), of(changed), of(gated(Pass, 1_120))],
        &desk(),
    );
    assert_eq!(
        sent,
        [
            "slack:C0123456 edit: orders is held at the gate in Production",
            "slack:C0123456 edit: orders is held at the gate in Production",
            "slack:C0123456 edit: orders is in Production",
            "slack:C0123456 reply: Passed the gate in Production after 12 min",
        ]
    );
}

#[test]
fn a_gate_that_passes_at_once_says_nothing() {
    assert_eq!(told_of(REACHED, vec![of(gated(Pass, 400))], &desk()), [""; 0]);
}

#[test]
fn a_hold_that_comes_after_the_decision_says_nothing() {
    for decided in [gated(Pass, 1_120), opened(1_120), gated(Fail, 900)] {
        let alone = told_of(REACHED, vec![of(decided.clone())], &desk());
        assert_eq!(told_of(REACHED, vec![of(decided), of(gated(Wait, 430)), of(gated(Wait, 880))], &desk()), alone);
    }
}

#[test]
fn a_gate_that_stops_the_release_is_one_table_and_one_loud_failure_in_either_order() {
    let loud = "slack:C0123456 reply to all: orders was stopped at the gate in Production";
    let table = "slack:C0123456 reply: Stopped at the gate in Production after 8 min 20 s";
    let forth = told_of(REACHED, vec![of(gated(Wait, 430)), of(gated(Fail, 900)), Events(STOPPED)], &desk());
    assert_eq!(
        forth[1..],
        [
            "slack:C0123456 edit: orders was stopped at the gate in Production after 8 min 20 s",
            table,
            "slack:C0123456 edit: orders was stopped at the gate in Production",
            loud,
            "sns announce: orders was stopped at the gate in Production",
        ]
    );
    let back = told_of(REACHED, vec![Events(STOPPED), of(gated(Fail, 900)), of(gated(Wait, 430))], &desk());
    assert_eq!(
        back,
        [
            "slack:C0123456 edit: orders failed in Production",
            "slack:C0123456 reply to all: orders failed in Production",
            "sns announce: orders failed in Production",
            "slack:C0123456 edit: orders was stopped at the gate in Production",
            table,
        ]
    );
}

#[test]
fn an_opening_is_told_by_every_channel_and_calls_nobody_to_look_up() {
    let sent = told_of(REACHED, vec![of(gated(Wait, 430)), of(opened(1_120)), Events(ENDED)], &desk());
    let words = "orders was let through the gate in Production by alice";
    assert_eq!(
        sent[1..4],
        [
            String::from("slack:C0123456 edit: orders is in Production"),
            String::from(
                "slack:C0123456 reply: The gate in Production was opened by alice after 12 min: The alarm is about the old region."
            ),
            format!("sns announce: {words}"),
        ]
    );
    for (channel, desk) in quiet_desks() {
        assert_eq!(told_of(REACHED, vec![of(opened(400))], &desk), [format!("{channel} announce: {words}")]);
    }
}

#[test]
fn channels_that_are_quiet_hear_of_a_failure_once_and_of_no_hold() {
    for (channel, desk) in quiet_desks() {
        assert_eq!(told_of(REACHED, vec![of(gated(Wait, 430)), of(gated(Pass, 1_120))], &desk), [""; 0]);
        for verdict in [Fail, Error, Inconclusive] {
            let heard = vec![of(gated(Wait, 430)), of(gated(verdict, 900)), Events(STOPPED)];
            let words = format!("{channel} announce: orders was stopped at the gate in Production");
            assert_eq!(told_of(REACHED, heard, &desk), [words]);
        }
    }
}

#[test]
fn routes_choose_among_the_outcomes_of_gates() {
    let heard = |outcomes: &str| {
        let desk = desk_with(&format!("routes: [{{outcomes: [{outcomes}], channels: [webhook]}}]"));
        let another = Decision { key: Some(String::from("another")), ..opened(500) };
        told_of(REACHED, vec![of(another), of(gated(Fail, 900)), Events(STOPPED)], &desk).len()
    };
    assert_eq!((heard("gate-opened"), heard("gate-failed"), heard("gate-passed")), (1, 1, 0));
    assert_eq!(heard("gate-opened, gate-failed, failed"), 3);
}

#[test]
fn owners_are_called_when_a_gate_stops_a_release_and_not_while_it_holds() {
    let desk = desk_with("owners: [{mention: [S012345]}]");
    let calls = |events: &str, decision: &Decision| {
        let mut record = record(&format!("{REACHED}\n{events}"));
        record.subject.absorb_decision(decision);
        let mut channels = Channels::default();
        channels.deliver(&mut record, &desk, at(1_000));
        channels.sent.iter().any(|delivery| format!("{:?}", delivery.outgoing).contains("<!subteam^S012345>"))
    };
    assert!(!calls("", &gated(Wait, 430)) && !calls("", &gated(Fail, 900)) && !calls("", &opened(900)));
    assert!(calls(STOPPED, &gated(Fail, 900)));
}

/// What is sent about a deployment no execution stands for.
fn told_of_a_hook(decisions: &[Decision]) -> Vec<String> {
    let mut record = Record::new(Subject::of(&decisions[0]).unwrap());
    let mut channels = Channels::default();
    decisions.iter().for_each(|decision| record.subject.absorb_decision(decision));
    channels.deliver(&mut record, &desk(), at(1_200))
}

#[test]
fn a_deployment_outside_of_pipelines_is_told_if_it_was_stopped_or_let_through_by_hand() {
    let stopped = "codedeploy:shop/orders was stopped at the gate orders/production after 8 min 20 s";
    for verdict in [Fail, Error, Inconclusive] {
        let sent = told_of_a_hook(&[of_a_hook(gated(Wait, 430)), of_a_hook(gated(verdict, 900))]);
        assert_eq!(sent, [format!("slack:C0123456 post: {stopped}"), format!("sns announce: {stopped}")]);
    }
    let opened = "codedeploy:shop/orders was let through the gate orders/production by alice";
    let sent = told_of_a_hook(&[of_a_hook(crate::testing::opened(900))]);
    assert_eq!(sent, [format!("slack:C0123456 post: {opened}"), format!("sns announce: {opened}")]);
    for quiet in [gated(Wait, 430), gated(Pass, 400), gated(Pass, 1_120)] {
        assert_eq!(told_of_a_hook(&[of_a_hook(quiet.clone())]), [""; 0]);
        assert!(Subject::of(&of_a_hook(quiet)).unwrap().is_uneventful());
    }
    assert!(!Subject::of(&of_a_hook(gated(Fail, 900))).unwrap().is_uneventful());
    assert!(!Subject::of(&gated(Pass, 400)).unwrap().is_uneventful(), "an execution is remembered");
}

#[test]
fn with_the_table_down_a_stopped_deployment_is_told_all_the_same() {
    let urgent = |decision: &Decision| Record::new(Subject::of(decision).unwrap()).urgent(&desk(), at(901)).len();
    assert_eq!((urgent(&of_a_hook(gated(Fail, 900))), urgent(&of_a_hook(opened(900)))), (2, 0));
}

#[test]
fn a_deployment_without_a_name_is_told_as_one() {
    let nameless = with_gate(of_a_hook(gated(Fail, 900)), |gate| (gate.target, gate.policy) = (None, None));
    let sent = told_of_a_hook(&[nameless]);
    assert_eq!(sent[1], "sns announce: A deployment was stopped at the gate after 8 min 20 s");
}

//! Scans: who hears of them, how loudly, and how often.

use pipeline_model::Verdict::{Error, Fail, Pass, Unknown};

use super::*;
use crate::testing::{of_no_execution, scanned};

const REACHED: &str = "0 execution STARTED\n246 stage Test STARTED\n247 action Test/Scan STARTED as=Invoke by=Lambda";
const STOPPED: &str = "301 action Test/Scan FAILED as=Invoke by=Lambda why=\"A function said no\"
    301 stage Test FAILED\n301 execution FAILED";

#[test]
fn a_scan_that_passes_is_one_quiet_line_however_often_it_is_told() {
    let line = "slack:C0123456 reply: Passed the scan in Test: 2 low findings, 4 known, 1 suppressed  ·  Report";
    assert_eq!(
        told_of(REACHED, vec![of(scanned(Pass, 300)), of(scanned(Pass, 300)), of(scanned(Pass, 304))], &desk()),
        [line]
    );
    for (_, desk) in quiet_desks() {
        assert_eq!(told_of(REACHED, vec![of(scanned(Pass, 300))], &desk), [""; 0]);
    }
}

#[test]
fn a_scan_that_stops_the_release_is_one_list_and_one_loud_failure_in_either_order() {
    let loud = "slack:C0123456 reply to all: orders was stopped by the scan in Test";
    let list = "slack:C0123456 reply: Stopped by the scan in Test: 1 critical, 2 high and 4 low findings, 3 entries not readable";
    let forth = told_of(REACHED, vec![of(scanned(Fail, 300)), of(scanned(Fail, 300)), Events(STOPPED)], &desk());
    assert_eq!(
        forth,
        [
            "slack:C0123456 edit: orders was stopped by the scan in Test",
            list,
            "slack:C0123456 edit: orders was stopped by the scan in Test",
            loud,
            "sns announce: orders was stopped by the scan in Test",
        ]
    );
    let back = told_of(REACHED, vec![Events(STOPPED), of(scanned(Fail, 300)), of(scanned(Fail, 303))], &desk());
    assert_eq!(
        back,
        [
            "slack:C0123456 edit: orders failed in Test",
            "slack:C0123456 reply to all: orders failed in Test",
            "sns announce: orders failed in Test",
            "slack:C0123456 edit: orders was stopped by the scan in Test",
            list,
        ]
    );
}

#[test]
fn channels_that_are_quiet_hear_of_a_failure_once() {
    for (channel, desk) in quiet_desks() {
        for (verdict, words) in [
            (Fail, "orders was stopped by the scan in Test"),
            (Error, "orders was stopped: it could not be scanned in Test"),
        ] {
            let heard = vec![of(scanned(verdict.clone(), 300)), of(scanned(verdict, 300)), Events(STOPPED)];
            assert_eq!(told_of(REACHED, heard, &desk), [format!("{channel} announce: {words}")]);
        }
    }
}

#[test]
fn a_verdict_of_a_later_version_says_nothing() {
    assert_eq!(told_of(REACHED, vec![of(scanned(Unknown(String::from("quarantine")), 300))], &desk()), [""; 0]);
}

#[test]
fn routes_choose_among_the_outcomes_of_scans() {
    let heard = |outcomes: &str| {
        let desk = desk_with(&format!("routes: [{{outcomes: [{outcomes}], channels: [webhook]}}]"));
        let another = Decision { key: Some(String::from("another")), ..scanned(Pass, 299) };
        told_of(REACHED, vec![of(another), of(scanned(Fail, 300)), Events(STOPPED)], &desk).len()
    };
    assert_eq!((heard("scan-passed"), heard("scan-failed"), heard("gate-failed")), (1, 1, 0));
    assert_eq!(heard("scan-passed, scan-failed, failed"), 3);
}

#[test]
fn owners_are_called_when_a_scan_has_made_the_release_fail_and_once() {
    let desk = desk_with("owners: [{mention: [S012345]}]");
    let calls = |events: &str, decision: &Decision| {
        let mut record = record(&format!("{REACHED}\n{events}"));
        record.subject.absorb_decision(decision);
        let mut channels = Channels::default();
        channels.deliver(&mut record, &desk, at(400));
        channels.sent.iter().filter(|sent| format!("{:?}", sent.outgoing).contains("<!subteam^S012345>")).count()
    };
    assert_eq!((calls("", &scanned(Pass, 300)), calls("", &scanned(Fail, 300))), (0, 0));
    assert_eq!(calls(STOPPED, &scanned(Fail, 300)), 1);
}

#[test]
fn a_scan_of_an_execution_nobody_named_is_told_if_it_stopped_it() {
    let told = |decision: Decision| {
        let (subject, mut channels) = (Subject::of(&of_no_execution(decision)).unwrap(), Channels::default());
        (subject.is_uneventful(), channels.deliver(&mut Record::new(subject), &desk(), at(400)))
    };
    let words = "BuildOutput was stopped by the scan orders/scan";
    let sent = vec![format!("slack:C0123456 post: {words}"), format!("sns announce: {words}")];
    assert_eq!(told(scanned(Fail, 300)), (false, sent));
    assert_eq!(told(scanned(Error, 300)).1.len(), 2);
    assert_eq!(told(scanned(Pass, 300)), (true, Vec::new()));
    assert!(!Subject::of(&scanned(Pass, 300)).unwrap().is_uneventful(), "an execution is remembered");
}

#[test]
fn with_the_table_down_a_scan_that_stopped_a_release_is_told_all_the_same() {
    let urgent = |decision: &Decision| Record::new(Subject::of(decision).unwrap()).urgent(&desk(), at(301)).len();
    assert_eq!((urgent(&of_no_execution(scanned(Fail, 300))), urgent(&of_no_execution(scanned(Pass, 300)))), (2, 0));
}

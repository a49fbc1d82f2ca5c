//! A gate as people see it: while it holds, when it decides, and when a person opens it.

use pipeline_model::Decision;
use pipeline_model::Verdict::{Error, Fail, Pass, Wait};

use super::*;
use crate::compose::{Tone, notice};
use crate::settings::Settings;
use crate::testing::{check, gated, of_a_hook, opened, with_gate};

const REACHED: &str = "395 stage Production STARTED\n399 action Production/Check STARTED as=Invoke by=Lambda\n";
const STOPPED: &str =
    "901 action Production/Check FAILED as=Invoke by=Lambda why=\"Stopped after 8 min: errors stay low (The alarm orders-5xx is in ALARM).\" code=JobFailed
    901 stage Production FAILED\n901 execution FAILED\n";

/// A release at the gate, and what was decided there.
fn at_the_gate(decisions: &[Decision], then: &str) -> Story {
    let mut story = informed(&[STARTED, BUILT, REACHED, then], &["Source", "Build", "Production", "Smoke"]);
    decisions.iter().for_each(|decision| story.absorb_decision(decision));
    story
}

#[test]
fn a_release_that_is_held() {
    let after = at_the_gate(&[gated(Wait, 430)], "");
    insta::assert_json_snapshot!(news(&at_the_gate(&[], ""), &after, at(431)));
}

#[test]
fn a_release_that_was_held_and_goes_on() {
    let before = at_the_gate(&[gated(Wait, 430)], "");
    insta::assert_json_snapshot!(news(&before, &at_the_gate(&[gated(Pass, 1_120)], ""), at(1_121)));
}

#[test]
fn a_release_that_was_stopped() {
    let before = at_the_gate(&[gated(Wait, 430)], "");
    insta::assert_json_snapshot!(news(&before, &at_the_gate(&[gated(Fail, 900)], STOPPED), at(902)));
}

#[test]
fn a_release_whose_gate_could_not_be_asked() {
    let before = at_the_gate(&[gated(Wait, 430)], "");
    insta::assert_json_snapshot!(news(&before, &at_the_gate(&[gated(Error, 900)], STOPPED), at(902)));
}

#[test]
fn a_gate_that_a_person_opened() {
    let before = at_the_gate(&[gated(Wait, 430)], "");
    insta::assert_json_snapshot!(news(&before, &at_the_gate(&[opened(1_120)], ""), at(1_121)));
}

#[test]
fn a_deployment_that_was_stopped_and_one_that_was_let_through() {
    let desk = desk_with("owners: [{mention: [S0123456]}]");
    let told = |decision: Decision| sent(Subject::of(&decision).unwrap(), &desk, at(1_121));
    insta::assert_json_snapshot!([told(of_a_hook(gated(Fail, 900))), told(of_a_hook(opened(1_120)))]);
}

#[test]
fn a_gate_of_many_checks_of_every_verdict() {
    let mut checks = vec![check("latency", "metric", "fail", "p99 is 840 ms, above 500 ms.")];
    checks.extend(
        ["error", "inconclusive", "wait", "dozing", "pass"].map(|word| check(word, "http", word, "It says so.")),
    );
    checks.push(pipeline_model::GateCheck { advisory: true, says: None, ..check("coverage", "variable", "fail", "") });
    checks.extend((0..20).map(|n| check(&format!("probe {n}"), "http", "pass", "200 in 31 ms.")));
    let wide = |verdict, second| with_gate(gated(verdict, second), |gate| gate.checks.clone_from(&checks));
    let said = |story: &Story| notice(story, &Settings::default()).to_plain();
    let failed = at_the_gate(&[wide(Fail, 900)], "");
    let remark = moment_of(&failed);
    insta::assert_snapshot!(format!("{}\n\n=== thread\n{remark}", said(&at_the_gate(&[wide(Wait, 430)], ""))));
}

fn moment_of(story: &Story) -> String {
    let moments = crate::moment::moments(story);
    let gate = moments.iter().find(|moment| moment.gate.is_some()).unwrap();
    crate::compose::remark(story, gate).to_plain()
}

#[test]
fn a_gate_that_says_nothing_of_its_checks_gives_its_reason() {
    let silent = |verdict| with_gate(gated(verdict, 900), |gate| gate.checks.clear());
    let held = notice(&at_the_gate(&[silent(Wait)], ""), &Settings::default()).to_plain();
    assert!(held.contains("at most: errors stay low (No alarm is red, for 4 of 10 min)."), "{held}");
    let remark = moment_of(&at_the_gate(&[silent(Fail)], ""));
    assert!(remark.ends_with("after 8 min 20 s: errors stay low (The alarm orders-5xx is in ALARM)."), "{remark}");
}

#[test]
fn a_release_waits_in_yellow_and_is_blue_again_when_it_goes_on() {
    let tone = |decisions: &[Decision], then: &str| notice(&at_the_gate(decisions, then), &Settings::default()).tone;
    assert_eq!(tone(&[gated(Wait, 430)], ""), Tone::Waiting);
    assert_eq!(tone(&[gated(Pass, 1_120)], ""), Tone::Running);
    assert_eq!(tone(&[opened(1_120)], ""), Tone::Running);
    assert_eq!(tone(&[gated(Fail, 900)], ""), Tone::Bad);
    assert_eq!(tone(&[gated(Fail, 900)], STOPPED), Tone::Bad);
}

#[test]
fn openings_stay_on_the_message_and_more_of_them_than_it_shows_are_counted() {
    let opened = |n: i64| Decision { key: Some(n.to_string()), ..opened(1_000 + n) };
    let said = |count: i64| {
        let decisions: Vec<_> = (0..count).map(opened).collect();
        notice(&at_the_gate(&decisions, "2000 execution SUCCEEDED"), &Settings::default()).to_plain()
    };
    assert!(said(1).contains("The gate in Production was opened by alice after 10 min: The alarm"), "{}", said(1));
    assert!(said(5).contains("and 2 gates opened before"), "{}", said(5));
}

#[test]
fn more_gates_at_once_than_a_message_explains_are_counted() {
    let held = |n: i64| Decision { key: Some(n.to_string()), ..gated(Wait, 430 + n) };
    let story = at_the_gate(&(0..5).map(held).collect::<Vec<_>>(), "");
    let said = notice(&story, &Settings::default()).to_plain();
    assert!(said.contains("and 2 more gates"), "{said}");
}

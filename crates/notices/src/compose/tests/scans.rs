//! A scan as people see it: when it passes, when it stops a release, and when it could not be made.

use pipeline_model::Decision;
use pipeline_model::Verdict::{Error, Fail, Pass};

use super::*;
use crate::compose::{Tone, notice};
use crate::settings::Settings;
use crate::testing::{finding, of_no_execution, scanned, unread, with_scan};

const REACHED: &str = "246 stage Test STARTED\n247 action Test/Scan STARTED as=Invoke by=Lambda\n";
const STOPPED: &str = "301 action Test/Scan FAILED as=Invoke by=Lambda why=\"Private key in app.jar\" code=JobFailed
    301 stage Test FAILED\n301 execution FAILED\n";

/// A release that is scanned, and what the scans said.
fn at_the_scan(decisions: &[Decision], then: &str) -> Story {
    let mut story = informed(&[STARTED, BUILT, REACHED, then], STAGES);
    decisions.iter().for_each(|decision| story.absorb_decision(decision));
    story
}

fn remarks(story: &Story) -> String {
    let moments = crate::moment::moments(story);
    let of_scans = moments.iter().filter(|moment| moment.scan.is_some());
    of_scans.map(|moment| crate::compose::remark(story, moment).to_plain()).collect::<Vec<_>>().join("\n")
}

fn said(story: &Story) -> String {
    notice(story, &Settings::default()).to_plain()
}

#[test]
fn a_release_that_passed_its_scan() {
    insta::assert_json_snapshot!(news(&at_the_scan(&[], ""), &at_the_scan(&[scanned(Pass, 300)], ""), at(301)));
}

#[test]
fn a_release_that_was_stopped_by_its_scan() {
    insta::assert_json_snapshot!(news(&at_the_scan(&[], ""), &at_the_scan(&[scanned(Fail, 300)], STOPPED), at(302)));
}

#[test]
fn a_release_that_was_stopped_before_codepipeline_says_so() {
    insta::assert_snapshot!(said(&at_the_scan(&[scanned(Fail, 300)], "")));
}

#[test]
fn a_release_that_could_not_be_scanned() {
    insta::assert_json_snapshot!(news(&at_the_scan(&[], ""), &at_the_scan(&[scanned(Error, 300)], STOPPED), at(302)));
}

#[test]
fn a_scan_that_passes_or_fails_told_by_a_route_that_asks_for_it() {
    let desk = desk_with("routes: [{outcomes: [scan-passed, scan-failed], channels: [webhook]}]");
    let told = |decision: Decision| sent(at_the_scan(&[decision], ""), &desk, at(302));
    insta::assert_json_snapshot!([told(scanned(Pass, 300)), told(scanned(Fail, 300))]);
}

#[test]
fn a_scan_of_an_execution_nobody_named() {
    let desk = desk_with("owners: [{mention: [S0123456]}]");
    let told = |decision: Decision| sent(Subject::of(&decision).unwrap(), &desk, at(302));
    insta::assert_json_snapshot!([
        told(of_no_execution(scanned(Fail, 300))),
        told(of_no_execution(scanned(Error, 300)))
    ]);
}

#[test]
fn the_thread_says_how_each_scan_ended() {
    let nothing = with_scan(scanned(Pass, 300), |scan| *scan = pipeline_model::Scan::new(Pass));
    let gaps_only = with_scan(scanned(Fail, 300), |scan| {
        (scan.findings, scan.top, scan.report_url) = (pipeline_model::FindingCounts::default(), Vec::new(), None);
        scan.coverage = None;
    });
    let gaps_only = Decision {
        reason: Some(String::from("Not scanned: vendor.zip!/data.7z is encrypted. Rebuild it.")),
        ..gaps_only
    };
    let silent = with_scan(scanned(Fail, 300), |scan| *scan = pipeline_model::Scan::new(Fail));
    let later = with_scan(scanned(Fail, 300), |scan| {
        scan.top = vec![finding("Card number", "catastrophic", ""), finding("Token", "", "x".repeat(500).as_str())];
        scan.top[1].line = None;
        scan.gaps = vec![
            unread("", "is no archive"),
            unread("a.zip", ""),
            unread("b.zip", "is cut short"),
            unread("c.zip", ""),
        ];
    });
    let all = [scanned(Pass, 300), nothing, scanned(Fail, 300), gaps_only, silent, later, scanned(Error, 300)];
    let lines: Vec<String> = all.map(|decision| remarks(&at_the_scan(&[decision], ""))).into();
    insta::assert_snapshot!(lines.join("\n\n===\n"));
}

#[test]
fn a_passed_scan_changes_no_message_and_a_failed_one_turns_it_red() {
    let tone = |decisions: &[Decision], then: &str| notice(&at_the_scan(decisions, then), &Settings::default()).tone;
    assert_eq!(said(&at_the_scan(&[scanned(Pass, 300)], "")), said(&at_the_scan(&[], "")));
    assert_eq!(tone(&[scanned(Pass, 300)], ""), Tone::Running);
    for verdict in [Fail, Error] {
        assert_eq!(tone(&[scanned(verdict.clone(), 300)], ""), Tone::Bad);
        assert_eq!(tone(&[scanned(verdict, 300)], STOPPED), Tone::Bad);
    }
}

#[test]
fn expired_suppressions_and_whatever_else_is_no_finding_are_told_in_the_words_of_the_scan() {
    let reason = "The suppression of jwt by team-orders expired on 2026-03-01. Fix what it hides, or renew it.";
    let expired =
        |decision: Decision| said(&at_the_scan(&[Decision { reason: Some(reason.to_owned()), ..decision }], STOPPED));
    let alone = expired(with_scan(scanned(Fail, 300), |scan| *scan = pipeline_model::Scan::new(Fail)));
    assert!(alone.contains(&format!("Scan stopped the release: {reason}")), "{alone}");
    let beside_findings_that_pass = expired(scanned(Fail, 300));
    assert!(beside_findings_that_pass.contains(&format!("\n{reason}\nReport: s3://")), "{beside_findings_that_pass}");
    assert!(!beside_findings_that_pass.contains("What to do"), "{beside_findings_that_pass}");
}

//! A release that is scanned: what it fails by, whatever comes first.

use pipeline_model::Verdict::{Error, Fail, Pass};

use super::*;
use crate::facts::ExecutionFacts;
use crate::testing::{gated, scanned, with_scan};

const REACHED: &str = "0 execution STARTED\n0 stage Build STARTED\n240 stage Build SUCCEEDED\n246 stage Test STARTED
    247 action Test/Scan STARTED as=Invoke by=Lambda\n";
const STOPPED: &str = "301 action Test/Scan FAILED as=Invoke by=Lambda why=\"A function said no\" code=JobFailed
    301 stage Test FAILED\n301 execution FAILED\n";
const RETRIED: &str =
    "2000 #2 execution RESUMED\n2000 #2 stage Test RESUMED\n2001 #2 action Test/Scan STARTED as=Invoke by=Lambda\n";
const PASSED: &str = "2101 #2 action Test/Scan SUCCEEDED as=Invoke by=Lambda\n2102 #2 stage Test SUCCEEDED\n";

fn headline(story: &Story) -> String {
    compose::notice(story, &Settings::default()).headline.to_words()
}

#[test]
fn the_failure_is_that_of_the_scan_whatever_comes_first() {
    let mut early = blank();
    early.absorb_decision(&scanned(Fail, 300));
    told(&[REACHED, STOPPED].concat()).iter().for_each(|event| early.absorb(event));
    let late = heard(&[REACHED, STOPPED], &[scanned(Fail, 300)]);
    assert_eq!(early, late);
    let words = compose::failure_words(&late, 1);
    let expected = "Scan stopped the release: 1 critical, 2 high and 4 low findings, 3 entries not readable. Private key in app.jar!";
    assert!(words.starts_with(expected), "{words}");
    assert_eq!(headline(&late), "orders was stopped by the scan in Test");
}

#[test]
fn a_scan_that_could_not_be_made_is_told_as_such() {
    let story = heard(&[REACHED, STOPPED], &[scanned(Error, 300)]);
    assert_eq!(headline(&story), "orders was stopped: it could not be scanned in Test");
    let words = compose::failure_words(&story, 1);
    assert!(words.starts_with("Scan could not be made: The artifact BuildOutput could not be read"), "{words}");
}

#[test]
fn a_scan_explains_only_the_failure_it_made() {
    let other_action = Decision { action: Some("Other".into()), ..scanned(Fail, 300) };
    let other_stage = Decision { stage: Some(StageName::from("Build")), ..scanned(Fail, 300) };
    for decision in [other_action, other_stage, scanned(Fail, 100), scanned(Fail, 2_000), scanned(Pass, 300)] {
        let words = compose::failure_words(&heard(&[REACHED, STOPPED], std::slice::from_ref(&decision)), 1);
        assert!(words.contains("A function said no"), "{words} by {decision:?}");
    }
    let nameless = Decision { action: None, ..scanned(Fail, 300) };
    let words = compose::failure_words(&heard(&[REACHED, STOPPED], &[nameless]), 1);
    assert!(words.starts_with("Scan stopped the release"), "{words}");
}

#[test]
fn a_scan_without_words_is_explained_by_what_codepipeline_was_told() {
    let silent = with_scan(scanned(Fail, 300), |scan| *scan = pipeline_model::Scan::new(Fail));
    let silent = Decision { reason: None, ..silent };
    let words = compose::failure_words(&heard(&[REACHED, STOPPED], &[silent]), 1);
    assert_eq!(words, "Scan stopped the release: A function said no");
}

#[test]
fn a_gate_and_a_scan_that_stop_one_stage_are_both_told() {
    let both = "302 action Test/Check FAILED as=Invoke by=Lambda\n";
    let gate = Decision { stage: Some(StageName::from("Test")), ..gated(Fail, 401) };
    let later = both.replace("302", "402");
    let story = heard(
        &[REACHED, "246 action Test/Check STARTED as=Invoke by=Lambda\n", STOPPED, &later],
        &[scanned(Fail, 300), gate],
    );
    let words = compose::failure_words(&story, 1);
    assert!(words.contains("Check stopped the release") && words.contains("Scan stopped the release"), "{words}");
    assert_eq!(headline(&story), "orders failed in Test");
}

#[test]
fn a_scan_stops_the_release_until_codepipeline_says_what_became_of_it() {
    let stopped = |lines: &[&str]| matches!(heard(lines, &[scanned(Fail, 300)]).standing(), Standing::Scan(_));
    assert!(stopped(&[REACHED]));
    assert!(!stopped(&[REACHED, STOPPED]) && !stopped(&[REACHED, STOPPED, RETRIED]));
    assert!(!stopped(&[REACHED, "400 stage Production STARTED\n"]));
    let held = Decision { stage: Some(StageName::from("Test")), ..gated(pipeline_model::Verdict::Wait, 290) };
    let story = heard(&[REACHED], &[held, scanned(Fail, 300)]);
    assert!(matches!(story.standing(), Standing::Scan(_)), "what has stopped it comes before what holds it");
}

#[test]
fn an_execution_of_which_only_a_scan_is_known_does_not_seem_to_run() {
    for (decision, words) in [
        (scanned(Pass, 300), "orders passed the scan in Test"),
        (scanned(Fail, 300), "orders was stopped by the scan in Test"),
        (scanned(Error, 300), "orders was stopped: it could not be scanned in Test"),
        (Decision { stage: None, ..scanned(Fail, 300) }, "orders was stopped by the scan orders/scan"),
    ] {
        assert_eq!(headline(&heard(&[], &[decision])), words);
    }
    let held = gated(pipeline_model::Verdict::Wait, 430);
    assert_eq!(headline(&heard(&[], &[scanned(Pass, 300), held.clone()])), "orders is held at the gate in Production");
    assert_eq!(headline(&heard(&[], &[scanned(Fail, 300), held])), "orders was stopped by the scan in Test");
}

#[test]
fn an_execution_first_heard_of_through_its_scan_has_lost_no_events() {
    let mut story = heard(&[], &[scanned(Pass, 300), gated(Pass, 430)]);
    let facts = ExecutionFacts { state: Some(ExecutionState::Started), ..ExecutionFacts::default() };
    assert!(!story.repair(&facts, &[]));
    assert_eq!(story.recalled, Some(at(300)));
}

/// The reports of a release that a scan stops, and lets go on when it is retried.
fn reports() -> Vec<Report> {
    let again = Decision { key: Some(String::from("second-job")), ..scanned(Pass, 2_100) };
    reports_of(&[REACHED, STOPPED, RETRIED, PASSED].concat(), [scanned(Fail, 300), scanned(Fail, 302), again])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_order_and_any_duplicates_end_in_the_same_story_moments_and_notice(
        reports in in_any_order(reports(), 3), length in 0_usize..20,
    ) {
        let mut story = stored(&joined(&reports[..length.min(reports.len())]));
        reports.iter().for_each(|report| absorb(&mut story, report));
        assert_same(&story, &joined(&self::reports()))?;
    }
}

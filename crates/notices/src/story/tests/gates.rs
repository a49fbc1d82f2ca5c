//! A release at a gate: what it waits for, what it goes on from, and what it failed by.

use pipeline_model::Verdict::{self, Fail, Inconclusive, Pass, Wait};

use super::*;
use crate::facts::ExecutionFacts;
use crate::testing::{gated, opened, with_gate};

const REACHED: &str =
    "0 execution STARTED\n0 stage Build STARTED\n390 stage Build SUCCEEDED\n395 stage Production STARTED
    399 action Production/Check STARTED as=Invoke by=Lambda\n";
const WENT_ON: &str =
    "1121 action Production/Check SUCCEEDED as=Invoke by=Lambda\n1121 action Production/Deploy STARTED by=CodeDeploy\n";
const STOPPED: &str = "901 action Production/Check FAILED as=Invoke by=Lambda why=\"A function said no\" code=JobFailed
    901 stage Production FAILED\n901 execution FAILED\n";
const RETRIED: &str =
    "2000 #2 execution RESUMED\n2000 #2 stage Production RESUMED\n2001 #2 action Production/Check STARTED by=Lambda\n";

fn is_held(story: &Story) -> bool {
    let stand = |identity: &str| story.gates.get(identity).map(|visit| visit.stand);
    matches!(story.standing(), Standing::Gate(identity) if stand(&identity) == Some(crate::gate::Stand::Held))
}

#[test]
fn a_gate_holds_the_release_until_it_decides() {
    assert!(is_held(&heard(&[REACHED], &[gated(Wait, 430)])));
    for decided in [gated(Pass, 1_120), opened(1_120)] {
        let story = heard(&[REACHED], &[gated(Wait, 430), decided]);
        assert_eq!(story.standing(), Standing::Running(StageName::from("Production")));
    }
}

#[test]
fn a_gate_whose_decision_was_lost_does_not_hold_for_ever() {
    for sign in [
        WENT_ON,
        STOPPED,
        "901 stage Production SUCCEEDED\n",
        "901 stage Smoke STARTED\n",
        "901 execution STOPPED\n",
        &format!("{STOPPED}{RETRIED}"),
    ] {
        assert!(!is_held(&heard(&[REACHED, sign], &[gated(Wait, 430)])), "{sign}");
    }
    assert!(is_held(&heard(&[REACHED, STOPPED, RETRIED], &[gated(Wait, 2_020)])), "the retry waits anew");
}

#[test]
fn a_gate_before_its_stage_begins_holds_as_well() {
    let lines = "0 execution STARTED\n0 stage Build STARTED\n390 stage Build SUCCEEDED\n";
    assert!(is_held(&heard(&[lines], &[Decision { action: None, ..gated(Wait, 430) }])));
}

#[test]
fn a_question_and_a_failure_come_before_a_gate_that_waits() {
    let asked = "420 action Production/Manager STARTED as=Approval\n";
    assert!(matches!(heard(&[REACHED, asked], &[gated(Wait, 430)]).standing(), Standing::Waiting(_)));
    let failing = "420 action Production/Smoke FAILED\n";
    assert!(matches!(heard(&[REACHED, failing], &[gated(Wait, 430)]).standing(), Standing::Failing(_)));
}

#[test]
fn the_failure_is_that_of_the_gate_whatever_comes_first() {
    let expected = "Check stopped the release after 8 min 20 s: errors stay low (The alarm orders-5xx is in ALARM).";
    let mut early = blank();
    early.absorb_decision(&gated(Fail, 900));
    told(&[REACHED, STOPPED].concat()).iter().for_each(|event| early.absorb(event));
    let late = heard(&[REACHED, STOPPED], &[gated(Fail, 900)]);
    assert_eq!(early, late);
    for story in [early, late] {
        assert_eq!(compose::failure_words(&story, 1), expected);
        let headline = compose::notice(&story, &Settings::default()).headline.to_words();
        assert_eq!(headline, "orders was stopped at the gate in Production");
    }
}

#[test]
fn a_gate_explains_only_the_failure_it_made() {
    let own = "A function said no";
    let other_action = Decision { action: Some("Other".into()), ..gated(Fail, 900) };
    let other_stage = Decision { stage: Some(StageName::from("Staging")), ..gated(Fail, 900) };
    for decision in
        [other_action, other_stage, gated(Fail, 100), gated(Fail, 2_000), gated(Pass, 900), gated(Wait, 900)]
    {
        let words = compose::failure_words(&heard(&[REACHED, STOPPED], std::slice::from_ref(&decision)), 1);
        assert!(words.contains(own), "{words} by {decision:?}");
    }
    let nameless = Decision { action: None, ..gated(Fail, 900) };
    let words = compose::failure_words(&heard(&[REACHED, STOPPED], std::slice::from_ref(&nameless)), 1);
    assert!(words.starts_with("Check stopped the release"), "{words}");
    let built = STOPPED.replace("Lambda", "CodeBuild");
    assert!(compose::failure_words(&heard(&[REACHED, &built], &[nameless]), 1).contains(own), "no gate runs there");
}

#[test]
fn of_two_attempts_that_failed_within_a_minute_each_has_its_own_gate() {
    let again = "903 #2 execution RESUMED\n903 #2 stage Production RESUMED\n903 #2 action Production/Check STARTED as=Invoke by=Lambda\n\
        905 #2 action Production/Check FAILED as=Invoke by=Lambda\n905 #2 stage Production FAILED\n905 #2 execution FAILED\n";
    let second = |reason: &str, at: i64| Decision {
        reason: Some(reason.to_owned()),
        key: Some(at.to_string()),
        ..gated(Fail, at)
    };
    let story = heard(&[REACHED, STOPPED, again], &[second("the first reason", 900), second("the second reason", 904)]);
    assert!(compose::failure_words(&story, 2).contains("the second reason"), "{}", compose::failure_words(&story, 2));
    let behind =
        |attempt: u32| story.gates_behind(attempt).iter().filter_map(|visit| visit.reason.clone()).collect::<Vec<_>>();
    assert_eq!(behind(1), ["the first reason"]);
    assert_eq!(behind(2), ["the second reason"]);
}

#[test]
fn a_gate_that_gives_no_reason_is_explained_by_what_codepipeline_was_told() {
    let silent = Decision { reason: None, ..gated(Fail, 900) };
    let words = compose::failure_words(&heard(&[REACHED, STOPPED], &[silent]), 1);
    assert_eq!(words, "Check stopped the release after 8 min 20 s: A function said no");
}

#[test]
fn a_condition_that_fails_a_stage_without_an_action_is_explained_by_its_gate() {
    let lines = "0 execution STARTED\n0 stage Production STARTED\n901 stage Production FAILED\n901 execution FAILED\n";
    let story = heard(&[lines], &[Decision { action: None, ..gated(Inconclusive, 900) }]);
    assert!(compose::failure_words(&story, 1).starts_with("The gate stopped the release after 8 min 20 s"));
    assert!(compose::failure_words(&heard(&[lines], &[]), 1).starts_with("No failed action was reported"));
}

#[test]
fn an_execution_of_which_only_a_gate_is_known_does_not_seem_to_run() {
    for (decision, words) in [
        (gated(Wait, 430), "orders is held at the gate in Production"),
        (gated(Pass, 1_120), "orders passed the gate in Production after 12 min"),
        (gated(Fail, 1_120), "orders was stopped at the gate in Production after 12 min"),
        (opened(1_120), "orders was let through the gate in Production by alice"),
    ] {
        let mut story = blank();
        story.absorb_decision(&decision);
        assert_eq!(compose::notice(&story, &Settings::default()).headline.to_words(), words);
    }
}

#[test]
fn an_execution_first_heard_of_through_its_gate_has_lost_no_events() {
    let mut story = heard(&[], &[gated(Wait, 430)]);
    let facts = ExecutionFacts { state: Some(ExecutionState::Started), ..ExecutionFacts::default() };
    assert!(!story.repair(&facts, &[]));
    assert_eq!(story.recalled, Some(at(430)));
}

/// The reports of a release that waits, is stopped, waits again and goes on.
fn reports() -> Vec<Report> {
    let again = |decision: Decision| Decision { key: Some(String::from("second-visit")), ..decision };
    let wider = |verdict: Verdict, second: i64| with_gate(gated(verdict, second), |gate| gate.policy = None);
    let decisions =
        [gated(Wait, 430), wider(Wait, 600), gated(Fail, 900), again(gated(Wait, 2_020)), again(opened(2_100))];
    reports_of(&[REACHED, STOPPED, RETRIED].concat(), decisions)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_order_and_any_duplicates_end_in_the_same_story_moments_and_notice(reports in in_any_order(reports(), 3)) {
        assert_same(&joined(&reports), &joined(&self::reports()))?;
    }

    #[test]
    fn a_prefix_and_then_everything_ends_like_everything_and_no_late_hold_undoes_what_was_decided(
        reports in in_any_order(reports(), 3), length in 0_usize..30,
    ) {
        let straight = joined(&self::reports());
        let mut story = stored(&joined(&reports[..length.min(reports.len())]));
        reports.iter().for_each(|report| absorb(&mut story, report));
        prop_assert_eq!(&story, &straight);
        for late in [gated(Wait, 430), gated(Wait, 9_000)] {
            story.absorb_decision(&late);
        }
        prop_assert_eq!(story, straight);
    }

    #[test]
    fn what_is_over_stays_over_and_what_was_told_keeps_its_key(reports in in_any_order(reports(), 3)) {
        let mut story = blank();
        let mut gates = BTreeSet::new();
        for report in &reports {
            let (was_over, attempt) = (story.is_over(), story.attempt());
            absorb(&mut story, report);
            prop_assert!(!was_over || story.is_over() || story.attempt() > attempt);
            gates.extend(moment::moments(&story).into_iter().filter(|moment| moment.gate.is_some()).map(|moment| moment.key));
        }
        prop_assert_eq!(gates.len(), 2, "{:?}", gates);
    }
}

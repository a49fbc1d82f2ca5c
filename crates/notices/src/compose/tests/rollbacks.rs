//! A rollback as people see it, and what it does to the colour of its release.

use pipeline_model::Decision;
use pipeline_model::RollbackOutcome::{Done, Failed, Observed, Refused};

use super::*;
use crate::compose::{Tone, notice};
use crate::settings::Settings;
use crate::testing::{decided, outside_of_pipelines, with};

const ENDED: &str = "250 stage Production SUCCEEDED\n250 execution SUCCEEDED";

/// A release that had succeeded when this was decided about it.
fn released(decisions: &[Decision]) -> Story {
    let mut story = informed(&[STARTED, BUILT, ENDED], &["Source", "Build", "Production"]);
    decisions.iter().for_each(|decision| story.absorb_decision(decision));
    story
}

fn cleared(second: i64) -> Decision {
    with(decided(Done, second), |rollback| rollback.cleared_at = Some(at(second)))
}

#[test]
fn a_release_that_was_rolled_back() {
    insta::assert_json_snapshot!(news(&released(&[]), &released(&[decided(Done, 600)]), at(601)));
}

#[test]
fn a_rollback_whose_alarm_is_quiet_again() {
    let before = released(&[decided(Done, 600)]);
    insta::assert_json_snapshot!(news(&before, &released(&[decided(Done, 600), cleared(1_320)]), at(1_321)));
}

#[test]
fn a_rollback_that_could_not_be_done() {
    insta::assert_json_snapshot!(news(&released(&[]), &released(&[decided(Failed, 600)]), at(601)));
}

#[test]
fn a_rollback_that_was_refused() {
    let refused = with(decided(Refused, 600), |rollback| (rollback.to, rollback.target_execution) = (None, None));
    insta::assert_json_snapshot!(news(&released(&[]), &released(&[refused]), at(601)));
}

#[test]
fn a_rollback_that_would_have_been_done() {
    insta::assert_json_snapshot!(news(&released(&[]), &released(&[decided(Observed, 600)]), at(601)));
}

#[test]
fn a_second_alarm_after_a_rollback() {
    let second = with(decided(Refused, 700), |rollback| rollback.alarm = Some(String::from("orders-latency")));
    let before = released(&[decided(Done, 600)]);
    insta::assert_json_snapshot!(news(&before, &released(&[decided(Done, 600), second]), at(701)));
}

#[test]
fn a_rollback_of_what_belongs_to_no_pipeline() {
    let desk = desk_with(&format!("{OWNED}routes: [{{channels: [\"slack:C0123456\", sns]}}]"));
    let decision = |outcome, second| outside_of_pipelines(decided(outcome, second), "ecs:shop/orders");
    let mut record = Record::new(Subject::of(&decision(Done, 600)).unwrap());
    let mut channels = Channels::default();
    channels.deliver(&mut record, &desk, at(601));
    let cleared = with(decision(Done, 1_320), |rollback| rollback.cleared_at = Some(at(1_320)));
    record.subject.absorb_decision(&cleared);
    channels.deliver(&mut record, &desk, at(1_321));
    insta::assert_json_snapshot!(told_by(&channels));
}

#[test]
fn an_execution_of_which_nothing_else_is_known_does_not_seem_to_run() {
    for outcome in [Done, Failed, Refused, Observed] {
        let mut story = crate::testing::blank();
        story.absorb_decision(&decided(outcome.clone(), 600));
        let headline = notice(&story, &Settings::default()).headline.to_words();
        assert!(headline.contains("rolled back"), "{outcome}: {headline}");
        assert_eq!(story.last_change(), None, "nobody looks after it");
    }
}

#[test]
fn a_release_that_was_rolled_back_is_red_and_grey_once_its_alarm_is_quiet() {
    let tone = |decisions: &[Decision]| notice(&released(decisions), &Settings::default()).tone;
    assert_eq!(tone(&[]), Tone::Good);
    assert_eq!(tone(&[decided(Done, 600)]), Tone::Bad);
    assert_eq!(tone(&[decided(Done, 600), cleared(900)]), Tone::Neutral);
    assert_eq!(tone(&[decided(Failed, 600)]), Tone::Bad);
    assert_eq!(tone(&[decided(Refused, 600), decided(Observed, 610)]), Tone::Good, "it stands as it did");
}

#[test]
fn a_rollback_in_one_stage_hides_neither_a_question_nor_a_failure_in_another() {
    for (lines, words) in [(WAITING, "waits for approval in Approve"), (FAILED, "failed in Test")] {
        let mut story = informed(&[STARTED, BUILT, lines], STAGES);
        story.absorb_decision(&decided(Done, 400));
        let notice = notice(&story, &Settings::default());
        assert!(notice.headline.to_words().ends_with(words), "{:?}", notice.headline);
        assert!(
            notice.to_plain().contains("Rollback begun in Production for alarm orders-errors"),
            "{}",
            notice.to_plain()
        );
    }
}

#[test]
fn more_decisions_than_a_message_shows_are_counted() {
    let refused =
        |second: i64| with(decided(Refused, second), |rollback| rollback.alarm = Some(format!("orders-{second}")));
    let said = |count: i64| {
        let decisions: Vec<_> = (600..600 + count).map(refused).chain([decided(Done, 590)]).collect();
        notice(&released(&decisions), &Settings::default()).to_plain()
    };
    assert!(said(4).contains("and one earlier decision") && said(5).contains("and 2 earlier decisions"), "{}", said(4));
    assert!(!said(3).contains("earlier decision"), "{}", said(3));
}

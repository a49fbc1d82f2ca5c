//! What a story promises whatever order, repetition and loss its events arrive in.

mod gates;
mod loss;
mod orderings;
mod rollbacks;
mod scans;
mod sources;

use pipeline_model::{ActionState, ExecutionState};
use proptest::prelude::*;

use super::*;
use crate::compose;
use crate::moment::{self, Moment, Outcome};
use crate::settings::Settings;
use crate::testing::{RELEASE, approval_message, at, blank, in_any_order, record, story, told};

fn keys(story: &Story) -> Vec<String> {
    moment::moments(story).into_iter().map(|moment| moment.key).collect()
}

fn of(story: &Story, outcome: Outcome) -> Vec<Moment> {
    moment::moments(story).into_iter().filter(|moment| moment.outcome == outcome).collect()
}

/// What these lines tell, and then what was decided.
fn heard(lines: &[&str], decisions: &[Decision]) -> Story {
    let mut story = story(&lines.concat());
    decisions.iter().for_each(|decision| story.absorb_decision(decision));
    story
}

/// One thing that is heard of.
#[derive(Debug, Clone)]
enum Report {
    Event(Box<PipelineEvent>),
    Message,
    Decision(Box<Decision>),
}

/// The events these lines tell, and what was decided.
fn reports_of(lines: &str, decisions: impl IntoIterator<Item = Decision>) -> Vec<Report> {
    let events = told(lines).into_iter().map(|event| Report::Event(Box::new(event)));
    events.chain(decisions.into_iter().map(|decision| Report::Decision(Box::new(decision)))).collect()
}

fn absorb(story: &mut Story, report: &Report) {
    match report {
        Report::Event(event) => story.absorb(event),
        Report::Message => story.absorb_approval(&approval_message(), at(662)),
        Report::Decision(decision) => story.absorb_decision(decision),
    }
}

/// The story so far, after it was stored and read again.
fn stored(story: &Story) -> Story {
    serde_json::from_value(serde_json::to_value(story).unwrap()).unwrap()
}

/// The story these reports tell in this order.
fn joined(reports: &[Report]) -> Story {
    let mut story = blank();
    reports.iter().for_each(|report| absorb(&mut story, report));
    story
}

/// The same story, with the same to tell and to show.
fn assert_same(mixed: &Story, straight: &Story) -> Result<(), TestCaseError> {
    prop_assert_eq!(mixed, straight);
    prop_assert_eq!(moment::moments(mixed), moment::moments(straight));
    prop_assert_eq!(compose::notice(mixed, &Settings::default()), compose::notice(straight, &Settings::default()));
    Ok(())
}

#[test]
fn a_late_start_only_fills_the_start_in() {
    let mut late = story("10 action Build/Compile SUCCEEDED\n10 stage Build SUCCEEDED\n11 execution SUCCEEDED");
    let before = late.standing();
    told("0 execution STARTED\n2 stage Build STARTED\n3 action Build/Compile STARTED")
        .iter()
        .for_each(|e| late.absorb(e));
    assert_eq!((late.standing(), before), (Standing::Succeeded, Standing::Succeeded));
    assert_eq!(late.began, Some(at(0)));
    assert_eq!(late.steps()[0].span, Some((at(2), at(10))));
    assert_eq!(late.stages[&StageName::from("Build")].actions.values().next().unwrap().course.started, Some(at(3)));
}

#[test]
fn no_event_of_the_same_attempt_undoes_an_end() {
    let ends = ["SUCCEEDED", "FAILED", "STOPPED", "CANCELED", "SUPERSEDED"];
    for end in ends {
        let mut over = story(&format!("0 execution STARTED\n9 execution {end}"));
        for state in ["STARTED", "RESUMED", "STOPPING", "PAUSED"] {
            told(&format!("20 execution {state}\n20 stage Build {state}")).iter().for_each(|e| over.absorb(e));
        }
        assert_eq!(over.run.as_ref().map(|run| run.state.to_string()).as_deref(), Some(end));
        assert!(over.is_over());
    }
}

#[test]
fn a_retry_is_not_a_duplicate() {
    let mut story = story("0 execution STARTED\n5 stage Test FAILED\n5 execution FAILED");
    assert_eq!(keys(&story), ["started", "failed:1"]);
    told("60 #2 stage Test RESUMED\n60 #2 execution RESUMED").iter().for_each(|event| story.absorb(event));
    assert_eq!(story.standing(), Standing::Retrying(StageName::from("Test")));
    told("90 #2 stage Test FAILED\n90 #2 execution FAILED").iter().for_each(|event| story.absorb(event));
    assert_eq!(keys(&story), ["failed:1", "resumed:2", "failed:2"]);
    assert_eq!(story.standing(), Standing::Failed(Some(StageName::from("Test"))));
}

#[test]
fn a_retry_succeeds_and_the_first_failure_stays_told() {
    let story = story(RELEASE);
    assert_eq!(story.standing(), Standing::Succeeded);
    let failed = &of(&story, Outcome::Failed)[0];
    assert_eq!((failed.key.as_str(), failed.attempt, failed.at), ("failed:1", 1, at(300)));
    let words = |attempt| compose::failure_words(&story, attempt);
    assert!(words(1).contains("Unit failed after 54 s (CodeBuild, JobFailed): 3 of 120 tests failed"), "{}", words(1));
}

#[test]
fn states_aws_invents_are_shown_raw_and_counted() {
    let story = story("0 execution STARTED\n4 execution PAUSED\n4 stage Test SKIPPED\n5 action Test/Unit QUEUED");
    assert_eq!(story.standing(), Standing::Unknown(String::from("PAUSED")));
    assert_eq!(story.unknown_states(), ["PAUSED", "SKIPPED", "QUEUED"]);
    let hostile = told("0 execution STARTED\n4 execution X").remove(1);
    let Change::Execution { trigger, stop_comment, .. } = hostile.change.clone() else { panic!("an execution event") };
    let state = ExecutionState::Unknown(format!("<!channel>\n{}", "A".repeat(5_000)));
    let mut story = blank();
    story.absorb(&PipelineEvent { change: Change::Execution { state, trigger, stop_comment }, ..hostile });
    assert!(story.unknown_states()[0].starts_with("<!channel> AAA") && story.unknown_states()[0].len() <= 100);
}

#[test]
fn an_attempt_that_is_missing_or_zero_counts_as_the_first() {
    for attempt in ["#-", "#0", "#1"] {
        let story = story(&format!(
            "0 {attempt} execution STARTED\n4 {attempt} stage Test FAILED\n4 {attempt} execution FAILED"
        ));
        assert_eq!(keys(&story), ["started", "failed:1"], "{attempt}");
        assert!(story.is_over(), "{attempt}");
    }
}

#[test]
fn parallel_actions_that_both_fail_are_one_failure_with_both_reasons() {
    let mut events = told(
        "0 execution STARTED\n1 action Test/Unit STARTED\n1 action Test/Load STARTED\n5 action Test/Unit FAILED why=red
         9 action Test/Load FAILED why=slow\n9 stage Test FAILED\n9 execution FAILED",
    );
    for _ in 0..2 {
        let mut story = blank();
        events.iter().for_each(|event| story.absorb(event));
        assert_eq!(of(&story, Outcome::Failed).iter().map(|moment| moment.at).collect::<Vec<_>>(), [at(5)]);
        assert_eq!(compose::failure_words(&story, 1), "Load failed after 8 s: slow\nUnit failed after 4 s: red");
        events.reverse();
    }
}

#[test]
fn while_others_of_its_stage_still_run_a_failed_action_makes_the_execution_failing() {
    let story =
        story("0 execution STARTED\n1 stage Test STARTED\n1 action Test/Load STARTED\n5 action Test/Unit FAILED");
    assert_eq!(story.standing(), Standing::Failing(StageName::from("Test")));
    assert_eq!(keys(&story), ["started", "failed:1"]);
}

#[test]
fn the_reason_is_asked_for_once_when_it_did_not_arrive() {
    let mut story = story("0 execution STARTED\n5 stage Test FAILED\n5 execution FAILED");
    assert!(story.wants().actions);
    story.learn_actions(&[]);
    story.learn_execution(&crate::ExecutionFacts::default());
    assert!(!story.wants().actions);
    let explained = self::story("0 execution STARTED\n5 action Test/Unit FAILED why=red\n5 stage Test FAILED");
    assert!(!explained.wants().actions);
}

#[test]
fn between_two_stages_an_execution_has_not_just_started() {
    let story = story("0 execution STARTED\n1 stage Source STARTED\n4 stage Source SUCCEEDED");
    assert_eq!(story.standing(), Standing::Passed(StageName::from("Source")));
}

#[test]
fn bounds_keep_the_same_whatever_the_order() {
    let lines: Vec<String> = (0..70)
        .map(|n| format!("{n} action S{}/A{n} SUCCEEDED why=said{n}", n % 7))
        .chain((0..9).map(|n| format!("{n} action T/F{n} FAILED why=red{n}")))
        .chain((1..9).map(|n| format!("{n} #{n} stage U FAILED")))
        .collect();
    let forth = story(&lines.join("\n"));
    let back = story(&lines.iter().rev().cloned().collect::<Vec<_>>().join("\n"));
    assert_eq!(forth, back);
    assert_eq!(forth.failures.keys().copied().collect::<Vec<_>>(), [4, 5, 6, 7, 8]);
    assert!(forth.stages.values().flat_map(|stage| stage.actions.values()).all(|action| action.said.is_nothing()));
}

#[test]
fn more_failed_actions_than_are_kept_are_counted() {
    let lines: String = (0..9).map(|n| format!("{n} action Test/F{n} FAILED why=red{n}\n")).collect();
    let words = compose::failure_words(&story(&lines), 1);
    assert!(
        words.starts_with("F0 failed: red0\n") && words.ends_with("F4 failed: red4\nand 4 more failed actions"),
        "{words}"
    );
}

#[test]
fn a_story_is_stored_as_it_is_read() {
    let mut record = record(RELEASE);
    record.story().absorb_approval(&approval_message(), at(661));
    let stored = serde_json::to_string(&record).unwrap();
    assert_eq!(serde_json::from_str::<crate::Record>(&stored).unwrap(), record);
}

#[test]
fn fixed_means_that_an_execution_before_this_one_failed() {
    let mut history = crate::History::default();
    history.remember(&ExecutionId::from("0"), 1, false, at(-3600));
    let mut story = story("0 execution STARTED\n60 execution SUCCEEDED");
    let (attempt, succeeded, ended) = story.endings().pop().unwrap();
    history.remember(&story.execution, attempt, succeeded, ended);
    story.learn_history(&history);
    assert_eq!(keys(&story), ["started", "ended:1"]);
    assert_eq!(of(&story, Outcome::Fixed).len(), 1);
    let notice = compose::notice(&story, &Settings::default());
    assert_eq!(notice.headline.to_words(), "orders is fixed after 1 h 1 min");
}

#[test]
fn an_attempt_that_was_followed_by_another_ended_in_failure() {
    let story = story(RELEASE);
    assert_eq!(story.endings(), [(1, false, at(300)), (2, true, at(1082))]);
}

#[test]
fn states_an_api_spells_otherwise_are_ordinary_unknown_ones() {
    assert_eq!(crate::lattice::readable(&ActionState::Unknown(String::from("FAILED"))), ActionState::Failed);
}

//! A release that is rolled back: what it means for the pipeline, and for an execution that was forgotten.

use pipeline_model::RollbackOutcome::{Done, Refused};

use super::*;
use crate::facts::{ActionFacts, ExecutionFacts};
use crate::history::History;
use crate::testing::{decided, pipeline};

/// Takes what an execution has come to into the pipeline's history, and says whether it has fixed something.
fn ended(history: &mut History, story: &mut Story) -> Option<crate::Broken> {
    for (attempt, succeeded, at) in story.endings() {
        history.remember(&story.execution, attempt, succeeded, at);
    }
    story.learn_history(history);
    story.fixed.get(&story.attempt()).cloned()
}

/// Another execution of the same pipeline, which succeeds.
fn next(id: &str, second: i64, trigger: &str) -> Story {
    let mut story = Story::new(pipeline("us-east-1"), ExecutionId::from(id));
    for mut event in told(&format!("{second} execution STARTED {trigger}\n{} execution SUCCEEDED", second + 60)) {
        event.execution = ExecutionId::from(id);
        story.absorb(&event);
    }
    story
}

#[test]
fn a_release_that_was_rolled_back_is_fixed_by_the_next_one_and_not_by_the_rollback() {
    let mut history = History::default();
    let mut released = story("0 execution STARTED\n60 execution SUCCEEDED");
    assert_eq!(ended(&mut history, &mut released), None);
    released.absorb_decision(&decided(Done, 400));
    assert_eq!(ended(&mut history, &mut released), None, "it was not broken before");
    let mut rollback = next("33333333", 401, "trigger=ManualRollback");
    assert_eq!(ended(&mut history, &mut rollback), None);
    let fixed = ended(&mut history, &mut next("44444444", 4_000, "")).unwrap();
    assert_eq!((fixed.since, fixed.by, fixed.rolled_back), (at(400), released.execution, true));
    assert_eq!(ended(&mut history, &mut next("55555555", 5_000, "")), None);
}

#[test]
fn a_refusal_breaks_nothing() {
    let mut refused = story("0 execution STARTED\n60 execution SUCCEEDED");
    let before = refused.endings();
    refused.absorb_decision(&decided(Refused, 400));
    assert_eq!(refused.endings(), before);
}

/// CodePipeline's memory of an execution that ended long before the decision, with one action.
fn recalled(state: ExecutionState, ended: i64) -> Story {
    let mut story = blank();
    story.absorb_decision(&decided(Refused, 1_000));
    assert!(story.is_unheard_of());
    let action = ActionFacts {
        stage: StageName::from("Production"),
        action: "Deploy".into(),
        action_execution: None,
        kind: pipeline_model::ActionType::default(),
        state: ActionState::Succeeded,
        started: Some(at(ended - 60)),
        updated: Some(at(ended)),
        result: None,
        commit_author: None,
    };
    let missed = story.repair(&ExecutionFacts { state: Some(state), ..ExecutionFacts::default() }, &[action]);
    assert!(!missed, "no event was lost");
    story
}

#[test]
fn what_a_forgotten_execution_did_long_ago_is_not_told_again() {
    let story = recalled(ExecutionState::Succeeded, -30 * 24 * 3_600);
    assert_eq!(story.standing(), Standing::Succeeded);
    let told: Vec<_> = moment::moments(&story).into_iter().map(|moment| moment.outcome).collect();
    assert_eq!(told, [Outcome::RollbackRefused]);
    assert!(!compose::notice(&story, &Settings::default()).to_plain().contains("lost"));
}

#[test]
fn what_an_execution_did_just_before_it_was_first_heard_of_is_told() {
    let story = recalled(ExecutionState::Succeeded, 600);
    assert_eq!(of(&story, Outcome::Succeeded).len(), 1);
}

#[test]
fn an_execution_that_is_still_running_when_it_is_first_heard_of_goes_on() {
    let story = recalled(ExecutionState::Started, 600);
    assert!(!story.is_over() && story.last_change() == Some(at(600)), "it is looked after");
    assert_eq!(story.standing(), Standing::Running(StageName::from("Production")));
}

#[test]
fn the_commit_of_an_execution_that_was_judged_is_asked_for_once() {
    let mut story = blank();
    assert!(!story.wants().execution);
    story.absorb_decision(&decided(Done, 400));
    assert!(story.wants().execution);
    story.learn_execution(&ExecutionFacts::default());
    assert!(!story.wants().execution, "a source that names no revision will not name one later");
}

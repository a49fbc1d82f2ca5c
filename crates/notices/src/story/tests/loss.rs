//! Events that never come, and what the API says instead.

use pipeline_model::{ActionName, ActionType, ExecutionResult};

use super::*;
use crate::facts::{ActionFacts, ApprovalSettings, ExecutionFacts, Structure};

/// A run as `ListActionExecutions` gives it.
fn run(path: &str, state: &str, started: i64, updated: i64) -> ActionFacts {
    let (stage, action) = path.split_once('/').unwrap();
    ActionFacts {
        stage: StageName::from(stage),
        action: ActionName::from(action),
        action_execution: None,
        kind: ActionType::default(),
        state: ActionState::from(state.to_owned()),
        started: Some(at(started)),
        updated: Some(at(updated)),
        result: Some(ExecutionResult { summary: Some(format!("{path} {state}")), ..ExecutionResult::default() }),
        commit_author: None,
    }
}

fn facts(state: &str) -> ExecutionFacts {
    ExecutionFacts { state: Some(ExecutionState::from(state.to_owned())), ..ExecutionFacts::default() }
}

/// The runs of [`RELEASE`], newest first, as the API lists them.
fn release_runs() -> Vec<ActionFacts> {
    vec![
        run("Production/Deploy", "SUCCEEDED", 962, 1082),
        run("Approve/Manager", "SUCCEEDED", 661, 961),
        run("Test/Unit", "SUCCEEDED", 601, 660),
        run("Test/Unit", "FAILED", 246, 300),
        run("Test/Lint", "SUCCEEDED", 246, 270),
        run("Build/Compile", "SUCCEEDED", 5, 245),
        run("Source/Checkout", "SUCCEEDED", 0, 4),
    ]
}

fn row(story: &Story) -> String {
    compose::stages(story).to_words()
}

#[test]
fn a_repaired_story_stands_where_its_events_would_have_led() {
    let all = told(RELEASE);
    let whole = story(RELEASE);
    for missing_from in 1..all.len() {
        let mut repaired = blank();
        all[..missing_from].iter().for_each(|event| repaired.absorb(event));
        // With the retry's own events lost, nothing tells that there was a second attempt.
        let knows_of_the_retry = missing_from > 16;
        if !repaired.is_over() && (knows_of_the_retry || missing_from < 14) {
            let runs = release_runs();
            assert!(repaired.repair(&facts("SUCCEEDED"), &runs), "{missing_from}");
            assert_eq!(repaired.standing(), whole.standing(), "{missing_from}");
            assert!(
                repaired.steps().iter().all(|step| step.mark == Mark::Succeeded),
                "{missing_from}: {}",
                row(&repaired)
            );
            assert!(of(&repaired, Outcome::Failed).iter().all(|moment| moment.attempt == 1), "{missing_from}");
        }
    }
}

#[test]
fn nothing_is_repaired_while_an_execution_runs_or_once_it_is_over() {
    let mut running = story("0 execution STARTED");
    assert!(!running.repair(&facts("STARTED"), &release_runs()));
    assert!(!running.repaired);
    let mut over = story("0 execution STARTED\n5 execution FAILED");
    let before = over.clone();
    assert!(!over.repair(&facts("SUCCEEDED"), &release_runs()));
    assert_eq!((over.run, over.stages), (before.run, before.stages));
}

#[test]
fn a_lost_failure_is_told_with_its_reason_and_the_note_that_events_were_lost() {
    let mut story = story("0 execution STARTED\n1 stage Test STARTED\n1 action Test/Unit STARTED");
    assert!(story.repair(&facts("FAILED"), &[run("Test/Unit", "FAILED", 1, 30)]));
    assert_eq!(story.standing(), Standing::Failed(Some(StageName::from("Test"))));
    assert_eq!(compose::failure_words(&story, 1), "Unit failed after 29 s: Test/Unit FAILED");
    assert_eq!(keys(&story), ["started", "failed:1"]);
}

#[test]
fn runs_of_an_earlier_attempt_do_not_fail_the_latest_one() {
    let retried = "0 execution STARTED\n1 action Test/Unit STARTED\n9 action Test/Unit FAILED\n9 stage Test FAILED
        9 execution FAILED\n60 #2 execution RESUMED\n60 #2 stage Test RESUMED\n61 #2 action Test/Unit STARTED
        70 #2 action Test/Unit SUCCEEDED\n70 #2 stage Test SUCCEEDED\n71 #2 stage Deploy STARTED\n90 #2 stage Deploy FAILED
        90 #2 execution FAILED";
    let mut story = story(retried);
    assert!(story.wants().actions, "nobody said why Deploy failed");
    story.learn_actions(&[
        run("Deploy/Stack", "FAILED", 71, 90),
        run("Test/Unit", "SUCCEEDED", 61, 70),
        run("Test/Unit", "FAILED", 1, 9),
    ]);
    assert_eq!(compose::failure_words(&story, 2), "Stack failed after 19 s: Deploy/Stack FAILED");
    assert_eq!(compose::failure_words(&story, 1), "Unit failed after 8 s: Test/Unit FAILED");
    assert_eq!(story.standing(), Standing::Failed(Some(StageName::from("Deploy"))));
}

#[test]
fn what_the_api_says_again_changes_nothing_but_what_was_missing() {
    let mut story =
        story("0 execution STARTED\n1 action Source/Git STARTED as=Source\n4 action Source/Git SUCCEEDED as=Source");
    let before = story.clone();
    let mut again = run("Source/Git", "SUCCEEDED", 1, 5);
    again.kind.category = String::from("Source");
    story.learn_actions(std::slice::from_ref(&again));
    let mut expected = before;
    let git = expected.stages.get_mut(&StageName::from("Source")).unwrap().actions.values_mut().next().unwrap();
    git.said.summary = Some(String::from("Source/Git SUCCEEDED"));
    assert_eq!(story, expected);
}

#[test]
fn a_stage_whose_end_was_lost_has_succeeded_once_the_next_one_begins() {
    let mut story =
        story("0 execution STARTED\n1 stage Source STARTED\n1 action Source/Git STARTED\n9 stage Build STARTED");
    assert_eq!(row(&story), "✓ Source  ›  ▶ Build");
    told("30 execution SUCCEEDED").iter().for_each(|event| story.absorb(event));
    assert_eq!(row(&story), "✓ Source  ›  ✓ Build");
}

#[test]
fn a_stage_that_was_cut_off_does_not_seem_to_run() {
    assert_eq!(row(&story("0 stage Build STARTED\n9 execution STOPPED")), "■ Build");
    assert_eq!(row(&story("0 stage Build STARTED\n5 action Build/A FAILED\n9 execution FAILED")), "✗ Build");
}

#[test]
fn an_approval_whose_answer_was_lost_is_not_waited_for() {
    let waiting = "0 execution STARTED\n5 stage Approve STARTED\n5 action Approve/Manager STARTED as=Approval\n";
    for sign in ["60 stage Approve SUCCEEDED", "61 stage Production STARTED", "61 action Production/Deploy STARTED"] {
        let story = story(&format!("{waiting}{sign}"));
        assert_eq!(story.pending(), [], "{sign}");
        assert!(!matches!(story.standing(), Standing::Waiting(_)), "{sign}");
    }
    assert_eq!(story(waiting).pending().len(), 1);
}

#[test]
fn an_approval_of_a_state_nobody_knows_is_not_waited_for() {
    assert_eq!(story("5 action Approve/Manager SKIPPED as=Approval").pending(), []);
}

#[test]
fn with_every_stage_event_lost_actions_still_tell_what_failed() {
    let story =
        story("0 execution STARTED\n1 action Test/Unit STARTED\n9 action Test/Unit FAILED why=red\n9 execution FAILED");
    assert_eq!(story.standing(), Standing::Failed(Some(StageName::from("Test"))));
    assert_eq!(row(&story), "✗ Test");
}

#[test]
fn an_approval_that_ended_with_its_time_has_expired() {
    let words = |minutes: u32, ended: i64| {
        let mut story = story(&format!(
            "0 action Approve/Manager STARTED as=Approval\n{ended} action Approve/Manager FAILED as=Approval by=Manual code=JobFailed"
        ));
        let settings = ApprovalSettings {
            stage: StageName::from("Approve"),
            action: ActionName::from("Manager"),
            custom_text: None,
            external_link: None,
            timeout_minutes: Some(minutes),
        };
        story.learn_structure(&Structure { stages: Vec::new(), approvals: vec![settings] });
        compose::failure_words(&story, 1)
    };
    assert_eq!(words(5, 300), "Manager expired after 5 min");
    assert_eq!(words(60, 300), "Manager was rejected after 5 min");
    assert_eq!(
        compose::failure_words(&story("9 action Approve/Manager FAILED as=Approval"), 1),
        "Manager was rejected or expired"
    );
}

#[test]
fn a_failure_nobody_explains_says_so() {
    let lines = compose::failure_words(&story("9 stage Deploy FAILED\n9 execution FAILED"), 1);
    assert_eq!(lines, "No failed action was reported; the execution's page may say why.");
}

#[test]
fn a_failure_whose_whole_retry_was_missed_does_not_alarm_anybody_after_the_end() {
    let mut story = story("0 execution STARTED\n246 stage Test STARTED\n246 action Test/Unit STARTED");
    assert!(story.repair(&facts("SUCCEEDED"), &release_runs()));
    assert_eq!(of(&story, Outcome::Failed), []);
    assert_eq!(story.standing(), Standing::Succeeded);
}

#[test]
fn the_only_run_the_api_knows_yet_may_belong_to_the_attempt_before() {
    let mut story = story("5 stage Test FAILED\n9 execution FAILED\n60 #2 execution RESUMED\n60 #2 stage Test RESUMED");
    story.learn_actions(&[run("Test/Unit", "FAILED", 1, 5)]);
    assert_eq!(story.standing(), Standing::Retrying(StageName::from("Test")));
    assert_eq!(compose::failure_words(&story, 1), "Unit failed after 4 s: Test/Unit FAILED");
}

#[test]
fn a_repair_also_ends_the_stages_before_the_one_that_failed() {
    let mut story = story("0 execution STARTED");
    let runs = [run("Test/Unit", "FAILED", 5, 30), run("Source/Checkout", "SUCCEEDED", 0, 4)];
    assert!(story.repair(&facts("FAILED"), &runs));
    assert_eq!(row(&story), "✓ Source 4 s  ›  ✗ Test 25 s");
    assert_eq!(keys(&story), ["started", "stage:Source:1", "failed:1"]);
}

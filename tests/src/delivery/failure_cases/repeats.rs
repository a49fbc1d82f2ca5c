//! Events that come more than once, in any order, and executions that are tried more than once: cases 1 to 4.

use delivery_metrics::{Measure, Scope};
use fastrand::Rng;
use serde_json::Value;

use super::{bodies, calm, office_of, recorded};
use crate::delivery::office::Office;
use crate::delivery::story::Story;

const PIPELINE: &str = "orders-release";

/// Case 1.
#[tokio::test]
async fn a_duplicate_event_is_acknowledged_and_changes_nothing() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    office.hear(&story.release()).await;
    let (before, table) = (recorded(&office), office.world.ledger.items());
    for event in story.release() {
        office.hear(&[event]).await;
    }
    assert_eq!(recorded(&office), before);
    assert_eq!(office.world.ledger.items(), table, "and nothing is left waiting");
}

/// Case 1, within one batch and under the same or another event id: case 2.
#[tokio::test]
async fn one_batch_that_tells_everything_three_times_is_recorded_once() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    let mut again = story.release();
    again.iter_mut().for_each(|event| event["id"] = "emitted-again".into());
    office.hear(&[story.release(), story.release(), again].concat()).await;
    assert_eq!(recorded(&office), calm(&story, &story.release()).await);
    assert_eq!(office.world.measurements.recorded().len(), 1);
}

/// Case 2.
#[tokio::test]
async fn the_same_change_under_another_event_id_changes_nothing() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    office.hear(&story.release()).await;
    let before = recorded(&office);
    let mut again = story.release();
    again.iter_mut().for_each(|event| event["id"] = "emitted-again".into());
    office.hear(&again).await;
    assert_eq!(recorded(&office), before);
}

fn retried(story: &Story) -> Vec<Value> {
    let again = Story(story.0.attempt(2));
    let mut stage = again.stage("Production", "SUCCEEDED", (191, 960));
    stage["detail"]["stage-last-retry-attempt-time"] = again.at(900).to_string().into();
    [story.failure(), vec![again.run("RESUMED", 900), stage, again.run("SUCCEEDED", 960)]].concat()
}

/// Case 3.
#[tokio::test]
async fn a_retried_stage_is_no_second_execution() {
    let story = Story::of("1");
    let office = office_of(&story, "Failed");
    office.hear(&story.failure()).await;
    assert_eq!(office.values(Measure::ExecutionSuccessRate, PIPELINE), [0.0]);
    story.is_known_as_retried(&office.world);
    office.hear(&retried(&story)[5..]).await;
    assert_eq!(office.values(Measure::ExecutionSuccessRate, PIPELINE), [0.0, 100.0]);
    assert_eq!(office.of(Measure::ExecutionSuccessRate, &Scope::AllPipelines), [0.0], "one execution, counted once");
    assert_eq!(office.values(Measure::ExecutionDuration, PIPELINE), [960.0]);
    assert_eq!(office.stage_durations(PIPELINE, "Production"), [60.0], "from its last retry");
    assert_eq!(office.values(Measure::Deployments, PIPELINE), [1.0]);
    assert_eq!(office.values(Measure::DeploymentFailures, PIPELINE), [1.0]);
    assert_eq!(office.values(Measure::TimeToRestore, PIPELINE), [660.0]);
}

/// Case 3.
#[tokio::test]
async fn a_retry_that_fails_again_is_neither_a_second_failure_nor_a_second_execution() {
    let story = Story::of("1");
    let office = office_of(&story, "Failed");
    office.hear(&story.failure()).await;
    let before = recorded(&office);
    let again = Story(story.0.attempt(2));
    office.hear(&[again.stage("Production", "FAILED", (900, 960)), again.run("FAILED", 960)]).await;
    assert_eq!(recorded(&office), before);
}

/// Case 3: an approval that is asked again is another wait.
#[tokio::test]
async fn each_asking_of_an_approval_is_a_wait_of_its_own_and_counted_once() {
    let story = Story::of("1");
    let office = Office::new();
    let asked = |id: &str, status: &str, times| story.action(id, "Staging", "Approval", status, times);
    story.is_known_by(&office.world, vec![asked("a-1", "Failed", (100, 160)), asked("a-2", "Succeeded", (200, 230))]);
    let (rejected, approved) =
        (story.approval("a-1", "FAILED", (100, 160)), story.approval("a-2", "SUCCEEDED", (200, 230)));
    let twice = [rejected.clone(), approved.clone(), rejected, approved, story.run("SUCCEEDED", 300)];
    office.hear(&twice).await;
    office.hear(&twice).await;
    assert_eq!(office.of(Measure::ApprovalWait, &Scope::AllPipelines), [60.0, 30.0]);
}

/// Case 4.
#[tokio::test]
async fn an_end_that_comes_before_its_start_is_measured_when_the_start_comes() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    let mut end = story.run("SUCCEEDED", 300);
    end["detail"].as_object_mut().unwrap().remove("start-time");
    office.hear(&[end]).await;
    assert_eq!(office.values(Measure::ExecutionSuccessRate, PIPELINE), [100.0]);
    assert_eq!(office.values(Measure::ExecutionDuration, PIPELINE), [0.0; 0]);
    office.hear(&[story.run("STARTED", 0)]).await;
    office.hear(&[story.run("STARTED", 0), story.run("SUCCEEDED", 300)]).await;
    assert_eq!(office.values(Measure::ExecutionDuration, PIPELINE), [300.0]);
    assert_eq!(office.values(Measure::ExecutionSuccessRate, PIPELINE), [100.0]);
}

/// Case 4: nothing that is over begins again.
#[tokio::test]
async fn a_start_that_comes_after_the_end_changes_nothing() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    let mut events = story.release();
    events.rotate_left(1);
    office.hear(&events).await;
    office.hear(&[story.run("STARTED", 0), story.run("RESUMED", 10), story.run("SUCCEEDED", 300)]).await;
    assert_eq!(recorded(&office), calm(&story, &story.release()).await);
}

/// Cases 1 and 4.
#[tokio::test]
async fn in_whatever_order_and_batches_a_release_is_told_the_numbers_are_the_same() {
    let story = Story::of("1");
    let expected = calm(&story, &story.release()).await;
    let mut rng = Rng::with_seed(4);
    for round in 0..60 {
        let office: Office<_> = office_of(&story, "Succeeded");
        let mut events = bodies(&[story.release(), story.release()].concat());
        rng.shuffle(&mut events);
        while !events.is_empty() {
            let batch: Vec<_> = events.drain(..rng.usize(1..=events.len().min(5))).collect();
            assert_eq!(office.receive(&batch).await, [0; 0]);
        }
        office.hear(&[story.run("SUCCEEDED", 300)]).await;
        assert_eq!(recorded(&office), expected, "round {round}");
    }
}

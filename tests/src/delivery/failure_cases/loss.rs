//! Events that never come: case 5. CodePipeline's lists know what happened; the sweep reads them.

use std::time::Duration;

use delivery_metrics::{ExecutionSummary, Measure};
use recorder::memory::{Fault, ScriptedReleases};
use serde_json::Value;

use super::{calm, office_of, recorded, waiting};
use crate::delivery::office::Office;
use crate::delivery::story::Story;

const PIPELINE: &str = "orders-release";
/// What young executions are given for their events to arrive.
const GRACE: Duration = Duration::from_secs(15 * 60);

/// The story ends now, and CodePipeline lists it as ended so.
fn just_after(story: &Story, status: &str) -> Office<ScriptedReleases> {
    let story = story.clone().after(3_300);
    let office = office_of(&story, status);
    listed(&office, vec![story.summary(status, 300)]);
    office
}

fn listed(office: &Office<ScriptedReleases>, executions: Vec<ExecutionSummary>) {
    office.world.releases.set_executions(PIPELINE, executions);
}

/// A release that has ended just when the office opens.
fn story() -> Story {
    Story::of("1").after(3_300)
}

async fn repaired(office: &Office<ScriptedReleases>) -> u32 {
    office.sweep().await.expect("no crash was asked for").repaired
}

fn counted(office: &Office<ScriptedReleases>) -> f64 {
    office.world.metrics.sum("ExecutionsRepaired")
}

/// Case 5.
#[tokio::test]
async fn a_lost_end_is_repaired_once_within_a_period_after_its_grace_and_counted() {
    let (story, office) = (story(), just_after(&Story::of("1"), "Succeeded"));
    office.hear(&story.release()[..6]).await;
    assert_eq!(repaired(&office).await, 0, "its event may still be on its way");
    assert_eq!(recorded(&office), [""; 0]);
    office.world.clock.advance(GRACE);
    assert_eq!(repaired(&office).await, 1);
    let expected = calm(&story, &story.release()).await;
    assert_eq!(recorded(&office), expected);
    assert!((counted(&office) - 1.0).abs() < 0.1);
    assert_eq!(repaired(&office).await, 0);
    office.hear(&story.release()).await;
    assert_eq!(recorded(&office), expected, "what comes after all has nothing new to say");
    assert!((counted(&office) - 1.0).abs() < 0.1);
    assert_eq!(waiting(&office), 0);
}

/// Case 5.
#[tokio::test]
async fn a_release_of_which_no_event_came_is_recorded_whole() {
    let (story, office) = (story(), just_after(&Story::of("1"), "Succeeded"));
    office.world.clock.advance(GRACE);
    assert_eq!(repaired(&office).await, 1);
    assert_eq!(recorded(&office), calm(&story, &story.release()).await);
}

/// Case 5.
#[tokio::test]
async fn whichever_event_of_a_release_is_lost_its_numbers_are_the_same_after_the_next_sweep() {
    let story = story();
    let expected = calm(&story, &story.release()).await;
    for lost in 0..story.release().len() {
        let office = just_after(&Story::of("1"), "Succeeded");
        let mut events = story.release();
        let event = events.remove(lost);
        office.hear(&events).await;
        office.world.clock.advance(GRACE);
        let repaired = repaired(&office).await;
        let is_the_end = event["detail"]["state"] == "SUCCEEDED" && event["detail"]["stage"].is_null();
        assert_eq!(repaired, u32::from(is_the_end), "what the list of actions tells is no gap: without {event}");
        assert_eq!(recorded(&office), expected, "without {event}");
    }
}

async fn calm_failure(story: &Story) -> Vec<String> {
    let office = office_of(story, "Failed");
    office.hear(&story.failure()).await;
    recorded(&office)
}

/// Case 5.
#[tokio::test]
async fn a_failed_deployment_whose_stage_nobody_told_of_is_seen_in_the_list_of_actions() {
    let (story, office) = (story(), just_after(&Story::of("1"), "Failed"));
    let mut events = story.failure();
    events.remove(4);
    office.hear(&events).await;
    assert_eq!(office.values(Measure::DeploymentFailures, PIPELINE), [1.0]);
    office.world.clock.advance(GRACE);
    assert_eq!(repaired(&office).await, 0);
    assert_eq!(recorded(&office), calm_failure(&story).await);
}

/// Case 5: an execution that was superseded measures nothing and is not looked for again and again.
#[tokio::test]
async fn a_lost_superseded_execution_is_asked_about_once() {
    let (story, office) = (story(), just_after(&Story::of("1"), "Superseded"));
    office.hear(&[story.run("STARTED", 0)]).await;
    office.world.clock.advance(GRACE);
    office.sweep().await.unwrap();
    let asked = |office: &Office<_>| {
        office.world.releases.asked().iter().filter(|call| call.starts_with("ListActionExecutions")).count()
    };
    assert_eq!(asked(&office), 1);
    office.sweep().await.unwrap();
    assert_eq!(asked(&office), 1);
    assert_eq!(office.values(Measure::ExecutionSuccessRate, PIPELINE), [0.0; 0]);
    assert!(counted(&office) < 0.1, "nothing was lost that counts");
}

/// Case 5: a retry that failed again, in another stage.
#[tokio::test]
async fn a_lost_second_failure_of_a_retried_execution_is_repaired() {
    let (story, office) = (story(), just_after(&Story::of("1"), "Failed"));
    let earlier = story.action("build-1", "Build", "Build", "Failed", (6, 60));
    story.is_known_by(&office.world, vec![earlier.clone()]);
    office.hear(&[story.run("STARTED", 0), story.stage("Build", "FAILED", (6, 60)), story.run("FAILED", 61)]).await;
    assert_eq!(office.values(Measure::DeploymentFailures, PIPELINE), [0.0; 0]);
    let later = story.action("production-2", "Production", "Deploy", "Failed", (191, 300));
    story.is_known_by(&office.world, vec![earlier, later]);
    office.world.clock.advance(GRACE);
    assert_eq!(repaired(&office).await, 1);
    assert_eq!(office.values(Measure::DeploymentFailures, PIPELINE), [1.0]);
    assert_eq!(office.values(Measure::ExecutionSuccessRate, PIPELINE), [0.0], "still one execution that failed");
    assert_eq!(repaired(&office).await, 0);
}

/// Case 5, while CloudWatch refuses.
#[tokio::test]
async fn a_repair_that_cloudwatch_refused_is_made_by_the_next_sweep() {
    let (story, office) = (story(), just_after(&Story::of("1"), "Succeeded"));
    office.world.clock.advance(GRACE);
    // The round's gauges come first.
    (0..2).for_each(|_| office.world.measurements.fail_next(Fault::Refuses));
    repaired(&office).await;
    assert_eq!(recorded(&office), [""; 0]);
    assert_eq!(repaired(&office).await, 1);
    assert_eq!(recorded(&office), calm(&story, &story.release()).await);
}

/// Case 5: what waits for an end that never comes is recorded without it.
#[tokio::test]
async fn facts_that_wait_for_the_end_of_an_execution_nobody_lists_are_folded() {
    let (story, office) = (story(), just_after(&Story::of("1"), "Succeeded"));
    listed(&office, Vec::new());
    office.hear(&[story.gate()]).await;
    assert_eq!(waiting(&office), 1);
    office.world.clock.advance(GRACE);
    office.sweep().await.unwrap();
    assert_eq!(waiting(&office), 0);
    assert_eq!(office.values(Measure::GateWait, PIPELINE), [25.0]);
}

/// Case 5: more than one visit repairs comes in the next rounds, oldest first, and nothing twice.
#[tokio::test]
async fn a_day_without_any_event_is_repaired_ten_executions_a_round() {
    let office = Office::new();
    let stories: Vec<Story> = (0..25).map(|hour: i64| Story::of(&hour.to_string()).after(hour * 3_600)).collect();
    stories.iter().for_each(|story| story.is_known(&office.world, "Succeeded"));
    listed(&office, stories.iter().rev().map(|story| story.summary("Succeeded", 300)).collect());
    office.world.clock.advance(Duration::from_secs(26 * 3_600));
    for expected in [10, 10, 5, 0] {
        assert_eq!(repaired(&office).await, expected);
    }
    assert_eq!(office.values(Measure::ExecutionDuration, PIPELINE), [300.0; 25]);
    assert_eq!(office.values(Measure::ExecutionSuccessRate, PIPELINE), [100.0; 25]);
    let heard: Vec<Value> = stories.iter().flat_map(Story::release).collect();
    let before = recorded(&office);
    office.hear(&heard).await;
    assert_eq!(recorded(&office), before);
}

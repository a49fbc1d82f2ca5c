//! What events may contain: huge pipelines, hostile texts, and what AWS has not invented yet: cases 47, 48 and 52.

use delivery_metrics::{ActionRun, Measure};
use serde_json::{Value, json};

use super::{calm, office_of, recorded};
use crate::delivery::office::Office;
use crate::delivery::story::Story;

const PIPELINE: &str = "orders-release";
/// CodePipeline's quotas for the stages of a pipeline and the actions of a stage.
const MOST: i64 = 50;

/// A name of the longest kind.
fn name(kind: &str, number: i64) -> String {
    format!("{kind}-{number:x<98}").chars().take(100).collect()
}

/// One release of the largest pipeline there can be, with the events of so many actions per stage.
fn huge(story: &Story, actions: i64) -> Vec<Value> {
    let mut events = vec![story.run("STARTED", 0)];
    for stage in 0..MOST {
        let (from, to) = (stage * 10, stage * 10 + 9);
        for action in 0..actions {
            let mut event = story.0.action(&name("stage", stage), &name("action", action), "SUCCEEDED", to);
            event["detail"]["start-time"] = json!(story.at(from).to_string());
            events.push(event);
        }
        events.push(story.stage(&name("stage", stage), "SUCCEEDED", (from, to)));
    }
    events.push(story.run("SUCCEEDED", MOST * 10));
    events
}

fn huge_runs(story: &Story) -> Vec<ActionRun> {
    let places = (0..MOST).flat_map(|stage| (0..MOST).map(move |action| (stage, action)));
    let run = |(stage, action): (i64, i64)| {
        let id = format!("{stage}-{action}");
        let times = (stage * 10, stage * 10 + 9);
        ActionRun {
            action: name("action", action),
            ..story.action(&id, &name("stage", stage), "Build", "Succeeded", times)
        }
    };
    places.map(run).collect()
}

/// Case 47.
#[tokio::test]
async fn the_largest_pipeline_is_measured_whole_and_stays_far_below_the_size_of_an_item() {
    let office = Office::new();
    let stages: Vec<String> = (0..MOST).map(|stage| name("stage", stage)).collect();
    office.world.releases.set_stages(PIPELINE, &stages.iter().map(String::as_str).collect::<Vec<_>>());
    for number in 0..40 {
        let story = Story::of(&number.to_string()).after(number * 10);
        story.is_known_by(&office.world, huge_runs(&story));
        // As Lambda hands out batches of a few hundred records.
        for batch in huge(&story, if number == 0 { MOST } else { 1 }).chunks(500) {
            office.hear(batch).await;
        }
    }
    for stage in &stages {
        assert_eq!(office.stage_durations(PIPELINE, stage), [9.0; 40], "{stage}");
    }
    assert_eq!(office.values(Measure::Deployments, PIPELINE), [1.0; 40]);
    let window = office.world.ledger.items().pop_first().unwrap().1.window.unwrap();
    assert!(window.len() < 20_000, "the window has {} bytes", window.len());
    assert_eq!(office.world.measurements.recorded().len(), 40, "one call for each end");
}

/// Case 48: texts people write are in no metric and in no table.
#[tokio::test]
async fn what_people_write_into_commits_is_neither_kept_nor_recorded() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    let hostile = "<!channel> \u{202e}`rm -rf` \u{200b}\u{1F4A3}";
    let mut events = story.release();
    events[0] = story.0.pushed(hostile, hostile);
    events[0]["detail"]["execution-trigger"]["branch-name"] = json!(hostile);
    events[6]["detail"]["stop-execution-comments"] = json!(hostile);
    office.hear(&events[..5]).await;
    let kept = |office: &Office<_>| format!("{:?}", office.world.ledger.items());
    assert!(!kept(&office).contains("channel"), "{}", kept(&office));
    office.hear(&events[5..]).await;
    assert!(!kept(&office).contains("channel"), "{}", kept(&office));
    assert!(recorded(&office).iter().all(|line| line.is_ascii()));
    assert_eq!(office.values(Measure::LeadTime, PIPELINE), [380.0], "from the author's date of the push");
}

/// Case 52.
#[tokio::test]
async fn states_that_are_new_change_nothing_and_the_rest_goes_on() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    let mut events = story.release();
    let new = ["PAUSED", "Cancelled", "", "SUCCEEDED_WITH_ISSUES"];
    for state in new {
        events.insert(3, story.run(state, 100));
        events.insert(3, story.stage("Build", state, (6, 100)));
        events.insert(3, story.approval("other", state, (6, 100)));
    }
    office.hear(&events).await;
    assert_eq!(recorded(&office), calm(&story, &story.release()).await);
    let unknown = office.world.metrics.sum("UnknownStates");
    assert!((unknown - 12.0).abs() < 0.1, "{unknown} were counted");
}

/// Case 52.
#[tokio::test]
async fn fields_and_triggers_that_are_new_or_of_another_type_are_tolerated() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    let mut events = story.release();
    for event in &mut events {
        event["replay-name"] = json!({ "deep": [1, 2, { "deeper": null }] });
        event["detail"]["sla-target"] = json!([1.5, "x"]);
        event["detail"]["version"] = json!("6");
        event["detail"]["pipeline-execution-attempt"] = json!({ "of": 1 });
    }
    events[0]["detail"]["execution-trigger"] = json!({ "trigger-type": "Teleport", "trigger-detail": "?" });
    office.hear(&events).await;
    assert_eq!(recorded(&office), calm(&story, &story.release()).await);
}

/// Case 52.
#[tokio::test]
async fn events_and_decisions_of_a_kind_that_is_new_are_done_with_and_counted() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    let mut event = story.run("SUCCEEDED", 300);
    event["detail-type"] = json!("CodePipeline Rule Execution State Change");
    let mut later = story.decided("Gate Decided", 100, json!({ "verdict": "pass" }));
    later["detail"]["version"] = json!(2);
    let other = story.decided("Budget Decided", 100, json!({}));
    office.hear(&[event, later, other]).await;
    assert_eq!(recorded(&office), [""; 0]);
    assert!((office.world.metrics.sum("UnknownEvents") - 3.0).abs() < 0.1);
    assert_eq!(office.world.backlog.buried(), []);
}

/// A waiting time that is no time, from whoever may publish.
#[tokio::test]
async fn numbers_that_cannot_be_are_left_out_and_counted() {
    let story = Story::of("1");
    for (waited, left_out) in [(-5.0, 1.0), (1e300, 1.0), (12.5, 0.0)] {
        let office = office_of(&story, "Succeeded");
        let gate =
            story.decided("Gate Decided", 100, json!({ "key": "job-1", "verdict": "pass", "waited-seconds": waited }));
        office.hear(&[gate, story.run("SUCCEEDED", 300)]).await;
        let expected = if left_out > 0.0 { vec![] } else { vec![waited] };
        assert_eq!(office.values(Measure::GateWait, PIPELINE), expected);
        assert!((office.world.metrics.sum("DurationsBelowZero") - left_out).abs() < 0.1, "{waited}");
    }
}

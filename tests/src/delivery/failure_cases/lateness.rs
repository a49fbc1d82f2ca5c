//! Events that come hours or weeks late, and clocks that do not agree: cases 6 and 46.

use std::time::Duration;

use delivery_metrics::Measure;

use super::{calm, office_of, recorded, waiting};
use crate::delivery::office::at;
use crate::delivery::story::Story;

const HOUR: u64 = 3_600;
const PIPELINE: &str = "orders-release";

/// Case 6.
#[tokio::test]
async fn what_comes_hours_late_is_recorded_at_the_time_it_happened() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    office.world.clock.advance(Duration::from_secs(30 * HOUR));
    office.hear(&story.release()).await;
    assert_eq!(recorded(&office), calm(&story, &story.release()).await);
    assert!(office.world.measurements.samples().iter().all(|sample| sample.at <= at(300)));
}

/// Case 6.
#[tokio::test]
async fn what_cloudwatch_takes_no_more_is_left_out_counted_and_done() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    office.world.clock.advance(Duration::from_secs(14 * 24 * HOUR));
    office.hear(&story.release()).await;
    assert_eq!(recorded(&office), [""; 0]);
    let expected = calm(&story, &story.release()).await.len();
    assert!((office.world.metrics.sum("SamplesTooOld") - expected as f64).abs() < 0.1);
    assert_eq!(waiting(&office), 0);
    assert_eq!(office.world.backlog.buried(), []);
}

/// Case 6: what is too old to be recorded still counts in the rates of what follows.
#[tokio::test]
async fn an_execution_too_old_to_be_recorded_still_counts_in_the_rate_of_the_next() {
    let (old, new) = (Story::of("1"), Story::of("2").after(14 * 86_400));
    let office = office_of(&new, "Succeeded");
    old.is_known(&office.world, "Failed");
    office.world.clock.advance(Duration::from_secs(14 * 24 * HOUR));
    office.hear(&[old.failure(), new.release()].concat()).await;
    assert_eq!(office.values(Measure::ExecutionSuccessRate, PIPELINE), [50.0]);
    assert_eq!(office.values(Measure::TimeToRestore, PIPELINE), [14.0 * 86_400.0]);
}

/// Case 46: CloudWatch takes two hours ahead.
#[tokio::test]
async fn an_event_from_a_clock_that_is_ahead_is_taken_for_two_hours_and_no_more() {
    for (ahead, samples) in [(2 * 3_600 - 120, true), (2 * 3_600 + 600, false)] {
        let story = Story::of("1").after(3_600 + ahead - 300);
        let office = office_of(&story, "Succeeded");
        office.hear(&[story.run("SUCCEEDED", 300)]).await;
        assert_eq!(!recorded(&office).is_empty(), samples, "{ahead} s ahead");
    }
}

/// Case 46.
#[tokio::test]
async fn a_stage_that_ended_before_it_began_has_no_duration_and_is_counted() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    let mut events = story.release();
    events[2] = story.stage("Build", "SUCCEEDED", (128, 125));
    office.hear(&events).await;
    assert_eq!(office.stage_durations(PIPELINE, "Build"), [0.0; 0]);
    assert_eq!(office.stage_durations(PIPELINE, "Staging"), [64.0]);
    assert_eq!(office.values(Measure::Deployments, PIPELINE), [1.0]);
    assert!((office.world.metrics.sum("DurationsBelowZero") - 1.0).abs() < 0.1);
}

/// Case 46: events tell their time to the second, starts to the millisecond.
#[tokio::test]
async fn what_ends_in_the_second_it_began_took_no_time_and_not_less() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    let mut events = story.release();
    events[2]["detail"]["start-time"] = "2026-03-02T10:02:05.900Z".into();
    office.hear(&events).await;
    assert_eq!(office.stage_durations(PIPELINE, "Build"), [0.0]);
}

/// Case 46.
#[tokio::test]
async fn a_commit_from_after_its_deployment_has_no_lead_time_and_is_counted() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    Story::of("1").after(1_000).is_known(&office.world, "Succeeded");
    office.hear(&story.release()).await;
    assert_eq!(office.values(Measure::Deployments, PIPELINE), [1.0]);
    assert_eq!(office.values(Measure::LeadTime, PIPELINE), [0.0; 0]);
    assert!((office.world.metrics.sum("DeploymentsWithoutCommitTime") - 1.0).abs() < 0.1);
}

/// Case 46: with an offset, without a colon in it, and with milliseconds it is the same moment.
#[tokio::test]
async fn every_way_to_write_a_time_is_the_same_moment() {
    let story = Story::of("1");
    let expected = calm(&story, &story.release()).await;
    for (time, began) in [
        ("2026-03-02T10:05:00Z", "2026-03-02T10:00:00Z"),
        ("2026-03-02T11:05:00+01:00", "2026-03-02T05:00:00-05:00"),
        ("2026-03-02T10:05:00.000Z", "2026-03-02T10:00:00.000+0000"),
    ] {
        let office = office_of(&story, "Succeeded");
        let mut events = story.release();
        events[6]["time"] = time.into();
        events[6]["detail"]["start-time"] = began.into();
        office.hear(&events).await;
        assert_eq!(recorded(&office), expected, "{time}");
    }
}

//! CloudWatch refuses, does not answer, or is given more than it takes at once.

use std::time::Duration;

use delivery_metrics::Measure;
use recorder::memory::Fault;
use recorder::ports::MOST_SAMPLES;

use super::{bodies, calm, office_of, recorded, waiting};
use crate::delivery::office::{Office, TIMEOUT};
use crate::delivery::story::Story;

const PIPELINE: &str = "orders-release";

#[tokio::test]
async fn what_cloudwatch_refused_is_handed_back_and_recorded_once_when_it_comes_again() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    let events = bodies(&story.release());
    for receives in 1..4 {
        office.world.measurements.fail_next(Fault::Refuses);
        assert_eq!(office.invoke(receives, &events).await.unwrap().len(), 7);
        assert_eq!(waiting(&office), 0, "what comes again is not kept as well");
    }
    assert_eq!(recorded(&office), [""; 0]);
    assert_eq!(office.invoke(4, &events).await.unwrap(), [0; 0]);
    assert_eq!(recorded(&office), calm(&story, &story.release()).await);
}

#[tokio::test]
async fn facts_that_waited_before_a_refusal_wait_on() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    office.hear(&[story.gate()]).await;
    office.world.measurements.fail_next(Fault::Refuses);
    assert_eq!(office.receive(&bodies(&story.release())).await.len(), 7);
    assert_eq!(waiting(&office), 1);
    office.hear(&story.release()).await;
    assert_eq!(recorded(&office), calm(&story, &story.gated_release()).await);
}

#[tokio::test]
async fn a_refusal_during_which_nothing_can_be_given_back_repeats_nothing() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    let events = bodies(&story.release());
    office.world.measurements.fail_next(Fault::Refuses);
    let calls_before_the_release = calls_until_given_back(&story).await;
    office.world.crash_at(calls_before_the_release, lambda_kit::doubles::Moment::Before);
    assert_eq!(office.invoke(1, &events).await, None);
    assert_eq!(waiting(&office), 7, "the facts are still there, and so is the lease");
    office.world.clock.advance(TIMEOUT + Duration::from_secs(3));
    assert_eq!(office.invoke(2, &events).await.unwrap(), [0; 0]);
    assert_eq!(recorded(&office), calm(&story, &story.release()).await);
}

/// The number of the call that gives facts back after a refusal: the first one after which none waits any more.
async fn calls_until_given_back(story: &Story) -> usize {
    for call in 1.. {
        let office = office_of(story, "Succeeded");
        office.world.measurements.fail_next(Fault::Refuses);
        office.world.crash_at(call, lambda_kit::doubles::Moment::After);
        office.invoke(1, &bodies(&story.release())).await;
        if call > 3 && waiting(&office) == 0 {
            return call;
        }
    }
    unreachable!("facts are given back")
}

/// Nobody knows whether they were taken. They come again, because a gap would stay for ever.
#[tokio::test]
async fn what_cloudwatch_never_answered_comes_again() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    let events = bodies(&story.release());
    office.world.measurements.fail_next(Fault::Hangs);
    assert_eq!(office.receive(&events).await.len(), 7);
    assert_eq!(office.invoke(2, &events).await.unwrap(), [0; 0]);
    assert_eq!(recorded(&office), calm(&story, &story.release()).await);
}

fn releases(number: usize) -> Vec<Story> {
    let story = |number: usize| Story(Story::of(&number.to_string()).0.pipeline(&format!("team-{number}")));
    (0..number).map(story).collect()
}

#[tokio::test]
async fn a_batch_is_one_call_as_long_as_it_fits_and_a_pipeline_is_never_torn_apart() {
    for (pipelines, calls) in [(40, 1), (120, 2)] {
        let office = Office::new();
        let stories = releases(pipelines);
        for story in &stories {
            office.world.releases.set_stages(&story.0.pipeline, &["Source", "Build", "Staging", "Production"]);
            story.is_known(&office.world, "Succeeded");
        }
        let events: Vec<_> = stories.iter().flat_map(Story::release).collect();
        office.hear(&events).await;
        let recorded = office.world.measurements.recorded();
        assert_eq!(recorded.len(), calls, "{pipelines} pipelines");
        assert!(recorded.iter().all(|call| call.len() <= MOST_SAMPLES));
        assert_eq!(office.values(Measure::ExecutionDuration, "team-7"), [300.0]);
    }
}

#[tokio::test]
async fn of_two_calls_the_refused_one_is_handed_back_alone() {
    let office = Office::new();
    let stories = releases(120);
    for story in &stories {
        office.world.releases.set_stages(&story.0.pipeline, &["Source", "Build", "Staging", "Production"]);
        story.is_known(&office.world, "Succeeded");
    }
    let records: Vec<String> = stories.iter().flat_map(|story| bodies(&story.release())).collect();
    office.world.measurements.fail_next(Fault::Refuses);
    let failed = office.receive(&records).await;
    assert!(failed.len() > 7 && failed.len() < records.len(), "{} of {} records", failed.len(), records.len());
    let left: Vec<String> = failed.iter().map(|at| records[*at].clone()).collect();
    assert_eq!(office.invoke(2, &left).await.unwrap(), [0; 0]);
    for story in &stories {
        assert_eq!(office.values(Measure::ExecutionDuration, &story.0.pipeline), [300.0], "{}", story.0.pipeline);
    }
}

/// A gauge is of its moment: nobody needs an old one.
#[tokio::test]
async fn gauges_that_were_refused_are_not_sent_later() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    office.hear(&story.release()).await;
    office.world.releases.set_executions(PIPELINE, vec![story.summary("Succeeded", 300)]);
    office.world.measurements.fail_next(Fault::Refuses);
    assert!(office.sweep().await.unwrap().is_round_complete);
    assert_eq!(recorded(&office), calm(&story, &story.release()).await);
    office.sweep().await.unwrap();
    let gauges = office.of(Measure::PipelinesBelowSuccessRate, &delivery_metrics::Scope::AllPipelines);
    assert_eq!(gauges, [0.0]);
}

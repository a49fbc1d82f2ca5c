//! The reconcile at scale: the recorder compares thousands of pipelines with the local CodePipeline through the real SDK.
//!
//! How long a round takes with the template's numbers (timeout 120 s, a run every hour) and the sweep's own (10 calls
//! a second, an end 10 s before the deadline): a run compares about 1,070 pipelines, one call each, so 10,000 pipelines
//! take 10 runs, which is 9 hours and 2 minutes, as long as CodePipeline answers within a tenth of a second.
//! Then its answers set the pace: with 200 ms it takes 19 runs. Each repaired execution costs a few calls more.

mod estate;
mod story;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use delivery_metrics::Measure;
use recorder::SweepReport;
use recorder::memory::Memory;
use recorder::ports::Releases;

use super::office::{Office, TIMEOUT, at};
use crate::root;
use estate::{Estate, Limit, Witnessed, names, state};

/// What the sweep leaves of an invocation.
const KEPT_BACK: Duration = Duration::from_secs(10);
/// The template's `ReconcileMinutes`.
fn between_runs() -> Duration {
    let template = local::template::document(&root().join("template.yaml")).unwrap();
    let minutes = template["Parameters"]["ReconcileMinutes"]["Default"].as_u64().unwrap();
    Duration::from_secs(minutes * 60)
}

/// Runs until a round is complete, each when the schedule says; every run must end in time.
async fn round<R: Releases>(office: &Office<Witnessed<R>>) -> Vec<SweepReport> {
    let mut reports = Vec::new();
    loop {
        let began = office.world.clock.monotonic();
        let report = office.sweep().await.expect("no crash was asked for");
        let took = office.world.clock.monotonic() - began;
        assert!(took <= TIMEOUT - KEPT_BACK, "a run took {took:?}");
        office.world.clock.advance(between_runs() - took);
        let is_complete = report.is_round_complete;
        reports.push(report);
        if is_complete {
            return reports;
        }
        assert!(reports.len() < 100, "the round does not end: {reports:?}");
    }
}

fn in_memory(pipelines: usize, answer_time: Duration) -> Office<Witnessed<recorder::memory::ScriptedReleases>> {
    let world = Memory::at(at(3_600));
    world.releases.set_pipelines_per_page(1000);
    for name in names(pipelines) {
        world.releases.set_executions(&name, Vec::new());
    }
    let releases = Witnessed::of(world.releases.clone(), &world.clock, answer_time);
    Office::with(world, releases)
}

#[tokio::test]
async fn ten_thousand_pipelines_take_ten_runs_and_more_when_codepipeline_is_slow() {
    for (answer_time, runs) in [(0, 10), (90, 10), (200, 19)] {
        let office = in_memory(10_000, Duration::from_millis(answer_time));
        let reports = round(&office).await;
        assert_eq!(reports.len(), runs, "answers after {answer_time} ms");
        assert_eq!(office.recorder.releases.visited(), names(10_000), "each once, in CodePipeline's order");
        assert_eq!(office.recorder.releases.calls(), 10_000 + 10 + runs - 1, "a page is read again where a run began");
    }
}

#[tokio::test]
async fn every_pipeline_on_every_page_is_compared_once_and_a_run_goes_on_where_the_last_one_stopped() {
    let mut estate = Estate::new("{}").await;
    estate.create(2_000).await;
    let names = names(2_000);
    // On the first page, on its edges, and on the last page.
    let released: Vec<&str> = [0, 7, 999, 1_000, 1_999].map(|number| names[number].as_str()).to_vec();
    let heard = estate.release(&released).await;
    let office = estate.office(None);
    let lost = |event: &serde_json::Value| state(event) == Some("SUCCEEDED") && event["detail"].get("stage").is_none();
    office.hear(&heard.iter().filter(|event| !lost(event)).cloned().collect::<Vec<_>>()).await;
    assert_eq!(office.values(Measure::ExecutionDuration, released[0]), [0.0; 0]);

    let reports = round(&office).await;
    let (first, second) = (reports[0].pipelines, reports[1].pipelines);
    assert_eq!((reports.len(), first + second), (2, 2_000));
    assert!((1_060..1_080).contains(&first), "{first} pipelines in the first run");
    assert_eq!(office.recorder.releases.visited(), names);
    assert_eq!(reports.iter().map(|report| report.repaired).sum::<u32>(), 5);
    for pipeline in &released {
        assert_eq!(office.values(Measure::ExecutionDuration, pipeline), [2.0], "{pipeline}");
        assert_eq!(office.values(Measure::Deployments, pipeline), [1.0], "{pipeline}");
    }
}

#[tokio::test]
async fn a_lost_end_is_repaired_once_as_late_and_changes_nothing_when_it_comes_after_all() {
    let mut estate = Estate::new("{}").await;
    estate.create(20).await;
    let names = names(20);
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    let told = estate.release(&all).await;
    let is_lost = |event: &serde_json::Value| event["detail"]["pipeline"] == *names[13] && is_the_end(event);
    let (lost, heard): (Vec<_>, Vec<_>) = told.into_iter().partition(is_lost);
    assert_eq!(lost.len(), 1);
    let office = estate.office(None);
    office.hear(&heard).await;
    let before = office.world.measurements.samples().len();

    let repaired = |reports: Vec<SweepReport>| reports.iter().map(|report| report.repaired).collect::<Vec<_>>();
    assert_eq!(repaired(round(&office).await), [1]);
    assert_eq!(office.values(Measure::ExecutionDuration, &names[13]), [2.0]);
    assert_eq!(office.values(Measure::ExecutionSuccessRate, &names[13]), [100.0]);
    let after = office.world.measurements.samples().len();
    assert!(after > before);

    assert_eq!(repaired(round(&office).await), [0], "a repair is not repaired");
    office.hear(&lost).await;
    assert_eq!(repaired(round(&office).await), [0]);
    let gauges = 2;
    assert_eq!(office.world.measurements.samples().len(), after + gauges, "nothing but the gauge of each round");
}

fn is_the_end(event: &serde_json::Value) -> bool {
    event["detail"].get("stage").is_none() && state(event) != Some("STARTED")
}

/// CodePipeline allows two calls a second here, and the sweep begins with ten.
#[tokio::test]
async fn throttling_slows_the_sweep_down_and_no_pipeline_is_left_out() {
    let estate = Estate::new("{}").await;
    estate.create(150).await;
    let allowed = Rc::new(RefCell::new(Limit::per_second(2.0)));
    let office = estate.office(Some(allowed.clone()));
    let reports = round(&office).await;
    let failed: u32 = reports.iter().map(|report| report.failed).sum();
    assert!((1..20).contains(&failed), "{failed} visits failed: {reports:?}");
    let visits = office.recorder.releases.visits();
    let last = &visits[visits.len() - 20..];
    let pace = 19.0 / (last[19].1 - last[0].1).as_secs_f64();
    assert!(pace <= 2.0, "{pace} visits a second at the end");
    assert_eq!(reports.iter().map(|report| report.pipelines).sum::<u32>(), 150, "those that failed had another turn");

    // Once it lets up, the next run is as fast as ever.
    *allowed.borrow_mut() = Limit::per_second(1e6);
    let reports = round(&office).await;
    assert_eq!((reports.len(), reports[0].pipelines, reports[0].failed), (1, 150, 0));
}

/// What a fresh installation costs: every execution CodePipeline still lists is new to it.
#[tokio::test]
async fn the_first_visit_of_a_pipeline_with_a_history_costs_calls_once() {
    let mut estate = Estate::new("{}").await;
    estate.create(1).await;
    for _ in 0..12 {
        estate.release(&["pipeline-00000"]).await;
    }
    let office = estate.office(None);
    let mut calls = Vec::new();
    for _ in 0..4 {
        let before = office.recorder.releases.calls();
        round(&office).await;
        calls.push(office.recorder.releases.calls() - before);
    }
    // The page and the visit; the structure once; and the actions of ten executions in the first round, two in the second.
    assert_eq!(calls, [2 + 1 + 10, 2 + 2, 2, 2]);
    assert_eq!(office.values(Measure::ExecutionDuration, "pipeline-00000").len(), 12);
}

//! CodePipeline is throttled or does not know: case 51. Events are measured all the same, and the rest is learnt later.

use std::time::Duration;

use delivery_metrics::Measure;

use super::{calm, office_of, recorded};
use crate::delivery::office::Office;
use crate::delivery::story::Story;

const PIPELINE: &str = "orders-release";

/// Case 51.
#[tokio::test]
async fn without_an_answer_of_codepipeline_a_release_is_counted_and_its_lead_time_learnt_by_a_sweep() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    office.world.releases.set_executions(PIPELINE, vec![story.summary("Succeeded", 300)]);
    // The structure is known since the release before.
    let before = Story::of("0").after(-600);
    before.is_known(&office.world, "Succeeded");
    office.hear(&before.release()).await;
    let earlier = recorded(&office).len();
    office.world.releases.fail_next(1_000);
    office.hear(&story.release()).await;
    assert_eq!(office.values(Measure::Deployments, PIPELINE), [1.0, 1.0]);
    assert_eq!(office.values(Measure::LeadTime, PIPELINE), [400.0]);
    office.world.releases.fail_next(0);
    office.sweep().await.unwrap();
    assert_eq!(office.values(Measure::LeadTime, PIPELINE), [400.0, 400.0]);
    let all = recorded(&office).len();
    office.sweep().await.unwrap();
    office.hear(&story.release()).await;
    assert_eq!(recorded(&office).len(), all);
    assert!(all > earlier);
}

/// Case 51: nor is the structure known.
#[tokio::test]
async fn what_only_codepipeline_can_tell_is_measured_once_it_answers_and_once() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    office.world.releases.set_executions(PIPELINE, vec![story.summary("Succeeded", 300)]);
    office.world.releases.fail_next(1_000);
    office.hear(&story.release()).await;
    assert_eq!(office.values(Measure::ExecutionDuration, PIPELINE), [300.0]);
    assert_eq!(office.values(Measure::Deployments, PIPELINE), [0.0; 0]);
    office.world.releases.fail_next(0);
    for _ in 0..3 {
        office.sweep().await.unwrap();
    }
    assert_eq!(recorded(&office), calm(&story, &story.release()).await);
}

/// Case 51.
#[tokio::test]
async fn a_sweep_that_cannot_read_the_list_of_pipelines_fails_and_the_next_one_reads_it() {
    let office = Office::new();
    for number in 0..20 {
        office.world.releases.set_executions(&format!("team-{number:02}"), Vec::new());
    }
    assert!(office.sweep().await.unwrap().is_round_complete);
    office.world.releases.fail_next(1_000);
    assert!(office.try_sweep().await.is_err(), "not even the list of pipelines can be read");
    office.world.releases.fail_next(0);
    let report = office.sweep().await.unwrap();
    assert_eq!((report.pipelines, report.failed, report.is_round_complete), (20, 0, true));
}

/// Case 51.
#[tokio::test]
async fn three_pipelines_in_a_row_that_cannot_be_asked_end_the_run_and_the_next_goes_on_behind_them() {
    let office = Office::new();
    for number in 0..20 {
        office.world.releases.set_executions(&format!("team-{number:02}"), Vec::new());
    }
    ["team-04", "team-05", "team-06"].iter().for_each(|name| office.world.releases.set_silent(name));
    let report = office.sweep().await.unwrap();
    assert_eq!((report.pipelines, report.failed, report.is_round_complete), (4, 3, false));
    assert!((office.world.metrics.sum("ReconcilesIncomplete") - 1.0).abs() < 0.1, "an alarm watches it");
    office.world.clock.advance(Duration::from_secs(900));
    let report = office.sweep().await.unwrap();
    assert_eq!(
        (report.pipelines, report.failed, report.is_round_complete),
        (13, 3, true),
        "and those have one more turn"
    );
}

/// How long CodePipeline knows a token is documented nowhere.
#[tokio::test]
async fn a_forgotten_page_costs_the_pages_before_it_and_visits_no_pipeline_twice() {
    let office = Office::new();
    office.world.releases.set_pipelines_per_page(2);
    for name in ["a", "b", "c", "d", "e"] {
        office.world.releases.set_executions(name, Vec::new());
    }
    office.world.releases.forget_the_page();
    let report = office.sweep().await.unwrap();
    assert_eq!((report.pipelines, report.failed, report.is_round_complete), (5, 0, true));
    let asked = office.world.releases.asked();
    let times = |call: &str| asked.iter().filter(|asked| asked.starts_with(call)).count();
    assert_eq!((times("ListPipelineExecutions"), times("ListPipelines")), (5, 4), "{asked:?}");
}

/// A pipeline that is gone, with its history, is measured from its events.
#[tokio::test]
async fn an_execution_codepipeline_knows_nothing_of_counts_as_a_release_without_a_lead_time() {
    let story = Story::of("1");
    let office = Office::new();
    // For an hour CodePipeline might tell more than it does.
    office.world.clock.advance(Duration::from_secs(600));
    office.hear(&story.release()).await;
    assert_eq!(office.values(Measure::ExecutionSuccessRate, PIPELINE), [100.0]);
    assert_eq!(office.values(Measure::Deployments, PIPELINE), [1.0]);
    assert_eq!(office.values(Measure::LeadTime, PIPELINE), [0.0; 0]);
    assert!((office.world.metrics.sum("DeploymentsWithoutCommitTime") - 1.0).abs() < 0.1);
}

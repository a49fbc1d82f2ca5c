//! More at once than one call takes: half a day of records that had to wait, or a dead-letter queue sent again.

use delivery_metrics::{Measure, Scope};
use pipeline_model::PipelineName;

use crate::delivery::office::Office;
use crate::delivery::story::Story;

const PIPELINE: &str = "orders-release";

#[tokio::test]
async fn a_thousand_records_of_one_pipeline_are_measured_once_each() {
    let office = Office::new();
    let stories: Vec<Story> = (1..=200).map(|number| Story::of(&number.to_string()).after(number * 10)).collect();
    // 1,000 records in one batch: the ends of 200 executions and of their stages.
    let ends = |story: &Story| story.release().into_iter().rev().take(5).collect::<Vec<_>>();
    let events: Vec<_> = stories.iter().flat_map(ends).collect();
    assert_eq!(events.len(), 1_000);
    office.hear(&events).await;
    let measured = office.of(Measure::ExecutionDuration, &Scope::Pipeline(PipelineName::from(PIPELINE)));
    assert_eq!(measured.len(), 200);
    let inboxes: usize = office.world.ledger.items().into_values().map(|entry| entry.inbox.len()).sum();
    assert_eq!(inboxes, 0, "everything was folded and taken out");
    let calls = office.world.measurements.recorded().len();
    office.hear(&events).await;
    assert_eq!(office.world.measurements.recorded().len(), calls, "nothing is recorded twice");
}

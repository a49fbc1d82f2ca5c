//! Poison and mixed batches: cases 36 and 37.

use std::time::Duration;

use delivery_metrics::Measure;
use lambda_kit::Deadline;
use lambda_kit::start::{Handler, Invocation};
use proptest::prelude::*;
use recorder::Occasion;
use serde_json::json;

use super::{bodies, calm, office_of, recorded};
use crate::delivery::office::{Office, TIMEOUT};
use crate::delivery::story::Story;
use crate::stage::{batch, start};

/// Case 36.
#[tokio::test]
async fn a_poisonous_record_goes_to_the_dead_letter_queue_with_its_reason_and_the_others_go_on() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    let poison = ["", "{", "[1]", "null", "\u{0}", r#"{"source":7}"#, r#"{"source":"aws.codepipeline"}"#];
    let mut records: Vec<String> = poison.iter().map(|body| (*body).to_owned()).collect();
    records.splice(3..3, bodies(&story.release()));
    assert_eq!(office.receive(&records).await, [0; 0]);
    assert_eq!(recorded(&office), calm(&story, &story.release()).await);
    let buried = office.world.backlog.buried();
    assert_eq!(buried.iter().map(|record| record.body.as_str()).collect::<Vec<_>>(), poison);
    assert!(buried.iter().all(|record| record.code == "unreadable" && !record.reason.is_empty()), "{buried:?}");
    assert!((office.world.metrics.sum("RecordsBuried") - 7.0).abs() < 0.1);
}

/// Case 36: a name CloudWatch refuses would take the whole call with it, again and again.
#[tokio::test]
async fn a_name_cloudwatch_would_refuse_is_buried_and_the_others_are_recorded() {
    let story = Story::of("1");
    for name in ["", "  ", "pagos-año", "a\u{202e}b", "a\nb", &"x".repeat(1_025)] {
        let office = office_of(&story, "Succeeded");
        let strange = Story(story.0.clone().pipeline(name));
        let mut records = bodies(&story.release());
        records.push(strange.run("SUCCEEDED", 300).to_string());
        records.push(story.stage(name, "SUCCEEDED", (6, 125)).to_string());
        assert_eq!(office.receive(&records).await, [0; 0]);
        assert_eq!(recorded(&office), calm(&story, &story.release()).await, "{name:?}");
        let buried = office.world.backlog.buried();
        assert_eq!(buried.iter().map(|record| record.code.as_str()).collect::<Vec<_>>(), ["unmeasurable"; 2]);
    }
}

/// Case 36.
#[tokio::test]
async fn poison_the_dead_letter_queue_does_not_take_comes_back() {
    let office = Office::new();
    office.world.backlog.fail_next(1);
    assert_eq!(office.receive(&["poison".to_owned()]).await, [0]);
    assert_eq!(office.invoke(2, &["poison".to_owned()]).await.unwrap(), [0; 0]);
    assert_eq!(office.world.backlog.buried().len(), 1);
}

/// Case 36: a fact nobody can read lies among the others.
#[tokio::test]
async fn a_fact_of_another_version_in_the_table_does_not_keep_the_others_from_being_folded() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    office.hear(&[story.gate()]).await;
    let (key, mut entry) = office.world.ledger.items().pop_first().unwrap();
    entry.inbox.insert(0, r#"{"w":{"teleported":{}}}"#.to_owned());
    office.world.ledger.put(&key, entry);
    office.hear(&story.release()).await;
    assert_eq!(recorded(&office), calm(&story, &story.gated_release()).await);
}

/// Case 37.
#[tokio::test]
async fn a_record_without_an_id_fails_the_whole_batch() {
    let office = Office::new();
    let event = Story::of("1").run("SUCCEEDED", 300).to_string();
    let event = batch(&["m-1".to_owned(), String::new()], &[event.clone(), event], 1, start());
    let deadline = Deadline::after(&office.world.clock, TIMEOUT);
    let invocation = Invocation { request_id: "r-1".to_owned(), deadline };
    assert!(office.recorder.handle(Occasion::Events(event), invocation).await.is_err());
    assert_eq!(recorded(&office), [""; 0]);
}

/// Without time to record what a fold yields, nothing is begun and no lease is left behind.
#[tokio::test]
async fn without_time_left_everything_comes_back_and_the_next_invocation_can_begin_at_once() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    let events = bodies(&story.release());
    let ids: Vec<String> = (0..events.len()).map(|at| format!("m-{at}")).collect();
    for time in [Duration::ZERO, Duration::from_secs(4)] {
        let occasion = Occasion::Events(batch(&ids, &events, 1, start()));
        let deadline = Deadline::after(&office.world.clock, time);
        let answer = office.recorder.handle(occasion, Invocation { request_id: "r-1".to_owned(), deadline }).await;
        let answer = json!(answer.unwrap());
        assert_eq!(answer["batchItemFailures"].as_array().map(Vec::len), Some(events.len()));
    }
    assert_eq!(office.receive(&events).await, [0; 0]);
    assert_eq!(recorded(&office), calm(&story, &story.release()).await);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Ends a release of its own pipeline.
    Good,
    /// The same as another one of the batch.
    Duplicate,
    /// Not an event.
    Poison,
    /// An event of a kind that is new.
    New,
    /// Of a pipeline somebody else works on.
    Busy,
}

const KINDS: [Kind; 5] = [Kind::Good, Kind::Duplicate, Kind::Poison, Kind::New, Kind::Busy];

fn body(kind: Kind, place: usize) -> String {
    let good = |place: usize| Story::of(&place.to_string()).run("SUCCEEDED", 300);
    match kind {
        Kind::Good => good(place).to_string(),
        Kind::Duplicate => good(0).to_string(),
        Kind::Poison => format!("poison {place}"),
        Kind::New => {
            let mut event = good(place);
            event["detail-type"] = json!("CodePipeline Artifact Moved");
            event.to_string()
        }
        Kind::Busy => {
            Story(Story::of(&place.to_string()).0.pipeline("billing-release")).run("SUCCEEDED", 300).to_string()
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn outcome(kinds: &[Kind]) -> (Vec<usize>, usize, usize) {
    let office = Office::new();
    super::table::lease(&office, "billing-release").await;
    let records: Vec<String> = kinds.iter().enumerate().map(|(place, kind)| body(*kind, place)).collect();
    let failed = office.receive(&records).await;
    let rated = office.values(Measure::ExecutionSuccessRate, "orders-release").len();
    (failed, office.world.backlog.buried().len(), rated)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// Case 37.
    #[test]
    fn of_any_batch_exactly_the_records_that_wait_come_back(kinds in proptest::collection::vec(proptest::sample::select(KINDS.to_vec()), 1..=10)) {
        let (mut failed, buried, rated) = outcome(&kinds);
        let places = |wanted: Kind| kinds.iter().enumerate().filter(move |(_, kind)| **kind == wanted).map(|(place, _)| place);
        failed.sort_unstable();
        prop_assert_eq!(failed, places(Kind::Busy).collect::<Vec<_>>());
        prop_assert_eq!(buried, places(Kind::Poison).count());
        let duplicates = places(Kind::Duplicate).count() > 0 && kinds[0] != Kind::Good;
        prop_assert_eq!(rated, places(Kind::Good).count() + usize::from(duplicates));
    }
}

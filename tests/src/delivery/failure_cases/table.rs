//! The state table is throttled, contended or gone: case 38.

use std::time::Duration;

use delivery_metrics::Measure;
use recorder::memory::ScriptedReleases;
use recorder::ports::{Entry, Ledger, Opening};

use super::{bodies, calm, office_of, recorded, waiting};
use crate::delivery::office::{Office, TIMEOUT};
use crate::delivery::story::Story;

const PIPELINE: &str = "orders-release";

fn key(pipeline: &str) -> String {
    format!("delivery#arn:aws:codepipeline:us-east-1:111122223333:{pipeline}")
}

/// Somebody else works on this pipeline, for as long as an invocation may take.
pub(super) async fn lease(office: &Office<ScriptedReleases>, pipeline: &str) {
    let now = office.world.clock.now();
    let opening = office.world.ledger.open(&key(pipeline), &[], now, now + TIMEOUT, now).await.unwrap();
    assert!(matches!(opening, Opening::Open(_)));
}

/// Case 38.
#[tokio::test]
async fn a_throttled_table_hands_the_records_back_and_the_next_time_records_them_once() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    let events = bodies(&story.release());
    office.world.ledger.fail_next(1);
    assert_eq!(office.receive(&events).await.len(), 7);
    assert_eq!(recorded(&office), [""; 0]);
    assert_eq!(office.invoke(2, &events).await.unwrap(), [0; 0]);
    assert_eq!(recorded(&office), calm(&story, &story.release()).await);
}

/// Case 38.
#[tokio::test]
async fn a_throttled_table_hands_patient_records_back_as_well() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    office.world.ledger.fail_next(1);
    assert_eq!(office.receive(&bodies(&[story.gate()])).await, [0]);
    assert_eq!(waiting(&office), 0);
}

/// Case 38: one pipeline's trouble is not another one's.
#[tokio::test]
async fn the_pipelines_of_a_batch_do_not_wait_for_one_that_is_busy() {
    let (busy, free) = (Story::of("1"), Story(Story::of("2").0.pipeline("billing-release")));
    let office = office_of(&busy, "Succeeded");
    lease(&office, PIPELINE).await;
    let records = bodies(&[busy.run("SUCCEEDED", 300), free.run("SUCCEEDED", 300)]);
    assert_eq!(office.receive(&records).await, [0]);
    assert_eq!(office.values(Measure::ExecutionDuration, "billing-release"), [300.0]);
    assert_eq!(office.invoke(2, &records[..1]).await.unwrap(), [0], "as long as the lease lasts");
    assert_eq!(waiting(&office), 0, "what comes again is not kept as well");
    office.world.clock.advance(TIMEOUT + Duration::from_secs(3));
    assert_eq!(office.invoke(3, &records[..1]).await.unwrap(), [0; 0]);
    assert_eq!(office.values(Measure::ExecutionDuration, PIPELINE), [300.0]);
}

/// Case 38: patient facts need no lease.
#[tokio::test]
async fn what_can_wait_is_kept_while_somebody_else_works_on_the_pipeline() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    lease(&office, PIPELINE).await;
    office.hear(&[story.gate()]).await;
    assert_eq!(waiting(&office), 1);
    office.world.clock.advance(TIMEOUT + Duration::from_secs(3));
    office.hear(&story.release()).await;
    assert_eq!(recorded(&office), calm(&story, &story.gated_release()).await);
}

/// Case 38: two batches about one pipeline at the same time.
#[tokio::test]
async fn two_recorders_at_once_record_everything_once() {
    let story = Story::of("1");
    let expected = calm(&story, &story.release()).await;
    let mut events = bodies(&story.release());
    events.extend(bodies(&[story.run("SUCCEEDED", 300)]));
    for split in 0..=events.len() {
        let office = office_of(&story, "Succeeded");
        let other = Office::with(office.world.clone(), office.world.releases.clone());
        let (one, two) = events.split_at(split);
        let (first, second) = tokio::join!(office.receive(one), other.receive(two));
        office.world.clock.advance(TIMEOUT + Duration::from_secs(3));
        let left: Vec<_> =
            first.iter().map(|at| one[*at].clone()).chain(second.iter().map(|at| two[*at].clone())).collect();
        assert_eq!(office.invoke(2, &left).await.unwrap(), [0; 0]);
        assert_eq!(recorded(&office), expected, "split at {split}");
    }
}

/// Case 38: samples that CloudWatch took cannot be taken back. It is the one failure besides a crash that repeats them.
#[tokio::test]
async fn a_window_that_cannot_be_stored_after_its_samples_were_taken_repeats_them_once() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    office.world.ledger.fail_next_settle();
    office.hear(&story.release()).await;
    let once = calm(&story, &story.release()).await;
    assert_eq!(recorded(&office), once);
    assert_eq!(waiting(&office), 7, "the facts are still there, and so is the lease");
    office.world.clock.advance(TIMEOUT + Duration::from_secs(3));
    office.hear(&[story.run("SUCCEEDED", 300)]).await;
    let mut twice = [once.clone(), once].concat();
    twice.sort();
    assert_eq!(recorded(&office), twice);
}

/// Case 38: what stands in the table and cannot be read is not overwritten by a version that does not know it.
#[tokio::test]
async fn a_window_of_a_newer_version_is_left_alone_and_the_records_wait() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    let newer = Entry { window: Some(r#"{"v":2}"#.to_owned()), inbox: Vec::new() };
    office.world.ledger.put(&key(PIPELINE), newer.clone());
    assert_eq!(office.receive(&bodies(&story.release())).await.len(), 7);
    assert_eq!(office.world.ledger.items()[&key(PIPELINE)], newer);
    assert_eq!(recorded(&office), [""; 0]);
    let next = Office::with(office.world.clone(), office.world.releases.clone());
    office.world.ledger.put(&key(PIPELINE), Entry::default());
    assert_eq!(next.invoke(2, &bodies(&story.release())).await.unwrap(), [0; 0], "no lease was left either");
}

/// Case 38.
#[tokio::test]
async fn while_the_table_is_gone_nothing_is_given_up() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    let events = bodies(&story.release());
    office.world.ledger.fail_next(1_000);
    for receives in 1..10 {
        assert_eq!(office.invoke(receives, &events).await.unwrap().len(), 7);
        assert!(office.try_sweep().await.is_err());
        office.world.clock.advance(Duration::from_secs(60));
    }
    assert_eq!(office.world.backlog.buried(), []);
    office.world.ledger.fail_next(0);
    assert_eq!(office.invoke(10, &events).await.unwrap(), [0; 0]);
    assert_eq!(recorded(&office), calm(&story, &story.release()).await);
}

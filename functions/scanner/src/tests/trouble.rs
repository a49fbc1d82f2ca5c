//! Artifacts that change, break off, are denied, and threads that panic: none of it is a pass.

use lambda_kit::doubles::Logged;
use pipeline_model::Verdict;

use super::*;
use crate::memory::Fault;
use crate::ports::TroubleKind;
use crate::scan::faults::STRIKES_AT;

async fn with_fault(fault: Fault) -> (Memory, FailureKind, String) {
    let memory = world("scan: {}");
    memory.store.set("artifacts/Build", zipped(&borrowed(&large(20))));
    memory.store.break_object("artifacts/Build", fault);
    let (kind, message) = failure(Pipeline::with(&memory, PARAMETERS).inputs(&["Build"]).run(3).await);
    assert_eq!(scans(&memory).pop().unwrap().verdict, Verdict::Error, "{message}");
    (memory, kind, message)
}

#[tokio::test]
async fn each_trouble_with_an_artifact_has_its_kind_of_failure_and_names_the_artifact() {
    for (fault, kind, words) in [
        (Fault::Trouble(TroubleKind::Denied), FailureKind::PermissionError, "cannot be read"),
        (Fault::Trouble(TroubleKind::Missing), FailureKind::RevisionUnavailable, "cannot be read"),
        (Fault::Trouble(TroubleKind::Passing), FailureKind::SystemUnavailable, "retry the stage"),
        (Fault::Trouble(TroubleKind::Refused), FailureKind::JobFailed, "cannot be read"),
        (Fault::Changes(0), FailureKind::RevisionOutOfSync, "was changed while it was scanned"),
        (Fault::Changes(4), FailureKind::RevisionOutOfSync, "was changed while it was scanned"),
        (Fault::BreaksOff, FailureKind::SystemUnavailable, "broken off"),
        (Fault::EndsEarly, FailureKind::SystemUnavailable, "another number of bytes came"),
        (Fault::GoesOn, FailureKind::SystemUnavailable, "another number of bytes came"),
    ] {
        let (_, found, message) = with_fault(fault).await;
        assert_eq!(found, kind, "{fault:?}: {message}");
        assert!(message.starts_with("The input artifact Build") && message.contains(words), "{fault:?}: {message}");
    }
}

#[tokio::test]
async fn an_artifact_that_changes_between_two_invocations_is_not_gone_on_with() {
    let memory = world("scan: {}");
    memory.store.set("artifacts/Build", zipped(&borrowed(&large(20))));
    memory.store.take(SLOW);
    let pipeline = Pipeline::with(&memory, PARAMETERS).inputs(&["Build"]);
    pipeline.visit(0, None).await;
    let lambda_kit::jobs::Answer::Continue { token, .. } = pipeline.answer(0) else { panic!("it goes on") };
    memory.store.set("artifacts/Build", zipped(CLEAN));
    pipeline.visit(1, Some(token.as_str())).await;
    assert_eq!(failure(pipeline.answer(1)).0, FailureKind::RevisionOutOfSync);
}

#[tokio::test]
async fn a_panic_of_a_thread_is_an_error_and_no_pass() {
    let memory = world("scan: {}");
    memory.store.set("artifacts/Build", vec![b'a'; STRIKES_AT as usize]);
    let logged = Logged::start();
    let (kind, message) = failure(Pipeline::with(&memory, PARAMETERS).inputs(&["Build"]).run(1).await);
    assert_eq!(kind, FailureKind::JobFailed);
    assert_eq!(message, "The scan stopped at a fault of its own, and its log says where. Nothing was decided.");
    assert!(!logged.text().contains("in words that nobody may see"));
    assert_eq!(scans(&memory).pop().unwrap().verdict, Verdict::Error);
}

#[tokio::test]
async fn a_bus_that_is_away_is_counted_and_changes_no_answer() {
    let (memory, pipeline) = with_artifact("scan: {}", CLEAN);
    memory.bus.fail_next(1);
    assert!(matches!(pipeline.run(1).await, lambda_kit::jobs::Answer::Success { .. }));
    assert!(memory.metrics.sum("ScanDecisionsNotPublished") > 0.0);
}

#[tokio::test]
async fn a_job_of_another_account_or_without_credentials_is_not_worked_on() {
    let (memory, pipeline) = with_artifact("scan: {}", CLEAN);
    let event = pipeline.event(0, None).replace("111122223333", "444455556666");
    pipeline.deliver(&event).await;
    let (kind, message) = failure(pipeline.answer(0));
    assert_eq!(kind, FailureKind::ConfigurationError);
    assert!(message.starts_with("The job is of account 444455556666 and this scanner of 111122223333"), "{message}");
    let mut event: serde_json::Value = serde_json::from_str(&pipeline.event(1, None)).unwrap();
    event["CodePipeline.job"]["data"].as_object_mut().unwrap().remove("artifactCredentials");
    pipeline.deliver(&event.to_string()).await;
    assert_eq!(failure(pipeline.answer(1)).0, FailureKind::PermissionError);
    assert_eq!((memory.store.ranges(), memory.bus.published().len()), (0, 0));
}

#[tokio::test]
async fn an_event_without_a_job_fails_and_a_job_that_cannot_be_read_is_answered() {
    for event in ["{}", "[]", "null", r#"{"CodePipeline.job":7}"#, r#"{"CodePipeline.job":{"id":"x"}}"#] {
        let (memory, pipeline) = with_artifact("scan: {}", CLEAN);
        let delivered = pipeline.deliver(event).await;
        assert!(matches!(&delivered, Some(Err(failure)) if failure.is_permanent()), "{event}: {delivered:?}");
        assert!(memory.metrics.sum("EventsNotUnderstood") > 0.0);
    }
    let (memory, pipeline) = with_artifact("scan: {}", CLEAN);
    let event = pipeline.event(0, None).replace("\"inputArtifacts\":[", "\"inputArtifacts\":[7,");
    pipeline.deliver(&event).await;
    assert_eq!(failure(pipeline.answer(0)).0, FailureKind::ConfigurationError);
    assert!(memory.metrics.sum("JobsNotUnderstood") > 0.0);
}

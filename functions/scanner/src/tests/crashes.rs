//! The process dies at any call, or any call fails: each job has exactly one answer, and a leak never passes.

use lambda_kit::doubles::{Moment, World};
use lambda_kit::jobs::Answer;
use pipeline_model::Verdict;

use super::*;

/// A world with a leak at the end, in which a scan takes several invocations.
fn leaking() -> (Memory, Pipeline) {
    let mut memory = world("scan: { rules: { off: [generic] } }");
    (memory.room.downloads, memory.room.batch) = (1, 300);
    let mut entries = large(3);
    entries.push((String::from("zz/last.ini"), leak(9).into_bytes()));
    memory.store.set("artifacts/Build", zipped(&borrowed(&entries)));
    memory.store.take(SLOW);
    let pipeline = Pipeline::with(&memory, PARAMETERS).inputs(&["Build"]).output("Report");
    (memory, pipeline)
}

#[tokio::test]
async fn whatever_call_the_process_dies_at_a_leak_never_passes_and_is_told_before_it_is_answered() {
    let (memory, pipeline) = leaking();
    failure(pipeline.run(9).await);
    let calls = memory.calls();
    assert!(calls > 20 && memory.jobs.answers().len() > 1, "{calls}");
    let mut died = 0;
    for (number, moment) in (1..=calls).flat_map(|number| [(number, Moment::Before), (number, Moment::After)]) {
        let (memory, pipeline) = leaking();
        memory.crash_at(number, moment);
        let (_, message) = failure(pipeline.run(9).await);
        if message == "the function died" {
            died += 1;
        } else {
            assert!(message.contains("zz/last.ini"), "{number} {moment:?}: {message}");
            assert_eq!(scans(&memory).pop().unwrap().verdict, Verdict::Fail, "told, then answered");
        }
    }
    assert!(died > calls, "{died} of {calls}");
}

#[tokio::test]
async fn whatever_fails_at_whatever_visit_a_leak_never_passes() {
    let doubles: [fn(&Memory, usize); 4] = [
        |memory, calls| memory.store.fail_next(calls),
        |memory, calls| memory.shelf.fail_next(calls),
        |memory, calls| memory.settings.fail_next(calls),
        |memory, calls| memory.bus.fail_next(calls),
    ];
    for fail in doubles {
        for (failing, calls) in (0..3).flat_map(|visit| [(visit, 1), (visit, 99)]) {
            let (memory, pipeline) = leaking();
            let mut token: Option<String> = None;
            for visit in 0..9 {
                fail(&memory, if visit == failing { calls } else { 0 });
                pipeline.visit(visit, token.as_deref()).await;
                match pipeline.answer(visit) {
                    Answer::Continue { token: next, .. } => token = Some(next.as_str().to_owned()),
                    Answer::Success { .. } => panic!("a leak has passed at visit {failing}"),
                    Answer::Failure { .. } => break,
                }
            }
        }
    }
}

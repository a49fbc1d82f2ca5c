//! Scans that outlast an invocation: wherever they are cut, the result is the same as in one go.

use lambda_kit::jobs::Answer;
use pipeline_model::Scan;
use proptest::prelude::*;

use super::*;
use crate::memory::{Fault, Put};

const POLICY: &str = "scan: { reports: { to: 's3://scans/reports' }, skip: ['app/part006*'] }";

/// A world whose artifacts take many batches, one of them a nested archive.
fn long_world(inputs: &[&str]) -> (Memory, Pipeline) {
    let mut memory = world(POLICY);
    (memory.room.downloads, memory.room.batch) = (1, 700);
    for (number, name) in inputs.iter().enumerate() {
        let mut entries = large(20 + 3 * number as u32);
        entries.push((String::from("lib/inner.jar"), zipped(&borrowed(&large(4))).to_vec()));
        memory.store.set(&format!("artifacts/{name}"), zipped(&borrowed(&entries)));
    }
    let pipeline = Pipeline::with(&memory, PARAMETERS).inputs(inputs).output("Report");
    (memory, pipeline)
}

/// What a scan came to, apart from its times.
fn result(memory: &Memory, answer: Answer) -> (Answer, Scan, Vec<Put>) {
    let scan = Scan { seconds: None, ..scans(memory).remove(0) };
    assert_eq!(scans(memory).len(), 1, "it is told once, at its end");
    let without_times = |put: Put| {
        let text = String::from_utf8_lossy(&put.bytes).into_owned();
        let is_of_a_time = |letter: char| letter.is_ascii_digit() || "-:TZ".contains(letter);
        let words = text.split(|letter| !is_of_a_time(letter)).filter(|word| word.starts_with("2026-03-"));
        let without = words.fold(text.clone(), |text, word| text.replace(word, "a time"));
        let lines = without.lines().filter(|line| !line.contains("UTC"));
        Put { bytes: lines.collect::<Vec<_>>().join("\n").into(), ..put }
    };
    let reports = memory.store.puts().into_iter().filter(|put| put.content_type.is_some()).map(without_times);
    (answer, scan, reports.collect())
}

async fn in_one_go(inputs: &[&str]) -> (Answer, Scan, Vec<Put>) {
    let (memory, pipeline) = long_world(inputs);
    let answer = pipeline.run(1).await;
    result(&memory, answer)
}

#[tokio::test]
async fn a_scan_cut_at_every_batch_comes_to_the_same_as_in_one_go() {
    let expected = in_one_go(&["Build"]).await;
    assert!(expected.1.findings.critical > 2, "{:?}", expected.1);
    // From one batch for each invocation up to all of them in one.
    let mut visits = Vec::new();
    for minutes in [14, 6, 4, 3, 2, 1] {
        let (memory, pipeline) = long_world(&["Build"]);
        memory.store.take(Duration::from_secs(minutes * 60));
        let answer = pipeline.run(99).await;
        visits.push(memory.jobs.answers().len());
        assert_eq!(result(&memory, answer), expected, "{minutes} min for each batch");
    }
    assert!(visits[0] > 15 && visits.is_sorted_by(|more, less| more >= less), "{visits:?}");
}

#[tokio::test]
async fn several_artifacts_are_gone_on_with_where_the_last_invocation_ended() {
    let inputs = ["Web", "Api"];
    let expected = in_one_go(&inputs).await;
    let (memory, pipeline) = long_world(&inputs);
    memory.store.take(SLOW);
    let answer = pipeline.run(99).await;
    assert_eq!(result(&memory, answer), expected);
    let percent = |(_, answer)| match answer {
        Answer::Continue { percent, .. } => percent.map(lambda_kit::jobs::Percent::get),
        _ => None,
    };
    let percents: Vec<_> = memory.jobs.answers().into_iter().filter_map(percent).collect();
    assert!(percents.len() > 4 && percents.is_sorted() && percents[0] > 0, "{percents:?}");
}

#[tokio::test]
async fn more_threads_and_downloads_come_to_the_same() {
    let expected = in_one_go(&["Build"]).await;
    for (threads, downloads, takes) in [(2, 3, 0), (4, 8, 0), (3, 5, 100)] {
        let (mut memory, _) = long_world(&["Build"]);
        (memory.room.threads, memory.room.downloads, memory.room.ahead) = (threads, downloads, 500);
        memory.store.take(Duration::from_secs(takes));
        let pipeline = Pipeline::with(&memory, PARAMETERS).inputs(&["Build"]).output("Report");
        let answer = pipeline.run(99).await;
        assert_eq!(result(&memory, answer), expected, "{threads} threads");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn any_pace_comes_to_the_same(seconds in prop::collection::vec(1_u64..700, 1..8), threads in 1_usize..4) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let expected = in_one_go(&["Build"]).await;
            let (mut memory, _) = long_world(&["Build"]);
            memory.room.threads = threads;
            let pipeline = Pipeline::with(&memory, PARAMETERS).inputs(&["Build"]).output("Report");
            let mut token: Option<String> = None;
            for visit in 0.. {
                memory.store.take(Duration::from_secs(seconds[visit % seconds.len()]));
                pipeline.visit(visit, token.as_deref()).await;
                match pipeline.answer(visit) {
                    Answer::Continue { token: next, .. } => token = Some(next.as_str().to_owned()),
                    end => {
                        assert_eq!(result(&memory, end), expected);
                        break;
                    }
                }
            }
        });
    }
}

async fn first_token(pipeline: &Pipeline) -> String {
    pipeline.visit(0, None).await;
    let Answer::Continue { token, .. } = pipeline.answer(0) else { panic!("{:?}", pipeline.answer(0)) };
    token.as_str().to_owned()
}

#[tokio::test]
async fn two_deliveries_of_a_job_do_the_same_work_and_one_answer_counts() {
    let expected = in_one_go(&["Build"]).await;
    let (memory, pipeline) = long_world(&["Build"]);
    memory.store.take(SLOW);
    let token = first_token(&pipeline).await;
    // The second one comes late, and gets further in its time.
    memory.store.take(Duration::from_secs(100));
    pipeline.deliver(&pipeline.event(0, None)).await.unwrap().unwrap();
    assert_eq!(memory.shelf.all().len(), 2, "each keeps its own");
    memory.store.take(Duration::ZERO);
    let event = pipeline.event(1, Some(&token));
    let (one, other) = tokio::join!(pipeline.deliver(&event), pipeline.deliver(&event));
    assert!(matches!((one, other), (Some(Ok(_)), Some(Ok(_)))));
    let answer = pipeline.answer(1);
    assert_eq!(memory.bus.published().len(), 2, "told twice under one key, and the same");
    let [first, second] = scans(&memory).try_into().unwrap();
    assert_eq!((&first.top, first.verdict.clone()), (&second.top, second.verdict));
    assert_eq!((answer, first.top), (expected.0, expected.1.top));
}

#[tokio::test]
async fn a_late_delivery_that_fails_by_itself_tells_nobody_that_the_release_was_stopped() {
    let (memory, pipeline) = with_artifact("scan: {}", CLEAN);
    assert!(matches!(pipeline.run(1).await, Answer::Success { .. }));
    memory.store.break_object("artifacts/Build", Fault::Trouble(crate::ports::TroubleKind::Denied));
    pipeline.deliver(&pipeline.event(0, None)).await.unwrap().unwrap();
    assert!(matches!(pipeline.answer(0), Answer::Success { .. }));
    let verdicts: Vec<_> = scans(&memory).into_iter().map(|scan| scan.verdict).collect();
    assert_eq!(verdicts, [pipeline_model::Verdict::Pass]);
}

#[tokio::test]
async fn what_is_kept_and_gone_damaged_or_of_other_terms_is_scanned_anew() {
    let expected = in_one_go(&["Build"]).await;
    let anew: [fn(&Memory); 3] = [
        |memory| memory.shelf.forget(),
        |memory| memory.shelf.damage(),
        |memory| {
            memory.settings.set("policies/orders/scan", &format!("{POLICY}\n"));
            memory.clock.advance(Duration::from_secs(61));
        },
    ];
    for change in anew {
        let (memory, pipeline) = long_world(&["Build"]);
        memory.store.take(SLOW);
        let token = first_token(&pipeline).await;
        change(&memory);
        memory.store.take(Duration::ZERO);
        let before = memory.store.ranges();
        pipeline.visit(1, Some(&token)).await;
        assert!(memory.store.ranges() > before + 15, "from the beginning");
        assert_eq!(result(&memory, pipeline.answer(1)).1.top, expected.1.top);
    }
}

#[tokio::test]
async fn a_table_that_is_away_ends_the_scan_and_lets_nothing_pass() {
    let (memory, pipeline) = long_world(&["Build"]);
    memory.store.take(SLOW);
    memory.shelf.fail_next(1);
    pipeline.visit(0, None).await;
    assert_eq!(failure(pipeline.answer(0)).0, FailureKind::SystemUnavailable);
    let (memory, pipeline) = long_world(&["Build"]);
    memory.store.take(SLOW);
    let token = first_token(&pipeline).await;
    memory.shelf.fail_next(1);
    pipeline.visit(1, Some(&token)).await;
    assert_eq!(failure(pipeline.answer(1)).0, FailureKind::SystemUnavailable);
}

#[tokio::test]
async fn a_token_nobody_wrote_and_a_scan_of_a_day_are_told_in_clear_words() {
    for (token, words) in [("opaque-state", "not one of the scanner's"), ("v2.a.b", "deployed anew"), ("", "not one")] {
        let (memory, pipeline) = long_world(&["Build"]);
        pipeline.visit(0, Some(token)).await;
        let (kind, message) = failure(pipeline.answer(0));
        assert_eq!((kind, memory.store.ranges()), (FailureKind::ConfigurationError, 0));
        assert!(message.contains(words) && message.contains("retry the stage"), "{message}");
    }
    let (memory, pipeline) = long_world(&["Build"]);
    memory.store.take(SLOW);
    let token = first_token(&pipeline).await;
    memory.clock.advance(Duration::from_hours(23));
    pipeline.visit(1, Some(&token)).await;
    let (kind, message) = failure(pipeline.answer(1));
    assert_eq!(kind, FailureKind::JobFailed);
    assert!(message.starts_with("The scan has taken 23 hours"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn a_scan_that_comes_no_further_says_so() {
    let (memory, pipeline) = long_world(&["Build"]);
    memory.store.break_object("artifacts/Build", Fault::Hangs);
    let (kind, message) = failure(pipeline.run(5).await);
    assert_eq!(kind, FailureKind::JobFailed);
    assert_eq!(
        message,
        "No further part of the input artifact Build could be scanned within one invocation. An entry is one part, and so \
         is an artifact that is no zip: make it smaller, or give the function more memory up to 1,769 MB, with which it \
         has a whole processor."
    );
    assert!(memory.jobs.answers().len() < 4, "{:?}", memory.jobs.answers());
}

//! What cannot be reached holds a release up for a while, and is never a pass.

use gate_checks::{Answer as Known, HttpAnswer, HttpReply, MetricData, Place, Policy, Series, SeriesStatus};
use lambda_kit::doubles::Mishap;
use lambda_kit::start::{Handler, Invocation};

use super::*;
use crate::memory::Fault;

fn is_hold(answer: &Answer) -> bool {
    matches!(answer, Answer::Continue { .. })
}

#[tokio::test]
async fn facts_that_cannot_be_asked_hold_the_release_within_the_checks_limit_and_then_stop_it() {
    let (memory, pipeline) = world(BAKE);
    memory.inquiry.fail_next(usize::MAX);
    let (kind, message) = failure(pipeline.run(40).await);
    assert_eq!(kind, FailureKind::SystemUnavailable);
    assert!(message.contains("because a check could not be made: errors ("), "{message}");
    assert_eq!(memory.jobs.answers().len(), 11, "ten errors in a row may be");
}

#[tokio::test]
async fn an_outage_that_passes_costs_a_release_nothing_but_time() {
    let (memory, pipeline) = world(BAKE);
    memory.inquiry.fail_next(5);
    assert!(matches!(pipeline.run(40).await, Answer::Success { .. }));
    assert_eq!(memory.jobs.answers().len(), 10);
}

#[tokio::test]
async fn a_policy_that_cannot_be_read_holds_the_release_and_stops_it_after_ten_visits() {
    let (memory, pipeline) = world(BAKE);
    memory.settings.fail_next(usize::MAX);
    let (kind, message) = failure(pipeline.run(40).await);
    assert_eq!(kind, FailureKind::SystemUnavailable);
    assert!(message.starts_with("The gate could not be asked at its last 11 visits in a row: "), "{message}");
    assert_eq!(memory.inquiry.asked().len(), 0);
}

#[tokio::test]
async fn a_store_that_is_throttled_for_a_while_is_waited_for() {
    let (memory, pipeline) = world(BAKE);
    memory.settings.fail_next(3);
    assert!(matches!(pipeline.run(40).await, Answer::Success { .. }));
    assert_eq!(memory.jobs.answers().len(), 8, "three blind visits, then five");
}

#[tokio::test]
async fn a_table_that_cannot_be_reached_holds_the_release_and_stops_it_after_ten_visits() {
    let (memory, pipeline) = world(BAKE);
    memory.shelf.fail_next(usize::MAX);
    assert_eq!(failure(pipeline.run(40).await).0, FailureKind::SystemUnavailable);
}

#[tokio::test]
async fn a_table_that_is_away_for_any_visits_never_lets_a_release_pass_early() {
    for fails in 1..10 {
        let (memory, pipeline) = world(BAKE);
        memory.shelf.fail_next(fails);
        let answer = pipeline.run(40).await;
        let Answer::Success { variables, .. } = answer else { panic!("{fails}: {answer:?}") };
        let waited: u64 = variables.get("waited_seconds").unwrap().parse().unwrap();
        assert!(waited >= 120, "{fails}: {waited}");
        assert!(memory.inquiry.asked().len() >= 5, "{fails}");
    }
}

#[tokio::test]
async fn a_decision_needs_no_table() {
    let (memory, pipeline) = world(BAKE);
    memory.inquiry.set_alarm("orders-5xx", AlarmState::Alarm);
    memory.shelf.fail_next(1);
    assert_eq!(failure(pipeline.run(1).await).0, FailureKind::JobFailed);
}

#[tokio::test]
async fn what_was_measured_and_is_gone_is_measured_anew_and_the_deadline_stays() {
    let (memory, pipeline) = world(BAKE);
    let event = |number, token: &str| pipeline.event(number, Some(token));
    pipeline.visit(0, None).await;
    let Answer::Continue { token, .. } = pipeline.answer(0) else { panic!("it waits") };
    memory.clock.advance(std::time::Duration::from_secs(150));
    memory.shelf.forget();
    pipeline.deliver(&event(1, token.as_str())).await;
    assert!(is_hold(&pipeline.answer(1)), "two minutes in a row were not seen");
    memory.clock.advance(std::time::Duration::from_hours(1));
    memory.shelf.forget();
    let Answer::Continue { token, .. } = pipeline.answer(1) else { panic!("it waits") };
    pipeline.deliver(&event(2, token.as_str())).await;
    assert!(failure(pipeline.answer(2)).1.contains("it may wait here are over"));
}

#[tokio::test]
async fn what_another_version_remembered_is_told_and_not_guessed_at() {
    for kept in [r#"{"memory":{"v":9}}"#, "[]", r#"{"memory":{"v":1}}"#] {
        let (memory, pipeline) = world(BAKE);
        pipeline.visit(0, None).await;
        memory.shelf.overwrite(kept);
        let Answer::Continue { token, .. } = pipeline.answer(0) else { panic!("it waits") };
        pipeline.visit(1, Some(token.as_str())).await;
        let (kind, message) = failure(pipeline.answer(1));
        assert_eq!(kind, FailureKind::ConfigurationError);
        assert!(message.contains("retry the stage"), "{message}");
    }
}

#[tokio::test]
async fn a_hold_that_could_not_be_told_is_told_at_the_next_visit() {
    for failed in [1, 2] {
        let (memory, pipeline) = world(BAKE);
        memory.bus.fail_next(failed);
        assert!(matches!(pipeline.run(9).await, Answer::Success { .. }));
        let verdicts: Vec<_> = gates(&memory).iter().map(|gate| gate.verdict.to_string()).collect();
        assert_eq!(verdicts, ["wait", "pass"]);
    }
}

#[tokio::test]
async fn a_decision_that_nobody_hears_of_is_one_all_the_same() {
    let (memory, pipeline) = world(BAKE);
    memory.bus.fail_next(99);
    assert!(matches!(pipeline.run(9).await, Answer::Success { .. }));
    assert!(memory.metrics.sum("GateDecisionsNotPublished") >= 5.0);
}

#[tokio::test(start_paused = true)]
async fn work_that_never_ends_or_panics_is_answered_for_before_lambdas_own_deadline() {
    for (fault, kind) in [(Fault::Hangs, FailureKind::SystemUnavailable), (Fault::Panics, FailureKind::JobFailed)] {
        let (memory, pipeline) = world(BAKE);
        memory.inquiry.break_next(fault);
        let began = tokio::time::Instant::now();
        assert!(matches!(pipeline.deliver(&pipeline.event(0, None)).await, Some(Ok(_))), "{fault:?}");
        assert_eq!(failure(pipeline.answer(0)).0, kind);
        assert!(began.elapsed().as_secs() <= 55, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_throttled_answer_is_given_again_and_one_answer_is_taken() {
    let (memory, pipeline) = world(BAKE);
    memory.inquiry.set_alarm("orders-5xx", AlarmState::Alarm);
    memory.jobs.meet([Mishap::Throttled, Mishap::Lost, Mishap::Throttled]);
    assert_eq!(failure(pipeline.run(1).await).0, FailureKind::JobFailed);
}

#[tokio::test]
async fn a_job_that_comes_late_brings_a_release_no_time_that_nobody_saw() {
    let (memory, pipeline) = world(BAKE.replace("for: 2m", "for: 10m").as_str());
    let mut token: Option<String> = None;
    for (visit, minutes) in [0, 1, 30, 32, 34, 35].into_iter().enumerate() {
        let at = memory.clock.now();
        let began: jiff::Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
        let until = began + jiff::SignedDuration::from_mins(minutes);
        memory.clock.advance(until.duration_since(at).unsigned_abs());
        pipeline.visit(visit, token.as_deref()).await;
        match pipeline.answer(visit) {
            Answer::Continue { token: next, summary, .. } => {
                let held = ["", "1 min", "3 min", "5 min", "7 min", "8 min"][visit];
                let says = summary.as_str();
                assert!(visit == 0 || says.contains(&format!("has held for {held} of 10 min")), "{minutes}: {says}");
                token = Some(next.as_str().to_owned());
            }
            other => panic!("after {minutes} min: {other:?}"),
        }
    }
}

#[tokio::test]
async fn what_nobody_saw_or_could_store_has_not_held_without_a_break() {
    let (memory, pipeline) = world(BAKE);
    let mut token: Option<String> = None;
    let mut visits = 0;
    let answer = loop {
        // The second visit finds the table away; nobody knows how the alarm was then.
        memory.shelf.fail_next(usize::from(visits == 1));
        pipeline.visit(visits, token.as_deref()).await;
        match pipeline.answer(visits) {
            Answer::Continue { token: next, .. } => token = Some(next.as_str().to_owned()),
            end => break end,
        }
        memory.clock.advance(std::time::Duration::from_secs(30));
        visits += 1;
    };
    let Answer::Success { variables, .. } = answer else { panic!("it passes in the end") };
    assert_eq!(variables.get("waited_seconds"), Some("180"), "two minutes from the third visit on");
}

#[tokio::test]
async fn an_answer_that_comes_in_another_minute_than_its_question_is_found() {
    let policy = "gate:\n  checks:\n    - metric: { metric: { namespace: Shop, name: Errors }, stat: Sum, above: 5 }\n";
    let (memory, pipeline) = world(policy);
    let now = memory.clock.now();
    let [question] = Policy::parse(policy).unwrap().questions(&Place::default(), now).try_into().unwrap();
    let points = vec![(now - jiff::SignedDuration::from_mins(5), 1.0)];
    let series = Series { label: String::from("errors"), points, status: SeriesStatus::Complete };
    memory.inquiry.prepare(question, Known::Metric(MetricData { series: vec![series] }));
    memory.inquiry.take(std::time::Duration::from_secs(61), &memory.clock);
    assert!(matches!(pipeline.run(1).await, Answer::Success { .. }), "{:?}", pipeline.answer(0));
}

/// When a release passes that is waiting for two minutes without a break, and whose second visit goes as `second` says. At
/// the third one the alarm has no state.
async fn passes_after(second: impl Fn(&Memory)) -> String {
    let (memory, pipeline) = world(&BAKE.replace("for: 2m", "for: 2m\n      no-data: wait"));
    let mut token: Option<String> = None;
    for visit in 0.. {
        memory.inquiry.set_alarm("orders-5xx", if visit == 2 { AlarmState::InsufficientData } else { AlarmState::Ok });
        if visit == 1 {
            second(&memory);
        }
        pipeline.visit(visit, token.as_deref()).await;
        match pipeline.answer(visit) {
            Answer::Continue { token: next, .. } => token = Some(next.as_str().to_owned()),
            Answer::Success { variables, .. } => return variables.get("waited_seconds").unwrap().to_owned(),
            end => panic!("{end:?}"),
        }
        memory.clock.advance(std::time::Duration::from_secs(30));
    }
    unreachable!("it passes at last")
}

#[tokio::test]
async fn a_break_that_was_seen_after_a_blind_visit_is_not_forgotten() {
    assert_eq!(passes_after(|_| {}).await, "210", "two minutes from the fourth visit on");
    assert_eq!(passes_after(|memory| memory.shelf.fail_next(1)).await, "210");
    let unsaved = |memory: &Memory| {
        memory.inquiry.set_alarm("orders-5xx", AlarmState::InsufficientData);
        memory.shelf.fail_saves(1);
    };
    assert_eq!(passes_after(unsaved).await, "210");
}

#[tokio::test]
async fn after_a_secret_was_refused_the_next_visit_reads_the_settings_anew() {
    let policy = "gate:\n  checks:\n    - http: { url: 'https://shop.example.com/', token: http/shop }\n";
    let (memory, pipeline) = world(policy);
    let now = memory.clock.now();
    let [question] = Policy::parse(policy).unwrap().questions(&Place::default(), now).try_into().unwrap();
    let answered = |status| {
        let (latency, body) = (jiff::SignedDuration::ZERO, Vec::new());
        Known::Http(HttpReply::Answered(HttpAnswer { status, latency, body, is_cut: false, location: None }))
    };
    let gatekeeper = memory.start();
    let visit = async |number: usize, token: Option<&str>| {
        let event = serde_json::value::RawValue::from_string(pipeline.event(number, token)).unwrap();
        let deadline = lambda_kit::Deadline::after(&memory.clock, std::time::Duration::from_secs(60));
        gatekeeper.handle(event, Invocation { request_id: String::from("r-1"), deadline }).await.unwrap();
        pipeline.answer(number)
    };
    memory.inquiry.prepare(question.clone(), answered(401));
    let Answer::Continue { token, summary, .. } = visit(0, None).await else { panic!("it waits") };
    assert!(summary.as_str().contains("the secret `http/shop` may have been rotated"), "{summary:?}");
    memory.clock.advance(std::time::Duration::from_secs(30));
    memory.settings.set("http/shop", "EXAMPLE-2");
    memory.inquiry.prepare(question, answered(200));
    let earlier = memory.calls();
    assert!(matches!(visit(1, Some(token.as_str())).await, Answer::Success { .. }));
    assert_eq!(memory.calls() - earlier, 5, "settings, claim, question, news, answer");
}

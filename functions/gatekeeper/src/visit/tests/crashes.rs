//! The process dies at any call, and jobs come twice: each job has exactly one answer, and none is a false success.

use lambda_kit::doubles::Moment;
use lambda_kit::jobs::Gone;

use super::*;
use crate::Reply;

/// More calls than a release makes that waits for two minutes.
const CALLS: usize = 40;

#[tokio::test]
async fn whatever_call_the_process_dies_at_the_watchdog_ends_the_gate_and_no_release_passes_early() {
    let mut ended = 0;
    for moment in [Moment::Before, Moment::After] {
        for number in 1..CALLS {
            let (memory, pipeline) = world(BAKE);
            memory.crash_at(number, moment);
            // `run` looks at each job: it has one answer.
            match pipeline.run(9).await {
                Answer::Success { variables, .. } => {
                    assert_eq!(variables.get("waited_seconds"), Some("120"), "{number} {moment:?}");
                }
                told => ended += usize::from(failure(told).1 == "the function died"),
            }
        }
    }
    // 22 calls, at two moments each; who dies after the answer was taken, dies unnoticed.
    assert_eq!(ended, 2 * 22 - 5);
}

#[tokio::test]
async fn whatever_call_the_process_dies_at_a_release_with_a_red_alarm_never_passes() {
    for moment in [Moment::Before, Moment::After] {
        for number in 1..CALLS {
            let (memory, pipeline) = world(BAKE);
            memory.inquiry.set_alarm("orders-5xx", AlarmState::Alarm);
            memory.crash_at(number, moment);
            failure(pipeline.run(9).await);
            assert_eq!(memory.jobs.answers().len(), 1);
        }
    }
}

/// A release whose alarm is red at its first `red` visits, of which the policy lets two pass; it ends with this answer.
async fn red_for(red: usize, (memory, pipeline): &(Memory, Pipeline)) -> Answer {
    let mut token: Option<String> = None;
    for visit in 0.. {
        memory.inquiry.set_alarm("orders-5xx", if visit < red { AlarmState::Alarm } else { AlarmState::Ok });
        pipeline.visit(visit, token.as_deref()).await;
        match pipeline.answer(visit) {
            Answer::Continue { token: next, .. } => token = Some(next.as_str().to_owned()),
            end => return end,
        }
        memory.clock.advance(std::time::Duration::from_secs(30));
    }
    unreachable!("a gate ends")
}

#[tokio::test]
async fn whatever_call_the_process_dies_at_no_failure_that_a_visit_saved_without_deciding_is_forgotten() {
    let policy = BAKE.replace("for: 2m", "failures: 2");
    // Of each visit: settings, claim, question, news or save, answer. The third has no news where the release passes.
    for (red, calls) in [(2, 3 * 5), (3, 3 * 5)] {
        let undisturbed = world(&policy);
        let end = red_for(red, &undisturbed).await;
        assert_eq!(matches!(end, Answer::Success { .. }), red == 2, "{end:?}");
        assert_eq!(undisturbed.0.calls(), calls);
        for (number, moment) in (1..=calls).flat_map(|number| [(number, Moment::Before), (number, Moment::After)]) {
            let world = world(&policy);
            world.0.crash_at(number, moment);
            let end = red_for(red, &world).await;
            let is_after_an_answer = number % 5 == 0 && moment == Moment::After;
            match end {
                Answer::Success { .. } => assert!(red == 2 && is_after_an_answer, "{number} {moment:?}"),
                told => {
                    let died = failure(told).1 == "the function died";
                    assert_eq!(died, !is_after_an_answer, "{number} {moment:?}");
                }
            }
        }
    }
}

fn told(delivered: &crate::memory::Delivered) -> &str {
    match delivered {
        Some(Ok(Reply::Told(told))) => told,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn of_two_deliveries_of_a_first_job_at_once_one_answers_and_the_other_says_nothing() {
    let (memory, pipeline) = world(BAKE);
    let event = pipeline.event(0, None);
    let (a, b) = tokio::join!(pipeline.deliver(&event), pipeline.deliver(&event));
    let mut words = [told(&a), told(&b)];
    words.sort_unstable();
    assert_eq!(words, ["continue", "left to others"]);
    assert_eq!(memory.jobs.answers().len(), 1);
    assert_eq!(memory.bus.published().len(), 1);
}

#[tokio::test]
async fn of_two_deliveries_of_a_later_job_at_once_one_looks_and_answers() {
    let (memory, pipeline) = world(BAKE);
    pipeline.visit(0, None).await;
    let Answer::Continue { token, .. } = pipeline.answer(0) else { panic!("it waits") };
    memory.clock.advance(std::time::Duration::from_secs(150));
    let event = pipeline.event(1, Some(token.as_str()));
    let (a, b) = tokio::join!(pipeline.deliver(&event), pipeline.deliver(&event));
    let mut words = [told(&a), told(&b)];
    words.sort_unstable();
    assert_eq!(words, ["left to others", "success"]);
    assert_eq!(memory.inquiry.asked().len(), 2);
    assert_eq!(memory.jobs.answers().len(), 2);
}

#[tokio::test]
async fn a_job_that_comes_again_after_the_next_one_was_visited_is_nobodys() {
    let (memory, pipeline) = world(BAKE);
    pipeline.visit(0, None).await;
    let Answer::Continue { token: first, .. } = pipeline.answer(0) else { panic!("it waits") };
    for (number, token) in [(1, &first)] {
        memory.clock.advance(std::time::Duration::from_secs(30));
        pipeline.visit(number, Some(token.as_str())).await;
    }
    memory.clock.advance(std::time::Duration::from_mins(10));
    let again = pipeline.deliver(&pipeline.event(0, None)).await;
    assert_eq!(told(&again), "left to others");
    assert_eq!(memory.jobs.answers().len(), 2);
    assert_eq!(memory.bus.published().len(), 1, "nothing is told of a visit that was not made");
}

#[tokio::test]
async fn a_job_that_comes_again_after_its_invocation_is_nobodys_and_nothing_contrary_is_told() {
    for (first, then) in [(AlarmState::Ok, AlarmState::Alarm), (AlarmState::Alarm, AlarmState::Ok)] {
        let (memory, pipeline) = world(BAKE);
        memory.inquiry.set_alarm("orders-5xx", first);
        pipeline.visit(0, None).await;
        memory.inquiry.set_alarm("orders-5xx", then);
        memory.clock.advance(std::time::Duration::from_mins(5));
        let again = pipeline.deliver(&pipeline.event(0, None)).await;
        assert_eq!(told(&again), "left to others");
        assert_eq!((memory.jobs.answers().len(), memory.bus.published().len()), (1, 1));
    }
}

#[tokio::test]
async fn a_later_job_that_comes_again_after_its_invocation_is_nobodys_either() {
    let (memory, pipeline) = world(BAKE);
    pipeline.visit(0, None).await;
    let Answer::Continue { token, .. } = pipeline.answer(0) else { panic!("it waits") };
    memory.clock.advance(std::time::Duration::from_mins(2));
    pipeline.visit(1, Some(token.as_str())).await;
    assert!(matches!(pipeline.answer(1), Answer::Success { .. }));
    memory.inquiry.set_alarm("orders-5xx", AlarmState::Alarm);
    memory.clock.advance(std::time::Duration::from_mins(5));
    let again = pipeline.deliver(&pipeline.event(1, Some(token.as_str()))).await;
    assert_eq!(told(&again), "left to others");
    assert_eq!(memory.bus.published().len(), 2, "a hold and a pass");
}

#[tokio::test]
async fn a_first_job_without_a_policy_that_comes_again_is_not_judged_by_one_that_came_since() {
    let (memory, pipeline) = world(BAKE);
    memory.settings.remove("policies/orders/production");
    pipeline.visit(0, None).await;
    memory.settings.set("policies/orders/production", &BAKE.replace("      for: 2m\n", ""));
    memory.clock.advance(std::time::Duration::from_mins(5));
    let again = pipeline.deliver(&pipeline.event(0, None)).await;
    assert_eq!(told(&again), "left to others");
    let verdicts: Vec<_> = gates(&memory).iter().map(|gate| gate.verdict.to_string()).collect();
    assert_eq!(verdicts, ["error"]);
}

#[tokio::test]
async fn a_process_that_dies_around_its_answer_leaves_one_answer_and_told_what_it_decided() {
    let (memory, pipeline) = world(BAKE);
    memory.inquiry.set_alarm("orders-5xx", AlarmState::Alarm);
    pipeline.visit(0, None).await;
    let calls = memory.calls();
    // The last call but one publishes, the last one answers.
    for (number, moment, answered) in [
        (calls - 1, Moment::Before, "the function died"),
        (calls - 1, Moment::After, "the function died"),
        (calls, Moment::Before, "the function died"),
        (calls, Moment::After, "Stopped: errors ("),
    ] {
        let (memory, pipeline) = world(BAKE);
        memory.inquiry.set_alarm("orders-5xx", AlarmState::Alarm);
        memory.crash_at(number, moment);
        pipeline.visit(0, None).await;
        assert!(failure(pipeline.answer(0)).1.starts_with(answered), "{number} {moment:?}");
        let was_told = (number, moment) != (calls - 1, Moment::Before);
        assert_eq!(memory.bus.published().len(), usize::from(was_told), "{number} {moment:?}");
    }
}

#[tokio::test]
async fn a_job_that_was_given_up_is_left_alone() {
    for gone in [Gone::InvalidJobState, Gone::JobNotFound] {
        let (memory, pipeline) = world(BAKE);
        memory.jobs.close(&Pipeline::job(0), gone);
        let delivered = pipeline.deliver(&pipeline.event(0, None)).await;
        assert_eq!(told(&delivered), "continue");
        assert_eq!(memory.jobs.answers(), []);
    }
}

//! The reverter dies at each of its calls, or never learns what became of one, and Lambda and the queue go on: case 7.

use lambda_kit::doubles::Moment;
use pipeline_model::AlarmState;
use rollback_plans::Limits;

use crate::rollback::guard::{ALARM, Guard, PIPELINE, STAGE};

const MOMENTS: [Moment; 2] = [Moment::Before, Moment::After];
/// Longer than a claim, a look again and a message's invisibility together.
const LONG_ENOUGH: i64 = 45;

/// The alarm turns red, and the reverter dies at this call. `None` if there are not so many calls.
async fn dies_at(call: usize, moment: Moment, limits: Limits) -> Option<Guard> {
    let mut guard = Guard::after("good@10 bad@40").limits(limits);
    guard.go_to(45);
    let event = guard.turn(ALARM, AlarmState::Alarm).event();
    guard.world.crash_at(call, moment);
    if guard.invoke(&event).await.is_some() {
        return None;
    }
    guard.reverter = guard.another();
    guard.let_pass(1).await;
    assert!(guard.deliver(&event).await.is_some(), "call {call}, {moment:?}: a dead letter");
    Some(guard)
}

/// Exactly one `RollbackStage`, told at least once and under one key, nothing left open.
fn check(guard: &Guard, place: &str) {
    assert_eq!(guard.rollbacks(), ["good"], "{place}");
    assert_eq!(guard.world.services.release_in(PIPELINE, STAGE).unwrap().as_str(), "good", "{place}");
    let mut told = guard.told();
    // That it is still red is said besides: nobody has turned the alarm green.
    told.retain(|words| words != "orders/Production@bad: refused (still-red)");
    assert!(!told.is_empty(), "{place}: nobody was told");
    assert!(told.iter().all(|words| words == "orders/Production@bad: done to good"), "{place}: {told:?}");
    let past = guard.book().past;
    assert_eq!(past.iter().map(|past| past.pledge.release.as_str()).collect::<Vec<_>>(), ["bad"], "{place}");
    assert!(past[0].started.is_some(), "{place}");
    guard.assert_settled(place);
}

async fn calls_survived(limits: Limits) -> usize {
    let mut survived = 0;
    for moment in MOMENTS {
        let mut call = 1;
        while let Some(mut guard) = dies_at(call, moment, limits.clone()).await {
            guard.let_pass(LONG_ENOUGH).await;
            check(&guard, &format!("call {call}, {moment:?}"));
            call += 1;
        }
        survived = call - 1;
    }
    survived
}

/// Case 7.
#[tokio::test]
async fn a_crash_at_any_call_leads_to_one_rollback_that_is_told_and_written_down() {
    assert_eq!(calls_survived(Limits::default()).await, 9);
    let closing = Limits { closes_transition: true, ..Limits::default() };
    assert_eq!(calls_survived(closing).await, 10);
}

/// Case 7: the second death comes while the first one is put right.
#[tokio::test]
async fn a_crash_of_whoever_comes_after_a_crash_changes_nothing() {
    for first in 1..=9 {
        for second in 1..=12 {
            for moment in MOMENTS {
                let mut guard = Guard::after("good@10 bad@40");
                guard.go_to(45);
                let event = guard.turn(ALARM, AlarmState::Alarm).event();
                guard.world.crash_at(first, moment);
                assert!(guard.invoke(&event).await.is_none());
                guard.reverter = guard.another();
                guard.world.crash_at(second, Moment::After);
                guard.let_pass(1).await;
                assert!(guard.deliver(&event).await.is_some());
                guard.let_pass(LONG_ENOUGH).await;
                check(&guard, &format!("call {first}, {moment:?}, then call {second}"));
            }
        }
    }
}

/// Case 7: what was done is told although nothing is left to be done.
#[tokio::test]
async fn a_rollback_nobody_could_tell_of_is_told_although_the_alarm_is_green_by_then() {
    for moment in MOMENTS {
        for call in 6..=9 {
            let mut guard = Guard::after("good@10 bad@40");
            guard.go_to(45);
            let event = guard.turn(ALARM, AlarmState::Alarm).event();
            guard.world.crash_at(call, moment);
            assert!(guard.invoke(&event).await.is_none());
            let place = format!("call {call}, {moment:?}");
            let began = guard.rollbacks().len();
            guard.reverter = guard.another();
            guard.wait_seconds(30);
            let green = guard.turn(ALARM, AlarmState::Ok).event();
            assert!(guard.deliver(&green).await.is_some(), "{place}");
            guard.wait_seconds(30);
            assert!(guard.deliver(&event).await.is_some(), "{place}");
            guard.let_pass(LONG_ENOUGH).await;
            assert_eq!(guard.rollbacks().len(), began, "{place}: the alarm is green");
            let told = guard.told();
            let says = |words: &str| told.iter().any(|told| told == words);
            assert_eq!(says("orders/Production@bad: done to good"), began == 1, "{place}: {told:?}");
            assert_eq!(says("orders/Production@bad: done to good, cleared"), began == 1, "{place}: {told:?}");
            if began == 1 {
                guard.assert_settled(&place);
            }
        }
    }
}

/// Case 7, and the reason why `RollbackStage` is not simply tried again: it knows no token.
#[tokio::test]
async fn a_rollback_whose_answer_got_lost_is_found_and_not_repeated() {
    let mut guard = Guard::after("good@10 bad@40");
    guard.go_to(45);
    guard.world.services.lose_answers(1);
    assert_eq!(guard.red().await, "looked at again after 151 s");
    assert_eq!((guard.rollbacks().len(), guard.told().len()), (1, 0), "nobody knows that it was done");
    assert_eq!(guard.book().pledges.len(), 1, "the pledge stays");
    guard.let_pass(5).await;
    check(&guard, "after the claim has ended");
}

/// Case 7: the request never reached CodePipeline, which nobody could know either.
#[tokio::test]
async fn a_rollback_that_never_arrived_is_done_after_the_claim_has_ended() {
    let mut guard = Guard::after("good@10 bad@40");
    guard.go_to(45);
    guard.world.services.lose_steps(1);
    assert_eq!(guard.red().await, "looked at again after 151 s");
    assert_eq!(guard.rollbacks(), [""; 0]);
    guard.let_pass(LONG_ENOUGH).await;
    check(&guard, "after the claim has ended");
}

/// Case 7: the same, and the stage fails on its way back.
#[tokio::test]
async fn a_lost_answer_of_a_rollback_that_fails_later_is_told_as_what_it_is() {
    let mut guard = Guard::after("good@10 bad@40");
    guard.go_to(45);
    let failed = rollback_plans::targets::RunStatus::Ended(String::from("Failed"));
    guard.world.services.rollbacks_end(std::time::Duration::from_secs(20), failed);
    guard.world.services.lose_answers(1);
    guard.red().await;
    guard.let_pass(LONG_ENOUGH).await;
    assert_eq!(guard.rollbacks(), ["good"], "it is not tried again");
    let told = guard.told();
    assert_eq!(told[0], "orders/Production@bad: done to good", "{told:?}");
    guard.assert_settled("at the end");
}

//! A rollback of a rollback never happens, and one that does not help calls a person once: case 43.

use std::time::Duration;

use pipeline_model::AlarmState;
use rollback_plans::Limits;
use rollback_plans::targets::RunStatus;

use crate::rollback::guard::{ALARM, Guard, PIPELINE, STAGE};

/// Case 43.
#[tokio::test]
async fn an_alarm_that_stays_red_after_the_rollback_calls_a_person_once_after_a_quarter_of_an_hour() {
    let mut guard = Guard::after("good@10 bad@40");
    guard.go_to(45);
    guard.red().await;
    guard.told();
    guard.let_pass(14).await;
    assert_eq!(guard.told(), [""; 0]);
    guard.let_pass(1).await;
    let decision = guard.world.bus.take_published().remove(0);
    assert_eq!(crate::rollback::guard::words(&decision), "orders/Production@bad: refused (still-red)");
    assert!(!decision.detail()["commands"][0].as_str().unwrap().is_empty());
    guard.let_pass(24 * 60).await;
    assert_eq!((guard.told(), guard.errands()), (Vec::new(), 0));
    assert_eq!(guard.rollbacks(), ["good"]);
}

/// The event that the alarm is OK again was lost: it is told, and the transition opened, all the same.
#[tokio::test]
async fn an_alarm_whose_recovery_nobody_heard_of_is_cleared_after_a_quarter_of_an_hour() {
    let mut guard = Guard::after("good@10 bad@40");
    guard.go_to(45);
    guard.red().await;
    guard.told();
    guard.let_pass(5).await;
    guard.turn(ALARM, AlarmState::Ok);
    guard.let_pass(10).await;
    assert_eq!(guard.told(), ["orders/Production@bad: done to good, cleared"]);
    guard.assert_settled("at the end");
}

/// Case 43: it turned green and red again, which is not what was rolled back for.
#[tokio::test]
async fn an_alarm_that_was_green_since_the_rollback_does_not_count_as_still_red() {
    let mut guard = Guard::after("good@10 bad@40");
    guard.go_to(45);
    guard.red().await;
    guard.let_pass(5).await;
    guard.green().await;
    guard.let_pass(5).await;
    guard.told();
    assert_eq!(guard.red().await, "refused: current-is-rollback");
    assert_eq!(
        guard.told(),
        ["orders/Production@back: refused (current-is-rollback)".replace("back:", &id(&guard, ":"))]
    );
    guard.let_pass(30).await;
    assert_eq!(guard.told(), [""; 0]);
    assert_eq!(guard.rollbacks(), ["good"]);
}

fn id(guard: &Guard, after: &str) -> String {
    format!("{}{after}", guard.world.services.in_stage(PIPELINE, STAGE).unwrap().execution)
}

/// Case 43.
#[tokio::test]
async fn a_rollback_is_never_rolled_back_whoever_made_it() {
    let guard = Guard::after("good@10 bad@40");
    guard.go_to(42);
    guard.world.services.roll_back_by_hand(PIPELINE, STAGE, "good");
    for minute in [43, 50] {
        guard.go_to(minute);
        assert_eq!(guard.red().await, "refused: current-is-rollback");
        guard.go_to(minute + 1);
        guard.green().await;
    }
    assert_eq!(guard.acts(), [""; 0]);
    assert_eq!(guard.book(), rollback_plans::Book::default());
}

fn takes(guard: &Guard, minutes: u64, ends: &str) {
    let status = match ends {
        "Succeeded" => RunStatus::Succeeded,
        other => RunStatus::Ended(other.to_owned()),
    };
    guard.world.services.rollbacks_end(Duration::from_mins(minutes), status);
}

/// Case 43: the stage fails on its way back.
#[tokio::test]
async fn a_rollback_that_fails_is_not_followed_by_another_one() {
    let mut guard = Guard::after("older@5 good@10 bad@40");
    takes(&guard, 1, "Failed");
    guard.go_to(45);
    guard.red().await;
    guard.let_pass(5).await;
    guard.green().await;
    guard.let_pass(1).await;
    assert_eq!(guard.red().await, "refused: current-is-rollback");
    guard.let_pass(30).await;
    assert_eq!(guard.rollbacks(), ["good"]);
}

/// Case 43: CodePipeline accepted it, which is all that was told at first.
#[tokio::test]
async fn a_rollback_that_fails_is_told_as_failed_once_with_the_command_whatever_the_alarm_says() {
    for is_green_meanwhile in [false, true] {
        let mut guard = Guard::after("good@10 bad@40");
        takes(&guard, 1, "Failed");
        guard.go_to(45);
        guard.red().await;
        guard.let_pass(10).await;
        if is_green_meanwhile {
            guard.green().await;
        }
        guard.told();
        guard.let_pass(5).await;
        let [decision] = guard.world.bus.take_published().try_into().expect("one decision");
        assert_eq!(crate::rollback::guard::words(&decision), "orders/Production@bad: failed to good");
        let detail = decision.detail();
        let command = detail["commands"][0].as_str().unwrap();
        let execution = detail["rollback-execution-id"].as_str().unwrap();
        assert!(command.ends_with(&format!("--filter pipelineExecutionId={execution}")), "{command}");
        assert!(decision.reason.unwrap().contains("did not succeed (Failed)"));
        guard.let_pass(24 * 60).await;
        assert_eq!((guard.told(), guard.errands()), (Vec::new(), 0));
        assert_eq!(guard.rollbacks(), ["good"]);
    }
}

/// Case 43: what helped was not the rollback.
#[tokio::test]
async fn an_alarm_that_clears_after_its_rollback_failed_is_not_told_as_a_success() {
    let mut guard = Guard::after("good@10 bad@40");
    takes(&guard, 1, "Failed");
    guard.go_to(45);
    guard.red().await;
    guard.let_pass(20).await;
    assert_eq!(guard.told(), ["orders/Production@bad: done to good", "orders/Production@bad: failed to good"]);
    assert_eq!(guard.green().await, "cleared: orders/Production");
    let decision = guard.world.bus.take_published().remove(0);
    assert_eq!(crate::rollback::guard::words(&decision), "orders/Production@bad: failed to good, cleared");
    let reason = decision.reason.unwrap();
    assert!(reason.contains("OK again, although the rollback") && reason.contains("(Failed)"), "{reason}");
    guard.let_pass(24 * 60).await;
    assert_eq!((guard.told(), guard.errands()), (Vec::new(), 0));
    guard.assert_settled("at the end");
}

/// Case 43, and case 38: the book cannot be written, so that the failure is told again, under the same key.
#[tokio::test]
async fn a_failure_that_could_not_be_written_down_is_told_again_and_then_remembered() {
    let mut guard = Guard::after("good@10 bad@40");
    takes(&guard, 1, "Failed");
    guard.go_to(45);
    guard.red().await;
    guard.let_pass(14).await;
    guard.told();
    guard.world.crash_at(5, lambda_kit::doubles::Moment::Before);
    guard.let_pass(60).await;
    assert_eq!(guard.told(), ["orders/Production@bad: failed to good"; 2]);
    assert_eq!(guard.book().past[0].broke.as_deref(), Some("Failed"));
}

/// Case 43: a slow one is looked at until it has ended.
#[tokio::test]
async fn a_rollback_that_still_runs_is_looked_at_again() {
    let still_red = "orders/Production@bad: refused (still-red)";
    for (ends, last) in [("Succeeded", None), ("Failed", Some("orders/Production@bad: failed to good"))] {
        let mut guard = Guard::after("good@10 bad@40");
        takes(&guard, 40, ends);
        guard.go_to(45);
        guard.red().await;
        guard.told();
        guard.let_pass(15).await;
        assert_eq!(guard.told(), [still_red], "a person is called all the same");
        guard.let_pass(29).await;
        assert_eq!((guard.told(), guard.errands()), (Vec::new(), 1));
        guard.let_pass(24 * 60).await;
        assert_eq!(guard.told(), last.into_iter().collect::<Vec<_>>());
        assert_eq!(guard.errands(), 0);
    }
}

/// Case 43: bounded.
#[tokio::test]
async fn a_rollback_that_never_ends_is_looked_at_for_three_hours() {
    let mut guard = Guard::after("good@10 bad@40");
    takes(&guard, 100 * 60, "Succeeded");
    guard.go_to(45);
    guard.red().await;
    guard.let_pass(2 * 60 + 50).await;
    assert_eq!(guard.errands(), 1);
    guard.let_pass(30).await;
    assert_eq!(guard.errands(), 0);
    assert_eq!(guard.told(), ["orders/Production@bad: done to good", "orders/Production@bad: refused (still-red)"]);
}

/// Case 43: what stands is newer than the rollback that failed, so nobody needs it any more.
#[tokio::test]
async fn a_rollback_that_failed_and_was_covered_by_a_newer_release_calls_nobody() {
    let mut guard = Guard::after("good@10 bad@40");
    takes(&guard, 1, "Failed");
    guard.go_to(45);
    guard.red().await;
    guard.let_pass(5).await;
    guard.world.services.release(PIPELINE, "fix");
    guard.green().await;
    guard.told();
    guard.let_pass(60).await;
    assert_eq!((guard.told(), guard.errands()), (Vec::new(), 0));
}

/// Case 7: a look at one rollback finds another one that nobody told of, and no event ever comes again.
#[tokio::test]
async fn a_look_at_a_rollback_tells_of_one_that_nobody_told_of() {
    let limits = Limits { cooldown: jiff::SignedDuration::ZERO, per_day: 3, ..Limits::default() };
    let mut guard = Guard::after("good@10 bad@40").limits(limits);
    guard.go_to(45);
    guard.red().await;
    guard.let_pass(3).await;
    guard.green().await;
    guard.let_pass(2).await;
    guard.world.services.release(PIPELINE, "worse");
    guard.let_pass(1).await;
    guard.told();
    let event = guard.turn(ALARM, AlarmState::Alarm).event();
    guard.world.crash_at(6, lambda_kit::doubles::Moment::After);
    assert!(guard.invoke(&event).await.is_none());
    guard.reverter = guard.another();
    assert_eq!((guard.rollbacks().len(), guard.told()), (2, Vec::new()));
    guard.let_pass(10).await;
    assert_eq!(guard.told()[0], "orders/Production@worse: done to good");
    guard.assert_settled("at the end");
}

//! An alarm that changes all the time: case 39.

use pipeline_model::AlarmState;
use rollback_plans::Limits;

use crate::rollback::guard::{ALARM, Guard, PIPELINE, STAGE};

const DAY: i64 = 24 * 60;

/// A day in which the alarm changes each minute and a release comes every `release_every` minutes.
async fn day_of_flapping(per_day: u8, release_every: i64) -> Guard {
    let limits = Limits::default().with_per_day(per_day).unwrap();
    let mut guard = Guard::after("r0@1 r1@5").limits(limits);
    guard.go_to(10);
    for minute in 0..DAY {
        let state = if minute % 2 == 0 { AlarmState::Alarm } else { AlarmState::Ok };
        let event = guard.turn(ALARM, state).event();
        assert!(guard.deliver(&event).await.is_some());
        if minute % release_every == release_every / 2 {
            let release = format!("r{}", 2 + minute);
            guard.world.services.start(PIPELINE, &release);
            if guard.world.services.enter(PIPELINE, &release, STAGE) {
                guard.world.services.leave(PIPELINE, &release, STAGE, rollback_plans::targets::RunStatus::Succeeded);
            }
        }
        guard.let_pass(1).await;
    }
    guard
}

/// Case 39.
#[tokio::test]
async fn a_day_of_flapping_leads_to_no_more_rollbacks_than_a_day_may_have() {
    for per_day in 1..=Limits::MOST_PER_DAY {
        for release_every in [7, 61, 200, 100_000] {
            let mut guard = day_of_flapping(per_day, release_every).await;
            let rollbacks = guard.rollbacks().len();
            assert!(
                (1..=usize::from(per_day)).contains(&rollbacks),
                "{rollbacks} rollbacks, {per_day} allowed, a release every {release_every} minutes"
            );
            guard.let_pass(60).await;
            guard.assert_settled(&format!("{per_day} a day"));
        }
    }
}

/// Case 39: the cap is used, or the test above shows nothing.
#[tokio::test]
async fn where_releases_keep_coming_the_cap_is_reached_and_then_it_is_up_to_people() {
    for per_day in 1..=Limits::MOST_PER_DAY {
        let guard = day_of_flapping(per_day, 61).await;
        assert_eq!(guard.rollbacks().len(), usize::from(per_day));
        assert!(guard.told().iter().any(|words| words.ends_with("refused (daily-cap)")));
    }
}

/// Case 39: everything that is said of one release is said under few names, so that a reader can say it once.
#[tokio::test]
async fn flapping_after_a_rollback_says_few_different_things() {
    let guard = day_of_flapping(1, 100_000).await;
    let told: std::collections::BTreeSet<String> = guard.told().into_iter().collect();
    assert!(told.len() <= 6, "{told:#?}");
}

/// Case 39: the second release of a day is bad as well.
#[tokio::test]
async fn a_second_alarm_within_the_cooldown_is_refused_with_its_end() {
    let mut guard = Guard::after("good@10 bad@40").limits(Limits::default().with_per_day(3).unwrap());
    guard.go_to(45);
    guard.red().await;
    guard.let_pass(5).await;
    guard.green().await;
    guard.let_pass(10).await;
    guard.world.services.release(PIPELINE, "worse");
    guard.let_pass(10).await;
    guard.told();
    assert_eq!(guard.red().await, "refused: cooldown");
    let decision = guard.world.bus.take_published().remove(0);
    assert_eq!(
        decision.reason.unwrap(),
        "The last rollback was less than 60 minutes ago; the next may be at 13:45 UTC."
    );
    assert_eq!(guard.rollbacks(), ["good"]);
}

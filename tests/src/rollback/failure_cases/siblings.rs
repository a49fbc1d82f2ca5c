//! One alarm for several targets, of which one drives the other: a stage that goes back deploys to a service. Case 44.

use lambda_kit::doubles::Moment;
use pipeline_model::AlarmState;
use reverter::Occasion;
use rollback_plans::targets::EcsSeen;
use rollback_plans::{CONSENT_TAG, Limits, Seen, Target};

use crate::rollback::guard::{Guard, PIPELINE, STAGE, at, invoke};

const SERVICE: &str = "ecs:shop/orders";
const ORDERS: [&str; 2] = ["ecs:shop/orders orders/Production", "orders/Production ecs:shop/orders"];

fn service() -> Target {
    SERVICE.parse().unwrap()
}

/// A deployment of the service that began at that minute.
fn deploys(guard: &Guard, began: i64, status: &str) {
    let seen = EcsSeen {
        deployment: Some(format!("arn:aws:ecs:us-east-1:111122223333:service-deployment/shop/orders/d{began}")),
        status: status.to_owned(),
        created: Some(at(began)),
        finished: (status == "SUCCESSFUL").then(|| at(began + 1)),
    };
    guard.world.services.put(service(), Seen::EcsService(seen));
}

/// Stage `Production` deploys to the service; two alarms with this tag protect both. It is a quarter to one.
fn guarding(tag: &str) -> Guard {
    let guard = Guard::after("good@10 bad@40");
    guard.protect("first", &[(CONSENT_TAG, tag)]);
    guard.protect("second", &[(CONSENT_TAG, tag)]);
    guard.world.alarms.create("observer", &[(CONSENT_TAG, tag), ("pipewarden:mode", "observe")]);
    guard.world.alarms.turn("observer", AlarmState::Ok);
    deploys(&guard, 39, "SUCCESSFUL");
    guard.go_to(45);
    guard
}

async fn rings(guard: &Guard, alarm: &str) -> String {
    guard.hear(&guard.turn(alarm, AlarmState::Alarm).event()).await
}

#[tokio::test]
async fn a_second_alarm_does_not_undo_the_rollback_of_the_first_at_another_target() {
    for tag in ORDERS {
        for limits in
            [Limits::default(), Limits { cooldown: jiff::SignedDuration::ZERO, per_day: 3, ..Limits::default() }]
        {
            let mut guard = guarding(tag).limits(limits);
            let first = guard.turn("first", AlarmState::Alarm).event();
            assert_eq!(guard.hear(&first).await, "rolled back: orders/Production@bad");
            deploys(&guard, 46, "IN_PROGRESS");
            guard.go_to(48);
            assert_eq!(guard.hear(&first).await, "answered before", "{tag}");
            for alarm in ["second", "observer"] {
                assert_eq!(rings(&guard, alarm).await, "refused: current-is-rollback; refused: current-is-rollback");
            }
            guard.let_pass(60).await;
            assert_eq!(guard.acts().len(), 1, "{tag}: {:?}", guard.acts());
            guard.assert_settled(tag);
        }
    }
}

/// No book tells of it.
#[tokio::test]
async fn an_alarm_does_not_undo_the_rollback_of_a_person_at_another_target() {
    for tag in ORDERS {
        let guard = guarding(tag);
        guard.world.services.roll_back_by_hand(PIPELINE, STAGE, "good");
        deploys(&guard, 46, "IN_PROGRESS");
        guard.go_to(48);
        for alarm in ["first", "observer"] {
            assert_eq!(rings(&guard, alarm).await, "refused: current-is-rollback; refused: current-is-rollback");
        }
        assert_eq!(guard.acts(), [""; 0], "{tag}");
    }
}

/// What began long after the rollback is none of its doing, and the pace is kept all the same.
#[tokio::test]
async fn the_cap_of_a_day_holds_for_all_targets_of_an_alarm_together() {
    for (per_day, told) in
        [(1, "refused: daily-cap; refused: current-is-rollback"), (2, "rolled back: ecs:shop/orders@")]
    {
        let mut guard = guarding(ORDERS[0]).limits(Limits { per_day, ..Limits::default() });
        rings(&guard, "first").await;
        guard.let_pass(10 * 60).await;
        deploys(&guard, 45 + 9 * 60, "IN_PROGRESS");
        let answer = rings(&guard, "second").await;
        assert!(answer.starts_with(told), "{answer}");
        assert_eq!(guard.acts().len(), usize::from(per_day));
    }
}

#[tokio::test]
async fn a_target_that_somebody_is_at_makes_the_others_wait() {
    let mut guard = guarding(ORDERS[0]);
    let first = guard.turn("first", AlarmState::Alarm).event();
    guard.world.services.lose_answers(1);
    assert_eq!(guard.hear(&first).await, "looked at again after 151 s");
    deploys(&guard, 46, "IN_PROGRESS");
    guard.wait_seconds(90);
    assert_eq!(rings(&guard, "second").await, "looked at again after 61 s");
    guard.let_pass(60).await;
    assert_eq!(guard.acts().len(), 1, "{:?}", guard.acts());
    assert_eq!(guard.told()[0], "orders/Production@bad: done to good");
    guard.assert_settled("at the end");
}

/// Both could go back, and each alarm begins with another one. After each call the other process goes on.
#[tokio::test]
async fn two_reverters_at_two_targets_at_the_same_moment_act_once() {
    for head_start in 0..14 {
        let mut guard = guarding(ORDERS[0]);
        guard.protect("second", &[(CONSENT_TAG, ORDERS[1])]);
        deploys(&guard, 40, "IN_PROGRESS");
        guard.go_to(46);
        let events = ["first", "second"].map(|alarm| Occasion::from(guard.turn(alarm, AlarmState::Alarm).event()));
        let [first, second] = events;
        let another = guard.another();
        let waits = async {
            for _ in 0..head_start {
                tokio::task::yield_now().await;
            }
            invoke(&guard.world, &another, second).await
        };
        let (one, two) = tokio::join!(invoke(&guard.world, &guard.reverter, first), waits);
        one.unwrap().unwrap();
        two.unwrap().unwrap();
        guard.let_pass(20).await;
        assert_eq!(guard.acts().len(), 1, "{head_start}: {:?}", guard.acts());
        guard.assert_settled("at the end");
    }
}

/// The first reverter dies at this call. As soon as the stage goes back, the service is deployed to, and the second alarm
/// rings.
async fn dies_at(tag: &str, call: usize, moment: Moment) -> Option<Guard> {
    let mut guard = guarding(tag);
    let first = guard.turn("first", AlarmState::Alarm).event();
    guard.world.crash_at(call, moment);
    if guard.invoke(&first).await.is_some() {
        return None;
    }
    guard.reverter = guard.another();
    let second = guard.turn("second", AlarmState::Alarm).event();
    for minute in 46..95 {
        if guard.rollbacks().len() == 1 {
            deploys(&guard, 46, "IN_PROGRESS");
        }
        if minute == 47 {
            assert!(guard.deliver(&second).await.is_some());
        }
        if minute == 48 {
            assert!(guard.deliver(&first).await.is_some());
        }
        guard.let_pass(1).await;
    }
    Some(guard)
}

#[tokio::test]
async fn a_crash_at_any_call_leads_to_one_act_over_all_targets() {
    for tag in ORDERS {
        for moment in [Moment::Before, Moment::After] {
            let mut call = 1;
            while let Some(guard) = dies_at(tag, call, moment).await {
                let place = format!("{tag}, call {call}, {moment:?}");
                assert_eq!(guard.acts(), ["roll stage Production of orders back to execution good: done"], "{place}");
                assert!(guard.told().contains(&String::from("orders/Production@bad: done to good")), "{place}");
                guard.assert_settled(&place);
                call += 1;
            }
            assert!(call > 12, "{call} calls");
        }
    }
}

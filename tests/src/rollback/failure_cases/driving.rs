//! A stage runs and deploys to the other targets of the alarm: what is under way there is stopped, and what nobody can date
//! is left. Cases 44 and 45.

use pipeline_model::AlarmState;
use rollback_plans::targets::{AliasSeen, EcsSeen, RunStatus};
use rollback_plans::{CONSENT_TAG, Seen, Target};

use crate::rollback::guard::{Guard, PIPELINE, STAGE, at};

const SERVICE: &str = "ecs:shop/orders";
const ALIAS: &str = "lambda:orders:live";
const DEPLOYMENT: &str = "arn:aws:ecs:us-east-1:111122223333:service-deployment/shop/orders/d2";

fn put(guard: &Guard, target: &str, seen: Seen) {
    let target: Target = target.parse().unwrap();
    guard.world.services.put(target, seen);
}

/// Release `bad` has been in the stage since twenty to one. Two alarms protect the stage and `other`, in either order.
fn running(other: &str) -> [Guard; 2] {
    [format!("orders/Production {other}"), format!("{other} orders/Production")].map(|tag| {
        let guard = Guard::after("good@10");
        for alarm in ["first", "second"] {
            guard.protect(alarm, &[(CONSENT_TAG, &tag)]);
        }
        guard.go_to(40);
        guard.world.services.start(PIPELINE, "bad");
        guard.world.services.enter(PIPELINE, "bad", STAGE);
        guard
    })
}

async fn rings(guard: &Guard, alarm: &str) -> String {
    guard.hear(&guard.turn(alarm, AlarmState::Alarm).event()).await
}

/// Version 3 was published at twenty to one, and nobody knows since when the alias points where.
fn alias(version: &str) -> Seen {
    let versions = vec![(1, Some(at(1))), (2, Some(at(10))), (3, Some(at(40)))];
    Seen::Alias(AliasSeen { version: version.to_owned(), versions, ..AliasSeen::default() })
}

#[tokio::test]
async fn what_a_running_stage_deploys_is_stopped_at_once_and_nothing_else_is_done() {
    for mut guard in running(SERVICE) {
        let seen = EcsSeen {
            deployment: Some(DEPLOYMENT.to_owned()),
            status: String::from("IN_PROGRESS"),
            created: Some(at(41)),
            finished: None,
        };
        put(&guard, SERVICE, Seen::EcsService(seen));
        guard.go_to(43);
        assert_eq!(rings(&guard, "first").await, format!("rolled back: {SERVICE}@{DEPLOYMENT}"));
        guard.let_pass(2).await;
        rings(&guard, "second").await;
        guard.world.services.leave(PIPELINE, "bad", STAGE, RunStatus::Ended(String::from("Failed")));
        guard.let_pass(60).await;
        assert_eq!(guard.acts(), ["stop service deployment d2 and roll it back: done"]);
        guard.assert_settled("at the end");
    }
}

#[tokio::test]
async fn an_alias_that_the_stage_moved_after_the_alarm_had_turned_red_is_left_to_people() {
    for mut guard in running(ALIAS) {
        put(&guard, ALIAS, alias("2"));
        guard.go_to(45);
        assert_eq!(rings(&guard, "first").await, "looked at again after 60 s");
        guard.wait_seconds(30);
        put(&guard, ALIAS, alias("3"));
        assert_eq!(rings(&guard, "second").await, "looked at again after 60 s", "the stage has not ended");
        guard.wait_seconds(10);
        guard.world.services.leave(PIPELINE, "bad", STAGE, RunStatus::Succeeded);
        guard.let_pass(60).await;
        assert_eq!(guard.acts(), [""; 0]);
        let mut told = guard.told();
        told.sort();
        let during = |incident: &str| format!("{incident}: refused (alarm-red-during-deployment)");
        let [alias, stage] = [during("lambda:orders:live@3"), during("orders/Production@bad")];
        assert_eq!(told, [alias.clone(), alias, stage.clone(), stage], "for each of the alarms");
        guard.assert_settled("at the end");
    }
}

#[tokio::test]
async fn an_alias_that_the_stage_had_moved_before_the_alarm_turned_red_goes_back() {
    let [_, mut guard] = running(ALIAS);
    guard.go_to(44);
    put(&guard, ALIAS, alias("3"));
    guard.world.services.leave(PIPELINE, "bad", STAGE, RunStatus::Succeeded);
    guard.go_to(45);
    assert_eq!(rings(&guard, "first").await, "rolled back: lambda:orders:live@3");
    guard.let_pass(60).await;
    guard.assert_settled("at the end");
}

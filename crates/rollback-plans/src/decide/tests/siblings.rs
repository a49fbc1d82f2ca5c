//! Several targets of one alarm: what happened to one of them counts for all.

use super::*;
use crate::targets::EcsSeen;
use crate::{Limits, Sibling};

/// A service in which a deployment is under way since that minute; the stage the alarm names besides has this past.
fn service(began: i64, red: i64, siblings: Vec<Past>) -> Desk {
    let seen = EcsSeen {
        deployment: Some(String::from("d1")),
        status: String::from("IN_PROGRESS"),
        created: Some(at(began)),
        finished: None,
    };
    let mut desk = Desk::new(Seen::EcsService(seen), red);
    desk.target = "ecs:shop/orders".parse().unwrap();
    desk.siblings = vec![stage_beside(siblings, stage("good@10 bad@40"))];
    desk
}

fn stage_beside(past: Vec<Past>, seen: StageSeen) -> Sibling {
    let book = Book { past, ..Book::default() };
    Sibling { target: "orders/Production".parse().unwrap(), book, seen: Some(seen.into()) }
}

/// Our book does not tell of it: a person rolls the stage back, or CodePipeline does.
#[test]
fn a_deployment_that_somebody_elses_rollback_of_the_stage_began_is_not_stopped() {
    let outcome = |began: i64, status: RunStatus, is_listed: bool| {
        let mut desk = service(began, 62, Vec::new());
        let mut seen = stage("good@10 bad@40 back@50>good");
        seen.current.as_mut().unwrap().status = status;
        if !is_listed {
            seen.succeeded.remove(0);
        }
        desk.siblings = vec![stage_beside(Vec::new(), seen)];
        desk.outcome()
    };
    let (claim, refused) = ("claim ecs:shop/orders@d1", "current-is-rollback");
    for (status, is_listed) in [(RunStatus::Running, false), (RunStatus::Succeeded, true)] {
        assert_eq!(outcome(47, status.clone(), is_listed), refused);
        assert_eq!(
            outcome(60, status.clone(), is_listed),
            if is_listed { claim } else { refused },
            "it is over by then"
        );
    }
    assert_eq!(outcome(44, RunStatus::Succeeded, true), claim, "it had begun before");
    let mut unseen = service(47, 62, Vec::new());
    unseen.siblings[0].seen = None;
    assert_eq!(unseen.outcome(), "ask Siblings");
}

#[test]
fn a_deployment_that_a_rollback_of_the_stage_began_is_not_stopped() {
    for began in [41, 44, 60] {
        let mut desk = service(began, 62, vec![past("bad", "back", 41)]);
        desk.limits.cooldown = SignedDuration::ZERO;
        desk.limits.per_day = 3;
        assert_eq!(desk.outcome(), "current-is-rollback", "{began}");
        let Decision::Refuse(refused) = desk.decide() else { panic!("a refusal") };
        assert!(refused.commands[0].starts_with("aws ecs list-service-deployments"), "{:?}", refused.commands);
    }
    let vain = Past { failed: true, ..past("bad", "", 41) };
    assert_eq!(service(44, 45, vec![vain]).outcome(), "claim ecs:shop/orders@d1");
}

#[test]
fn pace_is_kept_over_all_targets_of_an_alarm() {
    let outcome = |times: &[i64], per_day| {
        let siblings = times.iter().map(|minute| past("other", "x", *minute)).collect();
        let mut desk = service(1990, 2000, siblings);
        desk.limits.per_day = per_day;
        desk.outcome()
    };
    assert_eq!(outcome(&[1900], 1), "daily-cap");
    assert_eq!(outcome(&[1900], 2), "claim ecs:shop/orders@d1");
    assert_eq!(outcome(&[1700, 1900], 2), "daily-cap");
    assert_eq!(outcome(&[500], 1), "claim ecs:shop/orders@d1");
    let mut desk = service(1950, 2000, vec![past("other", "x", 1960)]);
    desk.limits.per_day = 3;
    assert_eq!(desk.outcome(), "cooldown");
    let mut both = service(1990, 2000, vec![past("other", "x", 1800)]).holding(vec![past("older", "y", 1700)]);
    both.limits.per_day = 2;
    assert_eq!(both.outcome(), "daily-cap");
}

#[test]
fn an_alarm_that_was_answered_at_one_target_is_answered_at_all() {
    let mut answered = past("bad", "back", 46);
    answered.pledge.alarm = String::from("orders-errors");
    answered.pledge.red_since = at(45);
    let mut desk = service(40, 45, vec![answered]);
    assert_eq!(desk.outcome(), "answered");
    desk.book = Some(Book { hold: Hold::Mine, ..Book::default() });
    assert_eq!(desk.outcome(), "answered");
}

#[test]
fn what_was_started_anew_in_one_stage_is_no_release_in_another() {
    let mut desk = Desk::new(stage("good@10 again@40"), 45).holding(Vec::new());
    desk.siblings = vec![stage_beside(vec![past("bad", "again", -1500)], StageSeen::default())];
    assert_eq!(desk.outcome(), "current-is-rollback");
}

#[test]
fn what_a_newer_release_of_the_stage_began_is_not_taken_for_the_rollback_before_it() {
    let outcome = |began: i64, by: &str, limits: Limits| {
        let mut desk = service(began, 82, Vec::new());
        let seen = stage("good@10 bad@40 back@46>good fix@80");
        desk.siblings = vec![stage_beside(vec![past("bad", by, 41)], seen)];
        desk.limits = limits;
        desk.outcome()
    };
    let quick = || Limits { cooldown: SignedDuration::ZERO, per_day: 3, ..Limits::default() };
    assert_eq!(outcome(77, "back", Limits::default()), "cooldown");
    assert_eq!(outcome(77, "back", quick()), "claim ecs:shop/orders@d1");
    assert_eq!(outcome(60, "back", quick()), "current-is-rollback", "it began before the fix");
    assert_eq!(outcome(77, "fix", quick()), "current-is-rollback", "it is what we started anew");
}

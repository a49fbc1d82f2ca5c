//! The decision, as a table of situations.

mod adopting;
mod before;
mod closing;
mod others;
mod redeploying;
mod siblings;

use jiff::SignedDuration;
use pipeline_model::AlarmState;
use proptest::prelude::*;

use super::*;
use crate::targets::{RunStatus, StageSeen};
use crate::testing::{Desk, at, past, pledge, stage};
use crate::{AlarmNow, Before, Mode, Past, Suppression};

const BACK_TO_GOOD: &str = "roll stage Production of orders back to execution good";

fn desk() -> Desk {
    Desk::new(stage("good@10 bad@40"), 45)
}

fn running(line: &str, status: RunStatus) -> StageSeen {
    let mut seen = stage(line);
    if let Some(run) = &mut seen.current {
        run.status = status;
    }
    seen
}

#[test]
fn an_alarm_that_turns_red_after_a_deployment_rolls_it_back_to_what_stood_before() {
    let desk = desk();
    assert_eq!(desk.outcome(), "claim orders/Production@bad");
    assert_eq!(desk.holding(Vec::new()).outcome(), BACK_TO_GOOD);
}

#[test]
fn the_watch_begins_when_the_deployment_succeeded_and_ends_after_its_window() {
    let outcome = |red| Desk::new(stage("good@10 bad@40"), red).outcome();
    assert_eq!(outcome(34), "alarm-red-before-deployment");
    assert_eq!(outcome(39), "alarm-red-during-deployment");
    assert!(outcome(40).starts_with("claim"), "{}", outcome(40));
    assert!(outcome(100).starts_with("claim"), "{}", outcome(100));
    assert_eq!(outcome(101), "deployed-too-long-ago");
}

#[test]
fn an_alarm_that_is_not_red_any_more_or_gone_asks_for_nothing() {
    for now in [AlarmNow::Is(AlarmState::Ok), AlarmNow::Is(AlarmState::InsufficientData), AlarmNow::Gone] {
        let mut desk = desk();
        desk.alarm.now = now;
        assert_eq!(desk.outcome(), "alarm-not-red");
    }
}

#[test]
fn a_suppressed_alarm_asks_for_nothing() {
    let mut desk = desk();
    desk.alarm.suppressed_by = Some(Suppression::of(String::from("Alarm")));
    assert_eq!(desk.outcome(), "alarm-suppressed");
}

#[test]
fn an_alarm_that_cloudwatch_holds_back_for_the_moment_is_waited_for_until_it_is_stale() {
    for word in ["WaitPeriod", "ExtensionPeriod"] {
        let mut desk = desk();
        desk.alarm.suppressed_by = Some(Suppression::of(word.to_owned()));
        assert_eq!(desk.outcome(), "wait", "{word}");
        desk.now = at(45 + 61);
        assert_eq!(desk.outcome(), "alarm-stale", "{word}");
    }
}

/// Whoever can send an event can send a wrong one.
#[test]
fn an_event_that_cloudwatch_does_not_confirm_is_looked_at_again_until_it_is_stale() {
    let mut desk = desk();
    desk.alarm.now = AlarmNow::Behind;
    for (seconds, pause) in [(-30, 5), (0, 5), (7, 7), (60, 60), (3_600, 60)] {
        desk.now = at(45) + SignedDuration::from_secs(seconds);
        assert_eq!(desk.decide(), Decision::Wait(Duration::from_secs(pause)), "{seconds}");
    }
    desk.now = at(45 + 61);
    assert_eq!(desk.outcome(), "alarm-stale");
}

/// It would be looked at every few seconds until then.
#[test]
fn an_event_that_is_dated_in_the_future_is_refused() {
    for (now, code) in [(AlarmNow::Behind, "alarm-not-red"), (AlarmNow::Is(AlarmState::Alarm), "alarm-past-unknown")] {
        let mut desk = desk();
        desk.alarm.now = now;
        desk.now = at(45 - 6);
        assert_eq!(desk.outcome(), code);
        desk.now = at(45 - 5);
        assert_ne!(desk.outcome(), code, "clocks differ");
    }
}

#[test]
fn an_alarm_that_comes_hours_late_is_left_to_people() {
    let mut desk = desk();
    desk.now = at(45 + 61);
    assert_eq!(desk.outcome(), "alarm-stale");
}

#[test]
fn a_stage_that_is_running_is_waited_for_but_not_for_ever() {
    let mut desk = Desk::new(running("good@10 bad@40", RunStatus::Running), 45);
    assert_eq!(desk.outcome(), "wait for the stage");
    desk.now = at(45 + 31);
    assert_eq!(desk.outcome(), "deployment-still-running");
}

#[test]
fn what_never_was_or_never_succeeded_is_not_rolled_back() {
    assert_eq!(Desk::new(StageSeen::default(), 45).outcome(), "never-deployed");
    let failed = running("good@10 bad@40", RunStatus::Ended(String::from("Failed")));
    assert_eq!(Desk::new(failed, 45).outcome(), "deployment-not-succeeded");
    let gone = Seen::Unknown(String::from("PipelineNotFoundException"));
    assert_eq!(Desk::new(gone, 45).outcome(), "target-unknown");
}

#[test]
fn a_pipeline_in_parallel_mode_says_so() {
    let mut seen = stage("good@10 bad@40");
    seen.current = None;
    seen.succeeded.iter_mut().for_each(|execution| execution.is_parallel = true);
    assert_eq!(Desk::new(seen, 45).outcome(), "parallel-mode");
}

#[test]
fn a_rollback_is_never_rolled_back() {
    let desk = Desk::new(stage("good@10 bad@40 back@44>good"), 45);
    assert_eq!(desk.outcome(), "ask Book");
    assert_eq!(desk.holding(vec![past("bad", "back", 43)]).outcome(), "current-is-rollback");
}

#[test]
fn a_redeployment_of_ours_is_not_rolled_back_although_it_looks_like_a_release() {
    let desk = Desk::new(stage("good@10 bad@20 again@40"), 45).holding(vec![past("bad", "again", 30)]);
    assert_eq!(desk.outcome(), "current-is-rollback");
}

#[test]
fn a_rollback_by_a_person_starts_the_cooldown_and_does_not_count_for_the_day() {
    let at = |minute| Desk::new(stage("good@1 bad@10 back@20>good worse@80"), minute).holding(Vec::new());
    let mut desk = at(85);
    desk.limits.cooldown = SignedDuration::from_mins(90);
    assert_eq!(desk.outcome(), "cooldown");
    assert_eq!(at(85).outcome(), BACK_TO_GOOD, "more than an hour later");
}

#[test]
fn a_release_that_was_rolled_back_is_never_a_target_whoever_rolled_it_back() {
    let mut by_a_person = Desk::new(stage("good@1 bad@10 back@20>good worse@40"), 45).holding(Vec::new());
    by_a_person.limits.cooldown = SignedDuration::ZERO;
    assert_eq!(by_a_person.outcome(), BACK_TO_GOOD);
    let mut by_us = Desk::new(stage("good@1 bad@10 worse@40"), 45).holding(vec![past("bad", "failed", 12)]);
    by_us.limits.cooldown = SignedDuration::ZERO;
    by_us.limits.per_day = 3;
    assert_eq!(by_us.outcome(), BACK_TO_GOOD);
}

#[test]
fn what_a_rollback_threw_out_while_the_current_release_waited_is_no_target() {
    // CodePipeline lists by the beginning: the rollback began when `bad` had begun, and `bad` came to the stage after it.
    let mut seen = stage("good@1 worse@10 bad@40 back@30>good");
    seen.current = stage("bad@40").current;
    let mut desk = Desk::new(seen, 45).holding(Vec::new());
    desk.limits.cooldown = SignedDuration::ZERO;
    assert_eq!(desk.outcome(), BACK_TO_GOOD);
}

#[test]
fn several_candidates_are_tried_newest_first_and_no_more_than_three() {
    let desk = Desk::new(stage("a@1 b@2 c@3 d@4 bad@40"), 45).holding(Vec::new());
    let words = |id| format!("roll stage Production of orders back to execution {id}");
    assert_eq!(desk.outcome(), [words("d"), words("c"), words("b")].join(", or "));
}

#[test]
fn a_list_that_does_not_hold_the_current_release_yet_still_leads_back() {
    let mut seen = stage("good@10 bad@40");
    seen.succeeded.remove(0);
    let mut desk = Desk::new(seen, 45).holding(Vec::new());
    desk.alarm.before = Some(Before { state: AlarmState::Ok, since: Some(at(-20)) });
    assert_eq!(desk.outcome(), BACK_TO_GOOD);
}

#[test]
fn without_an_earlier_release_a_person_is_told_how_to_look() {
    let desk = Desk::new(stage("bad@40"), 45);
    let Decision::Refuse(refused) = desk.decide() else { panic!("no way back") };
    assert_eq!(refused.refusal, Refusal::NoWayBack);
    assert!(refused.commands[0].starts_with("aws codepipeline list-pipeline-executions"), "{:?}", refused.commands);
}

#[test]
fn a_rollback_of_another_stage_is_not_taken_for_ours() {
    let mut seen = stage("good@10 bad@40");
    seen.all = Some(stage("good@10 bad@40 elsewhere@47>staged").succeeded);
    let mut desk = Desk::new(seen, 45);
    desk.book = Some(Book { pledges: vec![pledge("bad", 41)], hold: Hold::Mine, ..Book::default() });
    assert_eq!(desk.outcome(), BACK_TO_GOOD);
}

#[test]
fn an_observer_says_what_would_be_done_and_claims_nothing() {
    let mut desk = desk();
    desk.mode = Mode::Observe;
    assert_eq!(desk.outcome(), "ask Book");
    desk.book = Some(Book::default());
    assert_eq!(desk.outcome(), format!("observe: {BACK_TO_GOOD}"));
    desk.book = Some(Book { past: vec![past("other", "x", 30)], ..Book::default() });
    assert_eq!(desk.outcome(), "cooldown");
}

#[test]
fn after_a_rollback_the_target_is_left_alone_for_an_hour() {
    let after = |minutes: i64| {
        let mut desk = Desk::new(stage("good@1 bad@500"), 505).holding(vec![past("other", "x", 506 - minutes)]);
        desk.limits.per_day = 3;
        desk.outcome()
    };
    assert_eq!(after(60), "cooldown");
    assert_eq!(after(61), BACK_TO_GOOD);
}

#[test]
fn no_more_rollbacks_than_a_day_may_have() {
    let after = |times: &[i64], per_day| {
        let past = times.iter().map(|minute| past("other", "x", *minute)).collect();
        let mut desk = Desk::new(stage("good@1 bad@2000"), 2005).holding(past);
        desk.limits.per_day = per_day;
        desk.outcome()
    };
    assert_eq!(after(&[1900], 1), "daily-cap");
    assert_eq!(after(&[2006 - 24 * 60 - 1], 1), BACK_TO_GOOD);
    assert_eq!(after(&[1700, 1900], 3), BACK_TO_GOOD);
    assert_eq!(after(&[1600, 1700, 1900], 3), "daily-cap");
}

#[test]
fn a_rollback_tried_in_vain_is_not_tried_again_and_does_not_use_up_the_day() {
    let vain = |release: &str| Past { failed: true, started: None, ..past(release, "", 44) };
    assert_eq!(desk().holding(vec![vain("bad")]).outcome(), "already-handled");
    assert_eq!(desk().holding(vec![vain("other")]).outcome(), BACK_TO_GOOD);
}

#[test]
fn where_only_a_permission_was_missing_the_next_alarm_may_find_it_granted() {
    let denied = || Past { failed: true, denied: true, started: None, ..past("bad", "", 44) };
    assert_eq!(desk().holding(vec![denied()]).outcome(), BACK_TO_GOOD);
    let mut same = denied();
    same.pledge.alarm = String::from("orders-errors");
    same.pledge.red_since = at(45);
    assert_eq!(desk().holding(vec![same]).outcome(), "answered", "not in a loop");
    let mut book = Book { past: vec![past("other", "x", 1)], ..Book::default() };
    (0..100).for_each(|_| book.remember(denied()));
    assert_eq!(book.past.len(), 2, "an alarm that flaps does not crowd out what is to be remembered");
}

#[test]
fn the_same_change_of_an_alarm_is_answered_once() {
    let mut known = past("bad", "back", 46);
    known.pledge.alarm = String::from("orders-errors");
    known.pledge.red_since = at(45);
    let desk = Desk::new(stage("good@10 bad@40 back@47>good"), 45).holding(vec![known]);
    assert_eq!(desk.outcome(), "answered");
}

/// The same, with the list of all executions.
fn with_all(line: &str) -> StageSeen {
    let seen = stage(line);
    StageSeen { all: Some(seen.succeeded.clone()), ..seen }
}

#[test]
fn whoever_finds_a_rollback_nobody_told_of_tells_it() {
    let mut desk = Desk::new(stage("good@10 bad@40 back@47>good"), 45);
    desk.book = Some(Book { pledges: vec![pledge("bad", 41)], ..Book::default() });
    assert_eq!(desk.outcome(), "ask AllExecutions");
    let mut desk = Desk::new(with_all("good@10 bad@40 back@47>good"), 45);
    let hold = |hold| Some(Book { pledges: vec![pledge("bad", 41)], hold, ..Book::default() });
    desk.book = hold(Hold::Free);
    assert_eq!(desk.outcome(), "claim orders/Production@bad");
    desk.book = hold(Hold::Mine);
    assert_eq!(desk.outcome(), "adopt back for orders/Production@bad");
    desk.book = hold(Hold::Others(at(47)));
    assert_eq!(desk.outcome(), "wait");
}

#[test]
fn a_rollback_nobody_told_of_is_told_even_when_something_newer_stands() {
    let mut desk = Desk::new(with_all("good@10 bad@40 back@47>good fix@60"), 65);
    desk.book = Some(Book { pledges: vec![pledge("bad", 41)], hold: Hold::Mine, ..Book::default() });
    assert_eq!(desk.outcome(), "adopt back for orders/Production@bad");
}

#[test]
fn a_rollback_that_began_when_nobody_held_the_target_is_somebody_elses() {
    let adopted = |began: i64| {
        let mut desk = Desk::new(with_all(&format!("good@10 bad@40 back@{}>good", began + 5)), 45);
        desk.book = Some(Book { pledges: vec![pledge("bad", 41)], hold: Hold::Mine, ..Book::default() });
        desk.outcome()
    };
    assert_eq!(adopted(40), "current-is-rollback");
    assert_eq!(adopted(43), "adopt back for orders/Production@bad");
    assert_eq!(adopted(44), "current-is-rollback");
}

#[test]
fn a_pledge_of_which_nothing_came_does_not_hinder_the_next_one() {
    let mut desk = Desk::new(with_all("good@10 bad@40"), 45);
    desk.book = Some(Book { pledges: vec![pledge("bad", 44)], hold: Hold::Mine, ..Book::default() });
    assert_eq!(desk.outcome(), BACK_TO_GOOD);
}

#[test]
fn while_somebody_else_acts_this_one_waits() {
    let mut desk = desk();
    desk.book = Some(Book { hold: Hold::Others(at(48)), ..Book::default() });
    assert_eq!(desk.decide(), Decision::Wait(Duration::from_secs(121)));
}

#[test]
fn a_refusal_that_leaves_it_to_people_tells_them_the_command() {
    let desk = Desk::new(stage("good@10 bad@40"), 39);
    let Decision::Refuse(refused) = desk.decide() else { panic!("a refusal") };
    assert_eq!(
        refused.commands,
        [
            "aws codepipeline rollback-stage --pipeline-name orders --stage-name Production --target-pipeline-execution-id good"
        ]
    );
    let Decision::Refuse(quiet) = Desk::new(stage("good@10 bad@40"), 30).decide() else { panic!("a refusal") };
    assert_eq!(quiet.commands, Vec::<String>::new());
}

proptest! {
    /// Whatever the times are: a rollback is decided only inside the watch window, outside the cooldown, below the cap.
    #[test]
    fn a_rollback_is_decided_only_where_every_rule_allows_it(
        ended in 0_i64..3000, red_after in -100_i64..200, wait in 0_i64..200,
        rollbacks in prop::collection::vec(0_i64..3000, 0..4), per_day in 1_u8..=3,
    ) {
        let red = ended + red_after;
        let past: Vec<_> = rollbacks.iter().map(|minute| past("other", "x", *minute)).collect();
        let mut desk = Desk::new(stage(&format!("good@-100 bad@{ended}")), red).holding(past);
        desk.alarm.before = Some(Before { state: AlarmState::Ok, since: Some(at(-200)) });
        desk.limits.per_day = per_day;
        desk.now = at(red + wait);
        let now = red + wait;
        let allowed = (0..=60).contains(&red_after)
            && wait <= 60
            && rollbacks.iter().all(|minute| now - minute > 60)
            && rollbacks.iter().filter(|minute| now - **minute <= 24 * 60).count() < usize::from(per_day);
        let decided = matches!(desk.decide(), Decision::RollBack(_));
        prop_assert_eq!(decided, allowed, "{}", desk.outcome());
    }

    /// Whatever stood there: the target is no rollback, not what stands, and was not thrown out.
    #[test]
    fn a_target_is_always_a_release_that_nobody_threw_out(line in prop::collection::vec((0_usize..5, any::<bool>()), 1..8)) {
        let mut words: Vec<String> = Vec::new();
        let mut thrown = std::collections::BTreeSet::new();
        let mut standing = vec![0_usize];
        words.push(String::from("e0@1"));
        for (step, (pick, is_rollback)) in line.iter().enumerate() {
            let number = step + 1;
            let minute = 10 * (number + 1);
            if *is_rollback && standing.len() > 1 {
                // A person rolls back to what stood before.
                let bad = standing.pop().unwrap();
                thrown.insert(bad);
                let target = *standing.last().unwrap();
                words.push(format!("r{number}@{minute}>e{target}"));
            } else {
                let _ = pick;
                standing.push(number);
                words.push(format!("e{number}@{minute}"));
            }
        }
        words.push(String::from("bad@500"));
        let desk = Desk::new(stage(&words.join(" ")), 505).holding(Vec::new());
        let Decision::RollBack(plan) = desk.decide() else { panic!("a rollback: {}", desk.outcome()) };
        for way in &plan.ways {
            let target = way.target_execution.as_ref().unwrap().as_str().to_owned();
            prop_assert!(target.starts_with('e'), "{target}");
            let number: usize = target[1..].parse().unwrap();
            prop_assert!(!thrown.contains(&number), "{target} in {}", words.join(" "));
        }
        let first = plan.ways[0].target_execution.as_ref().unwrap().as_str().to_owned();
        prop_assert_eq!(first, format!("e{}", standing.last().unwrap()));
    }
}

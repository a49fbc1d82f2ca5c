//! Judges every rollback the moment it takes effect, by what really happened.

use super::chronicle::{By, Chronicle, Red, Rollback};
use super::outside::Process;
use super::world::{HOUR, MINUTE, World};

/// How long CloudWatch may tell an alarm's last state but one.
pub(super) const BEHIND: i64 = 4_000;
/// How long a step that nobody answered may be under way.
pub(super) const LANDS_LATE: i64 = 15_000;
/// The longest an invocation takes.
const INVOCATION: i64 = MINUTE;

pub(super) fn judge(process: &Process, rollback: &Rollback) {
    let world = &process.world;
    let mut problems = Vec::new();
    {
        let chronicle = world.chronicle.borrow();
        let looked = process.looked.borrow().clone();
        let Some((_, looked_at)) = looked else { return world.object(String::from("nobody looked at the stage")) };
        may_act(process, world, &mut problems);
        once(&chronicle, rollback, &mut problems);
        place(&chronicle, rollback, looked_at, &mut problems);
        alarm(process, &chronicle, rollback, &mut problems);
        pace(world, &chronicle, rollback.at, &mut problems);
    }
    for problem in problems {
        world.object(format!("{problem}: {rollback:?}"));
    }
}

/// A robot closes or opens the transition. What a person closed is theirs, unless it happened after the robot's last look.
pub(super) fn judge_door(process: &Process, verb: &str) {
    let (since, by) = process.world.chronicle.borrow().transition;
    let is_known = process.looked.borrow().as_ref().is_some_and(|(_, looked)| *looked > since);
    if by == Some(By::Person) && is_known {
        process.world.object(format!("a robot {verb} a transition that a person closed at {since}"));
    }
}

fn may_act(process: &Process, world: &World, problems: &mut Vec<String>) {
    if world.policy.mode == rollback_plans::Mode::Observe || !world.alarms[process.alarm].acts {
        problems.push(String::from("an observer acted"));
    }
}

/// One release is rolled back once.
fn once(chronicle: &Chronicle, rollback: &Rollback, problems: &mut Vec<String>) {
    for release in [&rollback.from, &rollback.seen] {
        if chronicle.by_robots().filter(|it| [&it.from, &it.seen].contains(&release)).count() > 1 {
            problems.push(format!("{release} was rolled back before"));
        }
    }
}

/// What is rolled back is no rollback, and what stands then is what stood before. Only what came between the look and
/// the call, which no caller can know, is forgiven.
fn place(chronicle: &Chronicle, rollback: &Rollback, looked_at: i64, problems: &mut Vec<String>) {
    if chronicle.is_rollback(&rollback.seen) {
        problems.push(format!("{} is a rollback", rollback.seen));
    }
    if chronicle.structures[&rollback.to] != chronicle.structure {
        problems.push(String::from("the target has another structure"));
    }
    let is_edited = chronicle.edits.iter().any(|edit| *edit >= looked_at);
    if rollback.seen != rollback.from || is_edited {
        return;
    }
    // The rollback itself has not succeeded, so what it threw out still stands in the chronicle.
    let before = chronicle.ways_back();
    if !before.contains(&rollback.to.as_str()) {
        problems.push(format!("before it stood {before:?}"));
    }
}

/// The alarm was green when the release had come, red within the watch, and red when somebody looked.
fn alarm(process: &Process, chronicle: &Chronicle, rollback: &Rollback, problems: &mut Vec<String>) {
    let (limits, described) = (&process.world.policy.limits, process.described.get());
    let Some(success) = chronicle.succeeded.get(&rollback.seen).copied() else {
        return problems.push(format!("{} has not succeeded", rollback.seen));
    };
    let watch = i64::try_from(limits.watch.as_millis()).unwrap();
    if chronicle.was_red_before(process.alarm, &rollback.seen, watch, 0) {
        problems.push(String::from("the alarm was red before"));
    }
    let patience = i64::try_from(limits.patience.as_millis()).unwrap();
    let calls = |red: &Red| {
        let is_red_now = red.from <= described && described < red.to.saturating_add(BEHIND);
        let is_watched = (success..=success + watch).contains(&red.from);
        let is_fresh =
            rollback.at <= red.from + watch.max(patience) + INVOCATION + LANDS_LATE + process.world.weather.skew;
        is_red_now && is_watched && is_fresh
    };
    if !chronicle.reds(process.alarm).iter().any(calls) {
        problems.push(String::from("the alarm does not call"));
    }
}

/// No two within the cooldown, and no more in a day than are allowed. What nobody told of counts from its pledge, and
/// clocks differ. Of a service, ECS tells only the newest deployment: a stop that nobody told of may be forgotten.
fn pace(world: &World, chronicle: &Chronicle, now: i64, problems: &mut Vec<String>) {
    let spare = if world.weather.is_calm { 0 } else { INVOCATION + LANDS_LATE + 2 * world.weather.skew };
    let limits = &world.policy.limits;
    let cooldown = i64::try_from(limits.cooldown.as_millis()).unwrap();
    let stops = if world.weather.is_calm { chronicle.stops.as_slice() } else { &[] };
    let acts: Vec<i64> = chronicle.by_robots().map(|it| it.at).chain(stops.iter().copied()).collect();
    let within = |time: i64| acts.iter().filter(|at| now - **at < time - spare).count();
    if within(cooldown) > 1 {
        problems.push(String::from("it is within the cooldown"));
    }
    if within(24 * HOUR) > usize::from(limits.per_day) {
        problems.push(String::from("it is one too many for a day"));
    }
}

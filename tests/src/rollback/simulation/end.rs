//! What holds when nothing can happen any more.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use pipeline_model::{AlarmState, RollbackOutcome};
use rollback_plans::{Hold, Mode};

use super::chronicle::{By, Chronicle, Red, Rollback};
use super::world::{HOUR, MINUTE, World};

/// Within that time an alarm that calls is answered, if not too much goes wrong.
const ANSWERED: i64 = 50 * MINUTE;
/// How long a claim holds, and a little for clocks that differ.
const CLAIM: i64 = 170_000;
/// How long a claim may be under way, from the look at the time on.
const SLOWEST_CLAIM: i64 = 40_000;
/// What may go wrong meanwhile.
const FEW: usize = 3;

pub(super) fn check(world: &World) {
    let objections = world.faults.borrow();
    assert!(objections.is_empty(), "{}", objections.join("\n"));
    let chronicle = world.chronicle.borrow();
    check_told(world, &chronicle);
    check_cleared(world, &chronicle);
    check_failed(&chronicle);
    if world.policy.mode == Mode::Observe {
        assert_eq!(chronicle.steps, 0, "an observer did something");
    }
    if chronicle.dead > 0 {
        return; // A person reads what was given up.
    }
    for rollback in chronicle.by_robots() {
        assert!(is_told(&chronicle, rollback) || is_hidden(&chronicle, rollback), "nobody told of {rollback:?}");
    }
    check_stops(world, &chronicle);
    check_explained(world, &chronicle);
    check_followed(&chronicle);
    for (release, alarm, red) in due(world, &chronicle) {
        let rolled_back = chronicle.by_robots().any(|it| it.from == release);
        assert!(rolled_back, "{release} stands although {alarm} is red since {}", red.from);
    }
    check_books(world, &chronicle);
    check_door(world, &chronicle);
}

/// Each rollback has one key and each key one rollback, and what is told as ours is ours.
fn check_told(world: &World, chronicle: &Chronicle) {
    let (mut keys, mut rollbacks) = (BTreeMap::new(), BTreeMap::new());
    for told in chronicle.told.iter().filter(|told| told.outcome == RollbackOutcome::Done && told.is_stage) {
        let id = told.rollback.as_deref().expect("a rollback of a stage has an execution");
        let rollback = chronicle.rollbacks.iter().find(|it| it.id == id);
        let rollback = rollback.unwrap_or_else(|| panic!("there was no rollback {id}"));
        assert!(is_taken_for_ours(world, chronicle, rollback), "{rollback:?} is told as ours");
        if rollback.by == By::Robot {
            assert_eq!(keys.entry(id).or_insert(&told.key), &&told.key, "{id} has two keys");
            assert_eq!(rollbacks.entry(&told.key).or_insert(id), &id, "{} names two rollbacks", told.key);
        }
    }
}

fn is_told(chronicle: &Chronicle, rollback: &Rollback) -> bool {
    chronicle.told.iter().any(|told| told.rollback.as_deref() == Some(rollback.id.as_str()))
}

/// Somebody else rolled back under the same claim, and that one is told in its place.
fn is_hidden(chronicle: &Chronicle, rollback: &Rollback) -> bool {
    let is_near = |it: &&Rollback| it.by != By::Robot && (rollback.at - it.at).abs() < CLAIM;
    chronicle.rollbacks.iter().filter(is_near).any(|it| is_told(chronicle, it))
}

/// It is ours, or somebody claimed the target at about that time and did not come back: then nobody can tell.
fn is_taken_for_ours(world: &World, chronicle: &Chronicle, rollback: &Rollback) -> bool {
    let claimed = |claim: &i64| (-SLOWEST_CLAIM..CLAIM).contains(&(rollback.at - claim));
    rollback.by == By::Robot || !world.weather.is_calm && chronicle.claims.iter().any(claimed)
}

/// What is told to have helped was told before, and the alarm did turn green then.
fn check_cleared(world: &World, chronicle: &Chronicle) {
    for told in &chronicle.told {
        let Some(cleared) = told.cleared else { continue };
        let before = |it: &&super::chronicle::Told| it.key == told.key && it.cleared.is_none() && it.at <= told.at;
        assert!(chronicle.told.iter().any(|it| before(&it)), "{told:?} clears what nobody told");
        let alarm = world.alarms.iter().position(|it| it.name == told.alarm).expect("an alarm of the world");
        assert!(chronicle.alarms[alarm].contains(&(cleared, AlarmState::Ok)), "{told:?}: the alarm was not green then");
    }
}

/// What is told to have failed did fail.
fn check_failed(chronicle: &Chronicle) {
    for told in chronicle.told.iter().filter(|told| told.outcome == RollbackOutcome::Failed) {
        let succeeded = told.rollback.as_ref().is_some_and(|id| chronicle.succeeded.contains_key(id));
        assert!(!succeeded, "{told:?} succeeded");
    }
}

/// A rollback that was told and failed is told to have failed, unless something newer came to the stage.
fn check_followed(chronicle: &Chronicle) {
    let last = chronicle.current();
    for told in chronicle.told.iter().filter(|told| told.outcome == RollbackOutcome::Done) {
        let Some(id) = told.rollback.as_deref().filter(|id| Some(*id) == last) else { continue };
        let is_told = |it: &super::chronicle::Told| {
            it.outcome == RollbackOutcome::Failed && it.rollback.as_deref() == Some(id) && it.key == told.key
        };
        let succeeded = chronicle.succeeded.contains_key(id);
        assert!(succeeded || chronicle.told.iter().any(is_told), "nobody told that {id} failed");
    }
}

/// What a robot has closed waits for the alarm that asked to be OK, or for others that called meanwhile.
fn check_door(world: &World, chronicle: &Chronicle) {
    if chronicle.transition.1 == Some(By::Robot) {
        let books = world.memory.books.all(world.memory.clock.now());
        assert!(
            books.values().any(|book| !book.door_needed_by().is_empty()),
            "the transition stays closed for nothing"
        );
    }
}

/// What was stopped at the service is told.
fn check_stops(world: &World, chronicle: &Chronicle) {
    for stopped in chronicle.deployments.iter().filter(|it| it.is_stopped && world.weather.is_calm) {
        let is_told = |told: &super::chronicle::Told| {
            told.outcome == RollbackOutcome::Done && told.key.ends_with(&stopped.arn) && told.cleared.is_none()
        };
        assert!(chronicle.told.iter().any(is_told), "nobody told of {stopped:?}");
    }
}

/// Every change to red is told of: why not, what would be, or that the stage was rolled back.
fn check_explained(world: &World, chronicle: &Chronicle) {
    for (place, alarm) in world.alarms.iter().enumerate() {
        for red in chronicle.reds(place) {
            let told = chronicle.told.iter().any(|told| {
                let own = told.alarm == alarm.name && told.red_since >= red.from - 2_000;
                told.at >= red.from && (own || told.outcome == RollbackOutcome::Done && told.cleared.is_none())
            });
            assert!(told, "{} was red at {} and nobody said a word", alarm.name, red.from);
        }
    }
}

/// Releases that must have been rolled back: an alarm called for long enough, and nothing spoke against it.
fn due<'a>(world: &'a World, chronicle: &'a Chronicle) -> Vec<(&'a str, &'a str, Red)> {
    let mut due = Vec::new();
    // A stop at the service counts for the pace as well, and nobody here says when it may be forgotten.
    if world.policy.mode == Mode::Observe || !chronicle.stops.is_empty() {
        return due;
    }
    for (place, (_, release)) in chronicle.entered.iter().enumerate() {
        let Some(success) = chronicle.succeeded.get(release).filter(|_| !chronicle.is_rollback(release)) else {
            continue;
        };
        let next =
            chronicle.entered[place + 1..].iter().find(|(_, id)| !is_ours(chronicle, id)).map_or(i64::MAX, |it| it.0);
        for (number, alarm) in world.alarms.iter().enumerate().filter(|(_, alarm)| alarm.acts) {
            let calls = |red: &Red| {
                let watch = i64::try_from(world.policy.limits.watch.as_millis()).unwrap();
                let lasts = red.from + ANSWERED;
                (*success..=success + watch).contains(&red.from)
                    && !chronicle.was_red_before(number, release, watch, 1)
                    && (red.to >= lasts || chronicle.by_robots().any(|it| it.from == *release && it.at <= red.to))
                    && next > lasts
                    && is_allowed(world, chronicle, release, *success, lasts)
            };
            due.extend(chronicle.reds(number).into_iter().find(calls).map(|red| (release.as_str(), alarm.name, red)));
        }
    }
    due
}

fn is_ours(chronicle: &Chronicle, id: &str) -> bool {
    chronicle.by_robots().any(|it| it.id == id)
}

/// Policy and the state of the pipeline allow a rollback of `release` all the time.
fn is_allowed(world: &World, chronicle: &Chronicle, release: &str, from: i64, to: i64) -> bool {
    let limits = &world.policy.limits;
    let cooldown = i64::try_from(limits.cooldown.as_millis()).unwrap() + 2 * MINUTE;
    let others = || chronicle.by_robots().filter(|it| it.from != release && it.at <= to);
    let is_mistaken = chronicle.told.iter().any(|told| {
        let taken = chronicle.rollbacks.iter().find(|it| told.rollback.as_deref() == Some(it.id.as_str()));
        taken.is_some_and(|it| it.by != By::Robot)
    });
    let of_people = || chronicle.rollbacks.iter().filter(|it| it.by != By::Robot && it.at <= to);
    others().chain(of_people()).all(|it| it.at < from - cooldown)
        && others().filter(|it| it.at >= from - 24 * HOUR - 2 * MINUTE).count() < usize::from(limits.per_day)
        && !is_mistaken
        && !chronicle.edits.iter().any(|edit| (from..=to).contains(edit))
        && chronicle.faults.iter().filter(|fault| (from..=to).contains(fault)).count() <= FEW
        && has_way_back(chronicle, release, from)
}

/// Whether something stood before that nobody threw out, in the structure of that time.
fn has_way_back(chronicle: &Chronicle, release: &str, at: i64) -> bool {
    let structure = chronicle.edits.iter().filter(|edit| **edit < at).count();
    let earlier = |id: &str| chronicle.succeeded.get(id).is_some_and(|success| *success < at);
    let mut thrown: BTreeSet<&str> = chronicle.thrown_out();
    thrown.remove(release);
    let mut lineage: Vec<&str> = Vec::new();
    let mut successes: Vec<(i64, &str)> = chronicle.succeeded.iter().map(|(id, at)| (*at, id.as_str())).collect();
    successes.sort_unstable();
    for (_, id) in successes.into_iter().filter(|(success, _)| *success < at) {
        match chronicle.rollbacks.iter().find(|it| it.id == id) {
            Some(rollback) => {
                let place = lineage.iter().position(|it| *it == rollback.to);
                lineage.truncate(place.map_or(0, |place| place + 1));
            }
            None => lineage.push(id),
        }
    }
    let fits = |id: &&str| chronicle.structures[*id] as usize == structure && !thrown.contains(*id) && *id != release;
    lineage.iter().any(|id| fits(id) && earlier(id) && !chronicle.is_doubtful(id))
}

/// Nobody holds anything, and nobody has left a promise behind.
fn check_books(world: &World, chronicle: &Chronicle) {
    let last_fault = chronicle.faults.last().copied().unwrap_or_default();
    let ended = world.now().max(last_fault + CLAIM + world.weather.skew);
    let end = crate::rollback::guard::at(0) + SignedDuration::from_millis(ended);
    for (key, book) in world.memory.books.all(end) {
        assert!(world.tag.split(' ').any(|target| key.ends_with(target)), "{key} is nobody's book");
        assert_eq!(book.hold, Hold::Free, "the target is held for ever");
        assert_eq!(book.pledges, [], "a pledge was left behind");
    }
}

/// How often what is checked occurred.
#[derive(Debug, Default)]
pub(super) struct Occurred {
    pub(super) due: usize,
    pub(super) forbidden: usize,
    pub(super) observed: usize,
    pub(super) failed: usize,
    /// Rollbacks that began and did not succeed.
    pub(super) broken: usize,
    /// Transitions that a person closed.
    pub(super) closed: usize,
    pub(super) cleared: usize,
    pub(super) adopted: usize,
    pub(super) dead: usize,
    /// Deployments of the service that were stopped.
    pub(super) stopped: usize,
}

impl Occurred {
    pub(super) fn add(&mut self, world: &World) {
        let chronicle = world.chronicle.borrow();
        let told = |outcome| chronicle.told.iter().filter(|told| told.outcome == outcome).count();
        self.due += due(world, &chronicle).len();
        self.forbidden += told(RollbackOutcome::Refused);
        self.observed += told(RollbackOutcome::Observed);
        self.failed += told(RollbackOutcome::Failed);
        let broken =
            |told: &&super::chronicle::Told| told.outcome == RollbackOutcome::Failed && told.rollback.is_some();
        self.broken += chronicle.told.iter().filter(broken).count();
        self.closed += chronicle.closed_by_people;
        self.cleared += chronicle.told.iter().filter(|told| told.cleared.is_some()).count();
        let late = |it: &&Rollback| {
            let first = chronicle.told.iter().find(|told| told.rollback.as_deref() == Some(it.id.as_str()));
            first.is_some_and(|told| told.at - it.at > MINUTE)
        };
        self.adopted += chronicle.by_robots().filter(late).count();
        self.dead += chronicle.dead;
        self.stopped += chronicle.stops.len();
    }
}

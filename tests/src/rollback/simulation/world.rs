//! Everything the simulated reverters share.

use std::cell::RefCell;
use std::fmt::Write;
use std::rc::Rc;
use std::time::Duration;

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use lambda_kit::Clock;
use reverter::memory::Memory;

use super::agenda::Agenda;
use super::chronicle::{By, Chronicle, Rollback};
use super::service::SERVICE;
use super::weather::{Policy, Weather};
use crate::rollback::guard::{PIPELINE, STAGE, at};

/// How many clocks there are; each process has one of them.
const CLOCKS: usize = 4;
pub(super) const MINUTE: i64 = 60_000;
pub(super) const HOUR: i64 = 60 * MINUTE;

pub(super) struct World {
    pub(super) weather: Weather,
    pub(super) policy: Policy,
    pub(super) rng: RefCell<Rng>,
    pub(super) clock: Clock,
    /// The clocks of the processes, each a little wrong.
    pub(super) clocks: Vec<Clock>,
    pub(super) memory: Memory,
    pub(super) alarms: Vec<Tagged>,
    pub(super) agenda: Agenda,
    pub(super) chronicle: RefCell<Chronicle>,
    /// When nothing new begins and nothing goes wrong any more.
    pub(super) over: i64,
    /// How long a rollback takes in the stage, and whether it succeeds.
    pub(super) rollbacks_take: i64,
    pub(super) rollbacks_succeed: bool,
    /// Every alarm changes all day long.
    pub(super) is_flapping: bool,
    /// The stage deploys to a service, and the alarms protect both.
    pub(super) has_service: bool,
    /// What the alarms' tags say.
    pub(super) tag: String,
    /// People who look at alarms, between 0 and 1.
    pub(super) people: f64,
    /// Failed deployments are rolled back by the pipeline itself.
    pub(super) is_native: bool,
    /// What is not as it should be.
    pub(super) faults: RefCell<Vec<String>>,
    story: RefCell<String>,
}

/// An alarm that protects the stage.
pub(super) struct Tagged {
    pub(super) name: &'static str,
    pub(super) acts: bool,
    /// What it protects is in its tags, or else in the settings.
    pub(super) by_tag: bool,
}

impl World {
    /// Must be called where tokio's time is paused.
    pub(super) fn new(seed: u64, is_flapping: bool) -> Rc<Self> {
        let (mut rng, weather) = (Rng::with_seed(seed), Weather::of(seed));
        let clock = Clock::simulated_from(at(0));
        let skewed = |rng: &mut Rng| {
            Clock::simulated_from(at(0) + SignedDuration::from_millis(rng.i64(-weather.skew..=weather.skew)))
        };
        let (stage, has_service) = (format!("{PIPELINE}/{STAGE}"), (seed / 16).is_multiple_of(3));
        let names = ["orders-errors", "orders-latency", "shop-health"];
        let alarms: Vec<_> = names[..rng.usize(1..=3)]
            .iter()
            .map(|name| Tagged { name, acts: rng.u8(..12) != 0, by_tag: rng.u8(..12) != 0 })
            .collect();
        Rc::new(Self {
            weather,
            policy: Policy::of(&mut rng),
            clocks: (0..CLOCKS).map(|_| skewed(&mut rng)).collect(),
            memory: Memory::with(clock.clone()),
            clock,
            chronicle: RefCell::new(Chronicle { alarms: vec![Vec::new(); alarms.len()], ..Chronicle::default() }),
            alarms,
            agenda: Agenda::default(),
            over: if is_flapping { 26 * HOUR } else { rng.i64(5 * HOUR..18 * HOUR) },
            is_flapping,
            has_service,
            tag: match (has_service, seed % 16 < 8) {
                (false, _) => stage,
                (true, true) => format!("{stage} {SERVICE}"),
                (true, false) => format!("{SERVICE} {stage}"),
            },
            rollbacks_take: if rng.u8(..4) == 0 { rng.i64(200..4_000) } else { rng.i64(15_000..5 * MINUTE) },
            rollbacks_succeed: rng.u8(..10) != 0,
            people: [0.0, 0.0, 0.1, 0.4][rng.usize(..4)],
            is_native: rng.u8(..3) == 0,
            faults: RefCell::default(),
            story: RefCell::default(),
            rng: RefCell::new(rng),
        })
    }

    /// Milliseconds since the story began.
    pub(super) fn now(&self) -> i64 {
        i64::try_from(self.clock.monotonic().as_millis()).unwrap()
    }

    pub(super) fn pick(&self, range: std::ops::Range<i64>) -> i64 {
        self.rng.borrow_mut().i64(range)
    }

    pub(super) fn happens(&self, chance: f64) -> bool {
        chance > 0.0 && self.rng.borrow_mut().f64() < chance
    }

    pub(super) async fn sleep(&self, millis: i64) {
        self.clock.sleep(Duration::from_millis(millis.unsigned_abs())).await;
    }

    /// A rollback took effect just now. What it replaced is what entered the stage before.
    pub(super) fn rolled_back(&self, by: By, id: &str, to: &str, seen: Option<String>) -> Rollback {
        let mut chronicle = self.chronicle.borrow_mut();
        let from = chronicle.current().expect("a stage that was entered").to_owned();
        let seen = seen.unwrap_or_else(|| from.clone());
        let rollback = Rollback { at: self.now(), by, id: id.to_owned(), from, seen, to: to.to_owned() };
        let structure = chronicle.structure;
        chronicle.structures.insert(rollback.id.clone(), structure);
        chronicle.entered.push((rollback.at, rollback.id.clone()));
        chronicle.rollbacks.push(rollback.clone());
        let ends =
            super::agenda::Happening::RollbackEnds { rollback: rollback.id.clone(), succeeds: self.rollbacks_succeed };
        self.agenda.put(rollback.at + self.rollbacks_take, ends);
        drop(chronicle);
        self.deploy_service(&rollback.id);
        rollback
    }

    /// Something is not as it should be.
    pub(super) fn object(&self, what: String) {
        self.tell("OBJECTION", &what);
        self.faults.borrow_mut().push(what);
    }

    /// Writes a line of what happened.
    pub(super) fn tell(&self, who: impl std::fmt::Display, what: &str) {
        let _ = writeln!(self.story.borrow_mut(), "{:>9} {who} {what}", self.now());
    }

    pub(super) fn story(&self) -> String {
        self.story.borrow().clone()
    }
}

/// Milliseconds since the story began.
pub(super) fn millis(time: Timestamp) -> i64 {
    time.as_millisecond() - at(0).as_millisecond()
}

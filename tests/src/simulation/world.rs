//! Everything the simulated notifiers share, and what the seed decides.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::rc::Rc;

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use lambda_kit::Clock;
use notifier::memory::MemoryTable;

use super::queue::Waiting;
use super::releases::{self, Release};
use super::slack::Slack;
use crate::stage::start;

/// How likely things go wrong, each between 0 and 1, per call.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Weather {
    /// Only duplicates, delays and any order.
    pub(super) is_calm: bool,
    pub(super) loses_events: bool,
    pub(super) crash: f64,
    /// A call fails, and may have taken effect.
    pub(super) failure: f64,
    /// A conditional write loses against nobody.
    pub(super) lost_write: f64,
    pub(super) rate_limit: f64,
    /// Slack does not answer, and may have taken the message.
    pub(super) silence: f64,
    /// SQS hands out a record a second time.
    pub(super) handed_out_twice: f64,
}

impl Weather {
    fn of(seed: u64) -> Self {
        let calm = Self { is_calm: true, ..Self::default() };
        let rough = Self {
            crash: 0.004,
            failure: 0.01,
            lost_write: 0.03,
            rate_limit: 0.06,
            silence: 0.03,
            handed_out_twice: 0.03,
            ..Self::default()
        };
        match seed % 4 {
            0 => calm,
            1 => rough,
            2 => Self { crash: 0.02, failure: 0.03, ..rough },
            _ => Self { loses_events: true, ..rough },
        }
    }
}

pub(super) struct World {
    pub(super) weather: Weather,
    pub(super) rng: RefCell<Rng>,
    pub(super) clock: Clock,
    pub(super) releases: Vec<Release>,
    pub(super) table: MemoryTable,
    pub(super) queue: RefCell<Vec<Waiting>>,
    pub(super) dead: RefCell<Vec<String>>,
    pub(super) slack: RefCell<Slack>,
    /// The time when everybody had gone home.
    pub(super) ended: Cell<Timestamp>,
    pub(super) reminders: Cell<usize>,
    pub(super) invocations: Cell<usize>,
    /// By execution: how often something was said that could not be written down.
    repeats: RefCell<BTreeMap<String, usize>>,
    story: RefCell<String>,
}

impl World {
    /// Must be called where tokio's time is paused.
    pub(super) fn new(seed: u64) -> Rc<Self> {
        Rc::new(Self::with_clock(seed, Clock::simulated_from(start())))
    }

    /// To be looked at, not to be played.
    pub(super) fn new_outside_of_time(seed: u64) -> Self {
        Self::with_clock(seed, Clock::stopped_at(start()))
    }

    fn with_clock(seed: u64, clock: Clock) -> Self {
        let (mut rng, weather) = (Rng::with_seed(seed), Weather::of(seed));
        let releases = releases::invent(&mut rng, weather.loses_events);
        let queue = releases.iter().flat_map(|release| release.records(&mut rng)).collect();
        Self {
            weather,
            rng: RefCell::new(rng),
            clock,
            releases,
            table: MemoryTable::default(),
            queue: RefCell::new(queue),
            dead: RefCell::default(),
            slack: RefCell::default(),
            ended: Cell::new(start()),
            reminders: Cell::default(),
            invocations: Cell::default(),
            repeats: RefCell::default(),
            story: RefCell::default(),
        }
    }

    pub(super) fn happens(&self, chance: f64) -> bool {
        chance > 0.0 && self.rng.borrow_mut().f64() < chance
    }

    pub(super) fn millis(&self, range: std::ops::Range<u64>) -> std::time::Duration {
        std::time::Duration::from_millis(self.rng.borrow_mut().u64(range))
    }

    pub(super) fn is_later_than(&self, limit: i64) -> bool {
        self.clock.now() > start() + SignedDuration::from_secs(limit)
    }

    pub(super) fn may_repeat(&self, execution: &str, times: usize) {
        *self.repeats.borrow_mut().entry(execution.to_owned()).or_default() += times;
    }

    pub(super) fn repeats_of(&self, execution: &str) -> usize {
        self.repeats.borrow().get(execution).copied().unwrap_or_default()
    }

    /// Writes a line of what happened.
    pub(super) fn tell(&self, process: u32, what: &str) {
        let after = self.clock.now().duration_since(start()).as_millis();
        let _ = writeln!(self.story.borrow_mut(), "{after:>9} {process} {what}");
    }

    pub(super) fn story(&self) -> String {
        self.story.borrow().clone()
    }
}

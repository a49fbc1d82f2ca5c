//! Everything the simulated recorders share, and what the seed decides.

use std::cell::{Cell, RefCell};
use std::fmt::Write;
use std::rc::Rc;
use std::time::Duration;

use fastrand::Rng;
use lambda_kit::Clock;
use lambda_kit::metrics::Metrics;
use recorder::memory::{MemoryLedger, RecordingMeasurements};

use super::history::{self, Pipeline};
use super::queue::Waiting;
use crate::stage::start;

/// How likely things go wrong, each between 0 and 1.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Weather {
    /// What happens is heard in the order it happened, and nothing goes wrong but duplicates.
    pub(super) is_calm: bool,
    /// The longest an event is under way, in seconds.
    pub(super) delay: i64,
    /// An event is lost.
    pub(super) loss: f64,
    /// A call of the table fails, and may have taken effect.
    pub(super) table: f64,
    /// CloudWatch refuses.
    pub(super) refusal: f64,
    /// CodePipeline does not answer.
    pub(super) silence: f64,
    /// SQS hands out a record a second time.
    pub(super) handed_out_twice: f64,
}

impl Weather {
    fn of(seed: u64) -> Self {
        let unordered = Self { delay: 7_200, handed_out_twice: 0.03, ..Self::default() };
        let rough = Self { delay: 600, table: 0.03, refusal: 0.1, silence: 0.2, ..unordered };
        match seed % 4 {
            0 => Self { is_calm: true, delay: 1, ..Self::default() },
            1 => unordered,
            2 => rough,
            _ => Self { loss: 0.1, delay: 1_200, ..rough },
        }
    }
}

pub(super) struct World {
    pub(super) weather: Weather,
    pub(super) rng: RefCell<Rng>,
    pub(super) clock: Clock,
    pub(super) pipelines: Vec<Pipeline>,
    pub(super) settings: String,
    pub(super) ledger: MemoryLedger,
    pub(super) measurements: RecordingMeasurements,
    pub(super) metrics: Metrics,
    pub(super) queue: RefCell<Vec<Waiting>>,
    pub(super) buried: RefCell<Vec<String>>,
    pub(super) invocations: Cell<usize>,
    /// Recorders that still have something to do.
    pub(super) at_work: Cell<u32>,
    /// When the last event has arrived and the weather turns fine, in seconds.
    pub(super) over: i64,
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
        let pipelines = pipelines(&mut rng, weather);
        let queue = records(&pipelines, weather, &mut rng);
        let last = |pipeline: &Pipeline| pipeline.executions.iter().map(|execution| execution.end().at).max();
        let over = pipelines.iter().filter_map(last).max().unwrap_or_default() + weather.delay + 1_000;
        Self {
            weather,
            rng: RefCell::new(rng),
            clock,
            settings: settings(&pipelines),
            pipelines,
            ledger: MemoryLedger::default(),
            measurements: RecordingMeasurements::default(),
            metrics: Metrics::adding_up(),
            queue: RefCell::new(queue),
            buried: RefCell::default(),
            invocations: Cell::default(),
            at_work: Cell::new(2),
            over,
            story: RefCell::default(),
        }
    }

    /// Seconds after the beginning of the stories.
    pub(super) fn now(&self) -> i64 {
        self.clock.now().duration_since(start()).as_secs()
    }

    /// Bad things happen only while the weather lasts.
    pub(super) fn happens(&self, chance: f64) -> bool {
        chance > 0.0 && self.now() < self.over && self.rng.borrow_mut().f64() < chance
    }

    pub(super) fn millis(&self, range: std::ops::Range<u64>) -> Duration {
        Duration::from_millis(self.rng.borrow_mut().u64(range))
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

/// Three pipelines with a few releases, or one with more than its window remembers.
fn pipelines(rng: &mut Rng, weather: Weather) -> Vec<Pipeline> {
    if rng.u8(0..16) == 0 && weather.delay < 7_200 {
        return vec![history::invent(rng, "team-0".to_owned(), 45, false)];
    }
    let number = rng.usize(1..=3);
    let releases = rng.usize(2..=7);
    (0..number).map(|team| history::invent(rng, format!("team-{team}"), releases, !weather.is_calm)).collect()
}

fn settings(pipelines: &[Pipeline]) -> String {
    let named = pipelines.iter().filter(|pipeline| pipeline.deploys.len() > 1);
    let entry =
        |pipeline: &Pipeline| format!("\n  - pipelines: [{}]\n    deploy_stages: [Stag*, Production]", pipeline.name);
    let entries: String = named.map(entry).collect();
    if entries.is_empty() { entries } else { format!("delivery:{entries}") }
}

/// What arrives in the queue: each event that is not lost one to five times.
fn records(pipelines: &[Pipeline], weather: Weather, rng: &mut Rng) -> Vec<Waiting> {
    let all =
        pipelines.iter().flat_map(|pipeline| pipeline.executions.iter().map(move |execution| (pipeline, execution)));
    let told: Vec<_> = all.flat_map(|(pipeline, execution)| execution.events(pipeline)).collect();
    let mut records = Vec::new();
    for told in told {
        if !told.must_arrive && rng.f64() < weather.loss {
            continue;
        }
        let copies = if rng.bool() { 1 } else { rng.usize(1..=5) };
        for copy in 0..copies {
            let delay = if copy == 0 { rng.i64(0..weather.delay) } else { rng.i64(0..weather.delay.max(600)) };
            records.push(Waiting::new(told.event.to_string(), told.at + delay));
        }
    }
    records
}

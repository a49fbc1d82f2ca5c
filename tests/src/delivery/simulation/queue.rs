//! SQS, the two recorders it feeds, and the schedule.

use std::rc::Rc;
use std::time::Duration;

use delivery_metrics::Thresholds;
use jiff::SignedDuration;
use lambda_kit::Deadline;
use lambda_kit::doubles::MemorySettings;
use lambda_kit::settings::{Parsed, Settings};
use lambda_kit::start::{Handler, Invocation};
use recorder::{Answer, Occasion, Recorder, Rulebook, Schedule, Task};

use super::outside::Outside;
use super::world::World;
use crate::delivery::office::{TIMEOUT, at};
use crate::stage::batch;

const VISIBILITY: i64 = 720;
const MOST_RECORDS: usize = 60;
/// The template's schedule.
const PERIOD: i64 = 900;
/// What the sweep leaves young executions for their events to arrive.
const GRACE: i64 = 900;

/// A record of the queue.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    /// Another one with each receive, and the receipt as well.
    id: String,
    body: String,
    receives: u32,
    /// In seconds.
    visible: i64,
}

impl Waiting {
    pub(super) fn new(body: String, visible: i64) -> Self {
        Self { id: String::new(), body, receives: 0, visible }
    }
}

impl World {
    /// `ChangeMessageVisibility`, for whoever received the record last.
    pub(super) fn delay(&self, receipt: &str, until: i64) {
        if let Some(record) = self.queue.borrow_mut().iter_mut().find(|record| record.id == receipt) {
            record.visible = until;
        }
    }

    /// Visible records, in any order.
    fn receive(&self) -> Vec<Waiting> {
        let now = self.now();
        let mut queue = self.queue.borrow_mut();
        self.rng.borrow_mut().shuffle(&mut queue);
        let mut received = Vec::new();
        for (number, record) in queue.iter_mut().filter(|record| record.visible <= now).take(MOST_RECORDS).enumerate() {
            record.receives += 1;
            record.id = format!("m-{}-{number}", self.invocations.get());
            record.visible = now + if self.happens(self.weather.handed_out_twice) { 0 } else { VISIBILITY };
            received.push(record.clone());
        }
        received
    }

    fn next_visible(&self) -> Option<i64> {
        self.queue.borrow().iter().map(|record| record.visible).min()
    }

    async fn sleep_until(&self, second: i64) {
        let wait = at(second).duration_since(self.clock.now()).max(SignedDuration::ZERO);
        self.clock.sleep(wait.unsigned_abs()).await;
    }
}

/// One Lambda environment: receives, handles, deletes. Lambda gathers records for a while before it hands them out.
pub(super) async fn consume(world: Rc<World>, number: u32) {
    let recorder = start(&world, number);
    let longest_wait = if world.weather.is_calm { 2_000 } else { 300_000 };
    while let Some(next) = world.next_visible() {
        world.sleep_until(next).await;
        world.clock.sleep(world.millis(1..longest_wait)).await;
        let records = world.receive();
        if records.is_empty() {
            continue;
        }
        world.invocations.set(world.invocations.get() + 1);
        let failed = invoke(&world, &recorder, &records).await;
        world.tell(number, &format!("received {} records and handed {} back", records.len(), failed.len()));
        // By receipt: who received it later keeps it.
        let is_done = |id: &String| !failed.contains(id);
        let done: Vec<_> = records.iter().map(|record| &record.id).filter(|id| is_done(id)).collect();
        world.queue.borrow_mut().retain(|record| !done.contains(&&record.id));
    }
    world.at_work.set(world.at_work.get() - 1);
}

/// The schedule, until two runs after everything was heard of and nothing is young any more.
pub(super) async fn sweep(world: Rc<World>) {
    let recorder = start(&world, 3);
    let (mut next, mut fine) = (PERIOD, 0);
    while fine < 2 {
        world.sleep_until(next).await;
        let is_fine = world.at_work.get() == 0 && world.now() > world.over + GRACE;
        let answer = recorder.handle(Occasion::Schedule(Schedule { task: Task::Reconcile }), invocation(&world)).await;
        match answer {
            Ok(Answer::Schedule(report)) => world.tell(3, &format!("{report:?}")),
            Ok(Answer::Events(_)) => unreachable!("the schedule is answered as the schedule"),
            Err(failure) => {
                assert!(!is_fine, "{failure}");
                world.tell(3, &format!("the sweep failed: {failure}"));
            }
        }
        next += PERIOD;
        fine += u32::from(is_fine);
    }
}

type Simulated = Recorder<Outside, Outside, Outside, Outside, MemorySettings>;

fn start(world: &Rc<World>, number: u32) -> Simulated {
    let outside = Outside::new(world, number);
    let store = MemorySettings::default();
    store.set("settings", &world.settings);
    let clock = world.clock.clone();
    let settings = Settings::new(store, "/pipewarden", clock.clone());
    Recorder {
        ledger: outside.clone(),
        measurements: outside.clone(),
        releases: outside.clone(),
        backlog: outside,
        rulebook: Rulebook::new(settings, Parsed::new(world.metrics.clone(), clock.clone()), true),
        thresholds: Thresholds::default(),
        clock,
        metrics: world.metrics.clone(),
    }
}

fn invocation(world: &World) -> Invocation {
    Invocation { request_id: "r-1".to_owned(), deadline: Deadline::after(&world.clock, TIMEOUT) }
}

/// The ids of what was handed back.
async fn invoke(world: &World, recorder: &Simulated, records: &[Waiting]) -> Vec<String> {
    let ids: Vec<String> = records.iter().map(|record| record.id.clone()).collect();
    let bodies: Vec<String> = records.iter().map(|record| record.body.clone()).collect();
    let receives = records.iter().map(|record| record.receives).max().unwrap_or(1);
    let event = batch(&ids, &bodies, receives, world.clock.now());
    let handled = recorder.handle(Occasion::Events(event), invocation(world));
    let answer = tokio::time::timeout(TIMEOUT + Duration::from_secs(1), handled).await;
    match answer.expect("the handler outlasts its invocation").expect("a batch with ids is handled") {
        Answer::Events(reply) => reply.batch_item_failures.into_iter().map(|item| item.item_identifier).collect(),
        Answer::Schedule(_) => unreachable!("events are answered as events"),
    }
}

//! SQS, and the two processes it feeds.

use std::rc::Rc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use lambda_kit::Deadline;
use lambda_kit::metrics::Metrics;
use lambda_kit::settings::{Parsed, Settings};
use lambda_kit::start::{Handler, Invocation};
use notifier::memory::MemorySettings;
use notifier::{Desks, Notifier};

use super::LONGEST;
use super::outside::{Outside, Process};
use super::world::World;
use crate::stage::{CHANNEL, TIMEOUT, batch};

const VISIBILITY: SignedDuration = SignedDuration::from_secs(360);
const MOST_RECEIVES: u32 = 60;

/// A record of the queue.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    /// Another one with each receive, and the receipt as well.
    id: String,
    body: String,
    receives: u32,
    visible: Timestamp,
}

impl Waiting {
    pub(super) fn new(body: String, visible: Timestamp) -> Self {
        Self { id: String::new(), body, receives: 0, visible }
    }
}

impl World {
    pub(super) fn put(&self, body: &str, visible: Timestamp) {
        self.queue.borrow_mut().push(Waiting::new(body.to_owned(), visible));
    }

    /// `ChangeMessageVisibility`, for whoever received the record last.
    pub(super) fn delay(&self, receipt: &str, until: Timestamp) {
        let mut queue = self.queue.borrow_mut();
        let held = queue.iter_mut().find(|record| record.id == receipt);
        if let Some(record) = held {
            record.visible = until;
        }
    }

    /// Up to ten visible records, in any order.
    fn receive(&self) -> Vec<Waiting> {
        let now = self.clock.now();
        let mut queue = self.queue.borrow_mut();
        self.rng.borrow_mut().shuffle(&mut queue);
        let mut received = Vec::new();
        for (number, record) in queue.iter_mut().filter(|record| record.visible <= now).take(10).enumerate() {
            record.receives += 1;
            record.id = format!("m-{}-{number}", self.invocations.get());
            record.visible =
                now + if self.happens(self.weather.handed_out_twice) { SignedDuration::ZERO } else { VISIBILITY };
            received.push(record.clone());
        }
        let given_up = queue.extract_if(.., |record| record.receives > MOST_RECEIVES);
        self.dead.borrow_mut().extend(given_up.map(|record| record.body));
        received
    }

    fn next_visible(&self) -> Option<Timestamp> {
        self.queue.borrow().iter().map(|record| record.visible).min()
    }

    /// Lambda deletes what was not handed back, by receipt: who received it later keeps it.
    fn delete(&self, done: &[&Waiting]) {
        self.queue.borrow_mut().retain(|record| !done.iter().any(|done| done.id == record.id));
    }
}

/// One Lambda environment at a time: receives, handles, deletes; a crash ends it and a new one begins.
pub(super) async fn consume(world: Rc<World>, number: u32) {
    let mut process = Outside::new(&world, number);
    let mut notifier = start(&process);
    while let Some(next) = world.next_visible()
        && !world.is_later_than(LONGEST)
    {
        let wait = next.duration_since(world.clock.now()).max(SignedDuration::ZERO);
        world.clock.sleep(wait.unsigned_abs() + world.millis(1..50)).await;
        let records = world.receive();
        if records.is_empty() {
            continue;
        }
        world.invocations.set(world.invocations.get() + 1);
        world.tell(number, &format!("receives {} records", records.len()));
        let failed = invoke(&world, &notifier, &process, &records).await;
        process.forgets_what_it_did_not_write_down();
        match failed {
            Some(failed) => {
                let done: Vec<_> = records.iter().filter(|record| !failed.contains(&record.id)).collect();
                world.tell(number, &format!("is done with {} of them", done.len()));
                world.delete(&done);
            }
            None => {
                world.tell(number, "is gone");
                process = Outside::new(&world, number);
                notifier = start(&process);
            }
        }
    }
}

type Simulated = Notifier<Outside, Outside, Outside, Outside, MemorySettings>;

fn start(outside: &Outside) -> Simulated {
    let store = MemorySettings::default();
    store.set("slack/bot-token", "example");
    let clock = outside.world.clock.clone();
    let settings = Settings::new(store, "/pipewarden", clock.clone());
    let metrics = Metrics::new("Pipewarden", "pipewarden-notifier");
    Notifier {
        table: outside.clone(),
        releases: outside.clone(),
        outbox: outside.clone(),
        backlog: outside.clone(),
        desks: Desks::new(
            settings,
            Parsed::new(metrics.clone(), clock.clone()),
            "https://slack.example.com/api",
            Some(CHANNEL.to_owned()),
        ),
        clock,
        metrics,
    }
}

/// The ids of what was handed back; `None` if the process died.
async fn invoke(world: &World, notifier: &Simulated, process: &Process, records: &[Waiting]) -> Option<Vec<String>> {
    let ids: Vec<String> = records.iter().map(|record| record.id.clone()).collect();
    let bodies: Vec<String> = records.iter().map(|record| record.body.clone()).collect();
    let receives = records.iter().map(|record| record.receives).max().unwrap_or(1);
    let event = batch(&ids, &bodies, receives, world.clock.now());
    let deadline = Deadline::after(&world.clock, TIMEOUT);
    let handled = notifier.handle(event, Invocation { request_id: "r-1".to_owned(), deadline });
    tokio::select! {
        biased;
        () = process.dies() => None,
        reply = handled => {
            let reply = reply.expect("a batch with ids is handled");
            Some(reply.batch_item_failures.into_iter().map(|item| item.item_identifier).collect())
        }
        () = world.clock.sleep(TIMEOUT + Duration::from_millis(700)) => panic!("the handler outlasts its invocation"),
    }
}

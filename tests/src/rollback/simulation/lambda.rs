//! Lambda, EventBridge and SQS: what is delivered at least once, and what becomes of what fails.

use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;
use lambda_kit::metrics::Metrics;
use lambda_kit::settings::Settings;
use lambda_kit::start::{Handler, Invocation};
use lambda_kit::{Deadline, Home};
use pipeline_model::AlarmState;
use reverter::{Answer, Consents, Occasion, Reverter};

use super::agenda::{Content, Happening, Letter};
use super::outside::{Outside, Simulated};
use super::world::{MINUTE, World};
use crate::rollback::alarms::Change;
use crate::rollback::guard::TIMEOUT;
use crate::stage::batch;

/// How long a message is not handed out again (template.yaml).
const VISIBILITY: i64 = 6 * MINUTE;
/// How often a message is handed out (template.yaml).
const MOST_RECEIVES: u32 = 20;
/// When Lambda tries an event again.
const RETRIES: [i64; 2] = [MINUTE, 2 * MINUTE];

impl World {
    /// EventBridge delivers a change at least once, some time later. Other states than these two are not asked for.
    pub(super) fn send_event(&self, alarm: usize, state: &AlarmState, before: (AlarmState, Timestamp)) {
        if *state == AlarmState::InsufficientData {
            return;
        }
        let change = Change::of(self.alarms[alarm].name, state.clone(), self.clock.now(), Some(before));
        let shape = self.pick(0..10);
        let event = Rc::new(match shape {
            0 => change.letter(),
            1 => change.action(),
            _ => change.event(),
        });
        loop {
            let letter = Letter { alarm, content: Content::Event(Rc::clone(&event)), receives: 1 };
            let delay = 300 + self.pick(0..if self.happens(0.5) { 2_000 } else { self.weather.delay });
            self.agenda.put(self.now() + delay, Happening::Invocation(letter));
            if !self.happens(self.weather.twice) {
                return;
            }
        }
    }

    /// A message to itself.
    pub(super) fn send_errand(&self, alarm: usize, body: &str, after: Duration) {
        let after = i64::try_from(after.min(Duration::from_mins(15)).as_millis()).unwrap();
        let letter = Letter { alarm, content: Content::Errand(body.to_owned()), receives: 1 };
        self.agenda.put(self.now() + after + self.pick(20..1_000), Happening::Invocation(letter));
    }

    fn fails(&self, letter: Letter) {
        let again = match letter.content {
            Content::Event(_) => RETRIES.get(letter.receives as usize - 1).copied(),
            Content::Errand(_) => (letter.receives < MOST_RECEIVES).then_some(VISIBILITY),
        };
        match again {
            Some(after) => {
                let again = Letter { receives: letter.receives + 1, ..letter };
                self.agenda.put(self.now() + after + self.pick(0..500), Happening::Invocation(again));
            }
            None => {
                self.tell("lambda", "gives something up");
                self.chronicle.borrow_mut().dead += 1;
            }
        }
    }

    fn is_done(&self, letter: Letter) {
        if matches!(letter.content, Content::Errand(_)) && self.happens(self.weather.twice / 3.0) {
            self.agenda.put(self.now() + self.pick(0..MINUTE), Happening::Invocation(letter));
        }
    }
}

/// One invocation, by a process of its own.
pub(super) async fn invoke(world: Rc<World>, letter: Letter) {
    let process = Outside::new(&world, &letter);
    process.tell(match letter.content {
        Content::Event(_) => "is invoked",
        Content::Errand(_) => "is invoked by its queue",
    });
    let failed = is_handled(&world, &process, &letter).await;
    match failed {
        Ok(()) => world.is_done(letter),
        Err(why) => {
            process.tell(&why);
            world.fails(letter);
        }
    }
    world.agenda.end();
}

async fn is_handled(world: &World, process: &Outside, letter: &Letter) -> Result<(), String> {
    let reverter = reverter(world, process);
    let occasion = match &letter.content {
        Content::Event(event) => Occasion::from((**event).clone()),
        Content::Errand(body) => {
            let event = batch(&[String::from("m-1")], std::slice::from_ref(body), letter.receives, world.clock.now());
            Occasion::Errands(event)
        }
    };
    let deadline = Deadline::after(&reverter.clock, TIMEOUT);
    let invocation = Invocation { request_id: String::from("r-1"), deadline };
    // As a trait object, or the compiler's limit on nested types is reached.
    let handled: Pin<Box<dyn Future<Output = _> + '_>> = Box::pin(reverter.handle(occasion, invocation));
    tokio::select! {
        biased;
        () = process.dies() => Err(String::from("dies")),
        answer = handled => match answer {
            Ok(Answer::Errands(reply)) if !reply.batch_item_failures.is_empty() => Err(String::from("hands it back")),
            Ok(Answer::Alarm(told)) => { process.tell(&told.join("; ")); Ok(()) }
            Ok(Answer::Errands(_)) => Ok(()),
            Err(failure) => Err(format!("fails: {failure}")),
        },
        () = world.clock.sleep(TIMEOUT) => Err(String::from("is too slow")),
    }
}

fn reverter(world: &World, process: &Outside) -> Reverter<Simulated> {
    let clock = process.clock().clone();
    let metrics = Metrics::adding_up();
    let settings = Settings::new(world.memory.settings.clone(), "/pipewarden", clock.clone());
    Reverter {
        alarms: process.clone(),
        releases: process.clone(),
        executor: process.clone(),
        books: process.clone(),
        laters: process.clone(),
        bus: process.clone(),
        consents: Consents::new(settings, metrics.clone(), clock.clone()),
        home: Home { region: String::from("us-east-1"), account: String::from("111122223333") },
        mode: world.policy.mode,
        limits: world.policy.limits.clone(),
        clock,
        metrics,
    }
}

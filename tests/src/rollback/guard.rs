//! A reverter on guard: its handler is given alarms and what it reminded itself of, and everything around it is a double.

use std::cell::RefCell;
use std::pin::Pin;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use lambda_kit::settings::Settings;
use lambda_kit::start::{Handler, Invocation};
use lambda_kit::{Deadline, Failure, Home};
use pipeline_model::{AlarmState, Decided, Decision};
use reverter::memory::{InMemory, Memory};
use reverter::{Answer, Consents, Occasion, Outside, Reverter};
use rollback_plans::{Book, CONSENT_TAG, Limits, Mode, Step};
use serde_json::Value;

use super::alarms::Change;
use crate::stage::batch;

/// What the function has on Lambda.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);
/// How long a message is not handed out again (template.yaml).
const VISIBILITY: SignedDuration = SignedDuration::from_secs(360);
/// How often a message is handed out (template.yaml).
const MOST_RECEIVES: u32 = 20;
/// When Lambda tries an event again: after a minute, and after two more.
const RETRIES: [i64; 2] = [1, 2];

/// The pipeline of the stories.
pub(crate) const PIPELINE: &str = "orders";
/// The stage the alarm protects.
pub(crate) const STAGE: &str = "Production";
/// The alarm that protects it.
pub(crate) const ALARM: &str = "orders-errors";

/// A reverter and its world. Others may share the world: see [`Guard::another`].
pub(crate) struct Guard {
    pub(crate) world: Memory,
    pub(crate) reverter: Reverter<InMemory>,
    queue: RefCell<Vec<Record>>,
    dead: RefCell<Vec<String>>,
}

/// A message of the reverter's queue that was handed out, or is about to be.
struct Record {
    body: String,
    receives: u32,
    visible: Timestamp,
}

/// Minutes after noon.
pub(crate) fn at(minutes: i64) -> Timestamp {
    let noon: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
    noon + SignedDuration::from_mins(minutes)
}

impl Guard {
    /// Pipeline `orders` with these releases, each `id@minute` in all its stages, oldest first. Alarm `orders-errors`
    /// protects stage `Production` and is green since noon.
    pub(crate) fn after(releases: &str) -> Self {
        let world = Memory::at(at(0));
        world.services.create_pipeline(PIPELINE, &["Source", "Build", STAGE]);
        let guard = Self::with(world, Limits::default());
        guard.protect(ALARM, &[(CONSENT_TAG, "orders/Production")]);
        for release in releases.split_whitespace() {
            let (id, minute) = release.split_once('@').expect("id@minute");
            guard.go_to(minute.parse().expect("a minute"));
            guard.world.services.release(PIPELINE, id);
        }
        guard
    }

    pub(crate) fn with(world: Memory, limits: Limits) -> Self {
        let reverter = reverter(&world, limits);
        Self { world, reverter, queue: RefCell::default(), dead: RefCell::default() }
    }

    pub(crate) fn limits(mut self, limits: Limits) -> Self {
        self.reverter.limits = limits;
        self
    }

    pub(crate) fn mode(mut self, mode: Mode) -> Self {
        self.reverter.mode = mode;
        self
    }

    /// A process of its own in the same world: it has no memory of what another one read.
    pub(crate) fn another(&self) -> Reverter<InMemory> {
        Reverter { mode: self.reverter.mode, ..reverter(&self.world, self.reverter.limits.clone()) }
    }

    /// An alarm with these tags, green from now on.
    pub(crate) fn protect(&self, alarm: &str, tags: &[(&str, &str)]) {
        self.world.alarms.create(alarm, tags);
        self.world.alarms.turn(alarm, AlarmState::Ok);
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.world.clock.now()
    }

    /// Moves the clock to that minute after noon; what comes due meanwhile waits.
    pub(crate) fn go_to(&self, minute: i64) {
        self.world.clock.advance(at(minute).duration_since(self.now()).try_into().expect("time goes forward"));
    }

    /// Lets seconds pass in which nothing is done.
    pub(crate) fn wait_seconds(&self, seconds: u64) {
        self.world.clock.advance(Duration::from_secs(seconds));
    }

    /// The alarm changes its state now; what CloudWatch tells of it.
    pub(crate) fn turn(&self, alarm: &str, state: AlarmState) -> Change {
        let before = self.world.alarms.turn(alarm, state.clone());
        Change::of(alarm, state, self.now(), before)
    }

    /// The alarm turns red now, and EventBridge tells it. What became of it, in words.
    pub(crate) async fn red(&self) -> String {
        self.hear(&self.turn(ALARM, AlarmState::Alarm).event()).await
    }

    /// The alarm turns green now, and EventBridge tells it. What became of it, in words.
    pub(crate) async fn green(&self) -> String {
        self.hear(&self.turn(ALARM, AlarmState::Ok).event()).await
    }

    /// Gives an event to the function and expects it to be dealt with.
    pub(crate) async fn hear(&self, event: &Value) -> String {
        self.invoke(event).await.expect("no crash was asked for").expect("the event is dealt with").join("; ")
    }

    /// One invocation with an event; `None` if it crashed.
    pub(crate) async fn invoke(&self, event: &Value) -> Option<Result<Vec<String>, Failure>> {
        invoke(&self.world, &self.reverter, Occasion::from(event.clone())).await.map(|answer| match answer? {
            Answer::Alarm(told) => Ok(told),
            Answer::Errands(_) => panic!("an alarm is answered as an alarm"),
        })
    }

    /// An event as Lambda deals with it: what fails or crashes comes twice again, and errands run meanwhile. `None` if it
    /// ends as a dead letter.
    pub(crate) async fn deliver(&mut self, event: &Value) -> Option<String> {
        for pause in RETRIES.into_iter().map(Some).chain([None]) {
            match self.invoke(event).await {
                Some(Ok(told)) => return Some(told.join("; ")),
                Some(Err(_)) => {}
                None => self.reverter = self.another(),
            }
            if let Some(minutes) = pause {
                self.let_pass(minutes).await;
            }
        }
        self.dead.borrow_mut().push(event.to_string());
        None
    }

    /// Lets so many minutes pass and runs every errand when it comes due.
    pub(crate) async fn let_pass(&mut self, minutes: i64) {
        let end = self.now() + SignedDuration::from_mins(minutes);
        while let Some(due) = self.next_due().filter(|due| *due <= end) {
            self.wait_until(due);
            self.run_due().await;
        }
        self.wait_until(end);
    }

    /// Runs what is due now.
    pub(crate) async fn run_due(&mut self) {
        let now = self.now();
        let due = self.world.laters.take_due().into_iter();
        self.queue.borrow_mut().extend(due.map(|body| Record { body, receives: 0, visible: now }));
        let visible: Vec<Record> = self.queue.borrow_mut().extract_if(.., |record| record.visible <= now).collect();
        for record in visible {
            self.run(record).await;
        }
    }

    async fn run(&mut self, mut record: Record) {
        record.receives += 1;
        let body = std::slice::from_ref(&record.body);
        let event = batch(&[String::from("m-1")], body, record.receives, self.now());
        let answer = invoke(&self.world, &self.reverter, Occasion::Errands(event)).await;
        let is_done = match answer {
            Some(Ok(Answer::Errands(reply))) => reply.batch_item_failures.is_empty(),
            Some(other) => panic!("a batch is answered as a batch: {other:?}"),
            None => {
                self.reverter = self.another();
                false
            }
        };
        match (is_done, record.receives) {
            (true, _) => {}
            (false, MOST_RECEIVES..) => self.dead.borrow_mut().push(record.body),
            (false, _) => {
                record.visible = self.now() + VISIBILITY;
                self.queue.borrow_mut().push(record);
            }
        }
    }

    fn next_due(&self) -> Option<Timestamp> {
        let waiting = self.world.laters.waiting().into_iter().map(|later| later.due);
        waiting.chain(self.queue.borrow().iter().map(|record| record.visible)).min()
    }

    fn wait_until(&self, then: Timestamp) {
        if let Ok(time) = Duration::try_from(then.duration_since(self.now())) {
            self.world.clock.advance(time);
        }
    }

    /// Puts a message into the reverter's queue that is due at once.
    pub(crate) fn send(&self, body: &str) {
        self.queue.borrow_mut().push(Record { body: body.to_owned(), receives: 0, visible: self.now() });
    }

    /// What nobody could deal with.
    pub(crate) fn dead_letters(&self) -> Vec<String> {
        self.dead.borrow().clone()
    }

    /// How many errands are on their way.
    pub(crate) fn errands(&self) -> usize {
        self.world.laters.waiting().len() + self.queue.borrow().len()
    }

    /// What was published since the last look, in words.
    pub(crate) fn told(&self) -> Vec<String> {
        self.world.bus.take_published().iter().map(words).collect()
    }

    /// The executions the stage was rolled back to by us, in order.
    pub(crate) fn rollbacks(&self) -> Vec<String> {
        let back = |step: Step| match step {
            Step::RollBackStage { to, .. } => Some(to.as_str().to_owned()),
            _ => None,
        };
        self.world.services.done().into_iter().filter_map(back).collect()
    }

    /// What was asked of the services, in words, and whether they did it.
    pub(crate) fn acts(&self) -> Vec<String> {
        let acts = self.world.services.acts().into_iter();
        acts.map(|act| format!("{}: {}", act.step.in_words(), answer(&act.answer))).collect()
    }

    /// The book of `orders/Production`.
    pub(crate) fn book(&self) -> Book {
        self.world.books.all(self.now()).remove(BOOK).unwrap_or_default()
    }

    /// Nothing is half done: nobody holds the book, no pledge is open, nothing is dead.
    pub(crate) fn assert_settled(&self, place: &str) {
        for (key, book) in self.world.books.all(self.now()) {
            assert_eq!(book.hold, rollback_plans::Hold::Free, "{place}: {key} is held");
            assert_eq!(book.pledges, [], "{place}: a pledge is left in {key}");
        }
        assert_eq!(self.dead_letters(), [""; 0], "{place}");
    }
}

/// Where the book of `orders/Production` is kept.
const BOOK: &str = "rollback#us-east-1:111122223333#orders/Production";

fn answer(answer: &rollback_plans::Carried) -> String {
    match answer {
        rollback_plans::Carried::Done(_) => String::from("done"),
        rollback_plans::Carried::Impossible(words)
        | rollback_plans::Carried::Denied(words)
        | rollback_plans::Carried::Later(words) => words.split(':').next().unwrap_or_default().to_owned(),
    }
}

/// One invocation of any reverter in this world; `None` if it crashed.
pub(crate) async fn invoke<O: Outside>(
    world: &Memory,
    reverter: &Reverter<O>,
    occasion: Occasion,
) -> Option<Result<Answer, Failure>> {
    let deadline = Deadline::after(&world.clock, TIMEOUT);
    let invocation = Invocation { request_id: String::from("r-1"), deadline };
    // As a trait object, or the compiler's limit on nested types is reached.
    let handled: Pin<Box<dyn Future<Output = _>>> = Box::pin(reverter.handle(occasion, invocation));
    world.run(handled).await
}

/// A reverter that acts.
pub(crate) fn reverter(world: &Memory, limits: Limits) -> Reverter<InMemory> {
    let settings = Settings::new(world.settings.clone(), "/pipewarden", world.clock.clone());
    Reverter {
        alarms: world.alarms.clone(),
        releases: world.services.clone(),
        executor: world.services.clone(),
        books: world.books.clone(),
        laters: world.laters.clone(),
        bus: world.bus.clone(),
        consents: Consents::new(settings, world.metrics.clone(), world.clock.clone()),
        home: Home { region: String::from("us-east-1"), account: String::from("111122223333") },
        mode: Mode::Act,
        limits,
        clock: world.clock.clone(),
        metrics: world.metrics.clone(),
    }
}

/// A decision in words: what it is about, how it ended, why.
pub(crate) fn words(decision: &Decision) -> String {
    let Decided::Rollback(rollback) = &decision.what else { panic!("no rollback: {decision:?}") };
    let refusal = rollback.refusal.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
    let target = rollback.target_execution.as_ref().map(|to| format!(" to {to}")).unwrap_or_default();
    let cleared = rollback.cleared_at.map_or("", |_| ", cleared");
    let key = decision.key.as_deref().unwrap_or("no key");
    format!("{key}: {}{refusal}{target}{cleared}", rollback.outcome.as_str())
}

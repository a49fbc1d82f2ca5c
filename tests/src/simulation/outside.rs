//! What one simulated process sees of the world: every call takes time, and may fail or be its last.

use std::cell::RefCell;
use std::ops::Deref;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Result, bail};
use jiff::Timestamp;
use notices::{ActionFacts, ExecutionFacts, Outgoing, Reply, Structure};
use notifier::ports::{Backlog, Item, Outbox, Releases, Slot, Stored, Table};
use pipeline_model::{ApprovalRequest, ExecutionId, PipelineArn};
use tokio::sync::Notify;

use super::world::World;

/// A process and its way to the world.
#[derive(Clone)]
pub(super) struct Outside(Rc<Process>);

pub(super) struct Process {
    pub(super) world: Rc<World>,
    number: u32,
    death: Notify,
    /// Executions of which something was said and not yet written down.
    unwritten: RefCell<Vec<String>>,
}

impl Deref for Outside {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.0
    }
}

impl Process {
    pub(super) async fn dies(&self) {
        self.death.notified().await;
    }

    /// What was said and not written down may be said again.
    pub(super) fn forgets_what_it_did_not_write_down(&self) {
        for execution in self.unwritten.take() {
            self.world.may_repeat(&execution, 1);
        }
    }

    async fn crash(&self) {
        if self.world.happens(self.world.weather.crash / 2.0) {
            self.death.notify_one();
            std::future::pending::<()>().await;
        }
    }

    /// One call of a service.
    async fn call<T>(&self, name: &str, effect: impl FnOnce() -> T) -> Result<T> {
        self.call_that_fails(self.world.weather.failure, name, effect).await
    }

    async fn call_that_fails<T>(&self, chance: f64, name: &str, effect: impl FnOnce() -> T) -> Result<T> {
        let world = &self.world;
        world.clock.sleep(world.millis(1..20)).await;
        self.crash().await;
        if world.happens(chance) {
            world.tell(self.number, &format!("{name}: refused"));
            bail!("{name} was throttled");
        }
        let result = effect();
        world.tell(self.number, name);
        world.clock.sleep(world.millis(1..20)).await;
        self.crash().await;
        if world.happens(chance / 2.0) {
            world.tell(self.number, &format!("{name}: its answer is lost"));
            bail!("{name} timed out");
        }
        Ok(result)
    }
}

impl Outside {
    pub(super) fn new(world: &Rc<World>, number: u32) -> Self {
        Self(Rc::new(Process { world: Rc::clone(world), number, death: Notify::new(), unwritten: RefCell::default() }))
    }

    fn store_now(&self, key: &str, item: &Item, expected: Option<u64>) -> Stored {
        if self.world.happens(self.world.weather.lost_write) {
            return Stored::Lost;
        }
        let found = self.world.table.item(key);
        if found.map(|item| item.revision) != expected {
            return Stored::Lost;
        }
        let revision = expected.unwrap_or(0) + 1;
        self.world.table.put(key, Item { revision, ..item.clone() });
        self.unwritten.borrow_mut().retain(|execution| !key.ends_with(execution.as_str()));
        Stored::Yes
    }

    fn take_message(&self, outgoing: &Outgoing) -> Reply {
        let mut slack = self.world.slack.borrow_mut();
        slack.sent_at.push(self.world.clock.now());
        if self.world.happens(self.world.weather.rate_limit) {
            let seconds = self.world.rng.borrow_mut().u64(1..60);
            return Reply::Http { status: 429, retry_after: Some(seconds.to_string()), body: String::new() };
        }
        if self.world.happens(self.world.weather.silence) {
            return Reply::Unreachable("no answer".to_owned());
        }
        let (answer, posted) = slack.take(outgoing);
        if self.world.happens(self.world.weather.silence / 3.0) {
            posted.iter().for_each(|execution| self.world.may_repeat(execution, 1));
            return Reply::Unreachable("the answer was lost".to_owned());
        }
        self.unwritten.borrow_mut().extend(posted);
        Reply::Http { status: 200, retry_after: None, body: answer.to_string() }
    }
}

impl Table for Outside {
    async fn load(&self, key: &str) -> Result<Option<Item>> {
        self.call(&format!("load {key}"), || self.world.table.item(key)).await
    }

    async fn store(&self, key: &str, item: &Item, expected: Option<u64>, _expires: Timestamp) -> Result<Stored> {
        self.call(&format!("store {key} over {expected:?}"), || self.store_now(key, item, expected)).await
    }

    /// Never throttled here: without the pace there is no pace to check.
    async fn reserve(&self, key: &str, now: Timestamp, interval: Duration, latest: Timestamp) -> Result<Slot> {
        let double = self.world.table.clone();
        self.call_that_fails(0.0, &format!("reserve {key}"), || ()).await?;
        double.reserve(key, now, interval, latest).await
    }

    async fn hold(&self, key: &str, until: Timestamp) -> Result<()> {
        let double = self.world.table.clone();
        self.call_that_fails(0.0, &format!("hold {key}"), || ()).await?;
        double.hold(key, until).await
    }
}

impl Releases for Outside {
    async fn structure(&self, _pipeline: &PipelineArn, _version: Option<u32>) -> Result<Structure> {
        self.call("ask for the structure", Structure::default).await
    }

    async fn execution(&self, _pipeline: &PipelineArn, execution: &ExecutionId) -> Result<ExecutionFacts> {
        let releases = &self.world.releases;
        let found = releases.iter().find(|release| release.letters.execution == execution.as_str());
        let facts = || found.map(|release| release.facts(self.world.clock.now())).unwrap_or_default();
        self.call(&format!("ask for execution {execution}"), facts).await
    }

    async fn actions(&self, _pipeline: &PipelineArn, execution: &ExecutionId) -> Result<Vec<ActionFacts>> {
        let releases = &self.world.releases;
        let found = releases.iter().find(|release| release.letters.execution == execution.as_str());
        let actions = || found.map(|release| release.actions(self.world.clock.now())).unwrap_or_default();
        self.call(&format!("ask for the actions of {execution}"), actions).await
    }

    async fn waiting_for(&self, _approval: &ApprovalRequest) -> Result<Option<(PipelineArn, ExecutionId)>> {
        bail!("no approval's message is sent in the simulation")
    }
}

impl Outbox for Outside {
    async fn send(&self, outgoing: &Outgoing, _timeout: Duration) -> Reply {
        if let Outgoing::Sns { .. } = outgoing {
            let published = self.call("publish", || Reply::Published).await;
            return published.unwrap_or_else(|error| Reply::Unreachable(error.to_string()));
        }
        let sent = self.call_that_fails(0.0, "send to Slack", || self.take_message(outgoing)).await;
        sent.unwrap_or_else(|error| Reply::Unreachable(error.to_string()))
    }
}

impl Backlog for Outside {
    async fn bury(&self, body: &str, _code: &str, reason: &str) -> Result<()> {
        self.call(&format!("bury: {reason}"), || self.world.dead.borrow_mut().push(body.to_owned())).await
    }

    async fn delay(&self, receipt_handle: &str, delay: Duration) -> Result<()> {
        let until = self.world.clock.now() + delay;
        self.call(&format!("delay {receipt_handle} by {delay:?}"), || self.world.delay(receipt_handle, until)).await
    }

    async fn remind(&self, body: &str, delay: Duration) -> Result<()> {
        let due = self.world.clock.now() + delay;
        let remind = || {
            self.world.reminders.set(self.world.reminders.get() + 1);
            self.world.put(body, due);
        };
        self.call("remind", remind).await
    }
}

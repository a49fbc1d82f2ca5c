//! What one simulated process sees of the world: every call takes time, and may fail or be its last.

use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Result, bail};
use jiff::Timestamp;
use lambda_kit::Clock;
use lambda_kit::doubles::MemorySettings;
use lambda_kit::laters::Laters;
use lambda_kit::publishing::Bus;
use pipeline_model::{AlarmArn, Decided, Decision, PipelineName};
use reverter::ports::{AlarmSeen, Alarms, Books, Claimed, Executor, Lease, Releases, Shelved, Unclear, Written};
use rollback_plans::targets::{ExecutionSeen, StageSeen};
use rollback_plans::{AlarmNow, Book, Carried, Pledge, Seen, Step, Target, Turn};
use tokio::sync::Notify;

use super::agenda::{Content, Happening, Letter};
use super::chronicle::{By, Told};
use super::judge;
use super::service;
use super::world::{World, millis};

/// What a reverter reaches here.
pub(super) struct Simulated;

impl reverter::Outside for Simulated {
    type Alarms = Outside;
    type Releases = Outside;
    type Executor = Outside;
    type Books = Outside;
    type Laters = Outside;
    type Bus = Outside;
    type Parameters = MemorySettings;
}

/// A process and its way to the world.
#[derive(Clone)]
pub(super) struct Outside(Rc<Process>);

pub(super) struct Process {
    pub(super) world: Rc<World>,
    number: usize,
    clock: Clock,
    /// Nothing goes wrong, so that this is not tried in vain for ever.
    is_spared: bool,
    pub(super) alarm: usize,
    /// When CloudWatch told how the alarm is.
    pub(super) described: Cell<i64>,
    /// What CodePipeline told of the stage last, and when.
    pub(super) looked: RefCell<Option<(String, i64)>>,
    death: Notify,
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

    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(super) fn tell(&self, what: &str) {
        self.world.tell(format_args!("process {}", self.number), what);
    }

    /// Whether something goes wrong now.
    fn goes_wrong(&self, chance: f64) -> bool {
        let strikes = !self.is_spared && self.world.now() < self.world.over && self.world.happens(chance);
        if strikes {
            self.world.chronicle.borrow_mut().faults.push(self.world.now());
        }
        strikes
    }

    async fn die(&self) {
        self.death.notify_one();
        std::future::pending::<()>().await;
    }

    async fn travel(&self) {
        let slow = self.world.happens(self.world.weather.stall);
        self.world.sleep(self.world.pick(if slow { 1_000..25_000 } else { 3..40 })).await;
    }

    /// Most answers come at once: each wait costs the simulation time.
    async fn travel_back(&self) {
        if self.world.happens(0.2) {
            self.travel().await;
        }
    }

    /// One call of a service.
    async fn call<T>(&self, name: &str, effect: impl Future<Output = Result<T>>) -> Result<T> {
        let weather = self.world.weather;
        self.travel().await;
        if self.goes_wrong(weather.crash / 2.0) {
            self.die().await;
        }
        if self.goes_wrong(weather.failure / 2.0) {
            self.tell(&format!("{name}: throttled"));
            bail!("{name} was throttled");
        }
        let result = effect.await;
        self.tell(name);
        if self.goes_wrong(weather.crash / 2.0) {
            self.die().await;
        }
        self.travel_back().await;
        if self.goes_wrong(weather.failure / 2.0) {
            self.tell(&format!("{name}: its answer is lost"));
            bail!("{name} timed out");
        }
        result
    }

    /// A step reaches its service.
    async fn land(&self, step: &Step) -> Result<Carried, Unclear> {
        let answer = self.world.memory.services.carry_out(step).await;
        if let Ok(Carried::Done(id)) = &answer {
            self.world.chronicle.borrow_mut().steps += 1;
            match (step, id) {
                (Step::RollBackStage { to, .. }, Some(id)) => {
                    let seen = self.looked.borrow().clone().map(|(seen, _)| seen);
                    let rollback = self.world.rolled_back(By::Robot, id, to.as_str(), seen);
                    self.tell(&format!("ROLLS {} BACK to {to} by {id}", rollback.from));
                    judge::judge(self, &rollback);
                    service::judge_incident(self);
                }
                (Step::StopServiceDeployment { arn }, _) => {
                    self.tell(&format!("STOPS {arn}"));
                    service::judge_stop(self, arn);
                    service::judge_incident(self);
                }
                (step, _) => {
                    self.tell(&format!("does: {}", step.in_words()));
                    self.moves_door(step);
                }
            }
        } else {
            self.tell(&format!("is refused: {answer:?}"));
            let of_the_stage = matches!(step, Step::RollBackStage { .. });
            let seen = self.looked.borrow().clone().filter(|_| of_the_stage);
            self.world.chronicle.borrow_mut().doubtful.extend(seen.map(|(id, _)| id));
        }
        answer
    }

    fn moves_door(&self, step: &Step) {
        let (verb, by) = match step {
            Step::CloseTransition { .. } => ("closes", Some(By::Robot)),
            Step::OpenTransition { .. } => ("opens", None),
            _ => return,
        };
        judge::judge_door(self, verb);
        self.world.chronicle.borrow_mut().transition = (self.world.now(), by);
    }

    pub(super) async fn lands(&self, step: &Step) {
        let _ = self.land(step).await;
    }

    fn log(&self, decision: &Decision) {
        let Decided::Rollback(rollback) = &decision.what else { return self.world.object(format!("{decision:?}")) };
        let told = Told {
            at: self.world.now(),
            outcome: rollback.outcome.clone(),
            is_stage: decision.stage.is_some(),
            key: decision.key.clone().unwrap_or_default(),
            alarm: rollback.alarm.clone().unwrap_or_default(),
            red_since: rollback.red_since.map_or(0, millis),
            rollback: rollback.rollback_execution.as_ref().map(|it| it.as_str().to_owned()),
            cleared: rollback.cleared_at.map(millis),
        };
        self.tell(&format!("PUBLISHES {told:?} {:?}", rollback.refusal));
        self.world.chronicle.borrow_mut().told.push(told);
    }
}

impl Outside {
    pub(super) fn new(world: &Rc<World>, letter: &Letter) -> Self {
        let number = world.pick(0..world.clocks.len() as i64) as usize;
        let last = if matches!(letter.content, Content::Event(_)) { 3 } else { 5 };
        Self(Rc::new(Process {
            world: Rc::clone(world),
            number,
            clock: world.clocks[number].clone(),
            is_spared: letter.receives >= last && !world.weather.is_hopeless,
            alarm: letter.alarm,
            described: Cell::new(0),
            looked: RefCell::default(),
            death: Notify::new(),
        }))
    }

    async fn look_at_stage(&self, target: &Target) -> Result<Seen> {
        let services = &self.world.memory.services;
        let state = self.call("GetPipelineState", async {
            let seen = services.look(target).await;
            if let Ok(Seen::Stage(StageSeen { current: Some(run), .. })) = &seen {
                *self.looked.borrow_mut() = Some((run.execution.as_str().to_owned(), self.world.now()));
            }
            seen
        });
        let Seen::Stage(state) = state.await? else { bail!("the stage is gone") };
        let list = self.call("ListPipelineExecutions", services.look(target)).await?;
        let Seen::Stage(list) = list else { bail!("the stage is gone") };
        Ok(Seen::Stage(StageSeen { succeeded: list.succeeded, ..state }))
    }
}

impl Alarms for Outside {
    async fn tags(&self, alarm: &AlarmArn) -> Result<Vec<(String, String)>> {
        self.call("ListTagsForResource", self.world.memory.alarms.tags(alarm)).await
    }

    async fn now(&self, name: &str) -> Result<AlarmSeen> {
        let world = &self.world;
        let effect = async {
            let seen = world.memory.alarms.now(name).await;
            self.described.set(world.now());
            seen
        };
        let seen = self.call("DescribeAlarms", effect).await?;
        let is_new = seen.since.is_some_and(|since| world.now() - millis(since) < judge::BEHIND);
        if !(is_new && world.happens(world.weather.behind)) {
            return Ok(seen);
        }
        self.tell("CloudWatch is behind");
        let turns = world.chronicle.borrow().alarms[self.alarm].clone();
        let Some((since, state)) = turns.iter().rev().nth(1).cloned() else { return Ok(seen) };
        let now = AlarmNow::Is(state);
        let since = crate::rollback::guard::at(0) + jiff::SignedDuration::from_millis(since);
        Ok(AlarmSeen { now, since: Some(since), ..seen })
    }

    async fn turns(&self, name: &str, since: Timestamp) -> Result<Vec<Turn>> {
        self.call("DescribeAlarmHistory", self.world.memory.alarms.turns(name, since)).await
    }
}

impl Releases for Outside {
    async fn look(&self, target: &Target) -> Result<Seen> {
        match target {
            Target::Stage { .. } => self.look_at_stage(target).await,
            _ => self.call("ListServiceDeployments", self.world.memory.services.look(target)).await,
        }
    }

    async fn all_executions(&self, pipeline: &PipelineName) -> Result<Vec<ExecutionSeen>> {
        self.call("ListPipelineExecutions of all", self.world.memory.services.all_executions(pipeline)).await
    }
}

impl Executor for Outside {
    async fn carry_out(&self, step: &Step) -> Result<Carried, Unclear> {
        let world = &self.world;
        self.travel().await;
        if self.goes_wrong(world.weather.crash) {
            self.die().await;
        }
        if self.goes_wrong(world.weather.failure) {
            return Ok(Carried::Later(String::from("ThrottlingException: Rate exceeded")));
        }
        if self.goes_wrong(world.weather.unclear / 2.0) {
            let at = world.now() + world.pick(0..judge::LANDS_LATE);
            world.agenda.put(at, Happening::Lands(Rc::clone(&self.0), step.clone()));
            self.travel().await;
            self.tell("was not answered");
            return Err(Unclear(String::from("no answer came")));
        }
        let answer = self.land(step).await;
        if self.goes_wrong(world.weather.crash) {
            self.die().await;
        }
        self.travel_back().await;
        if self.goes_wrong(world.weather.unclear / 2.0) {
            self.tell("was not answered");
            return Err(Unclear(String::from("the answer was lost")));
        }
        answer
    }
}

impl Books for Outside {
    async fn read(&self, key: &str, now: Timestamp) -> Result<Shelved> {
        self.call("reads the book", self.world.memory.books.read(key, now)).await
    }

    async fn claim(&self, key: &str, pledge: &Pledge, now: Timestamp, until: Timestamp) -> Result<Claimed> {
        let effect = async {
            let claimed = self.world.memory.books.claim(key, pledge, now, until).await;
            if matches!(claimed, Ok(Claimed::Mine(..))) {
                self.world.chronicle.borrow_mut().claims.push(self.world.now());
            }
            claimed
        };
        self.call("claims", effect).await
    }

    async fn settle(&self, key: &str, lease: &Lease, book: &Book, now: Timestamp) -> Result<Written> {
        self.call("settles", self.world.memory.books.settle(key, lease, book, now)).await
    }

    async fn release(&self, key: &str, lease: &Lease) -> Result<()> {
        self.call("lets go", self.world.memory.books.release(key, lease)).await
    }

    async fn note(&self, key: &str, read: &Shelved, book: &Book, now: Timestamp) -> Result<Written> {
        self.call("notes", self.world.memory.books.note(key, read, book, now)).await
    }
}

impl Laters for Outside {
    async fn again(&self, body: &str, after: Duration) -> Result<()> {
        let send = async {
            self.world.send_errand(self.alarm, body, after);
            Ok(())
        };
        self.call("sends itself a message", send).await
    }
}

impl Bus for Outside {
    async fn publish(&self, decision: &Decision) -> Result<()> {
        let publish = async {
            self.log(decision);
            Ok(())
        };
        self.call("publishes", publish).await
    }
}

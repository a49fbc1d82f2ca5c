//! What one simulated process sees of the world: every call takes time and may fail.

use std::rc::Rc;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use delivery_metrics::{ExecutionSummary, Sample};
use jiff::Timestamp;
use pipeline_model::{ExecutionId, PipelineArn, PipelineName, StageName};
use recorder::ports::{
    Actions, Backlog, Entry, Ledger, Measurements, NotRecorded, Opened, Opening, Origin, Page, Releases, Settled,
    Unlisted,
};

use super::history::{Execution, Pipeline, STAGES};
use super::world::World;

/// Pipelines on a page.
const PAGE: usize = 2;

/// A process and its way to the world.
#[derive(Clone)]
pub(super) struct Outside {
    world: Rc<World>,
    number: u32,
}

impl Outside {
    pub(super) fn new(world: &Rc<World>, number: u32) -> Self {
        Self { world: Rc::clone(world), number }
    }

    /// One call of a service, which fails before it takes effect with this chance, and afterwards with that one.
    async fn call<T>(
        &self,
        name: &str,
        (before, after): (f64, f64),
        effect: impl AsyncFnOnce() -> Result<T>,
    ) -> Result<T> {
        let world = &self.world;
        world.clock.sleep(world.millis(1..20)).await;
        if world.happens(before) {
            world.tell(self.number, &format!("{name}: refused"));
            bail!("{name} was throttled");
        }
        let result = effect().await;
        world.tell(self.number, name);
        world.clock.sleep(world.millis(1..20)).await;
        if world.happens(after) {
            world.tell(self.number, &format!("{name}: its answer is lost"));
            bail!("{name} timed out");
        }
        result
    }

    async fn ask<T>(&self, name: &str, answer: impl FnOnce(&World) -> T) -> Result<T> {
        self.call(name, (self.world.weather.silence, 0.0), async || Ok(answer(&self.world))).await
    }

    fn table(&self) -> (f64, f64) {
        (self.world.weather.table, self.world.weather.table / 2.0)
    }
}

impl World {
    fn pipeline(&self, name: &PipelineName) -> Option<&Pipeline> {
        self.pipelines.iter().find(|pipeline| pipeline.name == name.as_str())
    }

    fn execution(&self, pipeline: &PipelineArn, id: &ExecutionId) -> Option<&Execution> {
        self.pipeline(&pipeline.pipeline)?.executions.iter().find(|execution| execution.id == id.as_str())
    }
}

impl Ledger for Outside {
    async fn append(&self, key: &str, facts: &[String], expires: Timestamp) -> Result<()> {
        let effect = async || self.world.ledger.append(key, facts, expires).await;
        self.call(&format!("append {} facts to {key}", facts.len()), self.table(), effect).await
    }

    async fn open(
        &self,
        key: &str,
        facts: &[String],
        now: Timestamp,
        until: Timestamp,
        expires: Timestamp,
    ) -> Result<Opening> {
        let effect = async || self.world.ledger.open(key, facts, now, until, expires).await;
        self.call(&format!("open {key} with {facts:?}"), self.table(), effect).await
    }

    /// Never refused: that would repeat samples.
    async fn settle(
        &self,
        key: &str,
        opened: &Opened,
        window: &str,
        folded: usize,
        expires: Timestamp,
    ) -> Result<Settled> {
        let effect = async || self.world.ledger.settle(key, opened, window, folded, expires).await;
        self.call(&format!("settle {key}"), (0.0, self.table().1), effect).await
    }

    async fn release(&self, key: &str, opened: &Opened, appended: usize) -> Result<()> {
        let effect = async || self.world.ledger.release(key, opened, appended).await;
        self.call(&format!("release {key}"), self.table(), effect).await
    }

    async fn read(&self, key: &str) -> Result<Option<Entry>> {
        self.call(&format!("read {key}"), self.table(), async || self.world.ledger.read(key).await).await
    }
}

impl Measurements for Outside {
    async fn record(&self, samples: &[Sample]) -> Result<(), NotRecorded> {
        let name = format!("record {:?}", samples.iter().map(crate::delivery::office::line).collect::<Vec<_>>());
        let asked = self.call(&name, (self.world.weather.refusal, 0.0), async || Ok(())).await;
        asked.map_err(NotRecorded::Refused)?;
        self.world.measurements.record(samples).await
    }
}

impl Releases for Outside {
    async fn stages(&self, pipeline: &PipelineArn) -> Result<Option<(u32, Vec<StageName>)>> {
        let stages = |world: &World| {
            world
                .pipeline(&pipeline.pipeline)
                .map(|_| (6, STAGES.iter().map(|stage| StageName::from(*stage)).collect()))
        };
        self.ask(&format!("ask for the stages of {pipeline}"), stages).await
    }

    async fn actions(&self, pipeline: &PipelineArn, execution: &ExecutionId) -> Result<Actions> {
        let actions = |world: &World| world.execution(pipeline, execution).map(|it| it.actions(world.now()));
        Ok(self.ask(&format!("ask for the actions of {execution}"), actions).await?.unwrap_or_default())
    }

    async fn origin(&self, pipeline: &PipelineArn, execution: &ExecutionId) -> Result<Origin> {
        let origin = |world: &World| world.execution(pipeline, execution).map(Execution::origin);
        Ok(self.ask(&format!("ask for the origin of {execution}"), origin).await?.unwrap_or_default())
    }

    async fn executions(&self, pipeline: &PipelineArn, most: u8) -> Result<Vec<ExecutionSummary>> {
        let executions = |world: &World| {
            let all =
                world.pipeline(&pipeline.pipeline).into_iter().flat_map(|pipeline| pipeline.executions.iter().rev());
            all.filter_map(|execution| execution.summary(world.now())).take(most.into()).collect()
        };
        self.ask(&format!("ask for the executions of {pipeline}"), executions).await
    }

    async fn pipelines(&self, page: Option<&str>) -> Result<Page, Unlisted> {
        let from: usize = page.map_or(Ok(0), str::parse).map_err(|_| Unlisted::Failed(anyhow!("not a page")))?;
        let page = |world: &World| {
            let names = world.pipelines.iter().skip(from).take(PAGE);
            let next = (from + PAGE < world.pipelines.len()).then(|| (from + PAGE).to_string());
            Page { pipelines: names.map(|pipeline| PipelineName::from(pipeline.name.as_str())).collect(), next }
        };
        self.ask("ask for the pipelines", page).await.map_err(Unlisted::Failed)
    }

    fn arn(&self, pipeline: &PipelineName) -> PipelineArn {
        PipelineArn::new("us-east-1", "111122223333", pipeline.clone())
    }
}

impl Backlog for Outside {
    async fn bury(&self, body: &str, _code: &str, reason: &str) -> Result<()> {
        self.world.buried.borrow_mut().push(format!("{reason}: {body}"));
        Ok(())
    }

    async fn delay(&self, receipt_handle: &str, delay: Duration) -> Result<()> {
        let until = self.world.now() + i64::try_from(delay.as_secs()).expect("a short wait");
        self.world.delay(receipt_handle, until);
        Ok(())
    }

    async fn remind(&self, _body: &str, _delay: Duration) -> Result<()> {
        unreachable!("a recorder sends nothing to itself")
    }
}

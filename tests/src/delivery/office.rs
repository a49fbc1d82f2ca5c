//! A recorder at work: its handler is given SQS batches and schedules, and everything around it is a double.

use std::cell::Cell;
use std::pin::Pin;
use std::time::Duration;

use delivery_metrics::{Measure, Sample, Scope, Thresholds};
use jiff::Timestamp;
use lambda_kit::doubles::{MemorySettings, RecordingBacklog};
use lambda_kit::settings::{Parsed, Settings};
use lambda_kit::start::{Handler, Invocation};
use lambda_kit::{Deadline, Failure};
use pipeline_model::{PipelineName, StageName};
use recorder::memory::{Memory, MemoryLedger, RecordingMeasurements};
use recorder::ports::Releases;
use recorder::{Answer, Occasion, Recorder, Rulebook, SETTINGS_AGE, Schedule, SweepReport, Task};
use serde_json::Value;

use crate::stage::{batch, start};

/// What the function has on Lambda.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(120);

pub(crate) type Working<R> = Recorder<MemoryLedger, RecordingMeasurements, R, RecordingBacklog, MemorySettings>;

/// A recorder and its world.
pub(crate) struct Office<R> {
    pub(crate) world: Memory,
    pub(crate) recorder: Working<R>,
    numbers: Cell<u32>,
}

impl Office<recorder::memory::ScriptedReleases> {
    /// Two pipelines exist: `orders-release` and `billing-release`, with the stages of the sample events. It is an hour
    /// after their story begins.
    pub(crate) fn new() -> Self {
        let world = Memory::at(start() + Duration::from_secs(3_600));
        for pipeline in ["orders-release", "billing-release"] {
            world.releases.set_stages(pipeline, &["Source", "Build", "Staging", "Production"]);
        }
        let releases = world.releases.clone();
        Self::with(world, releases)
    }
}

impl<R: Releases> Office<R> {
    pub(crate) fn with(world: Memory, releases: R) -> Self {
        let recorder = recorder(&world, releases);
        Self { world, recorder, numbers: Cell::new(0) }
    }

    /// Gives records to the handler and says which of them came back, by their place.
    pub(crate) async fn receive(&self, bodies: &[String]) -> Vec<usize> {
        self.invoke(1, bodies).await.expect("no crash was asked for")
    }

    /// Gives events to the handler and expects them to be dealt with.
    pub(crate) async fn hear(&self, events: &[Value]) {
        let bodies: Vec<String> = events.iter().map(Value::to_string).collect();
        assert_eq!(self.receive(&bodies).await, [0; 0], "records came back");
    }

    /// One invocation; `None` if it crashed.
    pub(crate) async fn invoke(&self, receives: u32, bodies: &[String]) -> Option<Vec<usize>> {
        let first = self.numbers.replace(self.numbers.get() + 1) as usize * 10_000;
        let ids: Vec<String> = (0..bodies.len()).map(|at| format!("m-{}", first + at)).collect();
        let event = batch(&ids, bodies, receives, self.world.clock.now());
        match self.call(Occasion::Events(event)).await? {
            Answer::Events(reply) => {
                let failed = |id: &String| ids.iter().position(|it| it == id).expect("only ids of the batch are named");
                Some(reply.batch_item_failures.iter().map(|item| failed(&item.item_identifier)).collect())
            }
            Answer::Schedule(_) => panic!("events are answered as events"),
        }
    }

    /// One run of the reconcile; `None` if it crashed.
    pub(crate) async fn sweep(&self) -> Option<SweepReport> {
        match self.call(Occasion::Schedule(Schedule { task: Task::Reconcile })).await? {
            Answer::Schedule(report) => Some(report),
            Answer::Events(_) => panic!("the schedule is answered as the schedule"),
        }
    }

    /// One run of the reconcile that may fail.
    pub(crate) async fn try_sweep(&self) -> Result<(), Failure> {
        self.try_call(Occasion::Schedule(Schedule { task: Task::Reconcile }))
            .await
            .expect("no crash was asked for")
            .map(drop)
    }

    async fn call(&self, occasion: Occasion) -> Option<Answer> {
        Some(self.try_call(occasion).await?.expect("an event of the right shape is handled"))
    }

    async fn try_call(&self, occasion: Occasion) -> Option<Result<Answer, Failure>> {
        let deadline = Deadline::after(&self.world.clock, TIMEOUT);
        let invocation = Invocation { request_id: "r-1".to_owned(), deadline };
        // As a trait object, or the compiler's limit on nested types is reached.
        let handled: Pin<Box<dyn Future<Output = _>>> = Box::pin(self.recorder.handle(occasion, invocation));
        self.world.run(handled).await
    }

    /// The values of a pipeline's measure, in the order of their times.
    pub(crate) fn values(&self, measure: Measure, pipeline: &str) -> Vec<f64> {
        self.of(measure, &Scope::Pipeline(PipelineName::from(pipeline)))
    }

    /// The durations of a stage.
    pub(crate) fn stage_durations(&self, pipeline: &str, stage: &str) -> Vec<f64> {
        self.of(Measure::StageDuration, &Scope::Stage(PipelineName::from(pipeline), StageName::from(stage)))
    }

    pub(crate) fn of(&self, measure: Measure, scope: &Scope) -> Vec<f64> {
        let mut samples = self.world.measurements.samples();
        samples.retain(|sample| sample.measure == measure && sample.scope == *scope);
        samples.sort_by_key(|sample| sample.at);
        samples.iter().map(|sample| sample.value.get()).collect()
    }
}

/// A process of its own: it shares the world and no memory of what it read there.
pub(crate) fn recorder<R: Releases>(world: &Memory, releases: R) -> Working<R> {
    let settings = Settings::new(world.settings.clone(), "/pipewarden", world.clock.clone()).with_max_age(SETTINGS_AGE);
    let metrics = world.metrics.clone();
    Recorder {
        ledger: world.ledger.clone(),
        measurements: world.measurements.clone(),
        releases,
        backlog: world.backlog.clone(),
        rulebook: Rulebook::new(settings, Parsed::new(metrics.clone(), world.clock.clone()), true),
        thresholds: Thresholds {
            success_rate_below: Some(50.0),
            minimum_executions: 5,
            duration_above: None,
            days_without_deployment: None,
        },
        clock: world.clock.clone(),
        metrics,
    }
}

/// A sample as people read it: measure, whose, value and unit, seconds after the story's begin.
pub(crate) fn line(sample: &Sample) -> String {
    let after = sample.at.duration_since(start()).as_secs_f64();
    let whose: Vec<&str> = sample.scope.dimensions().into_iter().map(|(_, value)| value).collect();
    let whose = if whose.is_empty() { "all pipelines".to_owned() } else { whose.join(" / ") };
    format!(
        "{} of {whose}: {} {}, {after} s",
        sample.measure.name(),
        sample.value.get(),
        sample.measure.unit().as_str()
    )
}

/// A time of the story.
pub(crate) fn at(seconds: i64) -> Timestamp {
    start() + jiff::SignedDuration::from_secs(seconds)
}

//! The state machine: it is given the time and an input, changes its records, and leaves effects behind.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Index, IndexMut};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::config::{Config, Credentials, Timing};
use super::declaration::Action;
use super::dispatch;
use super::effects::{Effect, Signal};
use super::error::{Answer, ApiError};
use super::ids::Ids;
use super::records::{Execution, ExecutionIndex, Job, Pipeline, PipelineIndex, Run, RunIndex};
use crate::script::Script;

/// Everything there is. All rules are methods of it, in the files named after them.
pub(crate) struct Engine {
    pub(crate) settings: Settings,
    pub(crate) ids: Box<dyn Ids>,
    /// The time of the input being handled.
    pub(crate) now: Timestamp,
    pub(crate) effects: Vec<Effect>,
    pub(crate) jobs: BTreeMap<String, Job>,
    /// Runs in progress.
    pub(crate) running: BTreeSet<RunIndex>,
    pub(crate) names: BTreeMap<String, PipelineIndex>,
    pub(crate) pipelines: Vec<Pipeline>,
    pub(crate) executions: Vec<Execution>,
    pub(crate) runs: Vec<Run>,
}

/// The part of the configuration that rules look at.
pub(crate) struct Settings {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) caller: String,
    pub(crate) script: Script,
    pub(crate) speed: f64,
    pub(crate) timing: Timing,
    pub(crate) start_on_create: bool,
    pub(crate) most_pipelines: usize,
    pub(crate) artifact_credentials: Credentials,
}

impl Settings {
    pub(crate) fn pipeline_arn(&self, name: &str) -> String {
        format!("arn:aws:codepipeline:{}:{}:{name}", self.region, self.account)
    }

    /// A duration as played: divided by the speed.
    pub(crate) fn played(&self, duration: SignedDuration) -> SignedDuration {
        SignedDuration::try_from_secs_f64(duration.as_secs_f64() / self.speed).unwrap_or(SignedDuration::MAX)
    }
}

impl Engine {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            settings: Settings {
                account: config.account,
                region: config.region,
                caller: config.caller,
                script: config.script,
                speed: config.speed,
                timing: config.timing,
                start_on_create: config.start_on_create,
                most_pipelines: config.most_pipelines,
                artifact_credentials: config.artifact_credentials,
            },
            ids: config.ids,
            now: config.clock.now(),
            effects: Vec::new(),
            jobs: BTreeMap::new(),
            running: BTreeSet::new(),
            names: BTreeMap::new(),
            pipelines: Vec::new(),
            executions: Vec::new(),
            runs: Vec::new(),
        }
    }

    /// Answers an API operation.
    pub(crate) fn call(&mut self, now: Timestamp, operation: &str, input: &Value) -> Answer {
        self.advance(now);
        dispatch::answer(self, operation, input)
    }

    /// Takes news from outside.
    pub(crate) fn signal(&mut self, now: Timestamp, signal: Signal) {
        self.advance(now);
        match signal {
            Signal::NotInvoked { job, problem } => self.job_not_invoked(&job, problem),
            Signal::SessionOpened { job, credentials } => self.session_opened(&job, &credentials),
            Signal::Stored { run, result } => self.artifact_stored(run, result),
            Signal::NotNotified { run, problem } => self.approval_not_announced(run, problem),
        }
    }

    /// Lets the time pass: everything that was due until `now` happens, in order.
    pub(crate) fn advance(&mut self, now: Timestamp) {
        while let Some((due, run)) = self.next_due().filter(|(due, _)| *due <= now) {
            self.now = self.now.max(due);
            self.run_is_due(run);
        }
        self.now = self.now.max(now);
    }

    /// When something will be due next.
    pub(crate) fn next_wake(&self) -> Option<Timestamp> {
        self.next_due().map(|(due, _)| due)
    }

    fn next_due(&self) -> Option<(Timestamp, RunIndex)> {
        self.running.iter().filter_map(|run| Some((self.due(*run)?, *run))).min()
    }

    pub(crate) fn pipeline(&self, name: &str) -> Result<PipelineIndex, ApiError> {
        let found = self.names.get(name).copied();
        found.ok_or_else(|| {
            let message = format!("Account '{}' does not have a pipeline with name '{name}'", self.settings.account);
            ApiError::new("PipelineNotFoundException", message)
        })
    }

    /// Oldest first.
    pub(crate) fn executions_of(&self, pipeline: PipelineIndex) -> impl DoubleEndedIterator<Item = ExecutionIndex> {
        self[pipeline].executions.iter().copied()
    }

    pub(crate) fn find_execution(&self, pipeline: PipelineIndex, id: &str) -> Option<ExecutionIndex> {
        self.executions_of(pipeline).find(|execution| self[*execution].id == id)
    }

    pub(crate) fn execution(&self, pipeline: PipelineIndex, id: &str) -> Result<ExecutionIndex, ApiError> {
        self.find_execution(pipeline, id).ok_or_else(|| {
            let message = format!("Pipeline '{}' has no execution {id}.", self[pipeline].name);
            ApiError::new("PipelineExecutionNotFoundException", message)
        })
    }

    /// Index of a stage in the pipeline's current structure.
    pub(crate) fn stage(&self, pipeline: PipelineIndex, name: &str) -> Result<usize, ApiError> {
        let pipeline = &self[pipeline];
        pipeline.declaration.stage_index(name).ok_or_else(|| {
            let message = format!("Pipeline '{}' has no stage '{name}'.", pipeline.name);
            ApiError::new("StageNotFoundException", message)
        })
    }

    /// The declared action of a run.
    pub(crate) fn declared(&self, run: RunIndex) -> &Action {
        let run = &self[run];
        run.declared(&self[run.execution].declaration)
    }
}

macro_rules! indexed {
    ($index:ty, $field:ident, $item:ty) => {
        impl Index<$index> for Engine {
            type Output = $item;
            fn index(&self, index: $index) -> &$item {
                &self.$field[index.0]
            }
        }
        impl IndexMut<$index> for Engine {
            fn index_mut(&mut self, index: $index) -> &mut $item {
                &mut self.$field[index.0]
            }
        }
    };
}

indexed!(PipelineIndex, pipelines, Pipeline);
indexed!(ExecutionIndex, executions, Execution);
indexed!(RunIndex, runs, Run);

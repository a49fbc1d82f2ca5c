//! Executions of a pipeline, or what stands in one of its stages.

use jiff::Timestamp;
use pipeline_model::{ExecutionId, PipelineName, StageName};

/// What ran lately.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExecutionsQuery {
    /// The last executions of a pipeline that finished.
    Finished {
        /// Which pipeline.
        pipeline: PipelineName,
        /// How many, newest first.
        last: u16,
    },
    /// What stands in a stage.
    Stage {
        /// Which pipeline.
        pipeline: PipelineName,
        /// Which of its stages.
        stage: StageName,
    },
}

/// What came back, in the kind of the query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExecutionsSeen {
    /// Succeeded and failed ones only, newest first; fewer than asked for if there are no more.
    Finished(Vec<Execution>),
    /// What stands there; nothing if the stage never ran.
    Stage(Option<StageSeen>),
}

/// An execution that finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// Its id.
    pub id: ExecutionId,
    /// It succeeded; else it failed.
    pub succeeded: bool,
}

/// The latest execution of a stage, as `GetPipelineState` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageSeen {
    /// Which execution.
    pub execution: ExecutionId,
    /// Its status as the API writes it: `Succeeded`, `Failed`, `InProgress`, …
    pub status: String,
    /// When the last of its actions changed.
    pub changed: Option<Timestamp>,
}

//! What the recorder needs from the outside, each as narrow as its use.

use anyhow::Error;
use delivery_metrics::{ActionRun, ExecutionSummary, Sample};
use jiff::Timestamp;
use pipeline_model::{ExecutionId, PipelineArn, PipelineName, StageName};

pub use lambda_kit::backlog::Backlog;

/// One item of the ledger, opened by us: nobody else folds it while the lease lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Names our lease.
    pub lease: String,
    /// The folded state, if there is any.
    pub window: Option<String>,
    /// Facts that are not folded yet, oldest first; the last ones are those we appended.
    pub inbox: Vec<String>,
}

/// The answer to [`Ledger::open`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// Ours until the lease ends.
    Open(Opened),
    /// Somebody else folds it now; nothing was appended.
    Busy,
}

/// The answer to [`Ledger::settle`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// The window is stored.
    Yes,
    /// The lease was no longer ours; nothing changed.
    Lost,
}

/// An item as it lies there, without a lease.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entry {
    /// The folded state, if there is any.
    pub window: Option<String>,
    /// Facts that are not folded yet, oldest first.
    pub inbox: Vec<String>,
}

/// The state table: per key a window and an inbox of facts that wait to be folded into it.
///
/// Appending and opening are one atomic call each, so no fact is lost between two recorders and none is read twice.
#[expect(async_fn_in_trait, reason = "used with static dispatch on one thread only")]
pub trait Ledger {
    /// Puts facts into the inbox. It may do so twice if the answer is lost on the way.
    async fn append(&self, key: &str, facts: &[String], expires: Timestamp) -> anyhow::Result<()>;

    /// Puts facts into the inbox, takes the lease until `until` and returns everything. `now` decides whether an older
    /// lease has ended.
    async fn open(
        &self,
        key: &str,
        facts: &[String],
        now: Timestamp,
        until: Timestamp,
        expires: Timestamp,
    ) -> anyhow::Result<Opening>;

    /// Stores the window, takes the first `folded` facts out of the inbox and gives up the lease, if it is ours.
    async fn settle(
        &self,
        key: &str,
        opened: &Opened,
        window: &str,
        folded: usize,
        expires: Timestamp,
    ) -> anyhow::Result<Settled>;

    /// Takes back the last `appended` facts of the inbox as it was opened and gives up the lease, if it is ours.
    async fn release(&self, key: &str, opened: &Opened, appended: usize) -> anyhow::Result<()>;

    /// Reads an item without opening it.
    async fn read(&self, key: &str) -> anyhow::Result<Option<Entry>>;
}

/// Why metrics were not recorded.
#[derive(Debug)]
pub enum NotRecorded {
    /// CloudWatch answered that it did not take them, or was never asked: sending again counts nothing twice.
    Refused(Error),
    /// No answer came. They may have been taken.
    Unanswered(Error),
}

/// CloudWatch's metrics.
#[expect(async_fn_in_trait, reason = "used with static dispatch on one thread only")]
pub trait Measurements {
    /// Records samples in one call: at most [`MOST_SAMPLES`], all or none.
    async fn record(&self, samples: &[Sample]) -> Result<(), NotRecorded>;
}

/// Metrics of one `PutMetricData` request. Source: botocore's CloudWatch model, `PutMetricData`.
pub const MOST_SAMPLES: usize = 1000;

/// What CodePipeline's API knows.
#[expect(async_fn_in_trait, reason = "used with static dispatch on one thread only")]
pub trait Releases {
    /// The stages of a pipeline in their order and the version of that structure; `None` if the pipeline is elsewhere
    /// or gone (`GetPipeline`).
    async fn stages(&self, pipeline: &PipelineArn) -> anyhow::Result<Option<(u32, Vec<StageName>)>>;

    /// The actions of one execution, and what its sources tell (`ListActionExecutions`, every page up to a bound).
    async fn actions(&self, pipeline: &PipelineArn, execution: &ExecutionId) -> anyhow::Result<Actions>;

    /// Whether an execution was started to roll back, and what it works on (`GetPipelineExecution`): for sources whose
    /// actions do not tell when their revision was made, such as S3.
    async fn origin(&self, pipeline: &PipelineArn, execution: &ExecutionId) -> anyhow::Result<Origin>;

    /// The newest executions of a pipeline, at most `most` (`ListPipelineExecutions`, one page).
    async fn executions(&self, pipeline: &PipelineArn, most: u8) -> anyhow::Result<Vec<ExecutionSummary>>;

    /// One page of the pipelines' names, and where the next page begins (`ListPipelines`).
    async fn pipelines(&self, page: Option<&str>) -> Result<Page, Unlisted>;

    /// The ARN of a pipeline here.
    fn arn(&self, pipeline: &PipelineName) -> PipelineArn;
}

/// What `ListActionExecutions` tells of one execution.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Actions {
    /// Every run of every action.
    pub runs: Vec<ActionRun>,
    /// What the source actions put into their output variables.
    pub revisions: Vec<Revision>,
}

/// What `GetPipelineExecution` tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// `executionType` is `ROLLBACK`; absent if the execution is gone.
    pub is_rollback: Option<bool>,
    /// Its artifact revisions.
    pub revisions: Vec<Revision>,
}

/// One source's revision.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Revision {
    /// A commit id or an object's version.
    pub id: Option<String>,
    /// When it was made.
    pub made: Option<Timestamp>,
}

/// One page of pipelines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// In CodePipeline's order.
    pub pipelines: Vec<PipelineName>,
    /// The token of the page after this one.
    pub next: Option<String>,
}

/// Why there is no page.
#[derive(Debug)]
pub enum Unlisted {
    /// The token is too old or was never one: begin again at the first page.
    UnknownPage,
    /// Something else, with AWS's words.
    Failed(Error),
}

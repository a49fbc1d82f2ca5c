//! What the reverter needs from the outside, each as narrow as its use.

use jiff::Timestamp;
use pipeline_model::{AlarmArn, PipelineName};
use rollback_plans::targets::ExecutionSeen;
use rollback_plans::{AlarmNow, Book, Carried, Pledge, Seen, Step, Target, Turn};
use thiserror::Error;

/// CloudWatch's alarms, metric and composite ones alike.
#[expect(async_fn_in_trait, reason = "used with static dispatch on one thread only")]
pub trait Alarms {
    /// The alarm's tags; none if it is gone (`ListTagsForResource`).
    async fn tags(&self, alarm: &AlarmArn) -> anyhow::Result<Vec<(String, String)>>;

    /// What the alarm called `name` is at this moment (`DescribeAlarms`).
    async fn now(&self, name: &str) -> anyhow::Result<AlarmSeen>;

    /// The alarm's changes of state, oldest first: those since `since`, and some from the minutes before
    /// (`DescribeAlarmHistory`); none where there are too many to be read.
    async fn turns(&self, name: &str, since: Timestamp) -> anyhow::Result<Vec<Turn>>;
}

/// An alarm at this moment.
#[derive(Debug, Clone, PartialEq)]
pub struct AlarmSeen {
    /// Its state, or that it is gone.
    pub now: AlarmNow,
    /// Since when it has this state.
    pub since: Option<Timestamp>,
    /// What holds the actions of a composite alarm back: `Alarm`, `WaitPeriod` or `ExtensionPeriod`.
    pub suppressed_by: Option<String>,
}

/// What stands at the targets.
#[expect(async_fn_in_trait, reason = "used with static dispatch on one thread only")]
pub trait Releases {
    /// What stands at `target`, in this account and region.
    async fn look(&self, target: &Target) -> anyhow::Result<Seen>;

    /// All executions of a pipeline, newest first, of any structure it ever had (`ListPipelineExecutions`, pages up to
    /// a bound); none if it is gone.
    async fn all_executions(&self, pipeline: &PipelineName) -> anyhow::Result<Vec<ExecutionSeen>>;
}

/// Carries steps out.
#[expect(async_fn_in_trait, reason = "used with static dispatch on one thread only")]
pub trait Executor {
    /// One step, which takes effect at most once.
    ///
    /// # Errors
    /// When nobody can tell whether it took effect: look at the target before anything else is tried.
    async fn carry_out(&self, step: &Step) -> Result<Carried, Unclear>;
}

/// No answer came, or none that can be read, so the step may have been carried out.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("it may or may not have been done: {0}")]
pub struct Unclear(pub String);

/// What is remembered of each target, and who may act on it.
///
/// Every change is one atomic call. Expiries are the store's own: what nobody has touched for more than a year is gone.
#[expect(async_fn_in_trait, reason = "used with static dispatch on one thread only")]
pub trait Books {
    /// Reads a book without claiming it; its hold is free or somebody else's.
    async fn read(&self, key: &str, now: Timestamp) -> anyhow::Result<Shelved>;

    /// Writes `pledge` down and takes the lease until `until`. `now` decides whether an older lease has ended.
    async fn claim(&self, key: &str, pledge: &Pledge, now: Timestamp, until: Timestamp) -> anyhow::Result<Claimed>;

    /// Stores what is past, takes all pledges out, the own one and those that were left behind, and gives the lease up.
    async fn settle(&self, key: &str, lease: &Lease, book: &Book, now: Timestamp) -> anyhow::Result<Written>;

    /// Takes the own pledge out and gives the lease up, if it is still ours. Everything else stays.
    async fn release(&self, key: &str, lease: &Lease) -> anyhow::Result<()>;

    /// Stores what is past if nobody holds the lease and nothing was written since the book was read.
    async fn note(&self, key: &str, read: &Shelved, book: &Book, now: Timestamp) -> anyhow::Result<Written>;
}

/// A book as it was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shelved {
    /// The book.
    pub book: Book,
    /// Grows with every change.
    pub revision: u64,
}

/// The answer to [`Books::claim`].
#[derive(Debug, Clone, PartialEq)]
pub enum Claimed {
    /// Ours until the lease ends. The book holds the pledges of others who did not come back, without the own one.
    Mine(Box<Book>, Lease),
    /// Somebody else's until then; nothing was written down.
    Held(Timestamp),
}

/// The right to settle or release what was claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Names it; nobody else has the same.
    pub(crate) token: String,
    /// How many pledges others left behind.
    pub(crate) earlier: usize,
    /// How many pledges there are with the own ones.
    pub(crate) all: usize,
    /// The fencing number: each claim of the same book has a higher one than those before it.
    pub(crate) fence: u64,
}

impl Lease {
    /// The fencing number: each claim of the same book has a higher one than those before it.
    pub fn fence(&self) -> u64 {
        self.fence
    }
}

/// Whether a write found what it expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is stored.
    Yes,
    /// Somebody else has claimed or written the book since; nothing changed.
    Lost,
}

//! What the notifier needs from the outside, each as narrow as its use.

use std::time::Duration;

use jiff::Timestamp;
use notices::{ActionFacts, ExecutionFacts, Outgoing, Reply, Structure};
use pipeline_model::{ApprovalRequest, ExecutionId, PipelineArn};

pub use lambda_kit::backlog::Backlog;

/// One item of the table, as the notifier sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Item {
    /// JSON whose meaning is the caller's.
    pub document: String,
    /// Counts the writes; every write names the revision it read.
    pub revision: u64,
    /// Until when somebody is sending for this item. Always has an end, so that a crash cannot hold it for ever.
    pub leased_until: Option<Timestamp>,
}

/// The answer to a conditional write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// The item was still at the expected revision and is now one further.
    Yes,
    /// Somebody else wrote first; nothing changed.
    Lost,
}

/// The answer to a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// A slot that begins then is the caller's.
    Taken(Timestamp),
    /// Nothing was taken: the next slot begins then, which is too late for the caller.
    Shut(Timestamp),
}

/// The state table. Reads are strongly consistent; writes are conditional.
#[expect(async_fn_in_trait, reason = "used with static dispatch on one thread only")]
pub trait Table {
    /// Reads an item.
    async fn load(&self, key: &str) -> anyhow::Result<Option<Item>>;

    /// Writes `item` if the stored revision is `expected` (`None`: if there is no item yet). `item.revision` is ignored;
    /// the stored revision becomes `expected + 1`, or 1. The item expires at `expires`.
    async fn store(&self, key: &str, item: &Item, expected: Option<u64>, expires: Timestamp) -> anyhow::Result<Stored>;

    /// Takes the next free slot of a rate-limited target: slots are `interval` apart and never before `now`. If it
    /// would begin after `latest`, nothing is taken.
    async fn reserve(&self, key: &str, now: Timestamp, interval: Duration, latest: Timestamp) -> anyhow::Result<Slot>;

    /// Keeps all slots of a target shut until `until` (after a 429), unless they are shut for longer already.
    async fn hold(&self, key: &str, until: Timestamp) -> anyhow::Result<()>;
}

/// What CodePipeline's API knows.
#[expect(async_fn_in_trait, reason = "used with static dispatch on one thread only")]
pub trait Releases {
    /// The structure an execution runs in (`GetPipeline`, in the given version where it is known).
    async fn structure(&self, pipeline: &PipelineArn, version: Option<u32>) -> anyhow::Result<Structure>;

    /// One execution (`GetPipelineExecution`).
    async fn execution(&self, pipeline: &PipelineArn, execution: &ExecutionId) -> anyhow::Result<ExecutionFacts>;

    /// The actions an execution has run so far (`ListActionExecutions`, every page up to a bound).
    async fn actions(&self, pipeline: &PipelineArn, execution: &ExecutionId) -> anyhow::Result<Vec<ActionFacts>>;

    /// The execution a pending approval belongs to, and the pipeline's ARN; `None` if it is no longer pending.
    async fn waiting_for(&self, approval: &ApprovalRequest) -> anyhow::Result<Option<(PipelineArn, ExecutionId)>>;
}

/// Carries a message out.
#[expect(async_fn_in_trait, reason = "used with static dispatch on one thread only")]
pub trait Outbox {
    /// Sends it and waits for the answer, at most `timeout`. Failing to get an answer is an answer, too.
    async fn send(&self, outgoing: &Outgoing, timeout: Duration) -> Reply;
}

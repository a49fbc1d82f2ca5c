//! What is taken in before anything is said: the bundle, what events do not say, and what a success has fixed.

use std::time::Duration;

use anyhow::anyhow;
use jiff::{SignedDuration, Timestamp};
use lambda_kit::settings::ParameterStore;
use lambda_kit::{Deadline, Failure};
use notices::{History, Story};

use crate::Notifier;
use crate::inbox::Reminder;
use crate::kept::Kept;
use crate::ports::{Backlog, Item, Outbox, Releases, Stored, Table};
use crate::round::Round;
use crate::sorting::Bundle;
use crate::teller::WRITES;

/// The longest wait for facts that only make a message richer.
const LONGEST_LOOKUP: Duration = Duration::from_secs(4);
/// How often an open execution is looked after: SQS's longest delay.
const LOOK_AFTER: Duration = Duration::from_secs(900);
/// An execution that has not moved for this long is no longer looked after: an approval ends after 60 days.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(61 * 24);
/// How long a pipeline's history is kept after its last execution.
const HISTORY_KEPT: SignedDuration = SignedDuration::from_hours(400 * 24);

/// An attempt, whether it succeeded, and when it ended.
type Ending = (u32, bool, Timestamp);

/// What is worth counting, once it is written down.
#[derive(Debug, Default)]
pub(crate) struct News {
    unknown_states: usize,
    repaired: bool,
}

impl<T: Table, R: Releases, O: Outbox, B: Backlog, S: ParameterStore> Notifier<T, R, O, B, S> {
    /// `promised` is when the reminder sent for this bundle is due, if one was sent.
    pub(crate) async fn take_in(
        &self,
        kept: &mut Kept,
        before: Option<&Kept>,
        bundle: &Bundle,
        round: &Round,
        promised: &mut Option<Timestamp>,
    ) -> Result<News, Failure> {
        let Kept { record, next_look } = kept;
        bundle.absorb_into(&mut record.subject);
        // A decision about what is no execution brings everything there is to know.
        let Some(story) = record.subject.execution_mut() else { return Ok(News::default()) };
        let before = before.and_then(|before| before.record.subject.execution());
        let limit = Deadline::after(&self.clock, round.for_one_call(LONGEST_LOOKUP));
        let is_due = next_look.take_if(|due| bundle.looks.contains(due)).is_some();
        let repaired = (is_due || story.is_unheard_of()) && !story.is_over() && self.look(story, &limit).await;
        self.learn(story, &limit).await;
        let endings = story.endings();
        if before.map_or(!endings.is_empty(), |before| before.endings() != endings) {
            self.learn_history(story, &endings).await?;
        }
        let unknown = before.map_or(0, |before| before.unknown_states().len());
        let unknown_states = story.unknown_states().len().saturating_sub(unknown);
        self.look_after(story, next_look, promised).await;
        Ok(News { unknown_states, repaired })
    }

    pub(crate) fn count(&self, news: &News) {
        if news.unknown_states > 0 {
            let states = u32::try_from(news.unknown_states).unwrap_or(u32::MAX);
            self.metrics.count(self.clock.now(), "UnknownStates", states);
        }
        if news.repaired {
            self.metrics.count(self.clock.now(), "ExecutionsRepaired", 1);
        }
    }

    /// Facts make a message richer; without them it is poorer, and goes out all the same.
    async fn learn(&self, story: &mut Story, limit: &Deadline) {
        let wants = story.wants();
        let (pipeline, execution) = (&story.pipeline().clone(), &story.execution().clone());
        if wants.structure {
            let structure = limit.limit(self.releases.structure(pipeline, story.structure_version())).await;
            if let Some(structure) = fact("structure", structure) {
                story.learn_structure(&structure);
            }
        }
        if wants.execution {
            let facts = limit.limit(self.releases.execution(pipeline, execution)).await;
            if let Some(facts) = fact("execution", facts) {
                story.learn_execution(&facts);
            }
        }
        if wants.actions {
            let actions = limit.limit(self.releases.actions(pipeline, execution)).await;
            if let Some(actions) = fact("actions", actions) {
                story.learn_actions(&actions);
            }
        }
    }

    /// Reads the state from CodePipeline, in case events of it were lost, or came before all that is remembered. If that
    /// fails, the next reminder or event tries again.
    async fn look(&self, story: &mut Story, limit: &Deadline) -> bool {
        let (pipeline, execution) = (&story.pipeline().clone(), &story.execution().clone());
        let facts = fact("execution", limit.limit(self.releases.execution(pipeline, execution)).await);
        let actions = fact("actions", limit.limit(self.releases.actions(pipeline, execution)).await);
        let (Some(facts), Some(actions)) = (facts, actions) else { return false };
        let repaired = story.repair(&facts, &actions);
        if repaired {
            tracing::warn!(pipeline.name = %pipeline.pipeline, execution.id = %execution, "events were lost; the state was read from CodePipeline");
        }
        repaired
    }

    async fn learn_history(&self, story: &mut Story, endings: &[Ending]) -> Result<(), Failure> {
        let key = format!("pipeline#{}", story.pipeline());
        for _ in 0..WRITES {
            let item = self.table.load(&key).await?;
            let mut history: History =
                item.as_ref().and_then(|item| serde_json::from_str(&item.document).ok()).unwrap_or_default();
            let mut new = false;
            for (attempt, succeeded, at) in endings {
                new |= history.remember(story.execution(), *attempt, *succeeded, *at);
            }
            if !new || self.store_history(&key, &history, item.map(|item| item.revision)).await? == Stored::Yes {
                story.learn_history(&history);
                return Ok(());
            }
        }
        Err(Failure::retry(anyhow!("others keep writing {key}; the record comes again")))
    }

    async fn store_history(&self, key: &str, history: &History, expected: Option<u64>) -> Result<Stored, Failure> {
        let document = serde_json::to_string(history).map_err(Failure::permanent)?;
        let expires = later(self.clock.now(), HISTORY_KEPT);
        Ok(self.table.store(key, &Item { document, ..Item::default() }, expected, expires).await?)
    }

    /// An open execution has a reminder under way, so that a lost last event is noticed within a quarter of an hour.
    ///
    /// It is sent before its time is written down: after a crash in between there is one too many, which nobody waits
    /// for. One that is long overdue was lost itself.
    async fn look_after(&self, story: &Story, next_look: &mut Option<Timestamp>, promised: &mut Option<Timestamp>) {
        let now = self.clock.now();
        let moves = story.last_change().is_some_and(|changed| now < later(changed, FORGOTTEN));
        let awaited = next_look.is_some_and(|due| now <= later(due, LOOK_AFTER));
        if story.is_over() || !moves || awaited {
            return;
        }
        if promised.is_none() {
            *promised = self.remind(story, later(now, LOOK_AFTER)).await;
        }
        *next_look = *promised;
    }

    async fn remind(&self, story: &Story, due: Timestamp) -> Option<Timestamp> {
        let (look_after, execution_id) = (story.pipeline().clone(), story.execution().clone());
        let reminder = Reminder { look_after, execution_id, due };
        match self.backlog.remind(&reminder.to_body(), LOOK_AFTER).await {
            Ok(()) => Some(due),
            Err(error) => {
                tracing::warn!(pipeline.name = %story.pipeline().pipeline, error = format!("{error:#}"), "a lost last event of this execution would not be noticed");
                None
            }
        }
    }
}

fn fact<F, L: std::error::Error>(name: &str, fetched: Result<anyhow::Result<F>, L>) -> Option<F> {
    let error = match fetched {
        Ok(Ok(fact)) => return Some(fact),
        Ok(Err(error)) => format!("{error:#}"),
        Err(late) => late.to_string(),
    };
    tracing::warn!(fact.name = name, error, "a fact is missing; the message goes without it");
    None
}

fn later(time: Timestamp, by: impl Into<jiff::TimestampArithmetic>) -> Timestamp {
    time.saturating_add(by).unwrap_or(Timestamp::MAX)
}

//! What the table keeps of an execution or an incident, and how it is written.

use jiff::{SignedDuration, Timestamp};
use lambda_kit::Failure;
use lambda_kit::settings::ParameterStore;
use notices::{Record, Subject};
use serde::{Deserialize, Serialize};

use crate::Notifier;
use crate::ports::{Backlog, Item, Outbox, Releases, Stored, Table};
use crate::sorting::Bundle;

/// How long an execution or an incident is remembered: longer than the longest approval, 60 days.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(90 * 24);

/// One execution or incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) record: Record,
    /// When the one reminder that counts is due. Others, from duplicates and crashes, are let go.
    pub(crate) next_look: Option<Timestamp>,
}

impl Kept {
    pub(crate) fn new(bundle: &Bundle) -> Self {
        Self { record: Record::new(bundle.blank.clone()), next_look: None }
    }

    /// A document of a version this one cannot read is begun anew: its message is repeated, not lost.
    pub(crate) fn read(key: &str, item: &Item) -> Option<Self> {
        let read = serde_json::from_str(&item.document);
        let report = |error: &serde_json::Error| {
            tracing::error!(item.key = key, error = %error, "the stored record cannot be read and begins anew");
        };
        read.inspect_err(report).ok()
    }
}

/// Where the table keeps it.
pub(crate) fn key(subject: &Subject) -> String {
    match subject {
        Subject::Execution(story) => format!("execution#{}#{}", story.pipeline(), story.execution()),
        Subject::Incident(incident) => format!("incident#{}", incident.key()),
    }
}

impl<T: Table, R: Releases, O: Outbox, B: Backlog, S: ParameterStore> Notifier<T, R, O, B, S> {
    pub(crate) async fn keep(
        &self,
        key: &str,
        kept: &Kept,
        leased_until: Option<Timestamp>,
        expected: Option<u64>,
    ) -> Result<Stored, Failure> {
        let document = serde_json::to_string(kept).map_err(Failure::permanent)?;
        let now = self.clock.now();
        let item = Item { document, revision: 0, leased_until };
        Ok(self.table.store(key, &item, expected, now.saturating_add(REMEMBERED).unwrap_or(now)).await?)
    }
}

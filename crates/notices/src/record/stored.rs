//! How a record lies in the table: a story or an incident, by the name of its field.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Record;
use super::told::{self, Told};
use crate::channels::Address;
use crate::incident::Incident;
use crate::story::Story;
use crate::subject::Subject;

#[derive(Serialize, Deserialize)]
pub(super) struct Stored {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    story: Option<Box<Story>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    incident: Option<Box<Incident>>,
    #[serde(default, deserialize_with = "told::of_known_channels")]
    told: BTreeMap<Address, Told>,
}

impl From<Record> for Stored {
    fn from(record: Record) -> Self {
        let (story, incident) = match record.subject {
            Subject::Execution(story) => (Some(story), None),
            Subject::Incident(incident) => (None, Some(incident)),
        };
        Self { story, incident, told: record.told }
    }
}

impl TryFrom<Stored> for Record {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let subject = match (stored.story, stored.incident) {
            (Some(story), None) => Subject::Execution(story),
            (None, Some(incident)) if incident.is_told_of() => Subject::Incident(incident),
            _ => return Err("a record holds a story, or an incident of which something was decided"),
        };
        Ok(Self { subject, told: stored.told })
    }
}

//! Who was told what. All of it is stored: a field added here needs a default.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize};

use super::{Delivery, Kind};
use crate::channel::{Answer, Handle, Manner, MessageHandle};
use crate::channels::{self, Address};

/// A channel that refused is left alone for this long; then it is tried again, since somebody may have put it right.
const REFUSED_FOR: SignedDuration = SignedDuration::from_mins(10);
/// Messages lost and posted anew, before the channel counts as refusing.
const MOST_REPOSTS: u8 = 3;

/// What one address was told.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Told {
    /// The message that is edited.
    pub(super) message: Option<Handle>,
    /// A fingerprint of what it shows.
    pub(super) shows: Option<u64>,
    /// The message can no longer be changed: its thread tells what it would have shown.
    pub(super) closed: bool,
    /// Keys of the moments told.
    pub(super) moments: BTreeSet<String>,
    refused: Option<Timestamp>,
    reposts: u8,
}

impl Told {
    /// Remembers what an answer means.
    pub(super) fn note(&mut self, delivery: &Delivery, answer: &Answer, now: Timestamp) {
        match answer {
            Answer::Delivered(handle) => self.delivered(delivery, handle.as_ref(), now),
            Answer::Lost(_) if !self.has_lost_too_many() => {
                (self.message, self.shows, self.reposts) = (None, None, self.reposts + 1);
            }
            Answer::Closed(_) => self.closed = true,
            Answer::Lost(_) | Answer::Refused(_) | Answer::Unauthorised(_) => self.refused = Some(now),
            Answer::Retry { .. } => {}
        }
    }

    fn delivered(&mut self, delivery: &Delivery, handle: Option<&MessageHandle>, now: Timestamp) {
        self.moments.extend(delivery.moments.iter().cloned());
        self.refused = None;
        match (delivery.kind, handle) {
            (Kind::Post, Some(handle)) => {
                (self.message, self.shows, self.closed) = (Some(handle.0.clone()), delivery.shows, false);
            }
            // A message that cannot be found again cannot be edited; posting it once more at once would never end.
            (Kind::Post, None) if delivery.address.channel().manner() == Manner::Edits => self.refused = Some(now),
            (Kind::Edit, _) => self.shows = delivery.shows,
            _ => {}
        }
    }

    /// It refused, and has accepted nothing since.
    pub(super) fn has_refused(&self) -> bool {
        self.refused.is_some()
    }

    /// Its messages vanish however often they are posted anew.
    pub(super) fn has_lost_too_many(&self) -> bool {
        self.reposts >= MOST_REPOSTS
    }

    /// The address said no not long ago.
    pub(super) fn refuses(&self, now: Timestamp) -> bool {
        self.refused.is_some_and(|refused| now.duration_since(refused) < REFUSED_FOR)
    }
}

/// Reads what addresses were told, and leaves out those of channels this version does not have.
pub(super) fn of_known_channels<'de, D: Deserializer<'de>>(input: D) -> Result<BTreeMap<Address, Told>, D::Error> {
    let stored: BTreeMap<String, Told> = Deserialize::deserialize(input)?;
    Ok(stored.into_iter().filter_map(|(written, told)| Some((channels::address(&written).ok()?, told))).collect())
}

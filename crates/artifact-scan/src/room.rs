//! How many secrets are told of, and of each how many places.

use std::cmp::Reverse;

use crate::{EntryPath, Finding, Fingerprint, Severity};

/// The most secrets that are told of; code scanning at GitHub shows as many.
pub const MOST_FINDINGS: usize = 5_000;
/// The most places of one of the hundred worst secrets.
pub const MOST_PLACES: usize = 100;
/// How many of the worst secrets are told with many places.
const MANY_PLACES_FOR: usize = 100;
/// So many places more than were left the last time are taken before a list is trimmed.
pub(crate) const SLACK: usize = 5_000;

/// Of the worst secrets. No further place is kept when the different paths of those before it have so many bytes.
const MANY: Room = Room { places: MOST_PLACES, text: 8 << 10 };
/// Of each other secret.
const FEW: Room = Room { places: 4, text: 256 };

/// How much is kept of a secret's places.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    places: usize,
    text: usize,
}

/// What orders findings, the worst first.
pub(crate) type Rank = (Reverse<Severity>, String, Fingerprint);

impl Room {
    /// For the finding that has so many worse ones before it.
    pub(crate) fn of(before: usize) -> Self {
        if before < MANY_PLACES_FOR { MANY } else { FEW }
    }

    /// How many of the first of these places, which are in order, fit.
    ///
    /// What does not fit here does not fit among more places either, so it may be left out before others are known.
    fn fit<'p>(self, paths: impl Iterator<Item = &'p EntryPath>) -> usize {
        let (mut text, mut last) = (0, None);
        let fits = |path: &&'p EntryPath| {
            let fits = text < self.text;
            text += if last.replace(*path) == Some(*path) { 0 } else { path.text() };
            fits
        };
        paths.take(self.places).take_while(fits).count()
    }
}

impl Finding {
    /// Keeps the first places by path that there is room for, and counts the others.
    pub(crate) fn keep(&mut self, room: Room) {
        self.places.sort();
        let kept = room.fit(self.places.iter().map(|place| &place.path));
        self.places_left_out = self.places_left_out.saturating_add((self.places.len() - kept) as u64);
        self.places.truncate(kept);
        self.places.shrink_to_fit();
    }

    /// Takes the places of the same secret from elsewhere.
    pub(crate) fn join(&mut self, mut other: Self) {
        self.places.append(&mut other.places);
        self.places_left_out = self.places_left_out.saturating_add(other.places_left_out);
    }
}

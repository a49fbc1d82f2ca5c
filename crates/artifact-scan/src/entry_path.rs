//! The way to an entry, in memory once for all that is found in it.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The most bytes of the names in a path that is told.
pub(crate) const LONGEST_PATH: usize = 512;

/// The names of the entries, outermost first. Copies share their memory.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EntryPath(Arc<[String]>);

impl EntryPath {
    /// The names.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }

    /// The same without the ends of names that nobody reads to their end.
    pub(crate) fn shortened(&self) -> Self {
        if is_long(self, LONGEST_PATH) { Self::from(short(self.to_vec(), LONGEST_PATH)) } else { self.clone() }
    }

    /// How many bytes its names have.
    pub(crate) fn text(&self) -> usize {
        text(self)
    }
}

/// Cuts the names of a path so that they have at most so many bytes.
pub(crate) fn shorten(path: &mut Vec<String>, longest: usize) {
    if is_long(path, longest) {
        *path = short(std::mem::take(path), longest);
    }
}

fn text(path: &[String]) -> usize {
    path.iter().map(String::len).sum()
}

fn is_long(path: &[String], longest: usize) -> bool {
    text(path) > longest || path.len() > longest
}

fn short(mut path: Vec<String>, longest: usize) -> Vec<String> {
    path.truncate(longest / 8);
    let share = longest / path.len();
    for name in path.iter_mut().filter(|name| name.len() > share) {
        name.truncate(name.floor_char_boundary(share - '…'.len_utf8()));
        name.push('…');
        name.shrink_to_fit();
    }
    path
}

impl Deref for EntryPath {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.0
    }
}

impl From<Vec<String>> for EntryPath {
    fn from(names: Vec<String>) -> Self {
        Self(names.into())
    }
}

impl FromIterator<String> for EntryPath {
    fn from_iter<I: IntoIterator<Item = String>>(names: I) -> Self {
        Self(names.into_iter().collect())
    }
}

impl Ord for EntryPath {
    fn cmp(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(&self.0, &other.0) { Ordering::Equal } else { self.0.cmp(&other.0) }
    }
}

impl PartialOrd for EntryPath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for EntryPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Serialize for EntryPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_ref().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for EntryPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_path_is_shortened_once_and_only_if_it_is_long(
            names in prop::collection::vec("[a-zß…]{0,40}".prop_map(|name| name.repeat(8)), 0..9)
        ) {
            let path = EntryPath::from(names);
            let short = path.shortened();
            prop_assert!(short.text() <= LONGEST_PATH);
            prop_assert_eq!(&short.shortened(), &short);
            prop_assert_eq!(short == path, path.text() <= LONGEST_PATH);
        }
    }

    #[test]
    fn very_many_names_are_fewer() {
        let path: EntryPath = (0..10_000).map(|_| String::new()).collect();
        assert_eq!(path.shortened().len(), LONGEST_PATH / 8);
    }
}

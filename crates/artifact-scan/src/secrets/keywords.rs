//! Where keywords stand in bytes. Nearly all of a scan's bytes are looked at here and nowhere else.
//!
//! An automaton of nine hundred keywords has tables of two megabytes, and each byte waits for a load that depends on the one
//! before. So four bytes at a time are looked up in a filter that stays in the processor's first cache, where no lookup waits
//! for another; what it lets through is compared whole.

#[cfg(test)]
mod tests;

use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// How many bytes the filter looks at.
const WINDOW: usize = 4;
/// A filter of 2^17 bits has 16 KiB.
const FILTER_BITS: u32 = 17;
/// How many of a hash's bits choose a list of keywords.
const LIST_BITS: u32 = 12;
/// Makes letters small. Other bytes become others, which is why keywords are compared whole afterwards.
const SMALL: u32 = 0x2020_2020;
/// The bytes of code and text, the frequent ones first; all others are rare. Of each keyword the filter knows the
/// rarest window, `word` of `password`, because all that looks the same there costs a comparison.
const FREQUENT: &[u8] = b" etaisronlcdpumh._\"gf'b-y,vk:/0w1=x()2j3qz";
/// Of more keywords an automaton's tables, two kilobytes for each, would take the memory of a small function.
const MOST_IN_TABLES: usize = 5_000;

/// Keywords, ready to be looked for without regard to the case of ASCII letters.
#[derive(Debug)]
pub(crate) enum Keywords {
    /// As long as the filter looks, or longer.
    Long(Filter),
    /// Some are shorter, as rules of other scanners have them.
    Any(Box<AhoCorasick>),
}

impl Keywords {
    /// `words` are not empty and in lower case; each is known by its place among them.
    ///
    /// # Errors
    /// When they are too many for an automaton.
    pub(crate) fn new(words: &[&str]) -> Result<Self, String> {
        if words.iter().all(|word| word.len() >= WINDOW) {
            return Ok(Self::Long(Filter::of(words)));
        }
        let kind = if words.len() <= MOST_IN_TABLES { AhoCorasickKind::DFA } else { AhoCorasickKind::ContiguousNFA };
        let mut automaton = AhoCorasick::builder();
        automaton.ascii_case_insensitive(true).kind(Some(kind));
        let automaton = automaton.build(words).map_err(|error| format!("the keywords of the rules: {error}"))?;
        Ok(Self::Any(Box::new(automaton)))
    }

    /// Tells every place of every keyword. A place may begin before the one that was told last, by less than a keyword.
    pub(crate) fn each(&self, bytes: &[u8], mut found: impl FnMut(usize, Range<usize>)) {
        match self {
            Self::Long(filter) => filter.each(bytes, found),
            Self::Any(automaton) => automaton
                .find_overlapping_iter(bytes)
                .for_each(|place| found(place.pattern().as_usize(), place.start()..place.end())),
        }
    }
}

/// Keywords by the hash of their rarest windows.
#[derive(Debug)]
pub(crate) struct Filter {
    bits: Box<[u64; 1 << (FILTER_BITS - 6)]>,
    /// Where each list begins among `words`, and where the last ends.
    lists: Vec<usize>,
    words: Vec<Word>,
}

#[derive(Debug)]
struct Word {
    /// Its rarest window, made small.
    rarest: u32,
    /// How many bytes come before those.
    before: usize,
    word: Box<[u8]>,
    number: usize,
}

impl Filter {
    fn of(words: &[&str]) -> Self {
        let mut words: Vec<Word> = words.iter().enumerate().map(|(number, word)| Word::of(number, word)).collect();
        words.sort_by_key(|word| (hash(word.rarest), word.number));
        let mut bits = Box::new([0; 1 << (FILTER_BITS - 6)]);
        words.iter().for_each(|word| bits[hash(word.rarest) >> 6] |= bit(hash(word.rarest)));
        let lists = (0..=1 << LIST_BITS).map(|list| words.partition_point(|word| list_of(hash(word.rarest)) < list));
        Self { bits, lists: lists.collect(), words }
    }

    fn each(&self, bytes: &[u8], mut found: impl FnMut(usize, Range<usize>)) {
        for (at, window) in bytes.array_windows::<WINDOW>().enumerate() {
            let window = u32::from_le_bytes(*window) | SMALL;
            let hash = hash(window);
            if self.bits[hash >> 6] & bit(hash) != 0 {
                self.compare(bytes, at, window, &mut found);
            }
        }
    }

    #[inline(never)]
    fn compare(&self, bytes: &[u8], at: usize, window: u32, found: &mut impl FnMut(usize, Range<usize>)) {
        let list = list_of(hash(window));
        let words = self.words[self.lists[list]..self.lists[list + 1]].iter();
        for Word { before, word, number, .. } in words.filter(|word| word.rarest == window) {
            let Some(start) = at.checked_sub(*before) else { continue };
            let place = start..start + word.len();
            if bytes.get(place.clone()).is_some_and(|bytes| bytes.eq_ignore_ascii_case(word)) {
                found(*number, place);
            }
        }
    }
}

impl Word {
    fn of(number: usize, word: &str) -> Self {
        let windows = word.as_bytes().array_windows::<WINDOW>().enumerate();
        let (before, rarest) = windows.max_by_key(|(_, window)| rarity(*window)).expect("it is as long as a window");
        Self { rarest: u32::from_le_bytes(*rarest) | SMALL, before, word: word.as_bytes().into(), number }
    }
}

fn rarity(bytes: &[u8]) -> usize {
    let rank = |byte: &u8| FREQUENT.iter().position(|other| other == byte).unwrap_or(FREQUENT.len());
    bytes.iter().map(rank).sum()
}

/// Multiplied by the odd number next to 2^32 divided by the golden ratio, which spreads what differs in a few bits.
fn hash(window: u32) -> usize {
    (window.wrapping_mul(0x9E37_79B1) >> (u32::BITS - FILTER_BITS)) as usize
}

fn bit(hash: usize) -> u64 {
    1 << (hash & 63)
}

fn list_of(hash: usize) -> usize {
    hash >> (FILTER_BITS - LIST_BITS)
}

//! What is remembered between visits of a gate: small, versioned, and never more than counts.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The only version there is so far.
const VERSION: u8 = 1;

/// What counts at most of the time between two looks. Whoever asks comes back about twice a minute.
const LONGEST_GAP: SignedDuration = SignedDuration::from_mins(2);

/// Visits closer to each other count as one.
const APART: SignedDuration = SignedDuration::from_secs(10);

/// What is remembered of a gate that holds a release. Times are whole seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    #[serde(rename = "v")]
    version: u8,
    since: i64,
    /// The last visit that counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    counted: Option<i64>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) checks: BTreeMap<String, Count>,
}

/// What is remembered of a check.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Count {
    /// What was measured: the same number as [`crate::policy::Rule`] has for it.
    #[serde(default, rename = "d", skip_serializing_if = "is_default")]
    pub(crate) digest: u32,
    /// Since when it holds without a break.
    #[serde(default, rename = "h", skip_serializing_if = "Option::is_none")]
    holds_since: Option<i64>,
    /// Failed measurements in all.
    #[serde(default, rename = "f", skip_serializing_if = "is_default")]
    pub(crate) failures: u16,
    /// Inconclusive measurements in all.
    #[serde(default, rename = "i", skip_serializing_if = "is_default")]
    pub(crate) inconclusive: u16,
    /// Erroneous measurements in a row.
    #[serde(default, rename = "e", skip_serializing_if = "is_default")]
    pub(crate) errors: u16,
    /// The release waited for it.
    #[serde(default, rename = "w", skip_serializing_if = "is_default")]
    pub(crate) waits: bool,
}

/// What was stored cannot be continued from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MemoryError {
    /// Another version of Pipewarden wrote it.
    #[error("the gate's memory has version {0}, this version of Pipewarden reads {VERSION}; retry the stage")]
    Version(u8),
    /// It is not what a gate writes.
    #[error("the gate's memory cannot be read ({0}); retry the stage")]
    Unreadable(String),
}

impl Memory {
    /// Of a release that has just come.
    pub fn begin(now: Timestamp) -> Self {
        Self { version: VERSION, since: now.as_second(), counted: None, checks: BTreeMap::new() }
    }

    /// Reads what [`Self::to_json`] wrote.
    ///
    /// # Errors
    /// When another version wrote it, or nobody did.
    pub fn parse(text: &str) -> Result<Self, MemoryError> {
        #[derive(Deserialize)]
        struct Version {
            v: u8,
        }
        let unreadable = |error: serde_json::Error| MemoryError::Unreadable(error.to_string());
        match serde_json::from_str::<Version>(text).map_err(unreadable)?.v {
            VERSION => {
                let memory: Self = serde_json::from_str(text).map_err(unreadable)?;
                memory
                    .is_sane()
                    .then_some(memory)
                    .ok_or_else(|| MemoryError::Unreadable(String::from("a time is none")))
            }
            other => Err(MemoryError::Version(other)),
        }
    }

    /// Compact JSON; at most 8 KB for the largest policy.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("numbers and texts are JSON")
    }

    /// Nobody looked for a while: what held then need not have held without a break.
    #[must_use]
    pub fn with_a_break(mut self) -> Self {
        self.checks.values_mut().for_each(|count| *count = count.broken());
        self
    }

    /// Somebody looked at `seen`, and nobody from then on until `now`. How it was in a long time without a look nobody
    /// knows, so two minutes of it count at most.
    #[must_use]
    pub fn after_a_gap(mut self, seen: Timestamp, now: Timestamp) -> Self {
        let unseen = now.duration_since(seen).saturating_sub(LONGEST_GAP).max(SignedDuration::ZERO);
        let seconds = unseen.as_secs() + i64::from(unseen.subsec_nanos() > 0);
        for since in self.checks.values_mut().filter_map(|count| count.holds_since.as_mut()) {
            *since = since.saturating_add(seconds).min(ceiling(now));
        }
        self
    }

    /// When the release came.
    pub fn since(&self) -> Timestamp {
        time(self.since)
    }

    /// How long the release has waited; a clock that went backwards makes it nothing.
    pub fn waited(&self, now: Timestamp) -> SignedDuration {
        now.duration_since(self.since()).max(SignedDuration::ZERO)
    }

    /// Whether the next visit could tell this from `before`: only when the last visit was does not count, because whatever
    /// is counted at a visit is told apart.
    pub fn has_news_since(&self, before: &Self) -> bool {
        (self.version, self.since, &self.checks) != (before.version, before.since, &before.checks)
    }

    /// Whether a visit now counts, that is, comes late enough after the last one that did. It is noted if it does.
    pub(crate) fn visit(&mut self, now: Timestamp) -> bool {
        let apart = |last: i64| now.duration_since(time(last)).abs() >= APART;
        let counts = self.counted.is_none_or(apart);
        if counts {
            self.counted = Some(now.as_second());
        }
        counts
    }

    /// Notes for which checks the release waits; whether they are others than before.
    pub(crate) fn waits_for(&mut self, names: BTreeSet<String>) -> bool {
        let mut changed = false;
        for (name, count) in &mut self.checks {
            let waits = names.contains(name);
            changed |= std::mem::replace(&mut count.waits, waits) != waits;
        }
        changed
    }

    fn is_sane(&self) -> bool {
        let holds = self.checks.values().filter_map(|count| count.holds_since);
        holds.chain([self.since]).chain(self.counted).all(|second| Timestamp::from_second(second).is_ok())
    }
}

impl Count {
    /// Of a check that nobody has looked at yet.
    pub(crate) fn of(digest: u32) -> Self {
        Self { digest, ..Self::default() }
    }

    /// It does not hold.
    pub(crate) fn broken(self) -> Self {
        Self { holds_since: None, ..self }
    }

    /// It holds; for how long by now. A second begun does not count.
    pub(crate) fn holds(&mut self, now: Timestamp) -> SignedDuration {
        let since = *self.holds_since.get_or_insert(ceiling(now));
        now.duration_since(time(since)).max(SignedDuration::ZERO)
    }
}

/// The second after `now`, or the one it is at.
fn ceiling(now: Timestamp) -> i64 {
    now.as_second() + i64::from(now.subsec_nanosecond() > 0)
}

fn time(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("only times are kept")
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn now() -> Timestamp {
        "2026-03-02T12:00:00.5Z".parse().unwrap()
    }

    #[test]
    fn visits_too_close_to_each_other_count_as_one_and_visits_that_go_on_do_count() {
        let mut memory = Memory::begin(now());
        let counted: Vec<_> = (0..5).map(|step| memory.visit(now() + SignedDuration::from_secs(step * 6))).collect();
        assert_eq!(counted, [true, false, true, false, true]);
    }

    #[test]
    fn a_check_holds_from_the_second_after_it_was_first_seen_to() {
        let mut count = Count::default();
        assert_eq!(count.holds(now()), SignedDuration::ZERO);
        assert_eq!(count.holds(now() + SignedDuration::from_secs(60)).as_millis(), 59_500);
        assert_eq!(count.broken().holds(now()), SignedDuration::ZERO);
    }

    /// For how long a check holds at `now` that has held for 60 s when it was looked at last, at `seen`.
    fn held(seen: Timestamp, now: Timestamp) -> SignedDuration {
        let mut memory = Memory::begin(seen);
        let count = Count { holds_since: Some(seen.as_second() - 60), ..Count::default() };
        memory.checks.insert(String::from("errors"), count);
        let mut count = memory.after_a_gap(seen, now).checks["errors"];
        count.holds(now)
    }

    #[test]
    fn of_a_long_time_without_a_look_two_minutes_count() {
        let seen = time(1_772_445_600);
        for (gap, holds) in [(0, 60), (30, 90), (120, 180), (121, 180), (3_600, 180), (-30, 30)] {
            assert_eq!(held(seen, seen + SignedDuration::from_secs(gap)).as_secs(), holds, "{gap}");
        }
        assert!(held(seen, seen + SignedDuration::from_millis(150_500)) <= SignedDuration::from_secs(180));
    }

    #[test]
    fn a_look_within_the_same_second_brings_no_part_of_it() {
        let mut memory = Memory::begin(now());
        let mut count = Count::default();
        count.holds(now());
        memory.checks.insert(String::from("errors"), count);
        let again = memory.clone().after_a_gap(now(), now() + SignedDuration::from_millis(100));
        assert!(!again.has_news_since(&memory));
    }

    #[test]
    fn no_time_a_token_can_name_makes_a_memory_unreadable() {
        for seen in [Timestamp::MIN, Timestamp::MAX] {
            let mut memory = Memory::begin(now());
            memory.checks.insert(String::from("errors"), Count { holds_since: Some(0), ..Count::default() });
            let memory = memory.after_a_gap(seen, now());
            assert_eq!(Memory::parse(&memory.to_json()), Ok(memory));
        }
    }

    #[test]
    fn the_largest_policy_is_remembered_in_eight_kilobytes() {
        let mut memory = Memory::begin(now());
        memory.visit(now());
        for check in 0..crate::policy::MOST_CHECKS {
            let count = Count {
                digest: u32::MAX,
                failures: 9_999,
                inconclusive: 9_999,
                errors: 9_999,
                waits: true,
                holds_since: Some(i64::from(u32::MAX)),
            };
            memory.checks.insert(format!("{check:064}"), count);
        }
        assert!(memory.to_json().len() < 8_000, "{} bytes", memory.to_json().len());
    }

    #[test]
    fn what_no_gate_of_this_version_wrote_is_refused() {
        assert_eq!(Memory::parse(r#"{"v":2,"since":"x"}"#), Err(MemoryError::Version(2)));
        for text in [
            "",
            "{}",
            "[]",
            r#"{"v":1}"#,
            r#"{"v":1,"since":9999999999999}"#,
            r#"{"v":1,"since":0,"checks":{"a":{"h":9999999999999}}}"#,
        ] {
            assert!(matches!(Memory::parse(text), Err(MemoryError::Unreadable(_))), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_memory_is_read_as_it_was_written(
            counts in prop::collection::btree_map("\\PC{1,20}", (any::<(u32, u16, u16, u16, bool)>(), prop::option::of(0..4_000_000_000_i64)), 0..9),
            since in 0..4_000_000_000_i64,
            counted in prop::option::of(0..4_000_000_000_i64),
        ) {
            let checks = counts.into_iter().map(|(name, ((digest, failures, inconclusive, errors, waits), holds_since))| {
                (name, Count { digest, holds_since, failures, inconclusive, errors, waits })
            });
            let memory = Memory { version: VERSION, since, counted, checks: checks.collect() };
            prop_assert_eq!(Memory::parse(&memory.to_json()), Ok(memory));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,80}|\\{\"v\":1,\"since\":-?[0-9]{1,19}\\}") {
            let _ = Memory::parse(&text).map(|memory| memory.waited(now()));
        }
    }
}

//! Words and numbers as people read them.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// More names than this are counted.
const NAMED: usize = 3;
/// Characters of a sentence.
const SENTENCE: usize = 300;

pub(crate) use strict_yaml::{shown, unknown};

/// `a`, `a and b`, `a, b, c and 4 more`.
pub(crate) fn list<T: AsRef<str>>(names: &[T]) -> String {
    let shown: Vec<String> = names.iter().take(NAMED).map(|name| shown(name.as_ref())).collect();
    let more = names.len() - shown.len();
    match shown.split_last() {
        _ if more > 0 => format!("{} and {more} more", shown.join(", ")),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::from("none"),
    }
}

/// `1 alarm`, `2 alarms`.
pub(crate) fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// `45 s`, `12 min`, `1 h 30 min`, `2 d 4 h`; rounded down.
pub(crate) fn lasting(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    let two = |big: i64, unit: &str, small: i64, small_unit: &str| match small {
        0 => format!("{big} {unit}"),
        _ => format!("{big} {unit} {small} {small_unit}"),
    };
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => two(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        _ => two(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
    }
}

/// `10:02 UTC`, or with its date where that is not today's: `1 March 22:02 UTC`.
pub(crate) fn clock(time: Timestamp, now: Timestamp) -> String {
    let (time, now) = (time.to_zoned(TimeZone::UTC), now.to_zoned(TimeZone::UTC));
    let format = match (time.date() == now.date(), time.year() == now.year()) {
        (true, _) => "%H:%M UTC",
        (false, true) => "%-d %B %H:%M UTC",
        (false, false) => "%-d %B %Y %H:%M UTC",
    };
    time.strftime(format).to_string()
}

/// A number as it is read best: at most four digits after the point, none that say nothing.
pub(crate) fn number(value: f64) -> String {
    let rounded = (value * 10_000.0).round() / 10_000.0;
    if rounded.is_finite() && (rounded != 0.0 || value == 0.0) { rounded.to_string() } else { format!("{value:e}") }
}

/// One line without a full stop at its end, cut on a character's border.
pub(crate) fn sentence(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let visible: String = words.chars().filter(|c| !c.is_control()).collect();
    cut(visible.trim_end_matches(['.', ' ']), SENTENCE)
}

/// At most `limit` characters, the last one telling that there was more.
pub(crate) fn cut(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some(_) => text.chars().take(limit.saturating_sub(1)).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_times_and_numbers_read_well() {
        let spans =
            [(0, "0 s"), (59, "59 s"), (720, "12 min"), (3_600, "1 h"), (5_400, "1 h 30 min"), (187_200, "2 d 4 h")];
        for (seconds, told) in spans {
            assert_eq!(lasting(SignedDuration::from_secs(seconds)), told);
        }
        let now: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
        for (time, told) in [
            ("2026-03-02T10:02:59Z", "10:02 UTC"),
            ("2026-03-01T22:02:00Z", "1 March 22:02 UTC"),
            ("2025-12-31T22:02:00Z", "31 December 2025 22:02 UTC"),
        ] {
            assert_eq!(clock(time.parse().unwrap(), now), told);
        }
        let numbers = [(0.0, "0"), (2.5, "2.5"), (99.123_456, "99.1235"), (1e-7, "1e-7"), (1e15, "1000000000000000")];
        for (value, told) in numbers {
            assert_eq!(number(value), told);
        }
    }

    #[test]
    fn names_are_listed_as_far_as_they_help() {
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b"]), "a and b");
        assert_eq!(list(&["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
        assert_eq!((count(1, "alarm"), count(2, "alarm")), ("1 alarm".into(), "2 alarms".into()));
    }

    #[test]
    fn a_sentence_is_one_line_and_ends() {
        assert_eq!(sentence(" two\nlines\u{7}. "), "two lines");
        assert_eq!(sentence(&"é".repeat(999)).chars().count(), SENTENCE);
        assert_eq!(cut("abc", 2), "a…");
    }
}

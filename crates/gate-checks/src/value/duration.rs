//! How long something lasts, as people write it: `90s`, `10m`, `4h`, `1h30m`, `1d`.

use std::fmt;

use jiff::{SignedDuration, Span, SpanRelativeTo};
use serde::de::{Deserialize, Deserializer, Error, Visitor};

use crate::text::{lasting, shown};

/// How long something lasts: `90s`, `10m`, `4h`, `1h30m`, `1d`. A day has 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "String", inline))]
pub(crate) struct Duration(pub(crate) SignedDuration);

/// Longer is not meant, and reaches the limits of what can be counted from a date.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 366);

impl Duration {
    pub(crate) const fn minutes(minutes: i64) -> Self {
        Self(SignedDuration::from_mins(minutes))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let told = || format!("`{}` is no duration; write one such as 90s, 10m, 4h or 1h30m", shown(text));
        let span: Span = text.trim().parse().map_err(|_| told())?;
        let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| told())?;
        match duration {
            _ if duration.is_negative() => Err(format!("`{}` is negative; a duration is not", shown(text))),
            _ if duration > LONGEST => Err(format!("`{}` is too long; a year is the longest", shown(text))),
            _ => Ok(Self(duration)),
        }
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&lasting(self.0))
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

struct Written;

impl Visitor<'_> for Written {
    type Value = Duration;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a duration such as 90s, 10m, 4h or 1h30m")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
        Duration::parse(text).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Duration, E> {
        match number {
            0 => Ok(Duration::default()),
            _ => Err(E::custom(format!("{number} has no unit; write {number}s, {number}m or {number}h"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_people_write_them() {
        for (text, seconds) in [
            ("90s", 90),
            ("10m", 600),
            ("4h", 14_400),
            ("1h30m", 5_400),
            ("1h 30m", 5_400),
            ("1d", 86_400),
            ("0s", 0),
            ("10 minutes", 600),
        ] {
            assert_eq!(Duration::parse(text), Ok(Duration(SignedDuration::from_secs(seconds))), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_says_what_one_looks_like() {
        for (text, told) in [
            ("soon", "`soon` is no duration; write one such as 90s, 10m, 4h or 1h30m"),
            ("10", "`10` is no duration; write one such as 90s, 10m, 4h or 1h30m"),
            ("-5m", "`-5m` is negative; a duration is not"),
            ("5m ago", "`5m ago` is negative; a duration is not"),
            ("3y", "`3y` is no duration; write one such as 90s, 10m, 4h or 1h30m"),
            ("9999d", "`9999d` is too long; a year is the longest"),
        ] {
            assert_eq!(Duration::parse(text), Err(told.to_owned()));
        }
    }
}

//! Which time is shown, and in which steps.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::body::Body;
use super::problem::Problem;

/// The time a dashboard shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first second shown.
    pub start: Timestamp,
    /// The first second not shown any more.
    pub end: Timestamp,
    /// Seconds of one step instead of the periods written in the body, as the console's period selector does.
    pub period: Option<i64>,
}

impl Window {
    /// What the dashboard shows when it is opened at `now`.
    ///
    /// # Errors
    /// If the body cannot be read, or its `start` is no duration.
    pub fn opened(body: &str, now: Timestamp) -> Result<Self, Problem> {
        let start = Body::parse(body)?.start.unwrap_or_else(|| "-PT3H".to_owned());
        let wrong = |error: jiff::Error| Problem::new("start", format!("{start:?}: {error}"));
        let span: Span = start.parse().map_err(wrong)?;
        let begin = now.to_zoned(TimeZone::UTC).checked_add(span).map_err(wrong)?;
        Ok(Self { start: begin.timestamp(), end: now, period: None })
    }

    /// Seconds of the steps of a row written with `period`.
    ///
    /// Buckets begin at multiples of their period since 1970. So that one bucket holds the whole range, its period is
    /// the shortest multiple of the range's length that no such boundary cuts.
    pub(super) fn period(&self, written: i64, whole_range: bool) -> i64 {
        if !whole_range {
            return self.period.unwrap_or(written).max(60);
        }
        let (start, end) = (self.start.as_second(), self.end.as_second().max(self.start.as_second() + 1));
        let minutes = (end - start).div_euclid(60) + 1;
        let uncut = |period: &i64| start.div_euclid(*period) == (end - 1).div_euclid(*period);
        (1..).map(|times| times * minutes * 60).find(uncut).expect("a period longer than the time since 1970 fits")
    }

    /// Where each bucket of this period begins.
    pub(super) fn buckets(&self, period: i64) -> impl Iterator<Item = i64> {
        let first = self.start.as_second().div_euclid(period) * period;
        (0..).map(move |index| first + index * period).take_while(|begin| *begin < self.end.as_second())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(start: &str, end: &str) -> Window {
        Window { start: start.parse().unwrap(), end: end.parse().unwrap(), period: None }
    }

    #[test]
    fn the_start_of_the_body_counts_back_from_now() {
        let now = "2026-03-15T10:00:00Z".parse().unwrap();
        let opened = Window::opened(r#"{"start": "-P2W", "widgets": []}"#, now).unwrap();
        assert_eq!(opened, window("2026-03-01T10:00:00Z", "2026-03-15T10:00:00Z"));
        assert!(Window::opened(r#"{"start": "yesterday", "widgets": []}"#, now).is_err());
    }

    #[test]
    fn one_bucket_holds_the_whole_range() {
        for (start, end) in [
            ("2026-03-01T10:00:00Z", "2026-03-15T10:00:00Z"),
            ("2026-03-01T10:00:07Z", "2026-03-01T10:00:08Z"),
            ("2026-03-01T10:00:00Z", "2026-03-01T10:00:00Z"),
            ("1999-12-31T23:59:59Z", "2026-03-15T10:00:00Z"),
        ] {
            let window = window(start, end);
            let period = window.period(300, true);
            assert_eq!(period % 60, 0);
            assert!(window.buckets(period).count() <= 1, "{start} {end} {period}");
        }
    }

    #[test]
    fn buckets_cover_the_range_from_a_boundary_on() {
        let window = window("2026-03-01T10:30:00Z", "2026-03-01T13:00:00Z");
        let hours = window.buckets(3600).map(|second| Timestamp::from_second(second).unwrap().to_string());
        assert_eq!(hours.collect::<Vec<_>>(), ["2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z", "2026-03-01T12:00:00Z"]);
    }
}

//! The check `window`: releases go out at this time.

mod hours;
#[cfg(test)]
mod tests;
mod written;

use std::collections::BTreeSet;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::check::{Check, Measurement};
use crate::text::{clock, shown};
use crate::{CalendarQuery, Facts, Place, Question, Unanswered};

use hours::Hours;

/// Where a window does not open within this time, it is said so.
const LOOKED_AHEAD: i64 = 400;

/// Releases go out at this time.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "written::Written"))]
#[serde(try_from = "written::Written")]
pub(crate) enum Window {
    /// By what the policy says.
    Own(Schedule),
    /// By change calendars of Systems Manager.
    Calendar(CalendarQuery),
}

/// Times of a week, and what they do not hold for.
#[derive(Debug)]
pub(crate) struct Schedule {
    zone: TimeZone,
    /// Empty is always.
    open: Vec<Hours>,
    holidays: BTreeSet<Date>,
    freezes: Vec<Freeze>,
}

#[derive(Debug)]
struct Freeze {
    from: Timestamp,
    to: Timestamp,
    reason: String,
}

/// Why it is closed.
enum Closed<'s> {
    Freeze(&'s str),
    Holiday,
    Hours,
}

impl Check for Window {
    fn questions(&self, _: &Place, _: Timestamp) -> Vec<Question> {
        match self {
            Self::Own(_) => Vec::new(),
            Self::Calendar(query) => vec![Question::Calendar(query.clone())],
        }
    }

    fn measure(&self, _: &Place, facts: &Facts, now: Timestamp) -> Result<Measurement, Unanswered> {
        match self {
            Self::Own(schedule) => Ok(schedule.measure(now)),
            Self::Calendar(query) => {
                let seen = facts.calendar(query)?;
                let until = seen.changes_at.map_or_else(String::new, |until| format!(" until {}", clock(until, now)));
                Ok(match seen.open {
                    true => Measurement::pass(format!("the calendar is open{until}")),
                    false => Measurement::wait(format!("the calendar is closed{until}"), seen.changes_at),
                })
            }
        }
    }
}

impl Schedule {
    fn measure(&self, now: Timestamp) -> Measurement {
        let Err(closed) = self.state(now) else { return Measurement::pass("the window is open") };
        let opens = self.opens(now);
        let until = match opens {
            Some(opens) => format!("opens {}", opens.to_zoned(self.zone.clone()).strftime("%A %-d %B %H:%M %Z")),
            None => format!("does not open within {LOOKED_AHEAD} days"),
        };
        let why = match closed {
            Closed::Freeze(reason) => format!("releases are frozen ({}); the window", shown(reason)),
            Closed::Holiday => String::from("today is a holiday; the window"),
            Closed::Hours => String::from("the window is closed and"),
        };
        Measurement::wait(format!("{why} {until}"), opens)
    }

    /// Whether it is open at that moment. What a clock in the zone shows decides, so an hour that comes twice counts
    /// twice, and one that is left out not at all.
    fn state(&self, now: Timestamp) -> Result<(), Closed<'_>> {
        if let Some(freeze) = self.freezes.iter().find(|freeze| freeze.from <= now && now < freeze.to) {
            return Err(Closed::Freeze(&freeze.reason));
        }
        let there = self.zone.to_datetime(now);
        if self.holidays.contains(&there.date()) {
            return Err(Closed::Holiday);
        }
        let open = self.open.is_empty() || self.open.iter().any(|hours| hours.contain(there));
        if open { Ok(()) } else { Err(Closed::Hours) }
    }

    /// The first moment after `now` at which it is open.
    fn opens(&self, now: Timestamp) -> Option<Timestamp> {
        let today = self.zone.to_datetime(now).date();
        (0..LOOKED_AHEAD).find_map(|day| {
            let date = today.checked_add(SignedDuration::from_hours(24 * day)).ok()?;
            let mut moments = self.moments(date);
            moments.sort();
            moments.into_iter().find(|moment| *moment > now && self.state(*moment).is_ok())
        })
    }

    /// When it may begin to be open on that day: at midnight, when hours begin, when a freeze ends, and when the clocks
    /// change. What comes twice is named twice.
    fn moments(&self, date: Date) -> Vec<Timestamp> {
        let times = self.open.iter().map(|hours| hours.from).chain([Time::midnight()]);
        let ambiguous = times.map(|time| self.zone.to_ambiguous_timestamp(date.to_datetime(time)));
        let shown = ambiguous.flat_map(|moment| [moment.earlier(), moment.later()]).flatten();
        let is_then = |moment: &Timestamp| self.zone.to_datetime(*moment).date() == date;
        let begins = self.zone.to_timestamp(date.to_datetime(Time::midnight()));
        let changes =
            begins.into_iter().flat_map(|begins| self.zone.following(begins).map(|change| change.timestamp()));
        let thaws = self.freezes.iter().map(|freeze| freeze.to).filter(is_then);
        shown.chain(changes.take_while(is_then)).chain(thaws).collect()
    }
}

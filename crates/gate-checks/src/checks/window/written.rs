//! A window as it is written.

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::hours::{Hours, place};
use super::{Freeze, Schedule, Window};
use crate::CalendarQuery;
use crate::text::shown;

/// When releases go out: hours of a time zone, or a change calendar of Systems Manager.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    /// Open hours; without them it is always open, except on holidays and in freezes.
    #[serde(default)]
    open: Vec<WrittenHours>,
    /// The time zone by its IANA name.
    zone: Option<Zone>,
    /// Days it is closed on, such as 2026-12-25.
    #[serde(default)]
    holidays: BTreeSet<Day>,
    /// Times nothing is released, and why.
    #[serde(default)]
    freezes: Vec<WrittenFreeze>,
    /// Change calendars by name or ARN, instead of all the above; all must be open.
    #[serde(default)]
    calendar: BTreeSet<String>,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct WrittenHours {
    /// Days such as `mon` and `mon..fri`; all by default.
    #[serde(default = "every_day")]
    days: Vec<Days>,
    /// When it opens, such as 09:00.
    from: Clock,
    /// When it closes, such as 17:00; up to 24:00. One that is earlier than `from` is on the next day.
    to: Clock,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct WrittenFreeze {
    /// A day, from its beginning, or a day and a time: 2026-12-20T18:00.
    from: Moment,
    /// A day, to its end, or a day and a time.
    to: Moment,
    /// What people are told.
    reason: String,
}

/// One value written as text.
macro_rules! texts {
    ($($name:ident($what:ty) = $parse:path, $example:literal;)+) => {$(
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
        #[serde(try_from = "String")]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "String", inline))]
        struct $name($what);

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                let told = || format!("`{}` cannot be read; write {}", shown(&text), $example);
                $parse(text.trim()).map(Self).ok_or_else(told)
            }
        }
    )+};
}

texts! {
    Days([bool; 7]) = days, "a day such as mon, or days such as mon..fri";
    Clock(Option<Time>) = clock, "a time such as 09:00";
    Day(Date) = day, "a day such as 2026-12-25";
    Moment(Result<DateTime, Date>) = moment, "a day such as 2026-12-20, or a day and a time such as 2026-12-20T18:00";
}

/// A time zone.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "String", inline))]
struct Zone(TimeZone);

impl TryFrom<String> for Zone {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let told = |_| format!("no time zone is called `{}`; use an IANA name such as Europe/Paris", shown(&name));
        TimeZoneDatabase::bundled().get(&name).map(Self).map_err(told)
    }
}

fn every_day() -> Vec<Days> {
    vec![Days([true; 7])]
}

fn days(text: &str) -> Option<[bool; 7]> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let (first, last) = (weekday(first)?, weekday(last)?);
    let mut days = [false; 7];
    for day in first.cycle_forward().take(7) {
        days[place(day)] = true;
        if day == last {
            break;
        }
    }
    Some(days)
}

fn weekday(text: &str) -> Option<Weekday> {
    let names = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let text = text.trim().to_ascii_lowercase();
    let at = names.iter().position(|name| *name == text || name[..3] == text)?;
    Weekday::from_monday_zero_offset(i8::try_from(at).ok()?).ok()
}

/// `24:00` is the end of the day.
fn clock(text: &str) -> Option<Option<Time>> {
    if text == "24:00" {
        return Some(None);
    }
    let (hour, minute) = text.split_once(':').filter(|(hour, minute)| hour.len() <= 2 && minute.len() == 2)?;
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok().map(Some)
}

fn day(text: &str) -> Option<Date> {
    (text.len() == 10).then(|| text.parse().ok()).flatten()
}

fn moment(text: &str) -> Option<Result<DateTime, Date>> {
    if let Some(date) = day(text) {
        return Some(Err(date));
    }
    let is_local = text.len() >= 16
        && !text.contains(['Z', 'z', '+', '['])
        && text.bytes().filter(|byte| *byte == b'-').count() == 2;
    is_local.then(|| text.parse().ok()).flatten().map(Ok)
}

impl TryFrom<Written> for Window {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { open, zone, holidays, freezes, calendar } = written;
        let is_own = !open.is_empty() || !holidays.is_empty() || !freezes.is_empty() || zone.is_some();
        match (is_own, calendar.is_empty()) {
            (true, false) => Err(String::from("a calendar stands alone; write the hours as another check")),
            (false, false) => Ok(Self::Calendar(CalendarQuery { names: calendar })),
            (false, true) => {
                Err(String::from("this window is always open; give `open`, `holidays`, `freezes` or a `calendar`"))
            }
            (true, true) => {
                let zone = zone.map_or(TimeZone::UTC, |Zone(zone)| zone);
                let open = open.into_iter().map(WrittenHours::check).collect::<Result<_, _>>()?;
                let freezes = freezes.into_iter().map(|freeze| freeze.check(&zone)).collect::<Result<_, _>>()?;
                let holidays = holidays.into_iter().map(|Day(date)| date).collect();
                Ok(Self::Own(Schedule { zone, open, holidays, freezes }))
            }
        }
    }
}

impl WrittenHours {
    fn check(self) -> Result<Hours, String> {
        let Self { days, from: Clock(from), to: Clock(to) } = self;
        let Some(from) = from else { return Err(String::from("`from: 24:00` is the next day; write 00:00 there")) };
        if to == Some(from) {
            return Err(format!(
                "from {0} to {0} is no time at all; 00:00 to 24:00 is a whole day",
                from.strftime("%H:%M")
            ));
        }
        if days.is_empty() {
            return Err(String::from("`days` is empty, so it would never open; leave it out for every day"));
        }
        let mut all = [false; 7];
        for Days(days) in days {
            all.iter_mut().zip(days).for_each(|(all, day)| *all |= day);
        }
        Ok(Hours { days: all, from, to })
    }
}

impl WrittenFreeze {
    fn check(self, zone: &TimeZone) -> Result<Freeze, String> {
        let Self { from: Moment(from), to: Moment(to), reason } = self;
        if reason.trim().is_empty() {
            return Err(String::from("a freeze needs a reason, for those who wait"));
        }
        let from = timestamp(zone, from.unwrap_or_else(|date| date.to_datetime(Time::midnight())))?;
        let day_after = |date: Date| {
            date.checked_add(SignedDuration::from_hours(24)).map(|date| date.to_datetime(Time::midnight()))
        };
        let to =
            to.or_else(day_after).map_err(|_| String::from("a freeze that ends after the year 9999 has no end"))?;
        let to = timestamp(zone, to)?;
        if to <= from {
            return Err(format!("the freeze `{}` ends before it begins", shown(&reason)));
        }
        Ok(Freeze { from, to, reason })
    }
}

fn timestamp(zone: &TimeZone, there: DateTime) -> Result<Timestamp, String> {
    zone.to_timestamp(there).map_err(|_| format!("{there} is no moment in this time zone"))
}

//! Open hours of some days of a week.

use jiff::civil::{DateTime, Time, Weekday};

/// Open hours of some days of a week, as a clock shows them.
#[derive(Debug)]
pub(super) struct Hours {
    /// One place per weekday, Monday first.
    pub(super) days: [bool; 7],
    pub(super) from: Time,
    /// None is the end of the day; earlier than `from` is on the next day.
    pub(super) to: Option<Time>,
}

impl Hours {
    /// Hours that end on the next day belong to the day they begin on.
    pub(super) fn contain(&self, there: DateTime) -> bool {
        let (weekday, time) = (there.weekday(), there.time());
        match self.to {
            None => self.is_on(weekday) && self.from <= time,
            Some(to) if self.from < to => self.is_on(weekday) && self.from <= time && time < to,
            Some(to) => (self.is_on(weekday) && self.from <= time) || (self.is_on(weekday.previous()) && time < to),
        }
    }

    fn is_on(&self, weekday: Weekday) -> bool {
        self.days[place(weekday)]
    }
}

/// Monday is 0.
pub(super) fn place(weekday: Weekday) -> usize {
    usize::from(weekday.to_monday_zero_offset().unsigned_abs())
}

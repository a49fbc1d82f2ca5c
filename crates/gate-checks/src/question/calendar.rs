//! Change calendars of Systems Manager: which are asked for, and what they say.

use std::collections::BTreeSet;

use jiff::Timestamp;

/// Calendars by name or ARN; all must be open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CalendarQuery {
    /// Names or ARNs of documents of type `ChangeCalendar`.
    pub names: BTreeSet<String>,
}

/// What `GetCalendarState` says of them together, now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarSeen {
    /// Whether changes may be made.
    pub open: bool,
    /// When that changes next.
    pub changes_at: Option<Timestamp>,
}

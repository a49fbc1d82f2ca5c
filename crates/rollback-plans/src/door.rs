//! For whom a transition that was closed for a rollback stays closed.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::{Book, Past};

/// The most alarms remembered that called while a transition was closed.
const MOST_ALARMS: usize = 20;

impl Book {
    /// Whether the transition was closed for a rollback and not opened since.
    pub fn has_closed_door(&self) -> bool {
        self.past.iter().any(|past| past.closed_transition)
    }

    /// The alarms that must be OK before what was closed is opened: those that asked for a rollback and were never OK
    /// since, and those that called while it was closed.
    pub fn door_needed_by(&self) -> BTreeSet<&str> {
        let closing = self.past.iter().filter(|past| past.closed_transition);
        let alarms = closing.flat_map(|past| {
            let asked = past.cleared.is_none().then_some(&past.pledge.alarm);
            asked.into_iter().chain(past.needed_by.keys())
        });
        alarms.map(String::as_str).collect()
    }

    /// This alarm, red since then, calls as well while the transition is closed. `false` if nothing new is remembered.
    pub fn need_door(&mut self, alarm: &str, since: Timestamp) -> bool {
        let has_asked = |past: &Past| past.pledge.alarm == alarm && past.cleared.is_none();
        let closing = self.past.iter_mut().rev().find(|past| past.closed_transition);
        let has_room = |past: &&mut Past| !has_asked(past) && past.needed_by.len() < MOST_ALARMS;
        closing.filter(has_room).is_some_and(|past| past.needed_by.insert(alarm.to_owned(), since) != Some(since))
    }

    /// This alarm is OK since `at`. Whether it was one of those that called while the transition was closed.
    pub fn leave_door(&mut self, alarm: &str, at: Timestamp) -> bool {
        let leaves = |past: &mut Past| past.needed_by.remove(alarm).is_some();
        let waiting = |past: &&mut Past| past.needed_by.get(alarm).is_some_and(|since| *since < at);
        self.past.iter_mut().filter(waiting).map(leaves).count() > 0
    }

    /// The transition was opened.
    pub fn door_opened(&mut self) {
        self.past.iter_mut().for_each(|past| {
            past.closed_transition = false;
            past.needed_by.clear();
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, past};

    fn closed(release: &str, minute: i64, alarm: &str) -> Past {
        let mut past = Past { closed_transition: true, ..past(release, "back", minute) };
        alarm.clone_into(&mut past.pledge.alarm);
        past
    }

    fn needed(book: &Book) -> Vec<&str> {
        book.door_needed_by().into_iter().collect()
    }

    #[test]
    fn a_transition_stays_closed_for_every_alarm_that_asked_or_called() {
        let past = vec![closed("bad", 10, "errors"), closed("worse", 90, "latency")];
        let mut book = Book { past, ..Book::default() };
        assert_eq!(needed(&book), ["errors", "latency"]);
        assert!(book.need_door("health", at(95)) && !book.need_door("health", at(95)));
        assert!(!book.need_door("latency", at(95)), "it asked");
        book.clear("errors", at(100));
        assert_eq!(needed(&book), ["health", "latency"]);
        assert!(book.need_door("errors", at(101)), "it is red once more");
        assert!(!book.leave_door("errors", at(100)), "it was OK before that");
        assert!(book.leave_door("errors", at(102)) && book.leave_door("health", at(102)));
        assert!(!book.leave_door("health", at(102)));
        assert_eq!(needed(&book), ["latency"]);
        book.door_opened();
        assert_eq!((needed(&book), book.has_closed_door()), (Vec::new(), false));
    }

    #[test]
    fn where_nothing_is_closed_no_alarm_is_remembered() {
        let mut book = Book { past: vec![past("bad", "back", 10)], ..Book::default() };
        assert!(!book.need_door("health", at(20)));
        assert!(book.past[0].needed_by.is_empty());
    }

    #[test]
    fn alarms_without_number_do_not_fill_the_table() {
        let mut book = Book { past: vec![closed("bad", 10, "errors")], ..Book::default() };
        let remembered = (0..100).filter(|number| book.need_door(&format!("alarm-{number}"), at(20))).count();
        assert_eq!(remembered, MOST_ALARMS);
    }
}

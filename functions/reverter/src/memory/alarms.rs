//! Alarms in tests: they change when told, and remember it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use anyhow::Result;
use jiff::Timestamp;
use lambda_kit::Clock;
use lambda_kit::doubles::Calls;
use pipeline_model::{AlarmArn, AlarmState};
use rollback_plans::{AlarmNow, Turn};

use crate::ports::{AlarmSeen, Alarms};

/// Clones share everything.
#[derive(Debug, Clone)]
pub struct MemoryAlarms {
    calls: Calls,
    clock: Clock,
    alarms: Rc<RefCell<BTreeMap<String, Alarm>>>,
}

#[derive(Debug)]
struct Alarm {
    tags: Vec<(String, String)>,
    state: AlarmState,
    since: Timestamp,
    suppressed_by: Option<String>,
    turns: Vec<Turn>,
    is_late: bool,
    history_is_late: bool,
}

impl Alarm {
    fn told(&self) -> (AlarmState, Timestamp) {
        let before = self.turns.iter().rev().take(2).collect::<Vec<_>>();
        match before[..] {
            [last, earlier] if self.is_late => (last.from.clone(), earlier.at),
            _ => (self.state.clone(), self.since),
        }
    }
}

impl MemoryAlarms {
    pub(super) fn with(calls: Calls, clock: Clock) -> Self {
        Self { calls, clock, alarms: Rc::default() }
    }

    /// The next `number` calls fail.
    pub fn fail_next(&self, number: usize) {
        self.calls.fail_next(number);
    }

    /// Creates an alarm with these tags. Its state is `INSUFFICIENT_DATA`, as that of any new one, and it has no past.
    pub fn create(&self, name: &str, tags: &[(&str, &str)]) {
        let alarm = Alarm {
            tags: tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            state: AlarmState::InsufficientData,
            since: self.clock.now(),
            suppressed_by: None,
            turns: Vec::new(),
            is_late: false,
            history_is_late: false,
        };
        self.alarms.borrow_mut().insert(name.to_owned(), alarm);
    }

    /// The alarm changes its state now; nothing happens if it has this state or is gone. Returns what it was before.
    pub fn turn(&self, name: &str, to: AlarmState) -> Option<(AlarmState, Timestamp)> {
        let now = self.clock.now();
        self.change(name, |alarm| {
            if alarm.state == to {
                return None;
            }
            let before = (std::mem::replace(&mut alarm.state, to.clone()), std::mem::replace(&mut alarm.since, now));
            alarm.turns.push(Turn { at: now, from: before.0.clone(), to });
            Some(before)
        })?
    }

    /// Another alarm suppresses its actions, or does so no more.
    pub fn suppress(&self, name: &str, by: Option<&str>) {
        self.change(name, |alarm| alarm.suppressed_by = by.map(str::to_owned));
    }

    /// CloudWatch answers as the alarm was before its last change, or does so no more.
    pub fn answer_late(&self, name: &str, is_late: bool) {
        self.change(name, |alarm| alarm.is_late = is_late);
    }

    /// CloudWatch's history lacks the alarm's last change, or does so no more.
    pub fn remember_late(&self, name: &str, is_late: bool) {
        self.change(name, |alarm| alarm.history_is_late = is_late);
    }

    /// CloudWatch has thrown the alarm's history away.
    pub fn forget(&self, name: &str) {
        self.change(name, |alarm| alarm.turns.clear());
    }

    /// Deletes the alarm.
    pub fn delete(&self, name: &str) {
        self.alarms.borrow_mut().remove(name);
    }

    fn change<T>(&self, name: &str, change: impl FnOnce(&mut Alarm) -> T) -> Option<T> {
        self.alarms.borrow_mut().get_mut(name).map(change)
    }
}

impl Alarms for MemoryAlarms {
    async fn tags(&self, alarm: &AlarmArn) -> Result<Vec<(String, String)>> {
        let tags = || Ok(self.change(&alarm.name, |alarm| alarm.tags.clone()).unwrap_or_default());
        self.calls.make(tags).await
    }

    async fn now(&self, name: &str) -> Result<AlarmSeen> {
        let seen = |alarm: &mut Alarm| {
            let (state, since) = alarm.told();
            AlarmSeen { now: AlarmNow::Is(state), since: Some(since), suppressed_by: alarm.suppressed_by.clone() }
        };
        let gone = AlarmSeen { now: AlarmNow::Gone, since: None, suppressed_by: None };
        self.calls.make(|| Ok(self.change(name, seen).unwrap_or(gone))).await
    }

    async fn turns(&self, name: &str, since: Timestamp) -> Result<Vec<Turn>> {
        let known = |alarm: &mut Alarm| {
            let known = alarm.turns.len() - usize::from(alarm.history_is_late);
            alarm.turns[..known].iter().filter(|turn| turn.at >= since).cloned().collect()
        };
        self.calls.make(|| Ok(self.change(name, known).unwrap_or_default())).await
    }
}

//! What checks ask, answered from memory: alarms by their state, everything else as prepared.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use gate_checks::{AlarmQuery, AlarmSeen, Answer, Facts, Question, Unanswered};
use lambda_kit::doubles::Calls;
use lambda_kit::{Clock, Deadline};
use pipeline_model::AlarmState;

use crate::Secrets;
use crate::ports::Inquiry;

/// Clones share everything.
#[derive(Debug, Clone, Default)]
pub struct MemoryInquiry {
    calls: Calls,
    alarms: Rc<RefCell<BTreeMap<String, AlarmState>>>,
    prepared: Rc<RefCell<BTreeMap<Question, Answer>>>,
    asked: Rc<RefCell<Vec<Vec<Question>>>>,
    fault: Rc<Cell<Option<Fault>>>,
    takes: Rc<RefCell<Option<(Clock, Duration)>>>,
}

/// What no inquiry should do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It never ends, whatever the deadline says.
    Hangs,
    /// It panics.
    Panics,
}

impl MemoryInquiry {
    pub(super) fn with(calls: Calls) -> Self {
        Self { calls, ..Self::default() }
    }

    /// An alarm has this state from now on.
    pub fn set_alarm(&self, name: &str, state: AlarmState) {
        self.alarms.borrow_mut().insert(name.to_owned(), state);
    }

    /// This is answered to a question that is not about alarms.
    pub fn prepare(&self, question: Question, answer: Answer) {
        self.prepared.borrow_mut().insert(question, answer);
    }

    /// Every inquiry takes so long by this clock.
    pub fn take(&self, time: Duration, clock: &Clock) {
        *self.takes.borrow_mut() = Some((clock.clone(), time));
    }

    /// The next `number` inquiries find everything unreachable.
    pub fn fail_next(&self, number: usize) {
        self.calls.fail_next(number);
    }

    /// The next inquiry does this.
    pub fn break_next(&self, fault: Fault) {
        self.fault.set(Some(fault));
    }

    /// What was asked at each visit.
    pub fn asked(&self) -> Vec<Vec<Question>> {
        self.asked.borrow().clone()
    }

    fn seen(&self, chosen: impl Fn(&str) -> bool) -> Vec<AlarmSeen> {
        let alarms = self.alarms.borrow();
        let chosen = alarms.iter().filter(|(name, _)| chosen(name));
        chosen.map(|(name, state)| AlarmSeen { name: name.clone(), state: state.clone(), since: None }).collect()
    }

    fn answer(&self, question: &Question) -> Result<Answer, Unanswered> {
        match question {
            Question::Alarms(AlarmQuery::Names(names)) => Ok(Answer::Alarms(self.seen(|name| names.contains(name)))),
            Question::Alarms(AlarmQuery::Prefix(prefix)) => {
                Ok(Answer::Alarms(self.seen(|name| name.starts_with(prefix))))
            }
            other => {
                let prepared = self.prepared.borrow().get(other).cloned();
                prepared.ok_or_else(|| Unanswered::outage("nothing was prepared for this question"))
            }
        }
    }
}

impl Inquiry for MemoryInquiry {
    async fn ask(&self, questions: Vec<Question>, _: &Secrets, _: &Deadline) -> Facts {
        let unique: BTreeSet<_> = questions.iter().collect();
        assert_eq!(unique.len(), questions.len(), "nothing is asked twice");
        self.asked.borrow_mut().push(questions.clone());
        match self.fault.take() {
            None => {}
            Some(Fault::Hangs) => std::future::pending().await,
            Some(Fault::Panics) => panic!("a fault of the gatekeeper's own"),
        }
        if let Some((clock, time)) = &*self.takes.borrow() {
            clock.advance(*time);
        }
        let reached = self.calls.make(|| Ok(())).await;
        let answer = |question: &Question| match &reached {
            Ok(()) => self.answer(question),
            Err(error) => Err(Unanswered::outage(error.to_string())),
        };
        questions.into_iter().map(|question| (question.clone(), answer(&question))).collect()
    }
}

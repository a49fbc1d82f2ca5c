//! A release at a gate, told in a few lines: a policy, facts, and minutes after noon.

use jiff::{SignedDuration, Timestamp};
use pipeline_model::{AlarmState, Verdict};

use crate::question::*;
use crate::{Judgement, Memory, Opening, Place, Policy, judge};

/// Minutes after Monday, 2026-03-02T12:00:00Z.
pub(crate) fn at(minutes: i64) -> Timestamp {
    let noon: Timestamp = "2026-03-02T12:00:00Z".parse().expect("a time");
    noon + SignedDuration::from_mins(minutes)
}

/// An execution of `orders` before `Production`.
pub(crate) fn place() -> Place {
    Place {
        pipeline: Some("orders".into()),
        stage: Some("Production".into()),
        execution: Some("11111111-2222-4333-8444-555555555555".into()),
        variables: Default::default(),
    }
}

/// Opens the gate of [`place`].
pub(crate) fn opening() -> Opening {
    Opening {
        pipeline: "orders".into(),
        stage: Some("Production".into()),
        execution: "11111111-2222-4333-8444-555555555555".into(),
        by: String::from("sam@example.com"),
        reason: String::from("hotfix for the checkout"),
        until: None,
    }
}

/// The gate `name: check, name: check`, each line one item of `checks`.
pub(crate) fn policy(deadline: &str, checks: &[&str]) -> Policy {
    let checks: String = checks.iter().map(|check| format!("    - {check}\n")).collect();
    let text = format!("gate:\n  deadline: {deadline}\n  checks:\n{checks}");
    Policy::parse(&text).unwrap_or_else(|problems| panic!("{text}\n{problems:?}"))
}

/// An alarm that is asked for by name, as `state` since noon; `?` could not be asked, `-` does not exist.
pub(crate) fn alarm(name: &str, state: &str) -> (Question, Result<Answer, Unanswered>) {
    let question = Question::Alarms(AlarmQuery::Names([name.to_owned()].into()));
    let seen = |state: AlarmState| AlarmSeen { name: name.to_owned(), state, since: Some(at(0)) };
    let answer = match state {
        "?" => Err(Unanswered::outage("CloudWatch did not answer within 2 s")),
        "-" => Ok(Answer::Alarms(Vec::new())),
        state => Ok(Answer::Alarms(vec![seen(AlarmState::from(state.to_owned()))])),
    };
    (question, answer)
}

/// A release that stands at a gate.
#[derive(Debug)]
pub(crate) struct Gate {
    pub(crate) policy: Policy,
    pub(crate) place: Place,
    pub(crate) opening: Option<Opening>,
    memory: Option<Memory>,
}

impl Gate {
    pub(crate) fn new(policy: Policy) -> Self {
        Self { policy, place: place(), opening: None, memory: None }
    }

    /// A visit at `minute`, with alarms as in [`alarm`]: `a=OK b=ALARM`.
    pub(crate) fn visit(&mut self, minute: i64, alarms: &str) -> Judgement {
        self.visit_at(at(minute), alarms)
    }

    pub(crate) fn visit_at(&mut self, now: Timestamp, alarms: &str) -> Judgement {
        let pairs = alarms.split_whitespace().map(|word| word.split_once('=').expect("name=state"));
        let facts: Facts = pairs.map(|(name, state)| alarm(name, state)).collect();
        let memory = self.memory.take().unwrap_or_else(|| Memory::begin(now));
        let judgement = judge(&self.policy, &self.place, &facts, memory, self.opening.as_ref(), now);
        let stored = Memory::parse(&judgement.memory.to_json()).expect("a memory");
        assert_eq!(stored, judgement.memory);
        self.memory = Some(stored);
        judgement
    }

    /// The verdicts of visits a minute apart: `a=OK,a=ALARM`.
    pub(crate) fn verdicts(&mut self, visits: &str) -> Vec<Verdict> {
        (0..).zip(visits.split(',')).map(|(minute, alarms)| self.visit(minute, alarms).verdict).collect()
    }
}

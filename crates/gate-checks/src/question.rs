//! What a gate must know from outside, and what came back. Both are closed: a new kind of question is rare, and the
//! compiler leads from here to the shell that asks it.

mod alarms;
mod calendar;
mod executions;
mod http;
mod metric;
mod sonarqube;

use std::collections::BTreeMap;

use jiff::Timestamp;

pub use alarms::{AlarmQuery, AlarmSeen};
pub use calendar::{CalendarQuery, CalendarSeen};
pub use executions::{Execution, ExecutionsQuery, ExecutionsSeen, StageSeen};
pub use http::*;
pub use metric::*;
pub use sonarqube::*;

/// What could not be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unanswered {
    /// Why, in words that complete "could not be asked: ".
    pub why: String,
    /// Whether asking again may help.
    pub kind: UnansweredKind,
}

/// Whether asking again may help. All count as errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnansweredKind {
    /// It may pass: a timeout, a throttle, a 5xx.
    Outage,
    /// A person must mend it: a permission, a name that does not exist.
    Refused,
    /// A secret was not accepted. It may have been rotated, so the one that is kept now may be.
    Secret,
}

impl Unanswered {
    /// It may pass.
    pub fn outage(why: impl Into<String>) -> Self {
        Self { why: why.into(), kind: UnansweredKind::Outage }
    }

    /// A person must mend it.
    pub fn refused(why: impl Into<String>) -> Self {
        Self { why: why.into(), kind: UnansweredKind::Refused }
    }

    /// A secret was not accepted.
    pub fn secret(why: impl Into<String>) -> Self {
        Self { why: why.into(), kind: UnansweredKind::Secret }
    }
}

/// What came back: question by question.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    answers: BTreeMap<Question, Result<Answer, Unanswered>>,
    asked: Option<Timestamp>,
}

impl Facts {
    /// Notes what came back; a later answer to the same question replaces an earlier one.
    pub fn insert(&mut self, question: Question, answer: Result<Answer, Unanswered>) {
        self.answers.insert(question, answer);
    }

    /// The questions were asked as of this moment. Without it, they are taken to be as of the judgement.
    #[must_use]
    pub fn as_of(self, asked: Timestamp) -> Self {
        Self { asked: Some(asked), ..self }
    }

    /// Whether a target did not accept the secret it was sent.
    pub fn refuse_a_secret(&self) -> bool {
        self.answers.iter().any(|(question, answer)| match (question, answer) {
            (Question::Http(query), Ok(Answer::Http(reply))) => query.was_sent_a_wrong_secret(reply),
            (_, Err(unanswered)) => unanswered.kind == UnansweredKind::Secret,
            _ => false,
        })
    }

    /// The moment of the questions: answers come later, and what was asked as of a minute is found by that minute only.
    pub(crate) fn asked(&self, now: Timestamp) -> Timestamp {
        self.asked.unwrap_or(now)
    }
}

impl FromIterator<(Question, Result<Answer, Unanswered>)> for Facts {
    fn from_iter<I: IntoIterator<Item = (Question, Result<Answer, Unanswered>)>>(pairs: I) -> Self {
        Self { answers: pairs.into_iter().collect(), asked: None }
    }
}

macro_rules! questions {
    ($($(#[$doc:meta])+ $kind:ident($query:ty) -> $answer:ty, $get:ident;)+) => {
        /// What must be fetched. Equal questions are one.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Question {
            $($(#[$doc])+ $kind($query),)+
        }

        /// What came back, in the kind of the question.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Answer {
            $($(#[$doc])+ $kind($answer),)+
        }

        impl Facts {
            $(
                /// What came back; a question nobody asked, or an answer of another kind, is none.
                pub(crate) fn $get(&self, query: &$query) -> Result<&$answer, Unanswered> {
                    match self.answers.get(&Question::$kind(query.clone())) {
                        Some(Ok(Answer::$kind(answer))) => Ok(answer),
                        Some(Err(unanswered)) => Err(unanswered.clone()),
                        Some(Ok(_)) | None => Err(Unanswered::outage("nobody asked")),
                    }
                }
            )+
        }
    };
}

questions! {
    /// The alarms of a choice, each with its state.
    Alarms(AlarmQuery) -> Vec<AlarmSeen>, alarms;
    /// The points of a metric or an expression.
    Metric(MetricQuery) -> MetricData, metric;
    /// The reply to an HTTP request.
    Http(HttpQuery) -> HttpReply, http;
    /// What a quality gate says of an analysis.
    SonarQube(SonarQuery) -> SonarReply, sonarqube;
    /// Whether change calendars are open.
    Calendar(CalendarQuery) -> CalendarSeen, calendar;
    /// What ran in a pipeline, or in one of its stages.
    Executions(ExecutionsQuery) -> ExecutionsSeen, executions;
}

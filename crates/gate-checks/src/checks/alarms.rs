//! The check `alarms`: none of the chosen CloudWatch alarms is red.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use pipeline_model::AlarmState;
use serde::Deserialize;

use crate::check::{Check, Measurement};
use crate::text::{clock, count, list, shown};
use crate::{AlarmQuery, AlarmSeen, Facts, Place, Question, Unanswered};

/// `DescribeAlarms` takes so many names.
const MOST_NAMES: usize = 100;

/// None of the chosen alarms is red.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "Written"))]
#[serde(try_from = "Written")]
pub(crate) struct Alarms {
    names: BTreeSet<String>,
    queries: Vec<AlarmQuery>,
    /// `None`: nobody said what a lack of data means, so the terms of the check say it.
    red: Option<BTreeSet<Red>>,
}

/// CloudWatch alarms, chosen by name, prefix or tag; all that are chosen any way count.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Written {
    /// Alarms that must exist.
    #[serde(default)]
    names: BTreeSet<String>,
    /// Alarms whose name begins so.
    prefix: Option<String>,
    /// Alarms with this tag.
    tag: Option<Tag>,
    /// The states that are not fine; `ALARM` is always one of them. Left out, an alarm in `INSUFFICIENT_DATA` is no data.
    red: Option<BTreeSet<Red>>,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Tag {
    key: String,
    value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Red {
    Alarm,
    InsufficientData,
}

impl TryFrom<Written> for Alarms {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { names, prefix, tag, red } = written;
        if names.len() > MOST_NAMES {
            return Err(format!("{} names are too many; use {MOST_NAMES} at most, or a prefix", names.len()));
        }
        if red.as_ref().is_some_and(|red| !red.contains(&Red::Alarm)) {
            return Err(String::from("`red` must hold ALARM; add it, or leave `red` out"));
        }
        let named = (!names.is_empty()).then(|| AlarmQuery::Names(names.clone()));
        let prefixed = prefix.filter(|prefix| !prefix.is_empty()).map(AlarmQuery::Prefix);
        let tagged = tag.map(|Tag { key, value }| AlarmQuery::Tag { key, value });
        let queries: Vec<_> = named.into_iter().chain(prefixed).chain(tagged).collect();
        if queries.is_empty() {
            return Err(String::from("no alarms are chosen; give `names`, a `prefix` or a `tag`"));
        }
        Ok(Self { names, queries, red })
    }
}

impl Check for Alarms {
    fn questions(&self, _: &Place, _: Timestamp) -> Vec<Question> {
        self.queries.iter().cloned().map(Question::Alarms).collect()
    }

    fn measure(&self, _: &Place, facts: &Facts, now: Timestamp) -> Result<Measurement, Unanswered> {
        let mut seen: BTreeMap<&str, &AlarmSeen> = BTreeMap::new();
        for query in &self.queries {
            seen.extend(facts.alarms(query)?.iter().map(|alarm| (alarm.name.as_str(), alarm)));
        }
        let missing: Vec<_> = self.names.iter().filter(|name| !seen.contains_key(name.as_str())).collect();
        if !missing.is_empty() {
            let verb = if missing.len() == 1 { "does" } else { "do" };
            return Ok(Measurement::fail(format!("{} {verb} not exist", list(&missing))));
        }
        Ok(self.of(&seen.into_values().collect::<Vec<_>>(), now))
    }
}

impl Alarms {
    fn of(&self, seen: &[&AlarmSeen], now: Timestamp) -> Measurement {
        if seen.is_empty() {
            return Measurement::no_data("no alarm was found");
        }
        let judged = |want| seen.iter().filter(|alarm| self.look(&alarm.state) == want).copied().collect::<Vec<_>>();
        let (red, unknown, silent) = (judged(Look::Red), judged(Look::Unknown), judged(Look::Silent));
        let fine = seen.len() - red.len() - unknown.len() - silent.len();
        let are = if seen.len() == 1 { "is" } else { "are" };
        let so_far = match seen.len() {
            1 => String::new(),
            _ => format!("{fine} of {} {are} fine; ", count(seen.len(), "alarm")),
        };
        let told = |alarms: &[&AlarmSeen]| format!("{so_far}{}", states(alarms, now));
        match (red.is_empty(), unknown.is_empty(), silent.is_empty()) {
            (false, ..) => Measurement::fail(told(&red)),
            (_, false, _) => Measurement::inconclusive(told(&unknown)),
            (.., false) => Measurement::no_data(told(&silent)),
            _ if seen.iter().all(|alarm| alarm.state == AlarmState::Ok) => {
                Measurement::pass(format!("{} {are} OK", count(seen.len(), "alarm")))
            }
            _ => Measurement::pass(format!("{} {are} fine", count(seen.len(), "alarm"))),
        }
    }

    /// Nobody knows of a state that CloudWatch invents tomorrow.
    fn look(&self, state: &AlarmState) -> Look {
        match (state, &self.red) {
            (AlarmState::Ok, _) => Look::Fine,
            (AlarmState::Alarm, _) => Look::Red,
            (AlarmState::InsufficientData, None) => Look::Silent,
            (AlarmState::InsufficientData, Some(red)) if red.contains(&Red::InsufficientData) => Look::Red,
            (AlarmState::InsufficientData, Some(_)) => Look::Fine,
            (AlarmState::Unknown(_), _) => Look::Unknown,
        }
    }
}

/// What the state of an alarm means to the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Fine,
    Red,
    /// It has no data, and nobody said what that means.
    Silent,
    Unknown,
}

/// `a is in ALARM since 10:02 UTC, b is in ALARM and 2 more`.
fn states(alarms: &[&AlarmSeen], now: Timestamp) -> String {
    let told: Vec<String> = alarms
        .iter()
        .take(3)
        .map(|alarm| {
            let since = alarm.since.map_or_else(String::new, |since| format!(" since {}", clock(since, now)));
            format!("{} is in {}{since}", shown(&alarm.name), shown(alarm.state.as_str()))
        })
        .collect();
    match alarms.len() - told.len() {
        0 => told.join(", "),
        more => format!("{} and {more} more", told.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Answer;
    use crate::check::Measured;
    use crate::testing::{at, policy};

    /// What the check says of alarms such as `a=OK b=ALARM`, all of them found by each of its questions.
    fn says(check: &str, alarms: &str) -> (Measured, String) {
        let policy = policy("1h", &[&format!("alarms: {check}")]);
        let seen: Vec<_> = alarms
            .split_whitespace()
            .map(|word| {
                let (name, state) = word.split_once('=').unwrap();
                AlarmSeen { name: name.to_owned(), state: AlarmState::from(state.to_owned()), since: Some(at(-118)) }
            })
            .collect();
        let questions = policy.questions(&Place::default(), at(0));
        let facts = questions.into_iter().map(|question| (question, Ok(Answer::Alarms(seen.clone())))).collect();
        let measurement = policy.rules[0].check.measure(&Place::default(), &facts, at(0)).unwrap();
        (measurement.measured, measurement.says)
    }

    #[test]
    fn what_is_measured_is_told_with_its_numbers() {
        use Measured::{Fail, Inconclusive, NoData, Pass};
        for (check, alarms, measured, told) in [
            ("{ names: [a] }", "a=OK", Pass, "1 alarm is OK"),
            ("{ names: [a, b] }", "a=OK b=OK", Pass, "2 alarms are OK"),
            (
                "{ names: [a, b] }",
                "a=OK b=INSUFFICIENT_DATA",
                NoData,
                "1 of 2 alarms are fine; b is in INSUFFICIENT_DATA since 10:02 UTC",
            ),
            ("{ names: [a, b], red: [ALARM] }", "a=OK b=INSUFFICIENT_DATA", Pass, "2 alarms are fine"),
            (
                "{ names: [a, b] }",
                "a=ALARM b=INSUFFICIENT_DATA",
                Fail,
                "0 of 2 alarms are fine; a is in ALARM since 10:02 UTC",
            ),
            ("{ names: [a] }", "a=ALARM", Fail, "a is in ALARM since 10:02 UTC"),
            (
                "{ names: [a, b, c] }",
                "a=OK b=ALARM c=OK",
                Fail,
                "2 of 3 alarms are fine; b is in ALARM since 10:02 UTC",
            ),
            (
                "{ names: [a], red: [ALARM, INSUFFICIENT_DATA] }",
                "a=INSUFFICIENT_DATA",
                Fail,
                "a is in INSUFFICIENT_DATA since 10:02 UTC",
            ),
            ("{ names: [a] }", "a=SNOOZED", Inconclusive, "a is in SNOOZED since 10:02 UTC"),
            ("{ names: [a, b] }", "a=OK", Fail, "b does not exist"),
            ("{ names: [a, b, c] }", "a=ALARM", Fail, "b and c do not exist"),
            ("{ prefix: or }", "", NoData, "no alarm was found"),
            ("{ tag: { key: team, value: or } }", "a=OK b=OK", Pass, "2 alarms are OK"),
            ("{ prefix: a, tag: { key: team, value: or } }", "a=OK", Pass, "1 alarm is OK"),
        ] {
            assert_eq!(says(check, alarms), (measured, told.to_owned()), "{check} {alarms}");
        }
        let many: String = (0..9).map(|at| format!("a{at}=ALARM ")).collect();
        assert!(says("{ prefix: a }", &many).1.ends_with("a2 is in ALARM since 10:02 UTC and 6 more"));
    }

    #[test]
    fn a_choice_of_nothing_is_refused() {
        for check in [
            "{}",
            "{ names: [] }",
            "{ prefix: '' }",
            "{ names: [a], red: [] }",
            "{ names: [a], red: [OK] }",
            "{ names: [a], red: [INSUFFICIENT_DATA] }",
        ] {
            let text = format!("gate: {{ checks: [{{ alarms: {check} }}] }}");
            assert_eq!(crate::Policy::parse(&text).unwrap_err().len(), 1, "{check}");
        }
    }
}

//! The words about a gate: what it waits for, who opened it, and what each check says.

use std::collections::BTreeMap;

use pipeline_model::Verdict;

use super::Tone;
use super::failure::Reasons;
use super::said::{Said, in_place};
use crate::gate::{Check, Stand, Visit};
use crate::story::Story;
use crate::text::{Text, duration};

/// Openings that get a line in a message; others are counted.
const OPENINGS_SHOWN: usize = 3;
/// Gates a message explains; there are rarely two at a time.
const GATES_SHOWN: usize = 3;

impl Said for Visit {
    fn nameless(&self) -> &'static str {
        "A deployment"
    }

    fn headline(&self, name: Text) -> Text {
        match self.stand {
            Stand::Held => at_gate(name.plain(" is held at the gate"), self),
            Stand::Passed => at_gate(name.plain(" passed the gate"), self).plain(after(self)),
            Stand::Opened => by(at_gate(name.plain(" was let through the gate"), self), self),
            Stand::Inconclusive | Stand::Error | Stand::Failed => {
                at_gate(name.plain(" was stopped at the gate"), self).plain(after(self))
            }
        }
    }

    fn remark(&self) -> Text {
        let text = match self.stand {
            Stand::Opened => opening(self),
            Stand::Passed | Stand::Held => at_gate(Text::new().plain("Passed the gate"), self).plain(after(self)),
            Stand::Inconclusive | Stand::Error | Stand::Failed => {
                at_gate(Text::new().plain("Stopped at the gate"), self).plain(after(self))
            }
        };
        explained(text, self.reason.as_deref().filter(|_| self.stand != Stand::Opened), table(self))
    }

    fn sections(&self) -> Vec<Text> {
        let given = self.opened_because.as_deref().map(|because| format!("Reason given: {because}"));
        let reason = || self.reason.clone().filter(|_| !self.is_explained_by_its_checks());
        let said = given.or_else(reason).map_or_else(Text::new, |said| Text::new().plain(said));
        [said, table(self)].into_iter().filter(|section| !section.is_empty()).collect()
    }

    fn stopped(&self, name: Text, reported: Option<&str>, reasons: Reasons) -> Text {
        let below = reasons == Reasons::Below && self.is_explained_by_its_checks();
        let reason = self.reason.as_deref().or(reported).filter(|_| !below);
        name.plain(format!(" stopped the release{}", after(self))).because(reason)
    }

    fn tone(&self) -> Tone {
        match self.stand {
            Stand::Held => Tone::Waiting,
            Stand::Passed | Stand::Opened => Tone::Running,
            Stand::Inconclusive | Stand::Error | Stand::Failed => Tone::Bad,
        }
    }

    fn facts(&self) -> BTreeMap<&'static str, String> {
        let facts = [
            ("gate", Some(self.stand.as_str().to_owned())),
            ("policy", self.place.policy.clone()),
            ("openedBy", self.opened_by.clone()),
        ];
        facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// What the gates an execution stands at wait for, or why they stopped it.
pub(super) fn standing(story: &Story) -> Vec<Text> {
    let visits = story.at_gates();
    let more = visits.len().saturating_sub(GATES_SHOWN);
    let more = (more > 0).then(|| Text::new().plain(format!("and {more} more gates")));
    visits.into_iter().take(GATES_SHOWN).map(|(_, visit)| waiting(visit)).chain(more).collect()
}

/// What did not pass at the gates an attempt failed by.
pub(super) fn behind(story: &Story, attempt: u32) -> impl Iterator<Item = Text> {
    story.gates_behind(attempt).into_iter().take(GATES_SHOWN).map(not_passing)
}

/// A line for each gate that a person opened, latest last.
pub(super) fn openings(story: &Story) -> Option<Text> {
    let visits = story.gates.all();
    let opened: Vec<_> = visits.iter().filter(|(_, visit)| visit.stand == Stand::Opened).collect();
    let hidden = opened.len().saturating_sub(OPENINGS_SHOWN);
    let lines = opened[hidden..].iter().map(|(_, visit)| opening(visit));
    let more = (hidden > 0).then(|| Text::new().plain(format!("and {hidden} gates opened before")));
    lines.chain(more).reduce(|text, line| text.line().then(line))
}

/// Who opened a gate, and why.
fn opening(visit: &Visit) -> Text {
    let text = by(at_gate(Text::new().plain("The gate"), visit).plain(" was opened"), visit).plain(after(visit));
    match visit.opened_because.as_deref() {
        Some(because) => text.plain(format!(": {because}")),
        None => text.plain(", and no reason was given"),
    }
}

/// Since when, until when at most, and for what.
fn waiting(visit: &Visit) -> Text {
    let name = visit.place.action.as_ref().map_or("The gate", |action| action.as_str());
    let text = Text::new().bold(name);
    let text = match (visit.stand, visit.since) {
        (Stand::Held, since) => text.plain(" has waited since ").time(since.unwrap_or(visit.at)),
        _ => text.plain(format!(" stopped the release{}", after(visit))),
    };
    let text = match visit.until.filter(|_| visit.stand == Stand::Held) {
        Some(until) => text.plain(", and waits until ").time(until).plain(" at most"),
        None => text,
    };
    explained(text, visit.reason.as_deref(), not_passing(visit))
}

/// By its checks, else by the reason that was given.
fn explained(text: Text, reason: Option<&str>, checks: Text) -> Text {
    if checks.is_empty() { text.because(reason) } else { text.line().then(checks) }
}

/// A line for each check that keeps the gate from opening.
fn not_passing(visit: &Visit) -> Text {
    list(visit.checks.iter().filter(|check| !check.passes()), visit.more_open)
}

/// A line for each check: its result, its name, what it says.
fn table(visit: &Visit) -> Text {
    list(visit.checks.iter(), visit.more)
}

fn list<'a>(checks: impl Iterator<Item = &'a Check>, more: usize) -> Text {
    let more = match more {
        0 => None,
        1 => Some(Text::new().plain("and one more check")),
        more => Some(Text::new().plain(format!("and {more} more checks"))),
    };
    checks.map(line).chain(more).reduce(|text, line| text.line().then(line)).unwrap_or_default()
}

fn line(check: &Check) -> Text {
    let (sign, word) = match Verdict::from(check.verdict.clone()) {
        Verdict::Pass => ("✓", String::from(" passed")),
        Verdict::Wait => ("⏸", String::from(" waits")),
        Verdict::Inconclusive => ("?", String::from(" is inconclusive")),
        Verdict::Error => ("!", String::from(" could not be made")),
        Verdict::Fail => ("✗", String::from(" failed")),
        Verdict::Unknown(word) if word.is_empty() => ("■", String::new()),
        Verdict::Unknown(word) => ("■", format!(" is {word}")),
    };
    let text = Text::new().plain(format!("{sign} "));
    let text = if check.passes() { text.plain(check.name.as_str()) } else { text.bold(check.name.as_str()) };
    let text = text.plain(format!("{word}{}", if check.advisory { ", which is not counted" } else { "" }));
    text.because(check.says.as_deref())
}

fn at_gate(text: Text, visit: &Visit) -> Text {
    in_place(text, &visit.place, " ")
}

fn by(text: Text, visit: &Visit) -> Text {
    match &visit.opened_by {
        Some(person) => text.plain(" by ").bold(person.as_str()),
        None => text.plain(" by hand"),
    }
}

fn after(visit: &Visit) -> String {
    visit.waited().map_or_else(String::new, |(since, at)| format!(" after {}", duration(since, at)))
}

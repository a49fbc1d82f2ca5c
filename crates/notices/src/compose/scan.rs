//! The words about a scan: how much it found, the worst of it and where, what it could not read, what to do.

use std::collections::BTreeMap;

use super::Tone;
use super::failure::Reasons;
use crate::scan::{Ended, Found, Scanned, Unread};
use crate::story::Story;
use crate::text::{Text, is_web_address};

/// Scans a message explains; there are rarely two at a time.
const SCANS_SHOWN: usize = 2;

/// How a scan ended, in one sentence.
pub(super) fn headline(name: Text, scanned: &Scanned) -> Text {
    match scanned.ended {
        Ended::Passed => of_it(name.plain(" passed the scan"), scanned, " "),
        Ended::Error => of_it(name.plain(" was stopped: it could not be scanned"), scanned, " by "),
        Ended::Failed => of_it(name.plain(" was stopped by the scan"), scanned, " "),
    }
}

/// What a scan said, for a place where the release stands above.
pub(super) fn remark(scanned: &Scanned) -> Text {
    let text = match scanned.ended {
        Ended::Passed => {
            let text =
                of_it(Text::new().plain("Passed the scan"), scanned, " ").plain(format!(": {}", result(scanned)));
            return reported(text, scanned);
        }
        Ended::Error => of_it(Text::new().plain("Could not be scanned"), scanned, " by "),
        Ended::Failed => of_it(Text::new().plain("Stopped by the scan"), scanned, " "),
    };
    evidence(scanned).into_iter().fold(because(text, why(scanned)), |text, section| text.line().then(section))
}

/// All there is to say about one scan, for a message of its own.
pub(super) fn sections(scanned: &Scanned) -> Vec<Text> {
    let said = match scanned.ended {
        Ended::Passed => Some(result(scanned)),
        Ended::Error | Ended::Failed => why(scanned),
    };
    said.map(|said| Text::new().plain(said)).into_iter().chain(evidence(scanned)).collect()
}

/// What stopped the release: in full, or by numbers alone if what they count is listed below.
pub(super) fn stopped(name: Text, scanned: &Scanned, answer: Option<&str>, reasons: Reasons) -> Text {
    let text = match scanned.ended {
        Ended::Error => name.plain(" could not be made"),
        Ended::Passed | Ended::Failed => name.plain(" stopped the release"),
    };
    let reason = scanned.reason.as_deref().or(answer).map(str::to_owned);
    match reasons {
        Reasons::Here => {
            let said: Vec<String> = numbers(scanned).into_iter().chain(reason).collect();
            reported(because(text, Some(said.join(". ")).filter(|said| !said.is_empty())), scanned)
        }
        Reasons::Below => because(text, why(scanned).or(reason)),
    }
}

fn because(text: Text, said: Option<String>) -> Text {
    match said {
        Some(said) => text.plain(format!(": {said}")),
        None => text,
    }
}

/// With the report's page at its end, if it has one.
fn reported(text: Text, scanned: &Scanned) -> Text {
    match scanned.report.as_deref().filter(|report| is_web_address(report)) {
        Some(report) => text.plain("  ·  ").link("Report", Some(report)),
        None => text,
    }
}

/// The scans that have stopped an execution that does not know of it yet.
pub(super) fn standing(story: &Story) -> Vec<Text> {
    let mut sections = Vec::new();
    for (_, scanned) in story.at_scans().into_iter().take(SCANS_SHOWN) {
        let name = scanned.action.as_ref().map_or("The scan", |action| action.as_str());
        sections.push(stopped(Text::new().bold(name), scanned, None, Reasons::Below));
        sections.extend(evidence(scanned));
    }
    sections
}

/// What was found by the scans an attempt failed by.
pub(super) fn behind(story: &Story, attempt: u32) -> impl Iterator<Item = Text> {
    story.scans_behind(attempt).into_iter().take(SCANS_SHOWN).flat_map(evidence)
}

pub(super) fn tone(scanned: &Scanned) -> Tone {
    if scanned.ended.stops() { Tone::Bad } else { Tone::Running }
}

/// What a program wants to know of it.
pub(super) fn facts(scanned: &Scanned) -> BTreeMap<&'static str, String> {
    let facts = [
        ("scan", Some(scanned.ended.as_str().to_owned())),
        ("policy", scanned.policy.clone()),
        ("findings", findings(scanned)),
        ("report", scanned.report.clone()),
    ];
    facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// What a scan found that passed.
fn result(scanned: &Scanned) -> String {
    let left = [(scanned.known, "known"), (scanned.suppressed, "suppressed")].into_iter();
    let left = left.filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}"));
    let unreadable = unreadable(scanned).map(|said| format!("{said} as the policy allows"));
    let said: Vec<String> = findings(scanned).into_iter().chain(left).chain(unreadable).collect();
    if said.is_empty() { String::from("nothing found") } else { said.join(", ") }
}

/// Why the release does not go on: in numbers, since what they count is listed; but why no scan was made, in words.
fn why(scanned: &Scanned) -> Option<String> {
    let reason = || scanned.reason.clone();
    if scanned.ended == Ended::Error { reason().or_else(|| numbers(scanned)) } else { numbers(scanned).or_else(reason) }
}

/// What was found and what could not be read, in numbers.
fn numbers(scanned: &Scanned) -> Option<String> {
    let said: Vec<String> = findings(scanned).into_iter().chain(unreadable(scanned)).collect();
    (!said.is_empty()).then(|| said.join(", "))
}

/// `1 critical and 12 low findings`.
fn findings(scanned: &Scanned) -> Option<String> {
    let counts = scanned.counts;
    let words = [(counts.critical, "critical"), (counts.high, "high"), (counts.medium, "medium"), (counts.low, "low")];
    let words = words.into_iter().filter(|(number, _)| *number > 0);
    let mut words: Vec<String> = words.map(|(number, word)| format!("{number} {word}")).collect();
    let last = words.pop()?;
    let words = if words.is_empty() { last } else { format!("{} and {last}", words.join(", ")) };
    Some(format!("{words} {}", if counts.all() == 1 { "finding" } else { "findings" }))
}

fn unreadable(scanned: &Scanned) -> Option<String> {
    match scanned.gaps {
        0 => None,
        1 => Some(String::from("1 entry not readable")),
        gaps => Some(format!("{gaps} entries not readable")),
    }
}

/// What was found where, what could not be read, what to do and where to read on: a paragraph each.
fn evidence(scanned: &Scanned) -> Vec<Text> {
    let found = list(scanned.top.iter().map(found), scanned.more_findings());
    let unread = list(scanned.unread.iter().map(unread), scanned.more_unread());
    let mut sections = vec![found, unread, what_to_do(scanned)];
    sections.retain(|section| !section.is_empty());
    sections
}

fn list(lines: impl Iterator<Item = Text>, more: u64) -> Text {
    let listed = lines.reduce(|text, line| text.line().then(line));
    match (listed, more) {
        // What nothing is listed of is counted by the line above.
        (None, _) => Text::new(),
        (Some(text), 0) => text,
        (Some(text), 1) => text.line().plain("and one more"),
        (Some(text), more) => text.line().plain(format!("and {more} more")),
    }
}

/// `• AWS secret key (critical) in app.jar!/config/app.yml, line 3, column 7, and one more place`.
fn found(found: &Found) -> Text {
    let text = Text::new().plain("• ").bold(found.title.as_str());
    let text = if found.severity.is_empty() { text } else { text.plain(format!(" ({})", found.severity)) };
    if found.path.is_empty() {
        return text;
    }
    let line = found.line.map_or_else(String::new, |line| format!(", line {line}"));
    let column = found.column.filter(|_| found.line.is_some());
    let column = column.map_or_else(String::new, |column| format!(", column {column}"));
    let elsewhere = match found.elsewhere {
        0 => String::new(),
        1 => String::from(", and one more place"),
        places => format!(", and {places} more places"),
    };
    text.plain(format!(" in {}{line}{column}{elsewhere}", found.path))
}

/// `• Not readable: vendor.zip is encrypted`.
fn unread(unread: &Unread) -> Text {
    let path = unread.path.as_deref().unwrap_or("the artifact");
    let why = unread.why.as_deref().map_or_else(String::new, |why| format!(" {why}"));
    Text::new().plain("• Not readable: ").bold(path).plain(why)
}

/// What to do about the worst finding if that is why, else what the scan itself says, unless it stands above; and the report.
fn what_to_do(scanned: &Scanned) -> Text {
    let said = scanned.reason.as_deref().filter(|_| scanned.ended == Ended::Failed && numbers(scanned).is_some());
    let text = match (scanned.advice.as_deref().filter(|_| scanned.is_explained_by_its_findings()), said) {
        (Some(advice), _) => Text::new().plain(format!("What to do: {advice}")),
        (None, Some(said)) => Text::new().plain(said),
        (None, None) => Text::new(),
    };
    match scanned.report.as_deref() {
        None => text,
        Some(report) => {
            let text = if text.is_empty() { text } else { text.line() };
            if is_web_address(report) {
                text.link("Report", Some(report))
            } else {
                text.plain(format!("Report: {report}"))
            }
        }
    }
}

/// In its stage, else by the name of its policy.
fn of_it(text: Text, scanned: &Scanned, before_the_policy: &'static str) -> Text {
    match (&scanned.stage, &scanned.policy) {
        (Some(stage), _) => text.plain(" in ").bold(stage.as_str()),
        (None, Some(policy)) => text.plain(before_the_policy).bold(policy.as_str()),
        (None, None) => text,
    }
}

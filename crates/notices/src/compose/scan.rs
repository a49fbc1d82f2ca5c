//! The words about a scan: how much it found, the worst of it and where, what it could not read, what to do.

use std::collections::BTreeMap;

use super::Tone;
use super::failure::Reasons;
use super::said::{Said, in_place};
use crate::scan::{Ended, Found, Scanned, Unread};
use crate::stopper::Stopper;
use crate::story::Story;
use crate::text::{Text, is_web_address};

/// Scans a message explains; there are rarely two at a time.
const SCANS_SHOWN: usize = 2;

impl Said for Scanned {
    fn nameless(&self) -> &'static str {
        "A release"
    }

    fn headline(&self, name: Text) -> Text {
        match self.ended {
            Ended::Passed => in_place(name.plain(" passed the scan"), &self.place, " "),
            Ended::Error => in_place(name.plain(" was stopped: it could not be scanned"), &self.place, " by "),
            Ended::Failed => in_place(name.plain(" was stopped by the scan"), &self.place, " "),
        }
    }

    fn remark(&self) -> Text {
        let text = match self.ended {
            Ended::Passed => {
                let text = in_place(Text::new().plain("Passed the scan"), &self.place, " ")
                    .plain(format!(": {}", result(self)));
                return with_report(text, self);
            }
            Ended::Error => in_place(Text::new().plain("Could not be scanned"), &self.place, " by "),
            Ended::Failed => in_place(Text::new().plain("Stopped by the scan"), &self.place, " "),
        };
        evidence(self).into_iter().fold(text.because(why(self).as_deref()), |text, section| text.line().then(section))
    }

    fn sections(&self) -> Vec<Text> {
        let said = match self.ended {
            Ended::Passed => Some(result(self)),
            Ended::Error | Ended::Failed => why(self),
        };
        said.map(|said| Text::new().plain(said)).into_iter().chain(evidence(self)).collect()
    }

    fn stopped(&self, name: Text, reported: Option<&str>, reasons: Reasons) -> Text {
        let text = match self.ended {
            Ended::Error => name.plain(" could not be made"),
            Ended::Passed | Ended::Failed => name.plain(" stopped the release"),
        };
        let reason = self.reason.as_deref().or(reported).map(str::to_owned);
        match reasons {
            Reasons::Here => {
                let said: Vec<String> = numbers(self).into_iter().chain(reason).collect();
                with_report(text.because(Some(said.join(". ").as_str()).filter(|said| !said.is_empty())), self)
            }
            Reasons::Below => text.because(why(self).or(reason).as_deref()),
        }
    }

    fn tone(&self) -> Tone {
        if self.stops() { Tone::Bad } else { Tone::Running }
    }

    fn facts(&self) -> BTreeMap<&'static str, String> {
        let facts = [
            ("scan", Some(self.ended.as_str().to_owned())),
            ("policy", self.place.policy.clone()),
            ("findings", findings(self)),
            ("report", self.report.clone()),
        ];
        facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// With the report's page at its end, if it has one.
fn with_report(text: Text, scanned: &Scanned) -> Text {
    match scanned.report.as_deref().filter(|report| is_web_address(report)) {
        Some(report) => text.plain("  ·  ").link("Report", Some(report)),
        None => text,
    }
}

/// The scans that have stopped an execution that does not know of it yet.
pub(super) fn standing(story: &Story) -> Vec<Text> {
    let mut sections = Vec::new();
    for (_, scanned) in story.at_scans().into_iter().take(SCANS_SHOWN) {
        let name = scanned.place.action.as_ref().map_or("The scan", |action| action.as_str());
        sections.push(scanned.stopped(Text::new().bold(name), None, Reasons::Below));
        sections.extend(evidence(scanned));
    }
    sections
}

/// What was found by the scans an attempt failed by.
pub(super) fn behind(story: &Story, attempt: u32) -> impl Iterator<Item = Text> {
    story.scans_behind(attempt).into_iter().take(SCANS_SHOWN).flat_map(evidence)
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

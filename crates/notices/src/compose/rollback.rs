//! The words about a rollback: what was decided, which alarm asked, from what to what, and what a person can run.

use std::collections::BTreeMap;

use pipeline_model::{ExecutionId, PipelineArn};

use super::{Tone, lines};
use crate::facts::Commit;
use crate::rollback::{Ending, Rollbacks, Ruling};
use crate::text::{Text, duration};

/// Decisions beside the first one that get a line in a message; others are counted.
const OTHERS_SHOWN: usize = 3;

/// What is known of the release besides the decision.
#[derive(Debug, Clone, Copy)]
pub(super) struct Release<'a> {
    pub(super) pipeline: Option<&'a PipelineArn>,
    pub(super) commit: Option<&'a Commit>,
}

/// What was decided, in one sentence. That a rollback was done means that its service took it on: what it leads to only
/// the alarm tells.
pub(super) fn headline(name: Text, ruling: &Ruling) -> Text {
    let verb = match ruling.ending {
        Ending::Done if ruling.cleared_at.is_some() => " was rolled back",
        Ending::Done => " is being rolled back",
        Ending::Failed => " could not be rolled back",
        Ending::Refused => " was not rolled back",
        Ending::Observed => " would have been rolled back",
    };
    let text = in_stage(name.plain(verb), ruling);
    // The same release may have been rolled back for another alarm.
    match &ruling.alarm {
        Some(alarm) if ruling.ending == Ending::Refused => text.plain(" for alarm ").bold(alarm.as_str()),
        _ => text,
    }
}

/// That the alarm is quiet, in one sentence that stands alone.
pub(super) fn cleared_headline(name: Text, ruling: &Ruling) -> Text {
    in_stage(is_quiet(name.plain(": alarm "), ruling), ruling)
}

/// That the alarm is quiet, for a place where the rollback stands above.
pub(super) fn cleared(ruling: &Ruling) -> Text {
    is_quiet(Text::new().plain("Alarm "), ruling)
}

fn is_quiet(text: Text, ruling: &Ruling) -> Text {
    let text = text.bold(ruling.alarm.as_deref().unwrap_or("without a name"));
    let after = ruling.cleared_at.filter(|cleared| *cleared > ruling.at);
    text.plain(match after {
        Some(cleared) => format!(" is OK again, {} after the rollback", duration(ruling.at, cleared)),
        None => String::from(" is OK again after the rollback"),
    })
}

/// A release that was rolled back is bad until its alarm is quiet; whatever nobody did is a question to people.
pub(super) fn tone(ruling: &Ruling) -> Tone {
    match ruling.ending {
        Ending::Done if ruling.cleared_at.is_some() => Tone::Neutral,
        Ending::Done | Ending::Failed => Tone::Bad,
        Ending::Refused => Tone::Waiting,
        Ending::Observed => Tone::Neutral,
    }
}

/// What a program wants to know of it.
pub(super) fn facts(ruling: &Ruling) -> BTreeMap<&'static str, String> {
    let id = |id: &Option<ExecutionId>| id.as_ref().map(ToString::to_string);
    let revision = |commit: &Option<Commit>| commit.as_ref().map(|commit| commit.id.clone());
    let facts = [
        ("alarm", ruling.alarm.clone()),
        ("refusal", ruling.refusal.clone()),
        ("from", revision(&ruling.from)),
        ("to", revision(&ruling.to)),
        ("rollbackExecutionId", id(&ruling.rollback_execution)),
        ("targetExecutionId", id(&ruling.target_execution)),
    ];
    facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// All there is to say about one decision.
pub(super) fn sections(ruling: &Ruling, release: Release<'_>) -> Vec<Text> {
    let reason = ruling.reason.as_deref().map_or_else(Text::new, |reason| Text::new().plain(reason));
    let sections = [alarm(ruling), reason, change(ruling, release), steps(ruling), commands(ruling)];
    sections.into_iter().filter(|section| !section.is_empty()).collect()
}

/// A line for each of the other decisions.
pub(super) fn others(rollbacks: &Rollbacks, than: Option<&str>) -> Option<Text> {
    let others = rollbacks.others(than);
    let hidden = others.len().saturating_sub(OTHERS_SHOWN);
    let mut text = Text::new();
    for (at, ruling) in others[hidden..].iter().enumerate() {
        text = if at > 0 { text.line() } else { text }.then(in_short(ruling));
    }
    match hidden {
        0 => {}
        1 => text = text.line().plain("and one earlier decision"),
        more => text = text.line().plain(format!("and {more} earlier decisions")),
    }
    (!text.is_empty()).then_some(text)
}

fn in_short(ruling: &Ruling) -> Text {
    let verb = match ruling.ending {
        Ending::Done => "Rollback begun",
        Ending::Failed => "Could not be rolled back",
        Ending::Refused => "Not rolled back",
        Ending::Observed => "Would have been rolled back",
    };
    let text = in_stage(Text::new().plain(verb), ruling);
    let text = match &ruling.alarm {
        Some(alarm) => text.plain(" for alarm ").link(alarm.as_str(), ruling.alarm_url.as_deref()),
        None => text,
    };
    text.because(ruling.reason.as_deref())
}

fn in_stage(text: Text, ruling: &Ruling) -> Text {
    match &ruling.stage {
        Some(stage) => text.plain(" in ").bold(stage.as_str()),
        None => text,
    }
}

/// Which alarm, since when, and why it is red.
fn alarm(ruling: &Ruling) -> Text {
    let Some(name) = ruling.alarm.as_deref() else { return Text::new() };
    let text = Text::new().plain("Alarm ").link(name, ruling.alarm_url.as_deref());
    let text = match (ruling.red_since, ruling.cleared_at) {
        (Some(since), Some(cleared)) => text.plain(", red from ").time(since).plain(" to ").time(cleared),
        (Some(since), None) => text.plain(", red since ").time(since),
        (None, Some(cleared)) => text.plain(", OK again since ").time(cleared),
        (None, None) => text,
    };
    text.because(ruling.alarm_reason.as_deref())
}

/// From which release to which.
fn change(ruling: &Ruling, release: Release<'_>) -> Text {
    let target = ruling.target_execution.as_ref();
    let goes = ruling.to.is_some() || target.is_some();
    let mut parts = Vec::new();
    if let Some(from) = ruling.from.as_ref().or(release.commit) {
        parts.push(Text::new().plain(if goes { "From " } else { "Deployed: " }).then(lines::revision(from)));
    }
    match (&ruling.to, target) {
        (Some(to), Some(target)) => {
            let to = Text::new().plain("To ").then(lines::revision(to));
            parts.push(to.plain(", execution ").then(execution(release, target)));
        }
        (Some(to), None) => parts.push(Text::new().plain("To ").then(lines::revision(to))),
        (None, Some(target)) => parts.push(Text::new().plain("To execution ").then(execution(release, target))),
        (None, None) => {}
    }
    if let Some(id) = &ruling.rollback_execution {
        let words = if ruling.ending == Ending::Failed { "The rollback was" } else { "The rollback runs as" };
        parts.push(Text::new().plain(format!("{words} execution ")).then(execution(release, id)));
    }
    let join = |text: Text, part: Text| if text.is_empty() { part } else { text.line().then(part) };
    parts.into_iter().fold(Text::new(), join)
}

fn execution(release: Release<'_>, id: &ExecutionId) -> Text {
    Text::new().link(id.short(), release.pipeline.and_then(|pipeline| pipeline.execution_url(id)).as_deref())
}

fn steps(ruling: &Ruling) -> Text {
    if ruling.steps.is_empty() {
        return Text::new();
    }
    let intro = match ruling.ending {
        Ending::Done => "Steps taken:",
        Ending::Failed => "Steps tried:",
        Ending::Refused | Ending::Observed => "Steps it would take:",
    };
    ruling.steps.iter().fold(Text::new().plain(intro), |text, step| text.line().plain(format!("• {step}")))
}

fn commands(ruling: &Ruling) -> Text {
    if ruling.commands.is_empty() {
        return Text::new();
    }
    let intro = match ruling.ending {
        Ending::Done | Ending::Refused | Ending::Failed => "What you can run:",
        Ending::Observed => "To do it now, run:",
    };
    Text::new().plain(intro).line().code(ruling.commands.join("\n"))
}

//! A message of its own about one moment: a reply in the thread, a webhook post, an e-mail.

use jiff::Timestamp;
use pipeline_model::{ActionState, StageName};

use super::failure::Reasons;
use super::said::{self, Said};
use super::{Notice, Tone, data, failure, lines, release, rollback};
use crate::moment::{Moment, Outcome};
use crate::rollback::Ruling;
use crate::settings::Settings;
use crate::story::{ActionStory, Pending, Role, StageStory, Standing, Story};
use crate::text::{Text, duration};

/// More actions than this are counted instead of listed.
const ACTIONS_SHOWN: usize = 20;

/// What one moment has to say. `late` is set when it is told long after it happened.
pub(crate) fn announcement(story: &Story, moment: &Moment, settings: &Settings, late: bool) -> Notice {
    let mut sections = match moment.outcome {
        Outcome::Progress => vec![actions_of(story, moment)],
        Outcome::Failed => failure::failure(story, moment.attempt, Reasons::Here),
        Outcome::Fixed => lines::fixed(story).into_iter().collect(),
        Outcome::Stopped => vec![lines::stop_comment(story)],
        Outcome::Approval => asked(story, moment).map(|pending| lines::approval(story, &pending)).collect(),
        Outcome::AlarmCleared => Vec::new(),
        _ => match (said(story, moment), ruling(story, moment)) {
            (Some(said), _) => said.sections(),
            (None, Some(ruling)) => rollback::sections(ruling, release(story)),
            (None, None) => Vec::new(),
        },
    };
    let stands_alone = moment.outcome.is_loud() || said(story, moment).is_some();
    if stands_alone && moment.rollback.is_none() {
        sections.push(lines::commit(story));
    }
    match moment.outcome {
        Outcome::Failed if moment.attempt < story.attempt() => {
            sections.push(Text::new().plain(format!("It is being retried: attempt {} has begun.", story.attempt())));
        }
        Outcome::Failed | Outcome::Approval => sections.push(call(story, settings)),
        _ if ruling(story, moment).is_some_and(Ruling::needs_a_person) => sections.push(call(story, settings)),
        _ => {}
    }
    if late {
        sections.push(late_line(moment.at));
    }
    sections.retain(|section| !section.is_empty());
    Notice {
        tone: tone(story, moment),
        headline: headline(story, moment),
        sections,
        footnote: lines::footnote(story, moment.attempt),
        data: data(story, Some(moment)),
    }
}

/// What a quiet moment adds to the thread.
pub(crate) fn remark(story: &Story, moment: &Moment) -> Text {
    match moment.outcome {
        Outcome::Progress => stage_succeeded(story, moment).then(actions_of(story, moment)),
        Outcome::Resumed => retried(moment),
        Outcome::AlarmCleared => ruling(story, moment).map_or_else(Text::new, rollback::cleared),
        _ => said(story, moment).map_or_else(|| headline(story, moment), Said::remark),
    }
}

/// The line under a message that comes long after what it tells.
pub(crate) fn late_line(at: Timestamp) -> Text {
    Text::new().plain("Reported late: this happened ").time(at)
}

fn headline(story: &Story, moment: &Moment) -> Text {
    let name = || lines::name(story);
    match moment.outcome {
        Outcome::Progress => name().plain(": ").then(stage_succeeded(story, moment)),
        Outcome::Resumed => name().plain(": ").then(retried(moment)),
        Outcome::AlarmCleared => {
            ruling(story, moment).map_or_else(name, |ruling| rollback::cleared_headline(name(), ruling))
        }
        _ => lines::headline(story, &standing_at(story, moment)),
    }
}

fn retried(moment: &Moment) -> Text {
    let stage = moment.stage.as_ref().map_or("The failed stage", StageName::as_str);
    Text::new().bold(stage).plain(format!(" is being retried, attempt {}", moment.attempt))
}

fn stage_succeeded(story: &Story, moment: &Moment) -> Text {
    let Some((name, stage)) = moment.stage.as_ref().and_then(|name| story.stages.get_key_value(name)) else {
        return Text::new();
    };
    let took = stage.span().map_or_else(String::new, |(from, to)| format!(" in {}", duration(from, to)));
    Text::new().bold(name.as_str()).plain(format!(" succeeded{took}"))
}

fn actions_of(story: &Story, moment: &Moment) -> Text {
    moment.stage.as_ref().and_then(|name| story.stages.get(name)).map_or_else(Text::new, actions)
}

fn actions(stage: &StageStory) -> Text {
    let mut actions: Vec<_> = stage.actions.iter().collect();
    actions.sort_by_key(|(_, action)| action.course.started);
    let attempt = stage.course.as_ref().map_or(0, |course| course.attempt);
    let mut text = Text::new();
    for (name, action) in actions.iter().take(ACTIONS_SHOWN) {
        text = text.line().then(action_line(name.as_str(), action, attempt));
    }
    match actions.len().saturating_sub(ACTIONS_SHOWN) {
        0 => text,
        more => text.line().plain(format!("and {more} more actions")),
    }
}

/// Success goes without saying, since the line stands below a stage that succeeded in this attempt.
fn action_line(name: &str, action: &ActionStory, attempt: u32) -> Text {
    let state = match &action.course.state {
        ActionState::Succeeded if action.role == Role::Approval => String::from(" approved"),
        ActionState::Succeeded => String::new(),
        other => format!(" {}", other.to_string().to_lowercase()),
    };
    let provider = match action.said.provider.as_str() {
        "" => String::new(),
        _ if action.role == Role::Approval => String::new(),
        provider => format!(" ({provider})"),
    };
    if is_overtaken(action, attempt) {
        return Text::new().plain(format!("• {name}{provider}"));
    }
    let started = action.course.started.filter(|_| action.course.is_over());
    let took = started.map(|started| duration(started, action.course.at));
    let took = took
        .map_or_else(String::new, |took| if state.is_empty() { format!(" {took}") } else { format!(" after {took}") });
    let text = Text::new().plain(format!("• {name}{provider}{state}{took}"));
    let text = text.because(action.said.summary.as_deref());
    match &action.said.url {
        Some(url) => text.plain("  ·  ").link("Details", Some(url)),
        None => text,
    }
}

/// The stage's success came before the action's: it neither runs any more nor did its earlier failure last.
fn is_overtaken(action: &ActionStory, attempt: u32) -> bool {
    let earlier = action.course.attempt < attempt && action.course.state != ActionState::Succeeded;
    earlier || action.course.state == ActionState::Started
}

/// Where the execution stood at that moment; later changes do not rewrite what happened.
fn standing_at(story: &Story, moment: &Moment) -> Standing {
    match moment.outcome {
        Outcome::Failed => Standing::Failed(moment.stage.clone()),
        Outcome::Approval => Standing::Waiting(asked(story, moment).collect()),
        Outcome::Started => Standing::Started,
        _ if moment.gate.is_some() => moment.gate.clone().map_or_else(|| story.course(), Standing::Gate),
        _ if moment.scan.is_some() => moment.scan.clone().map_or_else(|| story.course(), Standing::Scan),
        _ => moment.rollback.clone().map_or_else(|| story.course(), Standing::Rollback),
    }
}

/// The approval a moment is about.
fn asked(story: &Story, moment: &Moment) -> impl Iterator<Item = Pending> {
    let is_meant = |pending: &Pending| {
        Some(&pending.path.stage) == moment.stage.as_ref() && Some(&pending.path.action) == moment.action.as_ref()
    };
    story.pending().into_iter().filter(is_meant)
}

/// The decision a moment is about.
fn ruling<'a>(story: &'a Story, moment: &Moment) -> Option<&'a Ruling> {
    story.rollbacks.get(moment.rollback.as_deref()?)
}

/// The gate or scan a moment is about.
fn said<'a>(story: &'a Story, moment: &Moment) -> Option<&'a dyn Said> {
    said::of(&story.gates, &story.scans, moment)
}

fn call(story: &Story, settings: &Settings) -> Text {
    lines::call(&settings.mentions(story.pipeline.pipeline.as_str()))
}

fn tone(story: &Story, moment: &Moment) -> Tone {
    match moment.outcome {
        Outcome::Started | Outcome::Resumed => Tone::Running,
        Outcome::Approval => Tone::Waiting,
        Outcome::Fixed | Outcome::Succeeded | Outcome::Progress => Tone::Good,
        Outcome::Failed => Tone::Bad,
        Outcome::Stopped | Outcome::Canceled | Outcome::Superseded => Tone::Neutral,
        Outcome::AlarmCleared => Tone::Good,
        Outcome::GatePassed | Outcome::GateFailed | Outcome::GateOpened | Outcome::ScanPassed | Outcome::ScanFailed => {
            said(story, moment).map_or(Tone::Neutral, Said::tone)
        }
        Outcome::RolledBack | Outcome::RollbackFailed | Outcome::RollbackRefused | Outcome::RollbackObserved => {
            ruling(story, moment).map_or(Tone::Bad, rollback::tone)
        }
    }
}

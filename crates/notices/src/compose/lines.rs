//! The lines a message is made of.

use pipeline_model::StageName;

use crate::facts::Commit;
use crate::history::Broken;
use crate::scan::Ended;
use crate::story::{Mark, Pending, Standing, Step, Story};
use crate::text::{Mention, Text, cut, duration};

/// More stages than this are summed up, so that the row stays readable and within a section's limit.
const STAGES_SHOWN: usize = 12;

/// The pipeline, as a link to the execution.
pub(super) fn name(story: &Story) -> Text {
    Text::new().link(story.pipeline.pipeline.as_str(), story.pipeline.execution_url(&story.execution).as_deref())
}

/// What happened, in one sentence.
pub(super) fn headline(story: &Story, standing: &Standing) -> Text {
    let name = name(story);
    let rollback = story.is_rollback();
    match standing {
        Standing::Started if rollback => name.plain(" is rolling back"),
        Standing::Started => name.plain(" started"),
        Standing::Running(stage) if rollback => name.plain(" is rolling back ").bold(stage.as_str()),
        Standing::Running(stage) => name.plain(" is in ").bold(stage.as_str()),
        Standing::Passed(stage) => name.plain(" has passed ").bold(stage.as_str()),
        Standing::Retrying(stage) => name.plain(" is retrying ").bold(stage.as_str()),
        Standing::Waiting(pending) => {
            let stage = pending.first().map_or("", |pending| pending.path.stage.as_str());
            name.plain(" waits for approval in ").bold(stage)
        }
        Standing::Failing(stage) => name.plain(" is failing in ").bold(stage.as_str()),
        Standing::Failed(Some(stage)) => name.plain(failed(story, stage)).bold(stage.as_str()),
        Standing::Failed(None) => name.plain(" failed"),
        Standing::Succeeded => succeeded(story, name),
        Standing::Stopping => name.plain(" is being stopped"),
        Standing::Stopped => name.plain(" was stopped"),
        Standing::Canceled => name.plain(" was canceled: the pipeline was changed while it ran"),
        Standing::Superseded => name.plain(" was superseded by a newer execution"),
        Standing::Unknown(state) => name.plain(format!(" is in state {state}")),
        Standing::Gate(_) | Standing::Scan(_) => match super::said::at(story, standing) {
            Some(said) => said.headline(name),
            None => name,
        },
        Standing::Rollback(identity) => match story.rollbacks.get(identity) {
            Some(ruling) => super::rollback::headline(name, ruling),
            None => name,
        },
    }
}

/// What failed in a stage, as far as it can be said in a few words.
fn failed(story: &Story, stage: &StageName) -> &'static str {
    if super::failure::is_refusal(story, stage) {
        return " was not approved in ";
    }
    if super::failure::is_a_gate(story, stage) {
        return " was stopped at the gate in ";
    }
    match super::failure::is_a_scan(story, stage) {
        Some(Ended::Error) => " was stopped: it could not be scanned in ",
        Some(_) => " was stopped by the scan in ",
        None if story.is_rollback() => " failed to roll back in ",
        None => " failed in ",
    }
}

fn succeeded(story: &Story, name: Text) -> Text {
    let took = story.run.as_ref().zip(story.began).map(|(run, began)| duration(began, run.at));
    let took = took.map_or_else(String::new, |took| format!(" in {took}"));
    match (story.has_fixed(), &story.run) {
        (Some(broken), Some(run)) => name.plain(" is fixed after ").bold(duration(broken.since, run.at)),
        _ if story.is_rollback() => name.plain(format!(" was rolled back{took}")),
        _ => name.plain(format!(" succeeded{took}")),
    }
}

/// What is being released.
pub(super) fn commit(story: &Story) -> Text {
    story.commit.as_ref().map_or_else(Text::new, revision)
}

/// One commit or other revision.
pub(super) fn revision(commit: &Commit) -> Text {
    let subject = commit.message.as_deref().map_or_else(String::new, |subject| format!(" {subject}"));
    let author = commit.author.as_deref().map_or_else(String::new, |author| format!(" ({author})"));
    Text::new().link(short_id(commit), commit.url.as_deref()).plain(format!("{subject}{author}"))
}

/// A commit hash is told by its first seven characters; other ids stay as they are, up to a readable length.
fn short_id(commit: &Commit) -> String {
    let is_hash = commit.id.len() == 40 && commit.id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hash { commit.id[..7].to_owned() } else { cut(&commit.id, 20) }
}

/// The stages in a row, with their states and durations.
pub(crate) fn stages(story: &Story) -> Text {
    let steps = story.steps();
    let (skip_front, skip_back) = summed_up(&steps);
    let mut parts: Vec<Text> = Vec::new();
    if skip_front > 0 {
        parts.push(Text::new().plain(format!("✓ {skip_front} stages")));
    }
    parts.extend(steps[skip_front..steps.len() - skip_back].iter().map(stage));
    if skip_back > 0 {
        parts.push(Text::new().plain(format!("○ {skip_back} more")));
    }
    let mut row = Text::new();
    for (at, part) in parts.into_iter().enumerate() {
        row = if at > 0 { row.plain("  ›  ").then(part) } else { part };
    }
    row
}

fn stage(step: &Step<'_>) -> Text {
    let took = step.span.map_or_else(String::new, |(from, to)| format!(" {}", duration(from, to)));
    let part = Text::new().plain(format!("{} ", sign(step.mark)));
    let part = match step.mark {
        Mark::Running | Mark::Waiting | Mark::Failed => part.bold(step.name.as_str()),
        _ => part.plain(step.name.as_str()),
    };
    if took.is_empty() { part } else { part.plain(took) }
}

fn sign(mark: Mark) -> &'static str {
    match mark {
        Mark::Ahead => "○",
        Mark::Running => "▶",
        Mark::Waiting => "⏸",
        Mark::Succeeded => "✓",
        Mark::Failed => "✗",
        Mark::Other => "■",
    }
}

/// How many succeeded stages at the front and stages ahead at the back are summed up.
fn summed_up(steps: &[Step<'_>]) -> (usize, usize) {
    let mut excess = steps.len().saturating_sub(STAGES_SHOWN);
    let mut take = |run: usize, keep: usize| {
        let taken = run.saturating_sub(keep).min(excess);
        let taken = if taken == 1 { 0 } else { taken };
        excess -= taken;
        taken
    };
    let front = take(steps.iter().take_while(|step| step.mark == Mark::Succeeded).count(), 2);
    let back = take(steps.iter().rev().take_while(|step| step.mark == Mark::Ahead).count(), 2);
    (front, back)
}

/// What was broken, and since when.
pub(super) fn fixed(story: &Story) -> Option<Text> {
    let Broken { since, by, failures, rolled_back } = story.has_fixed()?;
    let text = Text::new().plain(if *rolled_back { "Rolled back " } else { "First failed " }).time(*since);
    let text = if *by == story.execution {
        text.plain(", in an earlier attempt of this execution")
    } else {
        text.plain(", in execution ").link(by.short(), story.pipeline.execution_url(by).as_deref())
    };
    Some(if *failures > 1 { text.plain(format!("; {failures} failures in a row")) } else { text })
}

/// What an approval asks, until when, and where to answer.
pub(super) fn approval(story: &Story, pending: &Pending) -> Text {
    let note = story.approvals.get(&pending.path);
    let page = story.pipeline.pipeline_url();
    let review = note.and_then(|note| note.review()).or(page.as_deref());
    let text = Text::new().bold(pending.path.action.as_str());
    let text = match note.and_then(|note| note.words()) {
        Some(words) => text.plain(format!(": {words}")).line().plain("Answer by "),
        None => text.plain(" needs an answer by "),
    };
    let text = text.time(pending.expires);
    let text = match review {
        Some(review) => text.plain("  ·  ").link("Approve or reject", Some(review)),
        None => text,
    };
    match note.and_then(|note| note.material()) {
        Some(material) => text.plain("  ·  ").link("What to review", Some(material)),
        None => text,
    }
}

/// The words given when the execution was stopped.
pub(super) fn stop_comment(story: &Story) -> Text {
    let comment = story.stop_comment.as_deref();
    comment.map_or_else(Text::new, |comment| Text::new().plain(format!("Reason given: {comment}")))
}

/// The people to call.
pub(super) fn call(mentions: &[Mention]) -> Text {
    let mut text = Text::new();
    for (at, mention) in mentions.iter().enumerate() {
        text = if at > 0 { text.plain(" ") } else { text }.then(mention.clone().into());
    }
    text
}

/// Who began it, when, which attempt this is.
pub(super) fn footnote(story: &Story, attempt: u32) -> Text {
    if story.is_unheard_of() {
        return Text::new().plain(format!("Execution {}", story.execution.short()));
    }
    let mut text = Text::new().plain(super::origin::origin(story));
    if let Some(began) = story.began {
        text = text.plain("  ·  ").time(began);
    }
    text = text.plain(format!("  ·  execution {}", story.execution.short()));
    if attempt > 1 {
        text = text.plain(format!("  ·  attempt {attempt}"));
    }
    if story.repaired {
        text = text.plain("  ·  events were lost, so the end was read from CodePipeline");
    }
    text
}

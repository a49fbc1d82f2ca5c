//! What failed, and why.

use pipeline_model::StageName;

use super::said::{self, Said};
use crate::scan::Ended;
use crate::story::{ActionPath, FailedAction, Failure, Story};
use crate::text::{Text, duration};

/// Whether a gate's or scan's reason is said with what it stopped, or by the list of what it found that stands below.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reasons {
    Here,
    Below,
}

/// The failing actions of an attempt, each with its reason, error code and log.
pub(super) fn failure(story: &Story, attempt: u32, reasons: Reasons) -> Vec<Text> {
    let Some(failure) = story.failures.get(&attempt) else { return Vec::new() };
    if failure.actions.is_empty() {
        let ours = ours(story, attempt, reasons);
        if !ours.is_empty() {
            return ours;
        }
        return vec![Text::new().plain("No failed action was reported; the execution's page may say why.")];
    }
    let mut lines: Vec<Text> =
        failure.actions.iter().map(|(path, action)| failed_action(story, failure, (path, action), reasons)).collect();
    match story.failed_actions(attempt).saturating_sub(failure.actions.len()) {
        0 => {}
        1 => lines.push(Text::new().plain("and one more failed action")),
        more => lines.push(Text::new().plain(format!("and {more} more failed actions"))),
    }
    lines
}

/// The gates and scans that stopped a stage without an action that failed.
fn ours(story: &Story, attempt: u32, reasons: Reasons) -> Vec<Text> {
    let named = |name: &str| Text::new().bold(name);
    let gates = story.gates_behind(attempt).into_iter().map(|visit| visit.stopped(named("The gate"), None, reasons));
    let scans = story.scans_behind(attempt).into_iter();
    gates.chain(scans.map(|scanned| scanned.stopped(named("The scan"), None, reasons))).collect()
}

/// The latest attempt failed in this stage because of gates, and for no other reason.
pub(super) fn is_a_gate(story: &Story, stage: &StageName) -> bool {
    let failure = latest(story, stage);
    failure.is_some_and(|(attempt, failure)| explain(story.gates_behind(attempt).len(), failure))
}

/// How the worst scan ended by which, and by no other reason, the latest attempt failed in this stage.
pub(super) fn is_a_scan(story: &Story, stage: &StageName) -> Option<Ended> {
    let (attempt, failure) = latest(story, stage)?;
    let scans = story.scans_behind(attempt);
    scans.iter().map(|scanned| scanned.ended).max().filter(|_| explain(scans.len(), failure))
}

fn latest<'a>(story: &'a Story, stage: &StageName) -> Option<(u32, &'a Failure)> {
    let of_it = |failure: &Failure| failure.stage.as_ref() == Some(stage);
    let failure = story.failures.iter().rev().find(|(_, failure)| of_it(failure) || in_stage(failure, stage));
    failure.map(|(attempt, failure)| (*attempt, failure))
}

/// So many explain all that failed.
fn explain(count: usize, failure: &Failure) -> bool {
    count > 0 && count >= failure.actions.len()
}

/// The latest attempt failed in this stage because nobody approved, and for no other reason.
pub(super) fn is_refusal(story: &Story, stage: &StageName) -> bool {
    let failure = story.failures.values().rev().find(|failure| in_stage(failure, stage));
    failure.is_some_and(|failure| failure.actions.values().all(|action| action.approval))
}

fn in_stage(failure: &Failure, stage: &StageName) -> bool {
    failure.actions.keys().any(|path| path.stage == *stage)
}

fn failed_action(
    story: &Story,
    failure: &Failure,
    (path, failed): (&ActionPath, &FailedAction),
    reasons: Reasons,
) -> Text {
    let elsewhere = failure.stage.as_ref().is_some_and(|stage| *stage != path.stage);
    let name = if elsewhere { format!("{} / {}", path.stage, path.action) } else { path.action.to_string() };
    let (name, reported) = (Text::new().bold(name), failed.said.summary.as_deref());
    if let Some(said) = said::behind(story, path, failed) {
        return details(said.stopped(name, reported, reasons), failed);
    }
    let took = failed.started.map_or_else(String::new, |started| format!(" after {}", duration(started, failed.at)));
    let text = name.plain(format!(" {}{took}{}", verb(story, path, failed), by(failed)));
    details(text.because(reported), failed)
}

fn details(text: Text, failed: &FailedAction) -> Text {
    match &failed.said.url {
        Some(url) => text.plain("  ·  ").link(page(&failed.said.provider), Some(url)),
        None => text,
    }
}

/// An approval ends in `FAILED` for three reasons; only time tells an expired one apart.
fn verb(story: &Story, path: &ActionPath, failed: &FailedAction) -> &'static str {
    match failed.started {
        _ if !failed.approval => "failed",
        Some(started) if failed.at.as_second() + 60 >= story.approval_expiry(path, started).as_second() => "expired",
        Some(_) => "was rejected",
        None => "was rejected or expired",
    }
}

/// Who ran it and the error code. An approval's provider is always `Manual` and its code says nothing more.
fn by(failed: &FailedAction) -> String {
    let words = [failed.said.provider.as_str(), failed.said.error_code.as_deref().unwrap_or("")];
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty() && !failed.approval).collect();
    if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) }
}

/// What the provider's page is.
fn page(provider: &str) -> &'static str {
    match provider {
        "CodeBuild" => "Build log",
        "CodeDeploy" | "CodeDeployToECS" => "Deployment",
        "CloudFormation" => "Stack events",
        _ => "Details",
    }
}

//! What must be true at the end: every expected message there, once, in its final state, a leak that was found and not
//! shown, gates that held, one rollback.

mod gate;
mod rollback;
mod scan;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::leak::Leak;
use super::scans::Report;
use super::story::{Played, Rollback};
use crate::slack::{Call, Message};

/// One promise of the demo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    pub(crate) what: String,
    /// Why it does not hold.
    pub(crate) problem: Option<String>,
}

/// Everything the checks look at.
#[derive(Debug)]
pub(crate) struct Evidence<'e> {
    pub(crate) played: &'e Played,
    /// As CodePipeline's history has them.
    pub(crate) rollbacks: &'e [Rollback],
    /// Of the scans, in their order.
    pub(crate) reports: &'e [Report],
    pub(crate) leak: &'e Leak,
    /// All that was said or kept, each with its place.
    pub(crate) texts: &'e [(String, String)],
    pub(crate) messages: &'e [Message],
    pub(crate) calls: &'e [Call],
    /// Messages that reached nobody, by queue.
    pub(crate) dead_letters: &'e BTreeMap<String, u64>,
    /// Lines of the local AWS's log that tell of a refused call.
    pub(crate) denials: &'e [String],
}

/// Looks at everything, in the order a reader would.
pub(crate) fn check(evidence: &Evidence<'_>) -> Vec<Check> {
    let mut checks = vec![only_these_messages(evidence)];
    checks.extend(leaking_release(evidence));
    checks.extend(scan::checks(evidence));
    checks.extend(fixed_release(evidence));
    checks.extend(gate::checks(evidence));
    checks.extend(rollback::checks(evidence));
    checks.push(slack_was_content(evidence.calls));
    checks.push(no_dead_letters(evidence.dead_letters));
    checks.push(nothing_denied(evidence.denials));
    checks
}

fn only_these_messages(evidence: &Evidence<'_>) -> Check {
    let releases = evidence.played.releases();
    let found = releases.iter().filter(|release| release.message(evidence.messages).is_some()).count();
    let expected = releases.len() + evidence.rollbacks.len();
    let count = evidence.messages.len();
    let problem = (found != releases.len() || count != expected)
        .then(|| format!("the channel has {count} messages instead of {expected}, and {found} are about releases"));
    Check { what: "The channel has one message per release, one for the rollback, and no other".to_owned(), problem }
}

fn leaking_release(evidence: &Evidence<'_>) -> Vec<Check> {
    let leaking = &evidence.played.leaking;
    let message = leaking.message(evidence.messages);
    vec![
        shows(
            "The first release ends as stopped by the scan, with the stage",
            message,
            &["was stopped by the scan in *Test*"],
        ),
        shows(
            "It names commit and author, and calls the owners",
            message,
            &[leaking.short_commit(), &leaking.subject, "Dana", "<!subteam^S0000000001>"],
        ),
        edited("It was edited in place as the release went on", message),
        once("That it was stopped was announced in its thread once", message, "was stopped by the scan in"),
    ]
}

fn fixed_release(evidence: &Evidence<'_>) -> Vec<Check> {
    let message = evidence.played.fixed.message(evidence.messages);
    let stages = ["✓ Source", "✓ Build", "✓ Test", "✓ Approval", "✓ Staging", "✓ Gate", "✓ Production"];
    vec![
        shows("The second release ends as fixed, after the time it was red", message, &["is fixed after "]),
        shows("It shows every stage as done", message, &stages),
        edited("It was edited in place as the release went on", message),
        once("The approval was announced once", message, "waits for approval in"),
        announced_with(
            "The announcement says what is approved and links the review",
            message,
            &["Build and tests are green", "ApproveRelease", "/approve/"],
        ),
    ]
}

fn shows(what: &str, message: Option<&Message>, words: &[&str]) -> Check {
    let problem = match message {
        None => Some("there is no such message".to_owned()),
        Some(message) => missing(&message.visible_text(), words),
    };
    Check { what: what.to_owned(), problem }
}

fn missing(text: &str, words: &[&str]) -> Option<String> {
    let missing: Vec<_> = words.iter().filter(|word| !text.contains(**word)).collect();
    (!missing.is_empty()).then(|| format!("missing: {missing:?}"))
}

fn edited(what: &str, message: Option<&Message>) -> Check {
    let problem = message.is_none_or(|message| message.edits == 0).then(|| "it was never edited".to_owned());
    Check { what: what.to_owned(), problem }
}

fn announcements<'m>(message: Option<&'m Message>, words: &str) -> Vec<&'m Message> {
    let replies = message.into_iter().flat_map(|message| &message.thread);
    replies.filter(|reply| reply.text.contains(words)).collect()
}

fn once(what: &str, message: Option<&Message>, words: &str) -> Check {
    let found = announcements(message, words).len();
    Check { what: what.to_owned(), problem: (found != 1).then(|| format!("it was announced {found} times")) }
}

fn announced_with(what: &str, message: Option<&Message>, words: &[&str]) -> Check {
    let problem = match announcements(message, "waits for approval in").first() {
        None => Some("there is no announcement".to_owned()),
        Some(reply) => missing(&reply.visible_text(), words),
    };
    Check { what: what.to_owned(), problem }
}

/// Being asked to wait is no refusal: the message comes later.
fn slack_was_content(calls: &[Call]) -> Check {
    let answered = calls.iter().filter(|call| call.status != Some(429));
    let refused: Vec<String> =
        answered.filter_map(|call| Some(format!("{}: {}", call.method, call.error.as_ref()?))).collect();
    let problem = (!refused.is_empty()).then(|| refused.join(", "));
    Check { what: format!("Slack accepted all {} calls", calls.len()), problem }
}

fn no_dead_letters(dead_letters: &BTreeMap<String, u64>) -> Check {
    let full: Vec<String> = dead_letters
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(name, count)| format!("{count} in {name}"))
        .collect();
    Check {
        what: "No dead-letter queue holds a message".to_owned(),
        problem: (!full.is_empty()).then(|| full.join(", ")),
    }
}

fn nothing_denied(denials: &[String]) -> Check {
    let problem = denials.first().map(|first| format!("{} refused, the first: {first}", denials.len()));
    Check { what: "IAM, which is enforced, refused no call".to_owned(), problem }
}

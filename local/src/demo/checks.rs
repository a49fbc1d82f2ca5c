//! What must be true at the end: every expected message there, once, in its final state.

use std::collections::BTreeMap;

use super::story::Release;
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
    pub(crate) broken: &'e Release,
    pub(crate) fixed: &'e Release,
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
    checks.extend(failed_release(evidence));
    checks.extend(fixed_release(evidence));
    checks.push(slack_was_content(evidence.calls));
    checks.push(no_dead_letters(evidence.dead_letters));
    checks.push(nothing_denied(evidence.denials));
    checks
}

fn only_these_messages(evidence: &Evidence<'_>) -> Check {
    let expected = [evidence.broken, evidence.fixed];
    let counts = expected.map(|release| {
        evidence.messages.iter().filter(|message| message.visible_text().contains(release.short_commit())).count()
    });
    let problem = (counts != [1, 1] || evidence.messages.len() != 2).then(|| {
        format!(
            "the channel has {} messages, {} about the first release and {} about the second",
            evidence.messages.len(),
            counts[0],
            counts[1]
        )
    });
    Check { what: "The channel has one message per release and no other".to_owned(), problem }
}

fn failed_release(evidence: &Evidence<'_>) -> Vec<Check> {
    let message = evidence.broken.message(evidence.messages);
    vec![
        shows("The first release ends as failed, with the stage", message, &["failed in *Test*"]),
        shows(
            "It names the action, the reason and the error code, and links the log",
            message,
            &["IntegrationTests", "3 of 214 tests failed", "JobFailed", "shop-release-test"],
        ),
        shows(
            "It names commit and author, and calls the owners",
            message,
            &[evidence.broken.short_commit(), &evidence.broken.subject, "Dana", "<!subteam^S0000000001>"],
        ),
        edited("It was edited in place as the release went on", message),
        once("The failure was announced in its thread once", message, "failed in"),
    ]
}

fn fixed_release(evidence: &Evidence<'_>) -> Vec<Check> {
    let message = evidence.fixed.message(evidence.messages);
    let stages = ["✓ Source", "✓ Build", "✓ Test", "✓ Approval", "✓ Staging", "✓ Production"];
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::slack::message::{Author, Content};

    fn release(commit: &str, subject: &str) -> Release {
        Release { execution: "e".to_owned(), commit: commit.to_owned(), subject: subject.to_owned() }
    }

    fn message(ts: &str, text: &str, shown: &str) -> Message {
        let blocks = vec![json!({"type": "section", "text": {"type": "mrkdwn", "text": shown}})];
        let content = Content { text: text.to_owned(), blocks, attachments: vec![] };
        let mut message = Message::new(ts.to_owned(), content.clone(), Author::Bot);
        message.edit(content);
        message
    }

    fn good_channel() -> Vec<Message> {
        let mut failed = message(
            "1.1",
            "shop-release failed in *Test*",
            "4f1c9a7 Charge VAT (Dana) IntegrationTests (JobFailed): 3 of 214 tests failed shop-release-test <!subteam^S0000000001>",
        );
        failed.thread.push(message("1.2", "shop-release failed in *Test*", "4f1c9a7"));
        let mut fixed = message(
            "2.1",
            "shop-release is fixed after 20 min",
            "b83e05d ✓ Source ✓ Build ✓ Test ✓ Approval ✓ Staging ✓ Production",
        );
        let review = "ApproveRelease: Build and tests are green <https://example.com/approve/1|Approve or reject>";
        fixed.thread.push(message("2.2", "shop-release waits for approval in *Approval*", review));
        vec![failed, fixed]
    }

    fn problems(messages: &[Message], calls: &[Call], left: u64, denials: &[String]) -> Vec<String> {
        let (broken, fixed) = (release("4f1c9a7d2e", "Charge VAT"), release("b83e05d14a", "Round VAT"));
        let dead_letters = [("DeadLetters".to_owned(), left)].into();
        let evidence =
            Evidence { broken: &broken, fixed: &fixed, messages, calls, dead_letters: &dead_letters, denials };
        check(&evidence).into_iter().filter(|check| check.problem.is_some()).map(|check| check.what).collect()
    }

    fn call(status: u16, error: Option<&str>) -> Call {
        Call { method: "chat.update".to_owned(), status: Some(status), error: error.map(str::to_owned) }
    }

    #[test]
    fn a_good_channel_passes_even_if_slack_asked_to_wait() {
        assert_eq!(problems(&good_channel(), &[call(429, Some("ratelimited"))], 0, &[]), [""; 0]);
    }

    #[test]
    fn a_message_too_many_or_too_few_is_noticed() {
        let mut twice = good_channel();
        twice.push(twice[1].clone());
        assert_eq!(problems(&twice, &[], 0, &[]), ["The channel has one message per release and no other"]);
        assert!(problems(&good_channel()[..1], &[], 0, &[]).len() > 3);
    }

    #[test]
    fn an_approval_announced_twice_is_noticed() {
        let mut twice = good_channel();
        let again = twice[1].thread[0].clone();
        twice[1].thread.push(again);
        let expected = ["The approval was announced once"];
        assert_eq!(problems(&twice, &[], 0, &[]), expected);
    }

    #[test]
    fn a_message_that_stopped_half_way_is_noticed() {
        let mut stuck = good_channel();
        stuck[1].text = "shop-release is in *Staging*".to_owned();
        assert_eq!(problems(&stuck, &[], 0, &[]), ["The second release ends as fixed, after the time it was red"]);
    }

    #[test]
    fn refusals_dead_letters_and_denials_are_noticed() {
        let refused = [call(200, Some("invalid_blocks"))];
        let expected = [
            "Slack accepted all 1 calls",
            "No dead-letter queue holds a message",
            "IAM, which is enforced, refused no call",
        ];
        assert_eq!(problems(&good_channel(), &refused, 1, &["AccessDenied".to_owned()]), expected);
    }
}

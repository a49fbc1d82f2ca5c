//! What the checks notice, and what they let pass.

use serde_json::json;

use super::*;
use crate::demo::shop;
use crate::slack::message::{Author, Content};

fn release(commit: &str, subject: &str) -> Release {
    Release { execution: commit.to_owned(), commit: commit.to_owned(), subject: subject.to_owned() }
}

fn rollback_to(target: &str) -> Rollback {
    let [execution, status, trigger] = ["r", "Succeeded", "ManualRollback"].map(str::to_owned);
    Rollback { execution, target: target.to_owned(), status, trigger }
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
    let told = format!("From c5d2e70 Take payments to b83e05d. Alarm {}: Threshold Crossed", shop::ERRORS);
    let mut bad = message("3.1", "shop-release was rolled back in *Production*", &told);
    bad.thread.push(message("3.2", "shop-release was rolled back in *Production*", &told));
    bad.thread.push(message("3.3", "shop-release: alarm is OK again, 20 s after the rollback", ""));
    let refusal = format!("Alarm {}: What stands there is itself a rollback", shop::LATENCY);
    let mut rollback = message("4.1", "shop-release went back to b83e05d", "");
    rollback.thread.push(message("4.2", "shop-release was not rolled back in *Production*", &refusal));
    vec![failed, fixed, bad, rollback]
}

fn problems(messages: &[Message], calls: &[Call], left: u64, denials: &[String]) -> Vec<String> {
    problems_after(&[rollback_to("b83e05d14a")], messages, calls, left, denials)
}

fn problems_after(
    rollbacks: &[Rollback],
    messages: &[Message],
    calls: &[Call],
    left: u64,
    denials: &[String],
) -> Vec<String> {
    let [broken, fixed, bad] =
        [("4f1c9a7d2e", "Charge VAT"), ("b83e05d14a", "Round VAT"), ("c5d2e70f3b", "Take payments")]
            .map(|(commit, subject)| release(commit, subject));
    let dead_letters = [("DeadLetters".to_owned(), left)].into();
    let (broken, fixed, bad, dead_letters) = (&broken, &fixed, &bad, &dead_letters);
    let evidence = Evidence { broken, fixed, bad, rollbacks, messages, calls, dead_letters, denials };
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
    assert_eq!(
        problems(&twice, &[], 0, &[]),
        ["The channel has one message per release, one for the rollback, and no other"]
    );
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

#[test]
fn a_rollback_too_many_too_few_or_to_the_wrong_release_is_noticed() {
    let good = good_channel();
    let right = rollback_to("b83e05d14a");
    let unfinished = Rollback { status: "InProgress".to_owned(), ..right.clone() };
    for rollbacks in [vec![], vec![right.clone(), right], vec![rollback_to("4f1c9a7d2e")], vec![unfinished]] {
        let found = problems_after(&rollbacks, &good, &[], 0, &[]);
        assert!(found.contains(&"CodePipeline rolled production back once, to the second release".to_owned()));
    }
}

#[test]
fn a_rollback_nobody_was_told_of_is_noticed() {
    let mut silent = good_channel();
    silent[2].thread.clear();
    silent[3].thread.clear();
    let expected = [
        "The rollback was announced in its thread once",
        "That the alarm is OK again was told there once",
        "A second alarm was refused once, with the reason",
    ];
    assert_eq!(problems(&silent, &[], 0, &[]), expected);
}

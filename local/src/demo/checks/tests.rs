//! What the checks notice, and what they let pass.

mod scans;

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::demo::shop;
use crate::demo::story::{Death, OPENED_BECAUSE, Release};
use crate::slack::message::{Author, Content};

use scans::good_reports;

fn release(commit: &str, subject: &str) -> Release {
    Release { execution: commit.to_owned(), commit: commit.to_owned(), subject: subject.to_owned() }
}

fn played(deaths: [Death; 2]) -> Played {
    let [leaking, fixed, bad, stopped] = [
        ("4f1c9a7d2e", "Charge VAT"),
        ("b83e05d14a", "Read the key"),
        ("c5d2e70f3b", "Take payments"),
        ("92d4b6e1f0", "Ask once"),
    ]
    .map(|(commit, subject)| release(commit, subject));
    Played { leaking, fixed, bad, stopped, deaths }
}

fn rollback_to(target: &str) -> Rollback {
    let [execution, status, trigger] = ["r", "Succeeded", "ManualRollback"].map(str::to_owned);
    Rollback { execution, target: target.to_owned(), status, trigger }
}

fn content(text: &str, shown: &str) -> Content {
    let blocks = vec![json!({"type": "section", "text": {"type": "mrkdwn", "text": shown}})];
    Content { text: text.to_owned(), blocks, attachments: vec![] }
}

fn message(ts: &str, text: &str, shown: &str) -> Message {
    let content = content(text, shown);
    let mut message = Message::new(ts.to_owned(), content.clone(), Author::Bot);
    message.edit(content);
    message
}

fn good_channel() -> Vec<Message> {
    let found = "*Stripe live secret key* (critical) in lib/vat-rates.jar!/config/stripe.properties, line 3, column 9";
    let mut leaking = message(
        "1.1",
        "shop-release was stopped by the scan in *Test*",
        &format!("4f1c9a7 Charge VAT (Dana) {found} What to do: Roll the key. <!subteam^S0000000001>"),
    );
    leaking.thread.push(message("1.2", "shop-release was stopped by the scan in *Test*", "4f1c9a7"));
    let because = format!("The gate in *Gate* was opened by *Lee*: {OPENED_BECAUSE}");
    let stages = "b83e05d ✓ Source ✓ Build ✓ Test ✓ Approval ✓ Staging ✓ Gate ✓ Production";
    let mut fixed = message("2.1", "shop-release is fixed after 20 min", &format!("{stages} {because}"));
    let review = "ApproveRelease: Build and tests are green <https://example.com/approve/1|Approve or reject>";
    fixed.thread.push(message("2.2", "shop-release waits for approval in *Approval*", review));
    let told = format!("From c5d2e70 Take payments to b83e05d. Alarm {}: Threshold Crossed", shop::ERRORS);
    let waits = "production is quiet waits: 2 alarms are OK; must hold for 10 s.";
    let mut bad = message("3.1", "shop-release is held at the gate in *Gate*", waits);
    bad.edit(content("shop-release was rolled back in *Production*", &told));
    bad.thread.push(message("3.4", "Passed the gate in *Gate* after 10 s", ""));
    bad.thread.push(message("3.2", "shop-release is being rolled back in *Production*", &told));
    bad.thread.push(message("3.3", "shop-release: alarm is OK again, 20 s after the rollback", ""));
    let refusal = format!("Alarm {}: What stands there is itself a rollback", shop::LATENCY);
    let mut rollback = message("4.1", "shop-release went back to b83e05d", "");
    rollback.thread.push(message("4.2", "shop-release was not rolled back in *Production*", &refusal));
    let red = format!("92d4b6e production is quiet failed: {} is in ALARM since 10:02 UTC", shop::LATENCY);
    let mut stopped = message("5.1", "shop-release was stopped at the gate in *Gate*", &red);
    for ts in ["5.2", "5.3"] {
        stopped.thread.push(message(ts, "shop-release failed in *Gate*", "ended before it could answer"));
    }
    vec![leaking, fixed, bad, rollback, stopped]
}

fn death(seconds: u64, said: &str) -> Death {
    Death { answered_after: Duration::from_secs(seconds), said: said.to_owned() }
}

fn killed() -> Death {
    death(2, "pipewarden-gatekeeper ended before it could answer. Retry the stage.")
}

fn hung() -> Death {
    death(4, "pipewarden-gatekeeper ran into its time limit of 3 s. Retry the stage.")
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
    let dead_letters = &[("DeadLetters".to_owned(), left)].into();
    let played = &played([killed(), hung()]);
    let leak = &Leak::new();
    let (reports, texts) = (&good_reports(), &[("Slack".to_owned(), format!("{messages:?}"))]);
    let evidence = Evidence { played, rollbacks, reports, leak, texts, messages, calls, dead_letters, denials };
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
        "That it passed the gate was told in its thread once",
        "The rollback was announced in its thread once",
        "That the alarm is OK again was told there once",
        "A second alarm was refused once, with the reason",
    ];
    assert_eq!(problems(&silent, &[], 0, &[]), expected);
}

#[test]
fn a_gate_that_did_not_show_its_hold_or_did_not_stop_is_noticed() {
    let mut hasty = good_channel();
    hasty[2].history.clear();
    hasty[4].text = "shop-release succeeded".to_owned();
    let expected = [
        "The third release showed that the gate held it, and what for",
        "The fourth release ends as stopped at the gate, with the check, the alarm and its state",
    ];
    assert_eq!(problems(&hasty, &[], 0, &[]), expected);
}

#[test]
fn a_dead_gate_that_is_answered_late_or_without_a_cause_is_noticed() {
    let late = |death: Death| Death { answered_after: Duration::from_secs(11), ..death };
    for (deaths, what) in [
        ([late(killed()), hung()], "A gate whose process was killed"),
        ([death(2, "JobFailed"), hung()], "A gate whose process was killed"),
        ([killed(), late(hung())], "A gate that hung"),
        ([killed(), killed()], "A gate that hung"),
    ] {
        let (messages, dead_letters) = (&good_channel(), &BTreeMap::new());
        let rollbacks = &[rollback_to("b83e05d14a")];
        let played = &played(deaths);
        let (leak, reports, texts) = (&Leak::new(), &good_reports(), &[("Slack".to_owned(), "words".to_owned())]);
        let calls = &[];
        let evidence =
            Evidence { played, rollbacks, reports, leak, texts, messages, calls, dead_letters, denials: &[] };
        let found: Vec<_> = check(&evidence).into_iter().filter(|check| check.problem.is_some()).collect();
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].what.starts_with(what));
    }
}

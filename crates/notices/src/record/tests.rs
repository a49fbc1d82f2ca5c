//! What is sent, to whom, in which order, and that it ends.

mod gates;
mod orderings;
mod refusals;
mod rollbacks;
mod routes;
mod scans;
mod stored;

use pipeline_model::Decision;

use super::*;
use crate::channel::MessageHandle;
use crate::testing::{Channels, RELEASE, approval_message, at, blank, desk, desk_with, record, refusal, told};

const SLACK: &str = "slack:C0123456";

/// One thing that is heard of.
enum Heard<'a> {
    Of(Box<Decision>),
    Events(&'a str),
}

use Heard::{Events, Of};

fn of(decision: Decision) -> Heard<'static> {
    Of(Box::new(decision))
}

/// What is sent for each of them, after the release has come as far as these lines.
fn told_of(reached: &str, heard: Vec<Heard<'_>>, desk: &Desk) -> Vec<String> {
    let (mut record, mut channels, mut sent) = (record(reached), Channels::default(), Vec::new());
    let now = record.story().last_change().unwrap();
    channels.deliver(&mut record, desk, now);
    for news in heard {
        let now = match news {
            Of(decision) => {
                record.subject.absorb_decision(&decision);
                decision.time
            }
            Events(lines) => {
                let events = told(lines);
                events.iter().for_each(|event| record.story().absorb(event));
                events.iter().map(|event| event.time).max().unwrap()
            }
        };
        sent.extend(channels.deliver(&mut record, desk, now));
    }
    assert_eq!(channels.deliver(&mut record, desk, at(9_000)), Vec::<String>::new(), "everybody knows everything");
    sent
}

fn quiet_desks() -> [(&'static str, Desk); 2] {
    ["webhook", "sns"].map(|channel| (channel, desk_with(&format!("routes: [{{channels: [{channel}]}}]"))))
}

/// Absorbs the lines one after another, and sends after each.
fn follow(lines: &str, desk: &Desk) -> (Record, Channels, Vec<String>) {
    let (mut record, mut channels, mut sent) = (Record::new(blank()), Channels::default(), Vec::new());
    for event in told(lines) {
        record.story().absorb(&event);
        sent.extend(channels.deliver(&mut record, desk, event.time));
    }
    assert_eq!(channels.deliver(&mut record, desk, at(2_000)), Vec::<String>::new(), "everybody knows everything");
    (record, channels, sent)
}

#[test]
fn a_release_is_one_message_that_is_edited_and_replies_for_what_matters() {
    let (_, _, sent) = follow(RELEASE, &desk_with("routes: [{channels: [\"slack:C0123456\"]}]"));
    assert_eq!(
        sent,
        [
            "slack:C0123456 post: orders started",
            "slack:C0123456 edit: orders is in Source",
            "slack:C0123456 edit: orders has passed Source",
            "slack:C0123456 reply: Source succeeded in 4 s",
            "slack:C0123456 edit: orders is in Build",
            "slack:C0123456 edit: orders has passed Build",
            "slack:C0123456 reply: Build succeeded in 4 min",
            "slack:C0123456 edit: orders is in Test",
            "slack:C0123456 edit: orders is failing in Test",
            "slack:C0123456 reply to all: orders failed in Test",
            "slack:C0123456 edit: orders is failing in Test",
            "slack:C0123456 edit: orders failed in Test",
            "slack:C0123456 edit: orders is retrying Test",
            "slack:C0123456 reply: Test is being retried, attempt 2",
            "slack:C0123456 edit: orders is retrying Test",
            "slack:C0123456 edit: orders has passed Test",
            "slack:C0123456 reply: Test succeeded in 1 min",
            "slack:C0123456 edit: orders is in Approve",
            "slack:C0123456 edit: orders waits for approval in Approve",
            "slack:C0123456 reply to all: orders waits for approval in Approve",
            "slack:C0123456 edit: orders is in Approve",
            "slack:C0123456 edit: orders has passed Approve",
            "slack:C0123456 reply: Approve succeeded in 5 min",
            "slack:C0123456 edit: orders is in Production",
            "slack:C0123456 edit: orders has passed Production",
            "slack:C0123456 reply: Production succeeded in 2 min",
            "slack:C0123456 edit: orders succeeded in 18 min 2 s",
        ]
    );
}

#[test]
fn a_webhook_and_the_topic_hear_only_what_matters() {
    for (channel, desk) in [
        ("webhook", Desk::new(crate::Settings::default(), without_token(), Some("C0123456")).unwrap()),
        ("sns", desk()),
    ] {
        let (_, _, sent) = follow(RELEASE, &desk);
        let sent: Vec<_> = sent.into_iter().filter(|line| line.starts_with(channel)).collect();
        let expected = ["orders failed in Test", "orders waits for approval in Approve"];
        assert_eq!(sent, expected.map(|words| format!("{channel} announce: {words}")));
    }
}

fn without_token() -> crate::Credentials {
    let mut credentials = crate::testing::credentials();
    credentials.secrets.remove("slack/bot-token");
    credentials
}

#[test]
fn two_events_that_change_nothing_visible_edit_nothing() {
    let (mut record, mut channels, _) = follow("0 execution STARTED\n1 stage Source STARTED", &desk());
    for event in told("0 execution STARTED\n1 stage Source STARTED\n1 action Source/Git STARTED as=Source") {
        record.story().absorb(&event);
        assert_eq!(channels.deliver(&mut record, &desk(), at(2)), Vec::<String>::new());
    }
}

#[test]
fn quiet_news_share_one_reply_and_loud_news_get_their_own() {
    let (mut record, mut channels) = (record("0 execution STARTED"), Channels::default());
    channels.deliver(&mut record, &desk(), at(0));
    let events = "1 stage Source SUCCEEDED\n2 stage Build SUCCEEDED\n3 stage Test FAILED\n3 execution FAILED";
    told(events).iter().for_each(|event| record.story().absorb(event));
    let sent = channels.deliver(&mut record, &desk(), at(3));
    let slack: Vec<_> = sent.iter().filter(|line| line.starts_with("slack")).collect();
    assert_eq!(
        slack,
        [
            "slack:C0123456 edit: orders failed in Test",
            "slack:C0123456 reply: Source succeeded",
            "slack:C0123456 reply to all: orders failed in Test",
        ]
    );
    let Ok(Outgoing::Http { body, .. }) = &channels.sent[2].outgoing else { panic!("{:?}", channels.sent[2]) };
    assert_eq!(body["text"].as_str().map(|text| text.lines().count()), Some(2), "{body}");
}

/// What the thread says of `Compile` once its stage has succeeded in its second attempt.
fn line_in_a_stage_that_succeeded(before: &str) -> String {
    let (mut record, mut channels) = (record(&format!("0 execution STARTED\n{before}")), Channels::default());
    channels.deliver(&mut record, &desk(), at(70));
    told("70 #2 stage Build SUCCEEDED").iter().for_each(|event| record.story().absorb(event));
    channels.deliver(&mut record, &desk(), at(70));
    let Ok(Outgoing::Http { body, .. }) = &channels.sent.last().unwrap().outgoing else { panic!("{channels:?}") };
    let line = body["text"].as_str().unwrap().lines().find(|line| line.starts_with("• Compile"));
    line.unwrap().to_owned()
}

#[test]
fn a_stage_that_succeeded_before_its_actions_did_claims_nothing_of_them() {
    for before in [
        "60 #2 action Build/Compile STARTED as=Build by=CodeBuild",
        "5 action Build/Compile STARTED as=Build by=CodeBuild",
        "5 action Build/Compile FAILED as=Build by=CodeBuild why=\"3 tests failed\" url=https://example.com/builds/1",
    ] {
        assert_eq!(line_in_a_stage_that_succeeded(before), "• Compile (CodeBuild)", "{before}");
    }
    let done =
        "5 action Build/Compile STARTED as=Build\n9 action Build/Compile SUCCEEDED as=Build by=CodeBuild why=Fine";
    let line = line_in_a_stage_that_succeeded(done);
    assert_eq!(line, "• Compile (CodeBuild) 4 s: Fine", "what an earlier attempt has done is not done again");
}

#[test]
fn a_fresh_post_about_a_failure_does_not_also_reply() {
    let mut record = record("0 execution STARTED\n9 stage Test FAILED\n9 execution FAILED");
    let sent = Channels::default().deliver(&mut record, &desk(), at(10));
    assert_eq!(sent, ["slack:C0123456 post: orders failed in Test", "sns announce: orders failed in Test"]);
}

#[test]
fn a_fresh_post_about_an_approval_or_a_recovery_does_not_also_reply() {
    let mut waiting = record("0 execution STARTED\n9 action Approve/Manager STARTED as=Approval");
    let sent = Channels::default().deliver(&mut waiting, &desk(), at(10));
    let asked = "orders waits for approval in Approve";
    assert_eq!(sent, [format!("slack:C0123456 post: {asked}"), format!("sns announce: {asked}")]);

    let mut fixed = record("0 execution STARTED\n60 execution SUCCEEDED");
    let broken =
        crate::Broken { since: at(-60), by: pipeline_model::ExecutionId::from("0"), failures: 1, rolled_back: false };
    fixed.story().fixed.insert(1, broken);
    let sent = Channels::default().deliver(&mut fixed, &desk(), at(61));
    assert_eq!(sent, ["slack:C0123456 post: orders is fixed after 2 min", "sns announce: orders is fixed after 2 min"]);
}

#[test]
fn two_failures_heard_of_at_once_are_two_failures() {
    let events = "9 stage Test FAILED\n9 execution FAILED\n60 #2 stage Test FAILED\n60 #2 execution FAILED";
    let sent = Channels::default().deliver(&mut record(events), &desk(), at(61));
    assert_eq!(
        sent,
        [
            "slack:C0123456 post: orders failed in Test",
            "slack:C0123456 reply: orders failed in Test",
            "slack:C0123456 reply: Test is being retried, attempt 2",
            "sns announce: orders failed in Test",
            "sns announce: orders failed in Test",
        ]
    );
}

#[test]
fn a_failure_that_is_being_retried_when_it_is_heard_of_is_told_without_calling_everybody() {
    let mut record = record("0 execution STARTED\n9 stage Test FAILED\n9 execution FAILED\n10 #2 stage Test RESUMED");
    let sent = Channels::default().deliver(&mut record, &desk(), at(11));
    assert_eq!(
        sent,
        [
            "slack:C0123456 post: orders is retrying Test",
            "slack:C0123456 reply: orders failed in Test",
            "slack:C0123456 reply: Test is being retried, attempt 2",
            "sns announce: orders failed in Test",
        ]
    );
}

#[test]
fn what_is_told_late_says_so_and_is_not_shown_to_the_whole_channel() {
    let (mut record, mut channels) = (record("0 execution STARTED"), Channels::default());
    channels.deliver(&mut record, &desk(), at(1));
    told("60 stage Test FAILED\n60 execution FAILED").iter().for_each(|event| record.story().absorb(event));
    let sent = channels.deliver(&mut record, &desk(), at(60 + 61 * 60));
    assert_eq!(sent[1], "slack:C0123456 reply: orders failed in Test");
    for delivery in &channels.sent[2..] {
        assert!(format!("{:?}", delivery.outgoing).contains("Reported late"), "{delivery:?}");
    }
    let mut fresh = self::record("60 stage Test FAILED\n60 execution FAILED");
    channels.sent.clear();
    channels.deliver(&mut fresh, &desk(), at(60 + 61 * 60));
    assert!(channels.sent.iter().all(|delivery| format!("{:?}", delivery.outgoing).contains("Reported late")));
}

#[test]
fn an_approval_that_has_expired_or_was_answered_is_not_announced() {
    let waiting = "0 execution STARTED\n5 action Approve/Manager STARTED as=Approval";
    let mut expired = record(waiting);
    expired.story().absorb_approval(&approval_message(), at(6));
    let sent = Channels::default().deliver(&mut expired, &desk(), at(90_001));
    assert!(!sent.iter().any(|line| line.starts_with("sns")), "{sent:?}");
    let mut answered = record(&format!("{waiting}\n60 action Approve/Manager SUCCEEDED as=Approval"));
    let sent = Channels::default().deliver(&mut answered, &desk(), at(61));
    assert!(!sent.iter().any(|line| line.contains("waits")), "{sent:?}");
}

#[test]
fn two_approvals_of_one_stage_are_two_questions() {
    let mut record = record("0 execution STARTED");
    let mut channels = Channels::default();
    channels.deliver(&mut record, &desk(), at(0));
    let events = "5 action Approve/Legal STARTED as=Approval\n6 action Approve/Manager STARTED as=Approval";
    told(events).iter().for_each(|event| record.story().absorb(event));
    channels.sent.clear();
    let sent = channels.deliver(&mut record, &desk(), at(7));
    assert_eq!(sent.iter().filter(|line| line.starts_with("sns")).count(), 2, "{sent:?}");
    let texts: Vec<_> = channels.sent.iter().map(|delivery| format!("{:?}", delivery.outgoing)).collect();
    let only =
        |name: &str, other: &str| texts.iter().filter(|text| text.contains(name) && !text.contains(other)).count();
    assert_eq!((only("Legal", "Manager"), only("Manager", "Legal")), (2, 2), "a reply and an e-mail each");
}

#[test]
fn a_recovery_is_told_once_and_loudly() {
    let mut history = crate::History::default();
    history.remember(&pipeline_model::ExecutionId::from("0"), 1, false, at(-60));
    let (mut record, mut channels) = (record("0 execution STARTED"), Channels::default());
    channels.deliver(&mut record, &desk(), at(0));
    told("60 execution SUCCEEDED").iter().for_each(|event| record.story().absorb(event));
    let (attempt, succeeded, ended) = record.story().endings().pop().unwrap();
    history.remember(&record.story().execution.clone(), attempt, succeeded, ended);
    record.story().learn_history(&history);
    assert_eq!(
        channels.deliver(&mut record, &desk(), at(61)),
        [
            "slack:C0123456 edit: orders is fixed after 2 min",
            "slack:C0123456 reply to all: orders is fixed after 2 min",
            "sns announce: orders is fixed after 2 min",
        ]
    );
}

#[test]
fn addresses_that_wait_are_passed_over() {
    let record = record("0 execution STARTED\n9 stage Test FAILED");
    let waiting = BTreeSet::from([crate::channels::address(SLACK).unwrap()]);
    let next = record.next(&desk(), at(9), &waiting).unwrap();
    assert_eq!(next.address.to_string(), "sns");
}

#[test]
fn with_the_table_down_each_urgent_thing_is_sent_and_says_it_may_be_a_repeat() {
    let record = record("0 execution STARTED\n1 stage Source SUCCEEDED\n9 stage Test FAILED\n9 execution FAILED");
    let urgent = record.urgent(&desk(), at(10));
    assert_eq!(urgent.iter().map(|delivery| delivery.address.to_string()).collect::<Vec<_>>(), [SLACK, "sns"]);
    assert!(urgent.iter().all(|delivery| format!("{:?}", delivery.outgoing).contains("may be a repeat")));
}

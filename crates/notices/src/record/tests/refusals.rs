//! Channels that say no, lose messages or want another token.

use pipeline_model::{ExecutionId, Secret};

use super::*;
use crate::outgoing::Reply;

fn refusing(error: &str) -> Channels {
    Channels::where_one_answers(SLACK, refusal(error))
}

fn sends(lines: &[String], address: &str) -> Vec<String> {
    lines.iter().filter(|line| line.starts_with(address)).cloned().collect()
}

#[test]
fn a_channel_that_refuses_stops_nobody_else_and_the_topic_gets_what_matters() {
    let desk = desk_with("routes: [{channels: [\"slack:C0123456\", \"slack:C0000002\"]}]");
    let mut channels = refusing("is_archived");
    let mut record = record("0 execution STARTED\n4 stage Source SUCCEEDED\n9 stage Test FAILED\n9 execution FAILED");
    let sent = channels.deliver(&mut record, &desk, at(10));
    assert_eq!(
        sent,
        [
            "slack:C0000002 post: orders failed in Test",
            "slack:C0000002 reply: Source succeeded",
            "slack:C0123456 post: orders failed in Test",
            "sns announce: orders failed in Test",
        ]
    );
    assert_eq!(channels.deliver(&mut record, &desk, at(11)), Vec::<String>::new());
    assert!(record.has_refused(&crate::channels::address(SLACK).unwrap()));
}

#[test]
fn quiet_news_do_not_go_around_a_channel_that_refuses() {
    let desk = desk_with("routes: [{channels: [\"slack:C0123456\"]}]");
    let sent = refusing("not_in_channel").deliver(&mut record("0 execution STARTED"), &desk, at(0));
    assert_eq!(sends(&sent, "sns"), Vec::<String>::new());
}

#[test]
fn a_channel_that_refused_is_tried_again_after_ten_minutes_and_not_before() {
    let mut channels = refusing("channel_not_found");
    let mut record = record("0 execution STARTED");
    assert_eq!(channels.deliver(&mut record, &desk(), at(0)).len(), 1);
    assert_eq!(channels.deliver(&mut record, &desk(), at(599)).len(), 0);
    assert_eq!(channels.deliver(&mut record, &desk(), at(600)).len(), 1);
    channels.replies.clear();
    assert_eq!(channels.deliver(&mut record, &desk(), at(1_200)), ["slack:C0123456 post: orders started"]);
    assert!(!record.has_refused(&crate::channels::address(SLACK).unwrap()));
}

#[test]
fn a_lost_message_is_posted_anew_three_times_and_then_the_channel_counts_as_refusing() {
    let mut record = record("0 execution STARTED");
    let mut posts = 0;
    for second in 0..20 {
        let state = if second % 2 == 0 { "SUCCEEDED" } else { "STARTED" };
        told(&format!("{second} stage S{second} {state}")).iter().for_each(|event| record.story().absorb(event));
        let mut rounds = 0;
        while let Some(delivery) = record.next(&desk(), at(second), &BTreeSet::new()) {
            rounds += 1;
            assert!(rounds < 20, "sent for ever");
            posts += i32::from(delivery.kind == Kind::Post);
            let answer = match delivery.kind {
                Kind::Post => {
                    let handle = Handle { channel: String::from("C0123456"), id: second.to_string() };
                    Answer::Delivered(Some(MessageHandle(handle)))
                }
                Kind::Edit | Kind::Reply => Answer::Lost(String::from("message_not_found")),
                Kind::Announce => Answer::Delivered(None),
            };
            record.note(&delivery, &answer, at(second));
        }
    }
    assert_eq!(posts, 4, "the first one and three more");
}

#[test]
fn a_message_without_an_id_is_not_posted_again_and_again() {
    let answer = Reply::Http { status: 200, retry_after: None, body: String::from("{\"ok\":true}") };
    let mut channels = Channels::where_one_answers(SLACK, answer);
    let sent = channels.deliver(&mut record("0 execution STARTED"), &desk(), at(0));
    assert_eq!(sent, ["slack:C0123456 post: orders started"]);
}

#[test]
fn a_token_that_is_not_accepted_goes_around_through_the_topic() {
    let desk = desk_with("routes: [{channels: [\"slack:C0123456\"]}]");
    let sent = refusing("token_revoked").deliver(&mut record("0 execution STARTED\n9 stage Test FAILED"), &desk, at(9));
    assert_eq!(
        sends(&sent, "sns"),
        ["sns announce: orders is failing in Test"].map(|line| line.replace("is failing", "failed"))
    );
}

#[test]
fn a_missing_credential_is_named_and_what_matters_goes_to_the_topic() {
    let none = crate::Credentials { slack_api: String::from("https://slack.com/api"), secrets: BTreeMap::new() };
    let desk = Desk::new(crate::Settings::default(), none, Some("C0123456")).unwrap();
    let sent = Channels::default().deliver(&mut record("0 execution STARTED\n9 stage Test FAILED"), &desk, at(9));
    assert_eq!(
        sent,
        ["slack:C0123456 post: the parameter `slack/bot-token` is not set", "sns announce: orders failed in Test"]
    );
}

#[test]
fn an_empty_secret_is_a_missing_one() {
    let secrets = BTreeMap::from([(String::from("slack/bot-token"), Secret::new(String::from("  ")))]);
    let blank = crate::Credentials { slack_api: String::from("https://slack.com/api"), secrets };
    let desk = Desk::new(crate::Settings::default(), blank, Some("C0123456")).unwrap();
    let sent = Channels::default().deliver(&mut record("0 execution STARTED"), &desk, at(0));
    assert_eq!(sent, ["slack:C0123456 post: the parameter `slack/bot-token` is not set"]);
}

#[test]
fn a_retry_changes_nothing_that_is_remembered() {
    let mut record = record("0 execution STARTED");
    let delivery = record.next(&desk(), at(0), &BTreeSet::new()).unwrap();
    record.note(&delivery, &Answer::Retry { after: None, reason: String::from("status 503") }, at(0));
    let again = record.next(&desk(), at(0), &BTreeSet::new()).unwrap();
    assert_eq!((again.kind, again.address), (delivery.kind, delivery.address));
}

#[test]
fn an_answer_noted_twice_counts_once() {
    let mut record = record("0 execution STARTED\n9 stage Test FAILED");
    let delivery = record.next(&desk(), at(9), &BTreeSet::new()).unwrap();
    let handle = Handle { channel: String::from("C0123456"), id: String::from("1.2") };
    let answer = Answer::Delivered(Some(MessageHandle(handle)));
    record.note(&delivery, &answer, at(9));
    let once = record.clone();
    record.note(&delivery, &answer, at(9));
    assert_eq!(record, once);
    assert_eq!(record.story().execution, ExecutionId::from(crate::testing::EXECUTION));
}

/// Slack as it answers once a message is too old to be edited: everything else goes on.
fn deliver_after_the_edit_window(record: &mut Record, sent: &mut Vec<String>, second: i64) {
    while let Some(delivery) = record.next(&desk_with(ROUTE), at(second), &BTreeSet::new()) {
        assert!(sent.len() < 20, "sent for ever: {sent:?}");
        let answer = match delivery.kind {
            Kind::Edit => Answer::Closed(String::from("edit_window_closed")),
            _ => Answer::Delivered(Some(MessageHandle(Handle {
                channel: String::from("C0123456"),
                id: second.to_string(),
            }))),
        };
        sent.push(format!("{} {}", delivery.kind.as_str(), words(&delivery)));
        record.note(&delivery, &answer, at(second));
    }
}

const ROUTE: &str = "routes: [{channels: [\"slack:C0123456\"]}]";

fn words(delivery: &Delivery) -> String {
    let Ok(Outgoing::Http { body, .. }) = &delivery.outgoing else { panic!("{delivery:?}") };
    let first = body["text"].as_str().unwrap().lines().next().unwrap().to_owned();
    format!("{}: {first}", body["thread_ts"].as_str().unwrap_or("-"))
}

#[test]
fn a_message_that_can_no_longer_be_edited_is_kept_and_its_thread_tells_the_rest() {
    let (mut record, mut sent) = (Record::new(blank()), Vec::new());
    for event in told(
        "0 execution STARTED\n4 stage Source SUCCEEDED\n5 stage Build STARTED\n9 stage Build FAILED\n9 execution FAILED
         60 #2 execution RESUMED\n60 #2 stage Build RESUMED\n90 #2 stage Build SUCCEEDED\n90 #2 execution SUCCEEDED",
    ) {
        record.story().absorb(&event);
        deliver_after_the_edit_window(&mut record, &mut sent, event.time.duration_since(at(0)).as_secs());
    }
    let posts = sent.iter().filter(|line| line.starts_with("post")).count();
    let edits = sent.iter().filter(|line| line.starts_with("edit")).count();
    assert_eq!((posts, edits), (1, 1), "{sent:?}");
    let said: Vec<_> = sent.iter().filter_map(|line| line.strip_prefix("reply 0: ")).collect();
    for words in
        ["*Source* succeeded", "failed in *Build*", "*Build* is being retried", "*Build* succeeded", "> succeeded in"]
    {
        assert_eq!(said.iter().filter(|line| line.contains(words)).count(), 1, "{words}: {said:?}");
    }
    assert!(!record.has_refused(&crate::channels::address(SLACK).unwrap()));
}

#[test]
fn a_message_posted_anew_can_be_edited_again() {
    let mut record = record("0 execution STARTED");
    deliver_after_the_edit_window(&mut record, &mut Vec::new(), 0);
    told("4 stage Source SUCCEEDED").iter().for_each(|event| record.story().absorb(event));
    deliver_after_the_edit_window(&mut record, &mut Vec::new(), 4);
    told("5 stage Build SUCCEEDED").iter().for_each(|event| record.story().absorb(event));
    let reply = record.next(&desk_with(ROUTE), at(5), &BTreeSet::new()).unwrap();
    assert_eq!(reply.kind, Kind::Reply);
    record.note(&reply, &Answer::Lost(String::from("thread_not_found")), at(5));
    let mut sent = Vec::new();
    deliver_after_the_edit_window(&mut record, &mut sent, 5);
    told("6 stage Deploy STARTED").iter().for_each(|event| record.story().absorb(event));
    assert_eq!(record.next(&desk_with(ROUTE), at(6), &BTreeSet::new()).unwrap().kind, Kind::Edit);
}

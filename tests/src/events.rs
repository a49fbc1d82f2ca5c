//! Every file in `events/notifier` goes through the notifier twice: the first time shows what it does, the second time
//! nothing more may happen.

use aws_lambda_events::sqs::SqsEvent;
use jiff::Timestamp;
use lambda_kit::Deadline;
use lambda_kit::start::{Handler, Invocation};
use notices::{ExecutionFacts, Outgoing};
use notifier::memory::Sent;
use pipeline_model::Published;
use serde_json::Value;

use crate::stage::{Letters, Stage, TIMEOUT, start, words};
use crate::{files, read};

const EXECUTION: &str = "11111111-2222-4333-8444-555555555555";
/// An execution that goes back to the one above.
const ROLLBACK: &str = "99999999-2222-4333-8444-000000000009";
const TOKEN: &str = "1a2b3c4d-0000-4000-8000-00000000abcd";

type Memorised = Stage<notifier::memory::RecordingOutbox>;

#[test]
fn every_file_does_what_its_snapshot_says_and_nothing_more_the_second_time() {
    let files = files("events/notifier", "json");
    assert!(files.len() > 50, "events/notifier is nearly empty");
    insta::with_settings!({ snapshot_path => "../snapshots/events", prepend_module_to_snapshot => false, omit_expression => true }, {
        for file in files {
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            insta::assert_snapshot!(name, effects(&read(&file)));
        }
    });
}

#[tokio::main(flavor = "current_thread")]
async fn effects(event: &str) -> String {
    let stage = Stage::new();
    // The execution most files are about waits for the approval of the two files with an approval's message.
    let waiting = Letters { execution: EXECUTION.to_owned(), ..Letters::of("").pipeline("orders-release") };
    stage.world.releases.set_waiting(TOKEN, &waiting.arn(), &waiting.id());
    let target = ExecutionFacts { rollback_target: Some(EXECUTION.into()), ..ExecutionFacts::default() };
    stage.world.releases.set_execution(&ROLLBACK.into(), target);
    let returned = give(&stage, event).await;
    let mut lines: Vec<String> = stage.world.outbox.take_sent().iter().map(sent).collect();
    let buried = stage.world.backlog.buried();
    lines.extend(buried.iter().map(|record| format!("buried: {}: {}", record.code, record.reason)));
    lines.extend(returned.iter().map(|id| format!("handed back: {id}")));

    let (table, reminders) = (stage.world.table.items(), stage.world.backlog.reminders());
    assert_eq!(give(&stage, event).await, returned);
    assert_eq!(stage.world.outbox.take_sent(), [], "the second time something was sent");
    assert_eq!(stage.world.table.items(), table, "the second time something was remembered");
    assert_eq!(stage.world.backlog.reminders(), reminders, "the second time a reminder was sent");
    if lines.is_empty() { "nothing".to_owned() } else { lines.join("\n\n") }
}

async fn give(stage: &Memorised, event: &str) -> Vec<String> {
    let event: SqsEvent = serde_json::from_str(event).expect("an SQS event");
    let deadline = Deadline::after(&stage.world.clock, TIMEOUT);
    let reply = stage.notifier.handle(event, Invocation { request_id: "r-1".to_owned(), deadline }).await.unwrap();
    reply.batch_item_failures.into_iter().map(|item| item.item_identifier).collect()
}

/// Method and channel, then what people read.
fn sent(sent: &Sent) -> String {
    let after = sent.at.duration_since(start()).as_secs();
    let head = match &sent.outgoing {
        Outgoing::Http { body, .. } => {
            let broadcast = if body["reply_broadcast"] == true { ", shown in the channel" } else { "" };
            format!("{} to {}{broadcast}, {after} s", sent.method(), body["channel"].as_str().unwrap_or_default())
        }
        Outgoing::Sns { .. } => format!("SNS, {after} s"),
    };
    let text = words(&sent.outgoing);
    let lines: Vec<String> = text.lines().map(|line| format!("  {line}").trim_end().to_owned()).collect();
    format!("{head}\n{}", lines.join("\n"))
}

/// What stands between the fences that follow a text on a page.
fn fenced<'p>(page: &'p str, after: &str, kind: &str) -> &'p str {
    let rest = page.split_once(after).unwrap_or_else(|| panic!("the page says `{after}`")).1;
    let block = rest.split_once(&format!("```{kind}\n")).unwrap_or_else(|| panic!("a block of {kind} follows")).1;
    block.split_once("```").expect("the fence is closed").0
}

#[test]
fn the_page_on_scans_shows_an_event_that_is_read_in_full_and_what_slack_makes_of_it() {
    let page = read(&crate::root().join("docs/scan.md"));
    let detail: Value = serde_json::from_str(fenced(&page, "detail type `Scan Completed`", "json")).expect("JSON");
    let mut event: Value =
        serde_json::from_str(&read(&crate::root().join("events/notifier/scan-of-a-later-version.json"))).unwrap();
    let body = &mut event["Records"][0]["body"];
    let mut envelope: Value = serde_json::from_str(body.as_str().unwrap()).unwrap();
    envelope["detail"] = detail.clone();
    *body = Value::String(envelope.to_string());
    match Published::parse(envelope.to_string().as_bytes()) {
        Ok(Published::Decision(decision)) => assert_eq!(decision.detail(), detail),
        other => panic!("{other:?}"),
    }
    let told = effects(&event.to_string()).replace('*', "");
    for line in fenced(&page, "**In Slack** a scan", "text").lines() {
        let line = line.strip_prefix("payments").unwrap_or(line);
        assert!(told.contains(line), "`{line}` is not in:\n{told}");
    }
}

#[test]
fn times_in_the_files_lie_near_the_beginning_of_the_story() {
    for file in files("events/notifier", "json") {
        let event: SqsEvent = serde_json::from_str(&read(&file)).expect("an SQS event");
        for record in event.records {
            let sent: i64 = record.attributes["SentTimestamp"].parse().unwrap();
            let sent = Timestamp::from_millisecond(sent).unwrap();
            let distance = sent.duration_since(start()).as_hours().abs();
            assert!(distance < 24 * 14, "{}: {sent} would be shown as late", file.display());
        }
    }
}

//! Every file in `events/recorder` goes through the recorder twice: the first time shows what it records, the second
//! time nothing more may be recorded.

use lambda_kit::Deadline;
use lambda_kit::start::{Handler, Invocation};
use recorder::memory::ScriptedReleases;
use serde_json::Value;

use super::office::{Office, TIMEOUT, line};
use crate::{files, read};

#[test]
fn every_file_records_what_its_snapshot_says_and_nothing_more_the_second_time() {
    let files = files("events/recorder", "json");
    assert!(files.len() > 30, "events/recorder is nearly empty");
    insta::with_settings!({ snapshot_path => "../../snapshots/recorder", prepend_module_to_snapshot => false, omit_expression => true }, {
        for file in files {
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            insta::assert_snapshot!(name, effects(&read(&file)));
        }
    });
}

#[tokio::main(flavor = "current_thread")]
async fn effects(event: &str) -> String {
    let office = Office::new();
    let answer = give(&office, event).await;
    let mut lines: Vec<String> = office.world.measurements.samples().iter().map(line).collect();
    lines.sort();
    let calls = office.world.measurements.recorded().len();
    assert!(calls <= 1, "one batch made {calls} calls to CloudWatch");
    let inboxes = office.world.ledger.items().into_values().map(|entry| entry.inbox.len()).sum::<usize>();
    if inboxes > 0 {
        lines.push(format!("waiting in an inbox: {inboxes}"));
    }
    lines.extend(office.world.releases.asked().iter().map(|call| format!("asked: {}", call.trim_end())));
    let buried = office.world.backlog.buried();
    lines.extend(buried.iter().map(|record| format!("buried: {}: {}", record.code, record.reason)));
    lines.extend(
        answer["batchItemFailures"].as_array().into_iter().flatten().map(|item| format!("handed back: {item}")),
    );

    give(&office, event).await;
    let mut again = office.world.measurements.recorded().split_off(calls).concat();
    // A round of the reconcile counts pipelines anew each time.
    again.retain(|sample| !sample.measure.name().starts_with("Pipelines"));
    assert_eq!(again, [], "the second time something was recorded");
    if lines.is_empty() { "nothing".to_owned() } else { lines.join("\n") }
}

async fn give(office: &Office<ScriptedReleases>, event: &str) -> Value {
    let occasion = serde_json::from_str(event).expect("an SQS event or the schedule's");
    let deadline = Deadline::after(&office.world.clock, TIMEOUT);
    let invocation = Invocation { request_id: "r-1".to_owned(), deadline };
    serde_json::to_value(office.recorder.handle(occasion, invocation).await.unwrap()).unwrap()
}

//! What people see, as Slack, a webhook and the notice topic get it.

mod gates;
mod hostile;
mod limits;
mod rollbacks;
mod scans;

use std::collections::BTreeSet;

use jiff::Timestamp;
use pipeline_model::{ExecutionId, StageName};
use serde_json::{Value, json};

use crate::channels::{self};
use crate::facts::{Commit, ExecutionFacts, Structure};
use crate::record::{Kind, Record};
use crate::route::Desk;
use crate::story::Story;
use crate::subject::Subject;
use crate::testing::{Channels, approval_message, at, desk_with, rendered, story, told};

const OWNED: &str = "owners: [{pipelines: [orders], mention: [S0123456]}]\n";
const STARTED: &str = "0 execution STARTED trigger=StartPipelineExecution detail=arn:aws:sts::111122223333:assumed-role/Developer/alice
    0 stage Source STARTED\n0 action Source/Checkout STARTED as=Source by=S3\n4 action Source/Checkout SUCCEEDED as=Source by=S3
    4 stage Source SUCCEEDED\n5 stage Build STARTED\n5 action Build/Compile STARTED as=Build by=CodeBuild\n";
const BUILT: &str = "245 action Build/Compile SUCCEEDED as=Build by=CodeBuild url=https://example.com/builds/1\n245 stage Build SUCCEEDED\n";
const WAITING: &str = "246 stage Approve STARTED\n246 action Approve/Manager STARTED as=Approval by=Manual\n";
const FAILED: &str = "246 stage Test STARTED\n246 action Test/Unit STARTED as=Test by=CodeBuild
    300 action Test/Unit FAILED as=Test by=CodeBuild why=\"Build terminated with state: FAILED\" code=JobFailed url=https://example.com/builds/2
    300 stage Test FAILED\n300 execution FAILED\n";
const RESUMED: &str =
    "600 #2 execution RESUMED\n600 #2 stage Test RESUMED\n601 #2 action Test/Unit STARTED as=Test by=CodeBuild\n";

/// A story with the pipeline's order and the commit learnt.
fn informed(lines: &[&str], stages: &[&str]) -> Story {
    let mut story = story(&lines.concat());
    let stages = stages.iter().map(|stage| StageName::from(*stage)).collect();
    story.learn_structure(&Structure { stages, approvals: Vec::new() });
    let commit = Commit {
        id: String::from("0123456789abcdef0123456789abcdef01234567"),
        message: Some(String::from(
            "Round totals before tax\n\nThe sum of rounded lines differed from the rounded sum.",
        )),
        author: Some(String::from("Example Author")),
        url: Some(String::from("https://github.com/example/orders/commit/0123456")),
    };
    story.learn_execution(&ExecutionFacts { commits: vec![commit], ..ExecutionFacts::default() });
    story
}

const STAGES: &[&str] = &["Source", "Build", "Test", "Approve", "Production"];

/// What each channel is sent about the story: Slack's message and thread, the webhook and the topic in full.
fn shown(story: Story, now: Timestamp) -> Value {
    let desk = desk_with(&format!("{OWNED}routes: [{{channels: [\"slack:C0123456\", webhook, sns]}}]"));
    json!({"slack": slack(&story, &desk, now), "others": announced(&story, &desk, now)})
}

/// The message as it stands, and the thread below it.
fn slack(story: &Story, desk: &Desk, now: Timestamp) -> Value {
    let mut record = Record::new(begun(story));
    let mut channels = Channels::default();
    channels.deliver(&mut record, desk, now);
    channels.sent.clear();
    *record.story() = story.clone();
    channels.deliver(&mut record, desk, now);
    let of = |kind: Kind| -> Vec<Value> {
        let sent = channels.sent.iter().filter(|delivery| delivery.address.to_string() == "slack:C0123456");
        sent.filter(|delivery| delivery.kind == kind).map(rendered).collect()
    };
    json!({"edit": of(Kind::Edit), "reply": of(Kind::Reply)})
}

/// What is told anew once it is known, each channel with what it gets.
fn news(before: &Story, after: &Story, now: Timestamp) -> Value {
    let desk = desk_with(&format!("{OWNED}routes: [{{channels: [\"slack:C0123456\", webhook, sns]}}]"));
    let (mut record, mut channels) = (Record::new(before.clone()), Channels::default());
    channels.deliver(&mut record, &desk, now);
    channels.sent.clear();
    *record.story() = after.clone();
    channels.deliver(&mut record, &desk, now);
    told_by(&channels)
}

/// What is sent about something nobody has heard of.
fn sent(subject: impl Into<Subject>, desk: &Desk, now: Timestamp) -> Value {
    let (mut record, mut channels) = (Record::new(subject), Channels::default());
    channels.deliver(&mut record, desk, now);
    told_by(&channels)
}

fn told_by(channels: &Channels) -> Value {
    let told = |delivery: &crate::Delivery| json!({"to": delivery.address.to_string(), "kind": delivery.kind.as_str(), "message": rendered(delivery)});
    channels.sent.iter().map(told).collect()
}

/// The same execution when nothing but its start was known.
fn begun(story: &Story) -> Story {
    let mut begun = Story::new(story.pipeline.clone(), story.execution.clone());
    begun.absorb(&told("0 execution STARTED")[0]);
    begun
}

fn announced(story: &Story, desk: &Desk, now: Timestamp) -> Vec<Value> {
    let record = Record::new(story.clone());
    let waiting = BTreeSet::from([channels::address("slack:C0123456").unwrap()]);
    let mut record = record;
    let mut sent = Vec::new();
    while let Some(delivery) = record.next(desk, now, &waiting) {
        record.note(&delivery, &crate::Answer::Delivered(None), now);
        sent.push(json!({"to": delivery.address.to_string(), "message": rendered(&delivery)}));
    }
    sent
}

#[test]
fn an_execution_that_has_started() {
    let started =
        story("0 execution STARTED trigger=CloudWatchEvent detail=arn:aws:events:us-east-1:111122223333:rule/upload");
    let desk = desk_with(OWNED);
    let post = Record::new(started).next(&desk, at(0), &BTreeSet::new()).unwrap();
    insta::assert_json_snapshot!(rendered(&post));
}

#[test]
fn an_execution_that_runs() {
    insta::assert_json_snapshot!(shown(informed(&[STARTED], STAGES), at(10)));
}

#[test]
fn an_approval_known_from_its_event_alone() {
    insta::assert_json_snapshot!(shown(informed(&[STARTED, BUILT, WAITING], STAGES), at(250)));
}

#[test]
fn an_approval_with_what_its_message_says() {
    let mut story = informed(&[STARTED, BUILT, WAITING], STAGES);
    story.absorb_approval(&approval_message(), at(247));
    insta::assert_json_snapshot!(shown(story, at(250)));
}

#[test]
fn a_build_that_failed() {
    insta::assert_json_snapshot!(shown(informed(&[STARTED, BUILT, FAILED], STAGES), at(301)));
}

#[test]
fn an_approval_that_was_rejected() {
    let rejected = "306 action Approve/Manager FAILED as=Approval by=Manual why=\"Rejected by bob: not on a Friday\" code=JobFailed
        306 stage Approve FAILED\n306 execution FAILED";
    insta::assert_json_snapshot!(shown(informed(&[STARTED, BUILT, WAITING, rejected], STAGES), at(307)));
}

#[test]
fn a_stage_that_is_retried() {
    insta::assert_json_snapshot!(shown(informed(&[STARTED, BUILT, FAILED, RESUMED], STAGES), at(602)));
}

#[test]
fn a_pipeline_that_is_fixed() {
    let end = "246 execution SUCCEEDED";
    let mut story = informed(&[STARTED, BUILT, end], &["Source", "Build"]);
    let mut history = crate::History::default();
    let before = |second: i64| ExecutionId::new(format!("2222222{}-2222-4333-8444-555555555555", second % 10));
    history.remember(&before(1), 1, false, at(-7_261));
    history.remember(&before(2), 1, false, at(-3_600));
    let (attempt, succeeded, ended) = story.endings().pop().unwrap();
    history.remember(&story.execution.clone(), attempt, succeeded, ended);
    story.learn_history(&history);
    insta::assert_json_snapshot!(shown(story, at(247)));
}

#[test]
fn an_execution_that_succeeded() {
    insta::assert_json_snapshot!(shown(
        informed(&[STARTED, BUILT, "246 execution SUCCEEDED"], &["Source", "Build"]),
        at(247)
    ));
}

#[test]
fn an_execution_that_was_stopped() {
    let stop = "100 execution STOPPING comment=\"Wrong branch, sorry\"\n120 action Build/Compile ABANDONED as=Build by=CodeBuild
        120 stage Build STOPPED\n120 execution STOPPED";
    insta::assert_json_snapshot!(shown(informed(&[STARTED, stop], STAGES), at(121)));
}

#[test]
fn an_execution_that_was_superseded_or_canceled_or_is_in_an_unknown_state() {
    let headline = |state: &str| {
        let story = informed(&[STARTED, BUILT, &format!("250 execution {state}")], STAGES);
        let desk = desk_with("routes: [{channels: [\"slack:C0123456\"]}]");
        slack(&story, &desk, at(251))["edit"][0].clone()
    };
    insta::assert_json_snapshot!([headline("SUPERSEDED"), headline("CANCELED"), headline("PAUSED")]);
}

#[test]
fn a_rollback_that_failed_and_one_that_worked() {
    let rollback = |end: &str| {
        let lines = format!(
            "0 execution STARTED trigger=AutomatedRollback detail=22222222-2222-4333-8444-555555555555\n1 stage Production STARTED\n{end}"
        );
        let mut story = story(&lines);
        let target = Some(ExecutionId::from("22222222-2222-4333-8444-555555555555"));
        story.learn_execution(&ExecutionFacts { rollback_target: target, ..ExecutionFacts::default() });
        shown(story, at(70))["slack"]["edit"][0].clone()
    };
    let failed = "60 action Production/Deploy FAILED by=CloudFormation why=\"Stack is in UPDATE_ROLLBACK_FAILED\"\n60 stage Production FAILED\n60 execution FAILED";
    let worked = "60 stage Production SUCCEEDED\n60 execution SUCCEEDED";
    insta::assert_json_snapshot!([rollback(""), rollback(failed), rollback(worked)]);
}

#[test]
fn every_partition_links_to_its_own_console_or_to_none() {
    let headline = |region: &str| {
        let mut story = Story::new(crate::testing::pipeline(region), ExecutionId::from(crate::testing::EXECUTION));
        story.absorb(&told("0 execution STARTED")[0]);
        let post = Record::new(story).next(&desk_with(OWNED), at(0), &BTreeSet::new()).unwrap();
        rendered(&post)["text"].clone()
    };
    insta::assert_json_snapshot!(["us-east-1", "us-gov-west-1", "cn-north-1", "us-isof-south-1"].map(headline));
}

#[test]
fn every_way_an_execution_can_begin() {
    let begun = |trigger: &str| {
        let story = story(&format!("0 execution STARTED {trigger}"));
        super::lines::footnote(&story, 1).to_plain()
    };
    let ways = [
        "",
        "trigger=StartPipelineExecution detail=arn:aws:iam::111122223333:root",
        "trigger=CreatePipeline detail=arn:aws:sts::111122223333:assumed-role/Developer/alice",
        "trigger=WebhookV2",
        "trigger=ManualRollback detail=arn:aws:sts::111122223333:assumed-role/Developer/alice",
        "trigger=AutomatedRollback",
        "trigger=SomethingNew",
        "commit=0123456 branch=main repository=example/orders author=\"Example Author\" message=\"Round totals\"",
        "commit=0123456 tag=v1.2.3 repository=example/orders",
    ];
    insta::assert_json_snapshot!(ways.map(begun));
}

//! Test helpers: a story told in lines, a desk with every credential, and channels that answer like the real ones.

mod channels;
mod decisions;
mod gates;
mod lines;
mod scans;

use std::fmt::Debug;

use jiff::Timestamp;
use pipeline_model::{ActionName, ApprovalRequest, ExecutionId, PipelineArn, PipelineName, Secret, StageName};
use proptest::prelude::*;

use crate::channel::Credentials;
use crate::moment::Outcome;
use crate::record::Record;
use crate::route::Desk;
use crate::settings::Settings;
use crate::story::Story;

pub(crate) use channels::{Channels, refusal, rendered};
pub(crate) use decisions::{decided, endless, in_words, of_another, outside_of_pipelines, with, without_end};
pub(crate) use gates::{check, errors, gated, of_a_hook, opened, with_gate};
pub(crate) use lines::told;
pub(crate) use scans::{finding, of_no_execution, scanned, unread, with_scan};

/// The id every story here has.
pub(crate) const EXECUTION: &str = "11111111-2222-4333-8444-555555555555";

/// A release in full: a failed test, a retry, an approval, and the end.
pub(crate) const RELEASE: &str = r#"
    0 execution STARTED trigger=StartPipelineExecution detail=arn:aws:sts::111122223333:assumed-role/Developer/alice
    0 stage Source STARTED
    0 action Source/Checkout STARTED as=Source by=S3
    4 action Source/Checkout SUCCEEDED as=Source by=S3
    4 stage Source SUCCEEDED
    5 stage Build STARTED
    5 action Build/Compile STARTED as=Build by=CodeBuild
    245 action Build/Compile SUCCEEDED as=Build by=CodeBuild url=https://example.com/builds/1
    245 stage Build SUCCEEDED
    246 stage Test STARTED
    246 action Test/Unit STARTED as=Test by=CodeBuild
    246 action Test/Lint STARTED as=Test by=CodeBuild
    270 action Test/Lint SUCCEEDED as=Test by=CodeBuild
    300 action Test/Unit FAILED as=Test by=CodeBuild why="3 of 120 tests failed" code=JobFailed url=https://example.com/builds/2
    300 stage Test FAILED
    300 execution FAILED
    600 #2 execution RESUMED
    600 #2 stage Test RESUMED
    601 #2 action Test/Unit STARTED as=Test by=CodeBuild
    660 #2 action Test/Unit SUCCEEDED as=Test by=CodeBuild
    660 #2 stage Test SUCCEEDED
    661 #2 stage Approve STARTED
    661 #2 action Approve/Manager STARTED as=Approval by=Manual
    961 #2 action Approve/Manager SUCCEEDED as=Approval by=Manual why="Approved by bob"
    961 #2 stage Approve SUCCEEDED
    962 #2 stage Production STARTED
    962 #2 action Production/Deploy STARTED as=Deploy by=CloudFormation
    1082 #2 action Production/Deploy SUCCEEDED as=Deploy by=CloudFormation
    1082 #2 stage Production SUCCEEDED
    1082 #2 execution SUCCEEDED
"#;

/// So many seconds after 2 March 2026, 10:00 UTC.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_772_445_600 + seconds).unwrap()
}

pub(crate) fn pipeline(region: &str) -> PipelineArn {
    PipelineArn::new(region, "111122223333", PipelineName::from("orders"))
}

/// A story nothing is known of.
pub(crate) fn blank() -> Story {
    Story::new(pipeline("us-east-1"), ExecutionId::from(EXECUTION))
}

/// The story these lines tell.
pub(crate) fn story(lines: &str) -> Story {
    let mut story = blank();
    told(lines).iter().for_each(|event| story.absorb(event));
    story
}

/// A record of the story these lines tell; nobody has heard of it.
pub(crate) fn record(lines: &str) -> Record {
    Record::new(story(lines))
}

impl Record {
    /// The story of a record that has one.
    pub(crate) fn story(&mut self) -> &mut Story {
        self.subject.execution_mut().expect("this record is about an execution")
    }
}

/// The approval message of [`RELEASE`].
pub(crate) fn approval_message() -> ApprovalRequest {
    ApprovalRequest {
        region: String::from("us-east-1"),
        pipeline: PipelineName::from("orders"),
        stage: StageName::from("Approve"),
        action: ActionName::from("Manager"),
        token: String::from("1a2b3c4d-0000-4000-8000-00000000abcd"),
        expires: Some(at(90_000)),
        review_link: Some(String::from("https://console.aws.amazon.com/codesuite/review?token=1&x=2")),
        external_link: Some(String::from("https://example.com/changes/42")),
        custom_text: Some(String::from("Read the test report first.")),
    }
}

/// Each of these once or up to so many times, in any order.
pub(crate) fn in_any_order<T: Clone + Debug>(things: Vec<T>, most: usize) -> impl Strategy<Value = Vec<T>> {
    let times = proptest::collection::vec(1..=most, things.len());
    let repeated = times.prop_map(move |times| {
        things.iter().zip(times).flat_map(|(thing, times)| vec![thing.clone(); times]).collect::<Vec<_>>()
    });
    repeated.prop_shuffle()
}

/// Every credential there is.
pub(crate) fn credentials() -> Credentials {
    let secrets = [("slack/bot-token", ["xoxb", "test"].join("-")), ("slack/webhook-url", hook())];
    Credentials {
        slack_api: String::from("https://slack.com/api"),
        secrets: secrets.map(|(name, value)| (name.to_owned(), Secret::new(value))).into(),
    }
}

fn hook() -> String {
    ["https://hooks.slack.com", "services", "T0", "B0", "x"].join("/")
}

/// Every outcome, as settings list them.
pub(crate) fn everything() -> String {
    let words: Vec<_> = Outcome::ALL.iter().map(|outcome| outcome.as_str()).collect();
    format!("[{}]", words.join(", "))
}

/// No settings, one channel, every credential.
pub(crate) fn desk() -> Desk {
    Desk::new(Settings::default(), credentials(), Some("C0123456")).unwrap()
}

/// These settings, and every credential.
pub(crate) fn desk_with(yaml: &str) -> Desk {
    Desk::new(Settings::parse(yaml).unwrap(), credentials(), Some("C0123456")).unwrap()
}

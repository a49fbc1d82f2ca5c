//! A release from its first event to its last message: the local CodePipeline plays it, the bus repeats and shuffles, the
//! notifier asks CodePipeline through the real SDK and writes to Slack's double over HTTP.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_codepipeline::Client;
use jiff::Timestamp;
use lambda_kit::Home;
use lambda_kit::metrics::Metrics;
use lambda_kit::settings::{Parsed, Settings};
use lambda_kit::start::{Handler, Invocation};
use lambda_kit::{Clock, Deadline};
use local::codepipeline::{ApprovalNotifier, Config, EventChannel, EventSink, Faults, FaultySink, Pending, Server};
use local::script::Script;
use local::slack::{Message, SlackDouble, Workspace};
use notifier::memory::{Memory, MemorySettings, MemoryTable, RecordingBacklog};
use notifier::outside::CodePipeline;
use notifier::{Desks, Notifier};
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::stage::{CHANNEL, Courier, TIMEOUT, aws, batch, in_an_sns_envelope};

const PIPELINE: &str = "orders";
const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:approvals";

const SCRIPT: &str = "
pipelines:
  orders:
    Source:
      Checkout:
        - { duration: 2s, revision: { id: 7f3c2a90d1e4b5c6a7980f1e2d3c4b5a69788796, message: Add a discount field, author: { name: Example Author } } }
        - { duration: 2s, revision: { id: 0123456789abcdef0123456789abcdef01234567, message: Round before tax <!channel>, author: { name: Example Author } } }
    Build:
      Compile:
        - { duration: 4s, outcome: failed, error: { code: JobFailed, message: 3 of 217 tests failed }, url: 'https://example.com/builds/1' }
        - { duration: 4s, summary: 217 tests passed }
    Production:
      Deploy:
        - { duration: 3s }
";

type Whole = Notifier<MemoryTable, CodePipeline, Courier, RecordingBacklog, MemorySettings>;

/// CodePipeline, a bus, a queue, the notifier and Slack.
struct Delivery {
    pipeline: Server,
    slack: SlackDouble,
    notifier: Whole,
    world: Memory,
    letters: UnboundedReceiver<Value>,
    records: u32,
}

/// The approval's topic, subscribed by the queue.
struct Topic(EventChannel);

impl ApprovalNotifier for Topic {
    fn publish<'a>(&'a self, _topic: &'a str, _subject: &'a str, message: &'a str) -> Pending<'a, ()> {
        Box::pin(async move {
            let envelope = in_an_sns_envelope(message, &Clock::system().now().to_string());
            self.0.publish(&serde_json::from_str(&envelope).expect("JSON")).await
        })
    }
}

impl Delivery {
    async fn new(seed: u64) -> Self {
        let (channel, letters) = EventChannel::new();
        let faults = Faults { duplicate: true, shuffle_within: Duration::from_millis(80), seed, ..Faults::default() };
        let config = Config {
            script: Script::parse(SCRIPT, "".as_ref()).expect("the script"),
            speed: 40.0,
            start_on_create: false,
            events: Arc::new(FaultySink::new(Arc::new(channel.clone()), faults)),
            approvals: Arc::new(Topic(channel)),
            ..Config::default()
        };
        let pipeline = Server::start(config).await.expect("a free port on loopback");
        pipeline.call("CreatePipeline", json!({ "pipeline": declaration() })).await.expect("a valid pipeline");
        let slack = Workspace::new().with_channel(CHANNEL, "releases").with_burst(200).start().await.unwrap();
        // Its clock moves only where the notifier waits: nobody sits out Slack's second between two messages.
        let world = Memory::at(Clock::system().now());
        world.settings.set("slack/bot-token", &slack.token());
        let notifier = notifier(&world, &pipeline.url(), &slack.api_url());
        Self { pipeline, slack, notifier, world, letters, records: 0 }
    }

    async fn start(&self) -> String {
        let answer = self.pipeline.call("StartPipelineExecution", json!({ "name": PIPELINE })).await.unwrap();
        answer["pipelineExecutionId"].as_str().unwrap().to_owned()
    }

    /// Lets the notifier hear what comes until the channel is as wanted and nothing more comes.
    async fn until(&mut self, wanted: impl Fn(&[Message]) -> bool) -> Vec<Message> {
        let mut waiting: Vec<String> = Vec::new();
        for _ in 0..400 {
            tokio::time::sleep(Duration::from_millis(25)).await;
            let before = waiting.len();
            waiting
                .extend(std::iter::from_fn(|| self.letters.try_recv().ok()).take(10).map(|letter| letter.to_string()));
            let quiet = before == waiting.len();
            waiting = self.hear(waiting).await;
            let messages = self.slack.channel(CHANNEL);
            if quiet && waiting.is_empty() && wanted(&messages) {
                return messages;
            }
        }
        panic!("the channel never came to be as wanted:\n{}", self.slack.render(CHANNEL));
    }

    /// One invocation; what comes back is to come again.
    async fn hear(&mut self, bodies: Vec<String>) -> Vec<String> {
        let ids: Vec<String> = (0..bodies.len()).map(|at| format!("m-{}-{at}", self.records)).collect();
        self.records += 1;
        let event = batch(&ids, &bodies, 1, self.world.clock.now());
        let invocation =
            Invocation { request_id: "r-1".to_owned(), deadline: Deadline::after(&self.world.clock, TIMEOUT) };
        let reply = self.notifier.handle(event, invocation).await.expect("a batch with ids is handled");
        let failed: Vec<_> = reply.batch_item_failures.into_iter().map(|item| item.item_identifier).collect();
        ids.into_iter().zip(bodies).filter(|(id, _)| failed.contains(id)).map(|(_, body)| body).collect()
    }

    async fn approve(&self) {
        let state = self.pipeline.call("GetPipelineState", json!({ "name": PIPELINE })).await.unwrap();
        let token = &state["stageStates"][2]["actionStates"][0]["latestExecution"]["token"];
        let answer = json!({
            "pipelineName": PIPELINE, "stageName": "Approve", "actionName": "Manager", "token": token,
            "result": { "summary": "", "status": "Approved" },
        });
        self.pipeline.call("PutApprovalResult", answer).await.expect("the approval waits");
    }
}

fn notifier(world: &Memory, codepipeline: &str, slack: &str) -> Whole {
    let home = Home { region: "us-east-1".to_owned(), account: "111122223333".to_owned() };
    let metrics = Metrics::new("Pipewarden", "pipewarden-notifier");
    Notifier {
        table: world.table.clone(),
        releases: CodePipeline::new(Client::new(&aws(codepipeline)), home),
        outbox: Courier::keeping(world.outbox.clone()),
        backlog: world.backlog.clone(),
        desks: Desks::new(
            Settings::new(world.settings.clone(), "/pipewarden", world.clock.clone()),
            Parsed::new(metrics.clone(), world.clock.clone()),
            slack,
            Some(CHANNEL.to_owned()),
        ),
        clock: world.clock.clone(),
        metrics,
    }
}

fn declaration() -> Value {
    let kind = |category: &str, provider: &str| json!({ "category": category, "owner": "AWS", "provider": provider, "version": "1" });
    let artifact = json!([{ "name": "SourceArtifact" }]);
    json!({
        "name": PIPELINE, "roleArn": "arn:aws:iam::111122223333:role/pipeline", "pipelineType": "V2",
        "artifactStore": { "type": "S3", "location": "artifacts-111122223333" },
        "stages": [
            { "name": "Source", "actions": [{
                "name": "Checkout", "actionTypeId": kind("Source", "S3"), "outputArtifacts": artifact,
                "configuration": { "S3Bucket": "sources-111122223333", "S3ObjectKey": "orders.zip" },
            }]},
            { "name": "Build", "actions": [{
                "name": "Compile", "actionTypeId": kind("Build", "CodeBuild"), "inputArtifacts": artifact,
                "configuration": { "ProjectName": "orders" },
            }]},
            { "name": "Approve", "actions": [{
                "name": "Manager", "actionTypeId": kind("Approval", "Manual"),
                "configuration": { "NotificationArn": TOPIC, "CustomData": "Read the report first." },
            }]},
            { "name": "Production", "actions": [{
                "name": "Deploy", "actionTypeId": kind("Deploy", "S3"), "inputArtifacts": artifact,
                "configuration": { "BucketName": "site-111122223333", "Extract": "true" },
            }]},
        ],
    })
}

fn shows(message: &Message, words: &str) -> bool {
    message.visible_text().contains(words)
}

fn replies_with(message: &Message, words: &str) -> usize {
    message.thread.iter().filter(|reply| shows(reply, words)).count()
}

#[tokio::test]
async fn a_release_that_fails_is_fixed_and_approved_is_one_message_each_with_its_story_below() {
    for seed in [1, 2, 3] {
        let mut delivery = Delivery::new(seed).await;
        delivery.start().await;
        let messages = delivery.until(|messages| messages.iter().any(|message| shows(message, "failed in"))).await;
        let [failed] = messages.as_slice() else { panic!("seed {seed}: {} messages", messages.len()) };
        assert!(
            shows(failed, "3 of 217 tests failed") && shows(failed, "Add a discount field"),
            "{}",
            failed.visible_text()
        );

        // Events tell whole seconds: within one, nobody knows which release ended first.
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        delivery.start().await;
        let messages =
            delivery.until(|messages| messages.iter().any(|message| shows(message, "waits for approval"))).await;
        assert!(
            shows(messages.last().unwrap(), "Read the report first."),
            "{}",
            messages.last().unwrap().visible_text()
        );
        delivery.approve().await;
        let messages = delivery.until(|messages| messages.iter().any(|message| shows(message, "is fixed after"))).await;

        let [failed, fixed] = messages.as_slice() else { panic!("seed {seed}: {} messages", messages.len()) };
        assert!(shows(failed, "failed in"), "seed {seed}: the first release stays failed");
        assert!(shows(fixed, "Round before tax &lt;!channel&gt;"), "{}", fixed.visible_text());
        for stage in ["Source", "Build", "Approve", "Production"] {
            assert!(shows(fixed, &format!("✓ {stage}")), "seed {seed}: {stage} in {}", fixed.visible_text());
        }
        assert_eq!(replies_with(fixed, "waits for approval"), 1, "seed {seed}: announced once");
        assert!(replies_with(fixed, "succeeded in") >= 1, "seed {seed}: stages are told in the thread");
        assert_eq!(replies_with(fixed, "is fixed after"), 1, "seed {seed}");
        assert_eq!(delivery.world.backlog.buried(), []);
        let emails = delivery.world.outbox.sent().len();
        assert_eq!(emails, 3, "seed {seed}: failure, approval and recovery by e-mail");
        delivery.pipeline.shutdown().await;
    }
}

#[tokio::test]
async fn a_failed_stage_that_is_retried_stays_in_the_same_message() {
    let mut delivery = Delivery::new(4).await;
    let execution = delivery.start().await;
    delivery.until(|messages| messages.iter().any(|message| shows(message, "failed in"))).await;
    let retry = json!({
        "pipelineName": PIPELINE, "stageName": "Build", "pipelineExecutionId": execution, "retryMode": "FAILED_ACTIONS",
    });
    delivery.pipeline.call("RetryStageExecution", retry).await.expect("the stage has failed");
    delivery.until(|messages| messages.iter().any(|message| shows(message, "waits for approval"))).await;
    delivery.approve().await;
    let messages = delivery.until(|messages| messages.iter().any(|message| shows(message, "is fixed after"))).await;
    let [message] = messages.as_slice() else { panic!("{} messages", messages.len()) };
    assert!(shows(message, "attempt 2"), "{}", message.visible_text());
    // What the retry put right is still told in the thread.
    assert!(
        message.thread.iter().chain([message]).any(|told| shows(told, "failed in")) || first_said(message, "failed in")
    );
}

fn first_said(message: &Message, words: &str) -> bool {
    message.history.iter().any(|content| serde_json::to_string(content).is_ok_and(|text| text.contains(words)))
}

/// Case 5, with the real SDK: the end is lost, and read from CodePipeline.
#[tokio::test]
async fn an_end_nobody_told_is_read_from_codepipeline() {
    let mut delivery = Delivery::new(5).await;
    delivery.start().await;
    let lost = |letter: &Value| letter["detail"]["state"] == "FAILED";
    let mut heard = Vec::new();
    for _ in 0..40 {
        tokio::time::sleep(Duration::from_millis(25)).await;
        heard.extend(std::iter::from_fn(|| delivery.letters.try_recv().ok()).filter(|letter| !lost(letter)));
    }
    delivery.hear(heard.iter().take(10).map(Value::to_string).collect()).await;
    assert!(!shows(&delivery.slack.channel(CHANNEL)[0], "failed in"));
    delivery.world.clock.advance(Duration::from_secs(900));
    let due = delivery.world.backlog.take_due();
    assert_eq!(due.len(), 1, "one reminder");
    assert_eq!(delivery.hear(due).await, [""; 0]);
    let message = &delivery.slack.channel(CHANNEL)[0];
    assert!(shows(message, "failed in") && shows(message, "3 of 217 tests failed"), "{}", message.visible_text());
    assert!(shows(message, "read from CodePipeline"), "{}", message.visible_text());
    let ended: Timestamp = delivery.world.clock.now();
    assert!(ended > Clock::system().now(), "the notifier's clock ran ahead");
}

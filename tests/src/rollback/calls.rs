//! How many calls a rollback takes: six from the alarm to `RollbackStage`, and no page of a list that is not needed.

mod wire;

use std::time::Duration;

use aws_sdk_cloudwatch::Client;
use lambda_kit::Clock;
use lambda_kit::doubles::rehearsal::Server as Prepared;
use lambda_kit::doubles::{MemorySettings, RecordingBus};
use local::codepipeline::{Config, Server};
use local::script::Script;
use pipeline_model::AlarmState;
use reverter::memory::{Memory, MemoryBooks, MemoryLaters};
use reverter::outside::{CloudWatch, Services};
use reverter::{Outside, Reverter};
use rollback_plans::{CONSENT_TAG, Limits};
use serde_json::{Value, json};

use super::alarms::Change;
use super::guard::{ALARM, Guard, PIPELINE, reverter};
use wire::{Listening, described, tagged};

/// From the alarm to `RollbackStage`.
const MOST_CALLS: usize = 6;

/// A thousand releases are as quick to go back from as two.
#[tokio::test]
async fn a_rollback_is_the_sixth_call_and_three_more_tell_of_it() {
    for releases in [2, 1_000] {
        let guard = Guard::after("");
        for number in 1..=releases {
            guard.world.services.release(PIPELINE, &format!("r{number}"));
        }
        guard.go_to(5);
        let event = guard.turn(ALARM, AlarmState::Alarm).event();
        let before = guard.world.calls();
        guard.world.crash_at(MOST_CALLS, lambda_kit::doubles::Moment::After);
        assert!(guard.invoke(&event).await.is_none());
        assert_eq!(guard.world.calls() - before, MOST_CALLS);
        assert_eq!(guard.rollbacks().len(), 1, "the sixth call is the rollback");

        let guard = Guard::after("good@10 bad@40");
        guard.go_to(45);
        let event = guard.turn(ALARM, AlarmState::Alarm).event();
        let before = guard.world.calls();
        guard.hear(&event).await;
        assert_eq!(guard.world.calls() - before, MOST_CALLS + 3, "published, to be looked at again, written down");
    }
}

/// What is not to be rolled back costs little, because alarms ring all day.
#[tokio::test]
async fn an_alarm_that_protects_nothing_costs_two_calls_and_one_of_a_stranger_none() {
    let guard = Guard::after("good@10 bad@40");
    guard.protect("other", &[("team", "shop")]);
    guard.go_to(45);
    let before = guard.world.calls();
    guard.hear(&guard.turn("other", AlarmState::Alarm).event()).await;
    assert_eq!(guard.world.calls() - before, 2, "tags and settings");
    let change = Change { account: String::from("444455556666"), ..guard.turn(ALARM, AlarmState::Alarm) };
    let before = guard.world.calls();
    guard.hear(&change.event()).await;
    guard.hear(&Change { state: AlarmState::InsufficientData, ..change }.event()).await;
    assert_eq!(guard.world.calls() - before, 0);
}

/// The flow over HTTP: CloudWatch's and CodePipeline's clients are the real ones, the rest is in memory.
struct OverHttp;

impl Outside for OverHttp {
    type Alarms = CloudWatch;
    type Releases = Services;
    type Executor = Services;
    type Books = MemoryBooks;
    type Laters = MemoryLaters;
    type Bus = RecordingBus;
    type Parameters = MemorySettings;
}

const SCRIPT: &str = "
pipelines:
  orders:
    Source:
      Checkout:
        - { duration: 1s, revision: { id: 7f3c2a90d1e4b5c6a7980f1e2d3c4b5a69788796, message: Add a discount field } }
        - { duration: 1s, revision: { id: 0123456789abcdef0123456789abcdef01234567, message: Round before tax } }
    Production:
      Deploy:
        - { duration: 1s }
";

#[tokio::test]
async fn over_http_one_request_is_made_for_each_call_and_none_besides() {
    let pipelines = pipeline().await;
    let good = released(&pipelines).await;
    let bad = released(&pipelines).await;
    let alarms = Prepared::giving([tagged(CONSENT_TAG, "orders/Production"), described("ALARM")]).await;
    let listening = Listening::default();
    let world = Memory::at(Clock::system().now());
    let reverter = over_http(&world, &listening, &pipelines.url(), &alarms);
    let now = world.clock.now();
    let change = Change::of(ALARM, AlarmState::Alarm, now, Some((AlarmState::Ok, now - Duration::from_secs(3_600))));
    let told = super::guard::invoke(&world, &reverter, change.event().into()).await.unwrap().unwrap();

    assert_eq!(serde_json::to_value(told).unwrap(), json!([format!("rolled back: orders/Production@{bad}")]));
    let asked_alarms: Vec<String> = alarms.requests().iter().map(wire::operation).collect();
    assert_eq!(asked_alarms, ["ListTagsForResource", "DescribeAlarms"]);
    assert_eq!(listening.operations(), ["GetPipelineState", "ListPipelineExecutions", "RollbackStage"]);
    let claim = 1;
    assert_eq!(asked_alarms.len() + listening.operations().len() + claim, MOST_CALLS);
    let decision = world.bus.take_published().remove(0).detail();
    assert_eq!(decision["target-execution-id"], good);
    assert_eq!(decision["from"]["summary"], "Round before tax");
    assert_eq!(decision["to"]["summary"], "Add a discount field");
    pipelines.shutdown().await;
}

fn over_http(world: &Memory, listening: &Listening, pipelines: &str, alarms: &Prepared) -> Reverter<OverHttp> {
    let services = Services::new(&listening.to(pipelines), world.clock.clone());
    let Reverter { books, laters, bus, consents, home, mode, limits, clock, metrics, .. } =
        reverter(world, Limits::default());
    Reverter {
        alarms: CloudWatch::new(Client::new(&alarms.aws())),
        releases: services.clone(),
        executor: services,
        books,
        laters,
        bus,
        consents,
        home,
        mode,
        limits,
        clock,
        metrics,
    }
}

async fn pipeline() -> Server {
    let script = Script::parse(SCRIPT, "".as_ref()).expect("the script");
    let config = Config { script, speed: 40.0, start_on_create: false, ..Config::default() };
    let server = Server::start(config).await.expect("a free port on loopback");
    server.call("CreatePipeline", json!({ "pipeline": declaration() })).await.expect("a valid pipeline");
    server
}

/// Starts the pipeline and waits until the release stands in its last stage.
async fn released(server: &Server) -> String {
    let started = server.call("StartPipelineExecution", json!({ "name": PIPELINE })).await.unwrap();
    let execution = &started["pipelineExecutionId"];
    for _ in 0..400 {
        tokio::time::sleep(Duration::from_millis(25)).await;
        let state = server.call("GetPipelineState", json!({ "name": PIPELINE })).await.unwrap();
        let latest = &state["stageStates"][1]["latestExecution"];
        if latest["pipelineExecutionId"] == *execution && latest["status"] == "Succeeded" {
            return execution.as_str().unwrap().to_owned();
        }
    }
    panic!("{execution} never stood in the last stage");
}

fn declaration() -> Value {
    let kind = |category: &str| json!({ "category": category, "owner": "AWS", "provider": "S3", "version": "1" });
    let artifact = json!([{ "name": "SourceArtifact" }]);
    json!({
        "name": PIPELINE, "roleArn": "arn:aws:iam::111122223333:role/pipeline", "pipelineType": "V2",
        "artifactStore": { "type": "S3", "location": "artifacts-111122223333" },
        "stages": [
            { "name": "Source", "actions": [{
                "name": "Checkout", "actionTypeId": kind("Source"), "outputArtifacts": artifact,
                "configuration": { "S3Bucket": "sources-111122223333", "S3ObjectKey": "orders.zip" },
            }]},
            { "name": "Production", "actions": [{
                "name": "Deploy", "actionTypeId": kind("Deploy"), "inputArtifacts": artifact,
                "configuration": { "BucketName": "site-111122223333", "Extract": "true" },
            }]},
        ],
    })
}

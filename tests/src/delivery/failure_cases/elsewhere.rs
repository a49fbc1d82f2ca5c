//! Pipelines of other partitions, regions and accounts: cases 49 and 50.

use delivery_metrics::{Measure, Scope};
use jiff::SignedDuration;
use lambda_kit::Home;
use lambda_kit::doubles::rehearsal::{Answer, Server};
use pipeline_model::PipelineName;
use recorder::memory::Memory;
use recorder::outside::CodePipeline;
use serde_json::{Value, json};

use crate::delivery::office::Office;
use crate::delivery::story::Story;
use crate::stage::start;

const PIPELINE: &str = "orders-release";

/// An office whose CodePipeline is the real client of `us-east-1` and this account.
async fn office(answers: Vec<Answer>) -> (Office<CodePipeline>, Server) {
    let server = Server::giving(answers).await;
    let home = Home { region: "us-east-1".to_owned(), account: "111122223333".to_owned() };
    let client = aws_sdk_codepipeline::Client::new(&server.aws());
    let world = Memory::at(start() + SignedDuration::from_hours(1));
    (Office::with(world, CodePipeline::new(client, home)), server)
}

fn keys(office: &Office<CodePipeline>) -> Vec<String> {
    office.world.ledger.items().into_keys().collect()
}

/// The release, told by the same pipeline's name in another account.
fn of_account(story: &Story, account: &str) -> Vec<Value> {
    let text = Value::from(story.release()).to_string().replace("111122223333", account);
    serde_json::from_str(&text).unwrap()
}

/// Case 49.
#[tokio::test]
async fn every_partition_has_windows_of_its_own_and_nothing_is_asked_about_elsewhere() {
    let partitions = [
        ("aws-cn", "cn-north-1"),
        ("aws-us-gov", "us-gov-west-1"),
        ("aws-iso-f", "us-isof-south-1"),
        ("aws", "eu-west-1"),
    ];
    for (partition, region) in partitions {
        let (office, server) = office(Vec::new()).await;
        let story = Story(Story::of("1").0.in_partition(partition, region));
        office.hear(&story.release()).await;
        assert_eq!(keys(&office), [format!("delivery#arn:{partition}:codepipeline:{region}:111122223333:{PIPELINE}")]);
        assert_eq!(server.requests().len(), 0, "{region}");
        let durations = office.of(Measure::ExecutionDuration, &Scope::Pipeline(PipelineName::from(PIPELINE)));
        assert_eq!(durations, [300.0], "what events tell is measured all the same");
        assert_eq!(office.values(Measure::Deployments, PIPELINE), [0.0; 0], "nobody knows which stage is the last");
    }
}

/// Cases 49 and 50: stages and approvals that come in one batch with the end.
#[tokio::test]
async fn what_one_batch_tells_is_measured_elsewhere_as_well() {
    let (office, server) = office(Vec::new()).await;
    let story = Story(Story::of("1").0.in_partition("aws-cn", "cn-north-1"));
    let mut events = story.release();
    events[0] = story.0.pushed("Add a field", "Example Author");
    office.hear(&events).await;
    assert_eq!(office.stage_durations(PIPELINE, "Production"), [109.0]);
    assert_eq!(office.of(Measure::ApprovalWait, &Scope::AllPipelines), [40.0]);
    assert_eq!(server.requests().len(), 0);
}

/// Case 49: what could be looked up here must be kept there.
#[tokio::test]
async fn what_many_batches_tell_is_measured_elsewhere_as_well() {
    let (office, server) = office(Vec::new()).await;
    let story = Story(Story::of("1").0.in_partition("aws-cn", "cn-north-1"));
    for event in story.release() {
        office.hear(&[event]).await;
    }
    assert_eq!(office.stage_durations(PIPELINE, "Production"), [109.0]);
    assert_eq!(office.of(Measure::ApprovalWait, &Scope::AllPipelines), [40.0]);
    assert_eq!(server.requests().len(), 0);
}

/// Case 50.
#[tokio::test]
async fn another_accounts_pipeline_of_the_same_name_has_a_window_of_its_own() {
    let stages = ["Source", "Build", "Staging", "Production"].map(|name| json!({ "name": name, "actions": [] }));
    let structure = json!({ "pipeline": {
        "name": PIPELINE, "version": 6, "roleArn": "arn:aws:iam::111122223333:role/p",
        "stages": stages,
    }});
    let actions = json!({ "actionExecutionDetails": [] });
    let execution = json!({ "pipelineExecution": { "executionType": "STANDARD" } });
    let (office, server) =
        office([structure, actions, execution].iter().map(|body| Answer::json(200, body)).collect()).await;
    let story = Story::of("1");
    office.hear(&of_account(&story, "444455556666")).await;
    assert_eq!(server.requests().len(), 0, "the pipeline of that name here is another one");
    let mut failed = story.failure();
    failed.iter_mut().for_each(|event| event["id"] = "here".into());
    office.hear(&failed).await;
    assert_eq!(keys(&office).len(), 2);
    let rates = office.values(Measure::ExecutionSuccessRate, PIPELINE);
    assert_eq!(rates, [100.0, 0.0], "each its own rate, though the executions have the same id");
    assert!(!server.requests().is_empty());
}

//! Starts the gatekeeper: reads its environment, builds its outside, opens its connections.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use gatekeeper::outside::{CodeDeploy, DynamoShelf, Web, World};
use gatekeeper::{Gatekeeper, Outside, Policies};
use lambda_kit::jobs::CodePipelineJobs;
use lambda_kit::laters::OwnQueue;
use lambda_kit::metrics::Metrics;
use lambda_kit::publishing::EventBus;
use lambda_kit::start::{self, Kit};
use lambda_kit::{Home, SsmParameters, WarmUp, http};

/// As for all other calls that only warm: what takes longer is done by the first job.
const WARM_UP: Duration = Duration::from_millis(800);

struct Aws;

impl Outside for Aws {
    type Inquiry = World;
    type Shelf = DynamoShelf;
    type Jobs = CodePipelineJobs;
    type Deployments = CodeDeploy;
    type Laters = OwnQueue;
    type Bus = EventBus;
    type Parameters = SsmParameters;
}

fn main() -> ExitCode {
    start::run("gatekeeper", async |kit| {
        let gatekeeper = build(&kit)?;
        warm_up(&kit, &gatekeeper).await;
        Ok(gatekeeper)
    })
}

fn build(kit: &Kit) -> Result<Gatekeeper<Aws>> {
    let mut wanted = kit.variables.reading();
    let stack = wanted.required("STACK_ID");
    let (table, queue) = (wanted.required("TABLE_NAME"), wanted.required("QUEUE_URL"));
    let prefix = wanted.required("SETTINGS_PREFIX");
    let namespace = wanted.required("METRIC_NAMESPACE");
    wanted.finish()?;

    let metrics = Metrics::new(&namespace, &kit.function_name);
    let web = Web::new(|| http::builder(&kit.variables), kit.clock.clone())?;
    Ok(Gatekeeper {
        inquiry: World::new(&kit.aws, web),
        shelf: DynamoShelf::new(aws_sdk_dynamodb::Client::new(&kit.aws), table),
        jobs: CodePipelineJobs::new(&kit.aws),
        deployments: CodeDeploy::new(aws_sdk_codedeploy::Client::new(&kit.aws)),
        laters: OwnQueue::new(aws_sdk_sqs::Client::new(&kit.aws), queue),
        bus: EventBus::new(aws_sdk_eventbridge::Client::new(&kit.aws)),
        policies: Policies::new(SsmParameters::new(&kit.aws), prefix, kit.clock.clone(), metrics.clone()),
        home: Home::of_arn(&stack)?,
        clock: kit.clock.clone(),
        metrics,
    })
}

/// The connections on the way to an answer, and the settings. What fails here is tried again, and reported, with the
/// first job.
async fn warm_up(kit: &Kit, gatekeeper: &Gatekeeper<Aws>) {
    let mut warm = WarmUp::default();
    let shelf = gatekeeper.shelf.clone();
    warm.call(async move { shelf.warm_up().await });
    let world = gatekeeper.inquiry.clone();
    warm.call(async move { world.warm_up().await });
    // A call without an event is refused, and needs no permission to be.
    let events = aws_sdk_eventbridge::Client::new(&kit.aws).put_events().send();
    warm.call(events);
    let policies = tokio::time::timeout(WARM_UP, gatekeeper.policies.warm_up());
    let _ = tokio::join!(warm.finish(), policies);
}

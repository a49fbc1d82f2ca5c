//! Starts the gatekeeper: reads its environment, builds its outside, reads the policies.

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
use lambda_kit::{Home, OnDemand, SsmParameters, http};

/// What takes longer is done by the first job.
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
        // Nobody waits for a gate within a second, so no other connection is opened before there is a job. What fails here is
        // read again, and reported, with the first one.
        let _ = tokio::time::timeout(WARM_UP, gatekeeper.policies.warm_up()).await;
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
    let variables = kit.variables.clone();
    let web = Web::new(move || http::builder(&variables), kit.clock.clone());
    Ok(Gatekeeper {
        inquiry: World::new(&kit.aws, web),
        shelf: DynamoShelf::new(OnDemand::new(&kit.aws, aws_sdk_dynamodb::Client::new), table),
        jobs: CodePipelineJobs::new(&kit.aws),
        deployments: CodeDeploy::new(OnDemand::new(&kit.aws, aws_sdk_codedeploy::Client::new)),
        laters: OwnQueue::new(OnDemand::new(&kit.aws, aws_sdk_sqs::Client::new), queue),
        bus: EventBus::new(OnDemand::new(&kit.aws, aws_sdk_eventbridge::Client::new)),
        policies: Policies::new(SsmParameters::new(&kit.aws), prefix, kit.clock.clone(), metrics.clone()),
        home: Home::of_arn(&stack)?,
        clock: kit.clock.clone(),
        metrics,
    })
}

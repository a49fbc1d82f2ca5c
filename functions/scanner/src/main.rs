//! Starts the scanner: reads its environment, builds its outside, reads the policies.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use lambda_kit::jobs::CodePipelineJobs;
use lambda_kit::metrics::Metrics;
use lambda_kit::publishing::EventBus;
use lambda_kit::start::{self, Kit};
use lambda_kit::{Home, OnDemand, SsmParameters};
use scanner::outside::{DynamoShelf, OwnBucket, S3Store};
use scanner::{Outside, PARAMETERS, POLICIES, Policies, Room, RuleCache, Scanner};

/// What takes longer is done by the first job.
const WARM_UP: Duration = Duration::from_millis(800);

struct Aws;

impl Outside for Aws {
    type Store = S3Store;
    type Shelf = DynamoShelf;
    type Jobs = CodePipelineJobs;
    type Bus = EventBus;
    type Parameters = SsmParameters;
}

fn main() -> ExitCode {
    start::run("scanner", async |kit| {
        let scanner = build(&kit)?;
        // Nobody waits for a scan within a second, so no other connection is opened before there is a job. What fails here is
        // read again, and reported, with the first one.
        let _ = tokio::time::timeout(WARM_UP, scanner.policies.warm_up()).await;
        Ok(scanner)
    })
}

fn build(kit: &Kit) -> Result<Scanner<Aws>> {
    let mut wanted = kit.variables.reading();
    let stack = wanted.required("STACK_ID");
    let table = wanted.required("TABLE_NAME");
    let prefix = wanted.required("SETTINGS_PREFIX");
    let namespace = wanted.required("METRIC_NAMESPACE");
    let bucket = wanted.optional("SCAN_BUCKET");
    let megabytes = wanted.parsed("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128");
    wanted.finish()?;

    let metrics = Metrics::new(&namespace, &kit.function_name);
    let parameters = SsmParameters::new(&kit.aws).only(PARAMETERS).and_folder(POLICIES);
    let home = Home::of_arn(&stack)?;
    Ok(Scanner {
        store: S3Store::new(
            &kit.aws,
            bucket.clone().map(|bucket| OwnBucket { name: bucket, account: home.account.clone() }),
        ),
        shelf: DynamoShelf::new(OnDemand::new(&kit.aws, aws_sdk_dynamodb::Client::new), table, kit.clock.clone()),
        jobs: CodePipelineJobs::new(&kit.aws),
        bus: EventBus::new(OnDemand::new(&kit.aws, aws_sdk_eventbridge::Client::new)),
        policies: Policies::new(parameters, prefix, kit.clock.clone(), metrics.clone()),
        rules: RuleCache::default(),
        bucket,
        room: Room::of_megabytes(megabytes),
        home,
        clock: kit.clock.clone(),
        metrics,
    })
}

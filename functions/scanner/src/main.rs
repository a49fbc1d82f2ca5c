//! Starts the scanner: reads its environment, builds its outside, opens its connections.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use lambda_kit::jobs::CodePipelineJobs;
use lambda_kit::metrics::Metrics;
use lambda_kit::publishing::EventBus;
use lambda_kit::start::{self, Kit};
use lambda_kit::{Home, SsmParameters, WarmUp};
use scanner::outside::{DynamoShelf, OwnBucket, S3Store};
use scanner::{Outside, PARAMETERS, POLICIES, Policies, Room, RuleCache, Scanner};

/// As for all other calls that only warm: what takes longer is done by the first job.
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
        warm_up(&kit, &scanner).await;
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
        shelf: DynamoShelf::new(aws_sdk_dynamodb::Client::new(&kit.aws), table, kit.clock.clone()),
        jobs: CodePipelineJobs::new(&kit.aws),
        bus: EventBus::new(aws_sdk_eventbridge::Client::new(&kit.aws)),
        policies: Policies::new(parameters, prefix, kit.clock.clone(), metrics.clone()),
        rules: RuleCache::default(),
        bucket,
        room: Room::of_megabytes(megabytes),
        home,
        clock: kit.clock.clone(),
        metrics,
    })
}

/// The connections on the way to an answer, and the settings. What fails here is tried again, and reported, with the
/// first job. Where its artifacts lie only the job says, so nothing of S3 is warmed.
async fn warm_up(kit: &Kit, scanner: &Scanner<Aws>) {
    let mut warm = WarmUp::default();
    let shelf = scanner.shelf.clone();
    warm.call(async move { shelf.warm_up().await });
    // A call without an event is refused, and needs no permission to be.
    let events = aws_sdk_eventbridge::Client::new(&kit.aws).put_events().send();
    warm.call(events);
    let policies = tokio::time::timeout(WARM_UP, scanner.policies.warm_up());
    let _ = tokio::join!(warm.finish(), policies);
}

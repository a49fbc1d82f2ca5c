//! Starts the notifier: reads its environment, builds its outside, opens its connections.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use lambda_kit::backlog::Queues;
use lambda_kit::metrics::Metrics;
use lambda_kit::settings::{Parsed, Settings};
use lambda_kit::start::{self, Kit};
use lambda_kit::{Home, OnDemand, SsmParameters, WarmUp};
use notifier::outside::{CodePipeline, Courier, DynamoTable, web_address};
use notifier::ports::Table;
use notifier::{Desks, Notifier};

/// Longest wait at start-up for settings and connections together.
const WARM_UP: Duration = Duration::from_millis(800);

type Real = Notifier<DynamoTable, CodePipeline, Courier, Queues, SsmParameters>;

fn main() -> ExitCode {
    start::run("notifier", async |kit| {
        let (notifier, slack) = build(&kit)?;
        warm_up(&kit, &notifier, slack).await;
        Ok(notifier)
    })
}

/// The notifier, and Slack's address if the bot has a channel to speak in.
fn build(kit: &Kit) -> Result<(Real, Option<String>)> {
    let mut wanted = kit.variables.reading();
    let table = wanted.required("TABLE_NAME");
    let topic = wanted.required("TOPIC_ARN");
    let (queue, dead_letters) = (wanted.required("QUEUE_URL"), wanted.required("DEAD_LETTER_QUEUE_URL"));
    let prefix = wanted.required("SETTINGS_PREFIX");
    let namespace = wanted.required("METRIC_NAMESPACE");
    let channel = wanted.optional("SLACK_CHANNEL");
    let slack = wanted.optional("SLACK_API_URL").unwrap_or_else(|| "https://slack.com/api".to_owned());
    if let Err(problem) = web_address(&slack) {
        wanted.problem(format!("SLACK_API_URL cannot be used: {problem}"));
    }
    wanted.finish()?;

    let home = Home::of_arn(&topic)?;
    let settings = Settings::new(SsmParameters::new(&kit.aws), prefix, kit.clock.clone());
    let metrics = Metrics::new(namespace, &kit.function_name);
    let speaks = channel.is_some().then(|| slack.clone());
    let notifier = Notifier {
        table: DynamoTable::new(aws_sdk_dynamodb::Client::new(&kit.aws), table),
        releases: CodePipeline::new(OnDemand::new(&kit.aws, aws_sdk_codepipeline::Client::new), home),
        outbox: Courier::new(kit.http.clone(), OnDemand::new(&kit.aws, aws_sdk_sns::Client::new), topic),
        backlog: Queues::new(OnDemand::new(&kit.aws, aws_sdk_sqs::Client::new), queue, dead_letters),
        desks: Desks::new(settings, Parsed::new(metrics.clone(), kit.clock.clone()), slack, channel),
        clock: kit.clock.clone(),
        metrics,
    };
    Ok((notifier, speaks))
}

/// Whatever fails here is tried again, and reported, with the first event.
async fn warm_up(kit: &Kit, notifier: &Real, slack: Option<String>) {
    let mut warm = WarmUp::default();
    let table = notifier.table.clone();
    warm.call(async move { table.load("execution#warm-up").await });
    if let Some(slack) = slack {
        warm.call(kit.http.head(slack).send());
    }
    let settings = tokio::time::timeout(WARM_UP, notifier.desks.current());
    let _ = tokio::join!(warm.finish(), settings);
}

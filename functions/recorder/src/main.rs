//! Starts the recorder: reads its environment, builds its outside, opens its connections.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use delivery_metrics::Thresholds;
use jiff::SignedDuration;
use lambda_kit::backlog::Queues;
use lambda_kit::environment::Reading;
use lambda_kit::metrics::Metrics;
use lambda_kit::settings::{Parsed, Settings};
use lambda_kit::start::{self, Kit};
use lambda_kit::{Home, OnDemand, SsmParameters, WarmUp};
use recorder::outside::{CloudWatch, CodePipeline, DynamoLedger};
use recorder::ports::Ledger;
use recorder::{Recorder, Rulebook, SETTINGS_AGE};

/// Longest wait at start-up for settings and connections together.
const WARM_UP: Duration = Duration::from_millis(800);

type Real = Recorder<DynamoLedger, CloudWatch, CodePipeline, Queues, SsmParameters>;

fn main() -> ExitCode {
    start::run("recorder", async |kit| {
        let recorder = build(&kit)?;
        warm_up(&recorder).await;
        Ok(recorder)
    })
}

fn build(kit: &Kit) -> Result<Real> {
    let mut wanted = kit.variables.reading();
    let stack = wanted.required("STACK_ID");
    let table = wanted.required("TABLE_NAME");
    let (queue, dead_letters) = (wanted.required("QUEUE_URL"), wanted.required("DEAD_LETTER_QUEUE_URL"));
    let prefix = wanted.required("SETTINGS_PREFIX");
    let namespace = wanted.required("METRIC_NAMESPACE");
    let stage_durations: bool = wanted.parsed("STAGE_DURATIONS", "true");
    let thresholds = thresholds(&mut wanted);
    wanted.finish()?;

    let settings = Settings::new(SsmParameters::new(&kit.aws), prefix, kit.clock.clone()).with_max_age(SETTINGS_AGE);
    let metrics = Metrics::new(&namespace, &kit.function_name);
    Ok(Recorder {
        ledger: DynamoLedger::new(aws_sdk_dynamodb::Client::new(&kit.aws), table),
        measurements: CloudWatch::new(aws_sdk_cloudwatch::Client::new(&kit.aws), namespace),
        releases: CodePipeline::new(aws_sdk_codepipeline::Client::new(&kit.aws), Home::of_arn(&stack)?),
        backlog: Queues::new(OnDemand::new(&kit.aws, aws_sdk_sqs::Client::new), queue, dead_letters),
        rulebook: Rulebook::new(settings, Parsed::new(metrics.clone(), kit.clock.clone()), stage_durations),
        thresholds,
        clock: kit.clock.clone(),
        metrics,
    })
}

/// Zero means that nobody asks.
fn thresholds(wanted: &mut Reading<'_>) -> Thresholds {
    let percent: f64 = wanted.parsed("ALARM_SUCCESS_RATE_BELOW", "0");
    let minutes: u32 = wanted.parsed("ALARM_DURATION_ABOVE_MINUTES", "0");
    let days: u32 = wanted.parsed("ALARM_DAYS_WITHOUT_DEPLOYMENT", "0");
    Thresholds {
        success_rate_below: Some(percent).filter(|percent| *percent > 0.0),
        minimum_executions: wanted.parsed("ALARM_MINIMUM_EXECUTIONS", "5"),
        duration_above: Some(SignedDuration::from_mins(minutes.into())).filter(SignedDuration::is_positive),
        days_without_deployment: Some(days).filter(|days| *days > 0),
    }
}

/// Whatever fails here is tried again, and reported, with the first event.
async fn warm_up(recorder: &Real) {
    let mut warm = WarmUp::default();
    let ledger = recorder.ledger.clone();
    warm.call(async move { ledger.read("delivery#warm-up").await });
    let settings = tokio::time::timeout(WARM_UP, recorder.rulebook.current());
    let _ = tokio::join!(warm.finish(), settings);
}

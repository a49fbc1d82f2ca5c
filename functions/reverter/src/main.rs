//! Starts the reverter: reads its environment, builds its outside, opens its connections.

use std::process::ExitCode;

use anyhow::Result;
use jiff::SignedDuration;
use lambda_kit::environment::Reading;
use lambda_kit::laters::OwnQueue;
use lambda_kit::metrics::Metrics;
use lambda_kit::publishing::EventBus;
use lambda_kit::settings::Settings;
use lambda_kit::start::{self, Kit};
use lambda_kit::{Home, OnDemand, SsmParameters, WarmUp};
use pipeline_model::AlarmArn;
use reverter::outside::{CloudWatch, DynamoBooks, Services};
use reverter::ports::{Alarms, Books};
use reverter::{Consents, Outside, Reverter};
use rollback_plans::{Limits, Mode};

struct Aws;

impl Outside for Aws {
    type Alarms = CloudWatch;
    type Releases = Services;
    type Executor = Services;
    type Books = DynamoBooks;
    type Laters = OwnQueue;
    type Bus = EventBus;
    type Parameters = SsmParameters;
}

fn main() -> ExitCode {
    start::run("reverter", async |kit| {
        let reverter = build(&kit)?;
        warm_up(&reverter).await;
        Ok(reverter)
    })
}

fn build(kit: &Kit) -> Result<Reverter<Aws>> {
    let mut wanted = kit.variables.reading();
    let stack = wanted.required("STACK_ID");
    let (table, queue) = (wanted.required("TABLE_NAME"), wanted.required("QUEUE_URL"));
    let prefix = wanted.required("SETTINGS_PREFIX");
    let namespace = wanted.required("METRIC_NAMESPACE");
    let mode = mode(&mut wanted);
    let limits = limits(&mut wanted);
    wanted.finish()?;

    let services = Services::new(&kit.aws, kit.clock.clone());
    let parameters = SsmParameters::new(&kit.aws).only(&["settings"]);
    let settings = Settings::new(parameters, prefix, kit.clock.clone());
    let metrics = Metrics::new(&namespace, &kit.function_name);
    Ok(Reverter {
        alarms: CloudWatch::new(aws_sdk_cloudwatch::Client::new(&kit.aws)),
        releases: services.clone(),
        executor: services,
        books: DynamoBooks::new(aws_sdk_dynamodb::Client::new(&kit.aws), table),
        laters: OwnQueue::new(OnDemand::new(&kit.aws, aws_sdk_sqs::Client::new), queue),
        bus: EventBus::new(OnDemand::new(&kit.aws, aws_sdk_eventbridge::Client::new)),
        consents: Consents::new(settings, metrics.clone(), kit.clock.clone()),
        home: Home::of_arn(&stack)?,
        mode,
        limits,
        clock: kit.clock.clone(),
        metrics,
    })
}

/// A mode that cannot be read is no reason to act.
fn mode(wanted: &mut Reading<'_>) -> Mode {
    match wanted.required("ROLLBACK_MODE").as_str() {
        "act" => Mode::Act,
        "observe" | "" => Mode::Observe,
        other => {
            wanted.problem(format!("ROLLBACK_MODE is `{other}`; it can be `act` or `observe`"));
            Mode::Observe
        }
    }
}

fn limits(wanted: &mut Reading<'_>) -> Limits {
    let mut minutes = |name| SignedDuration::from_mins(wanted.parsed::<u32>(name, "60").into());
    let (watch, cooldown) = (minutes("ROLLBACK_WATCH_MINUTES"), minutes("ROLLBACK_COOLDOWN_MINUTES"));
    let redeploys = wanted.parsed("ROLLBACK_REDEPLOYS", "false");
    let closes_transition = wanted.parsed("ROLLBACK_CLOSES_TRANSITION", "false");
    let limits = Limits { watch, cooldown, redeploys, closes_transition, ..Limits::default() };
    match limits.clone().with_per_day(wanted.parsed("ROLLBACKS_PER_DAY", "1")) {
        Ok(limits) => limits,
        Err(problem) => {
            wanted.problem(format!("ROLLBACKS_PER_DAY: {problem}"));
            limits
        }
    }
}

/// The connections that every alarm needs; the others are opened by those that lead to a rollback. What fails here is tried again, and reported, with the first alarm.
async fn warm_up(reverter: &Reverter<Aws>) {
    let mut warm = WarmUp::default();
    let (books, now) = (reverter.books.clone(), reverter.clock.now());
    warm.call(async move { books.read("rollback#warm-up", now).await });
    let (alarms, home) = (reverter.alarms.clone(), &reverter.home);
    let nobody = AlarmArn::new(&home.region, &home.account, "warm-up");
    warm.call(async move { alarms.tags(&nobody).await });
    warm.finish().await;
}

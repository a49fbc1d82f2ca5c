//! The dashboard and the alarms name only metrics that are really written: every sample event is measured, and what
//! comes of it is compared with what `template.yaml` asks for.

use std::collections::BTreeSet;

use delivery_metrics::{Measure, Thresholds};
use jiff::SignedDuration;
use lambda_kit::Deadline;
use lambda_kit::start::{Handler, Invocation};
use serde_json::Value;

use super::office::{Office, TIMEOUT};
use crate::{files, read, root};

const NAMESPACE: &str = "Pipewarden";

/// A metric's name and the names of its dimensions.
type Kind = (String, BTreeSet<String>);

/// Every kind of metric that comes of the sample events and a round of the reconcile with all thresholds set.
#[tokio::main(flavor = "current_thread")]
async fn written() -> BTreeSet<Kind> {
    let mut kinds = BTreeSet::new();
    for file in files("events/recorder", "json") {
        let mut office = Office::new();
        office.recorder.thresholds = Thresholds {
            success_rate_below: Some(50.0),
            minimum_executions: 1,
            duration_above: Some(SignedDuration::from_mins(1)),
            days_without_deployment: Some(1),
        };
        let occasion = serde_json::from_str(&read(&file)).unwrap();
        let deadline = Deadline::after(&office.world.clock, TIMEOUT);
        let invocation = Invocation { request_id: "r-1".to_owned(), deadline };
        office.recorder.handle(occasion, invocation).await.unwrap();
        kinds.extend(office.world.measurements.samples().iter().map(|sample| {
            let dimensions = sample.scope.dimensions().into_iter().map(|(name, _)| name.to_owned());
            (sample.measure.name().to_owned(), dimensions.collect())
        }));
    }
    kinds
}

fn template_value(logical_id: &str, property: &str) -> Value {
    let queues = ["NotifierDeadLetterQueue", "RecorderDeadLetterQueue", "UndeliveredQueue"];
    let inputs = local::template::Inputs {
        stack: "pipewarden".to_owned(),
        account: "111122223333".to_owned(),
        region: "us-east-1".to_owned(),
        parameters: [("MetricNamespace".to_owned(), NAMESPACE.to_owned())].into(),
        physical: queues.map(|queue| (format!("{queue}.QueueName"), queue.to_lowercase())).into(),
    };
    local::template::property(&root().join("template.yaml"), &inputs, logical_id, property).unwrap()
}

#[test]
fn the_dashboard_names_only_metrics_that_are_written() {
    let body = template_value("DeliveryDashboard", "DashboardBody");
    let named = local::dashboard::metrics(body.as_str().unwrap()).unwrap();
    let named: BTreeSet<Kind> =
        named.into_iter().filter(|it| it.namespace == NAMESPACE).map(|it| (it.name, it.dimensions)).collect();
    let written = written();
    let missing: Vec<_> = named.difference(&written).collect();
    assert!(missing.is_empty(), "nothing writes {missing:?}");
    assert!(named.len() > 15, "the dashboard shows {} kinds of metrics", named.len());
}

#[test]
fn the_alarms_watch_only_metrics_that_are_written() {
    let written: BTreeSet<String> = written().into_iter().map(|(name, _)| name).collect();
    for alarm in ["SuccessRateAlarm", "DurationAlarm", "NoDeploymentAlarm"] {
        let metric = template_value(alarm, "MetricName");
        assert!(written.contains(metric.as_str().unwrap()), "{alarm} watches {metric}, which nothing writes");
    }
}

#[test]
fn every_measure_is_written_by_some_sample_event() {
    let written: BTreeSet<String> = written().into_iter().map(|(name, _)| name).collect();
    let silent: Vec<&str> = Measure::ALL.iter().map(|it| it.name()).filter(|name| !written.contains(*name)).collect();
    assert!(silent.is_empty(), "add a sample to events/recorder that writes {silent:?}");
}

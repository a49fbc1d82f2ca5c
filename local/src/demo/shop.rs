//! The shop that the pipeline releases: its customers, the metrics they cause, and the alarms on them.

use anyhow::Result;
use serde_json::{Value, json};

use super::cloud::Cloud;
use super::story::PIPELINE;

/// The alarm on customers who cannot pay.
pub(crate) const ERRORS: &str = "shop-checkout-errors";
/// The alarm on customers who wait.
pub(crate) const LATENCY: &str = "shop-checkout-latency";

const NAMESPACE: &str = "Shop";
/// The shortest period CloudWatch has for alarms, so that nobody has to wait for minutes until they clear.
const PERIOD: u32 = 10;

/// How the checkout does at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Checkout {
    /// Customers who could not pay.
    pub(crate) errors: f64,
    /// Milliseconds that they waited.
    pub(crate) latency: f64,
}

impl Checkout {
    pub(crate) const FINE: Self = Self { errors: 0.0, latency: 120.0 };
    pub(crate) const FAILING: Self = Self { errors: 9.0, ..Self::FINE };
    pub(crate) const SLOW: Self = Self { latency: 2400.0, ..Self::FINE };
}

/// Makes both alarms, each with the tag that asks for a rollback, and lets them see that all is well.
pub(crate) async fn open(cloud: &Cloud) -> Result<()> {
    cloud.put_alarm(&alarm(ERRORS, "Customers cannot pay", "CheckoutErrors", "Sum", 5.0)).await?;
    cloud.put_alarm(&alarm(LATENCY, "Customers wait to pay", "CheckoutLatency", "Maximum", 1000.0)).await?;
    serve(cloud, Checkout::FINE).await
}

/// Serves some customers.
pub(crate) async fn serve(cloud: &Cloud, checkout: Checkout) -> Result<()> {
    let datum = |name: &str, value: f64, unit: &str| json!({"MetricName": name, "Value": value, "Unit": unit, "StorageResolution": 1});
    let data =
        [datum("CheckoutErrors", checkout.errors, "Count"), datum("CheckoutLatency", checkout.latency, "Milliseconds")];
    cloud.put_metrics(NAMESPACE, &data).await
}

fn alarm(name: &str, description: &str, metric: &str, statistic: &str, threshold: f64) -> Value {
    json!({
        "AlarmName": name,
        "AlarmDescription": description,
        "Namespace": NAMESPACE,
        "MetricName": metric,
        "Statistic": statistic,
        "Period": PERIOD,
        "EvaluationPeriods": 1,
        "Threshold": threshold,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        "Tags": [{"Key": "pipewarden:rollback", "Value": format!("{PIPELINE}/Production")}],
    })
}

//! CloudWatch's metrics through the SDK.

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::config::Builder;
use aws_sdk_cloudwatch::config::retry::RetryConfig;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, MetricDatum, StandardUnit};
use delivery_metrics::Sample;
use jiff::Timestamp;
use lambda_kit::aws::{failed, was_never_taken};

use crate::ports::{Measurements, NotRecorded};

/// Requests are compressed from here on. CloudWatch takes 1 MB; below this, compressing costs more time than sending.
const COMPRESSED: u32 = 128 * 1024;

/// Metrics of one namespace.
#[derive(Debug, Clone)]
pub struct CloudWatch {
    client: Client,
    namespace: String,
}

impl CloudWatch {
    /// Metrics below `namespace`.
    pub fn new(client: Client, namespace: impl Into<String>) -> Self {
        Self { client, namespace: namespace.into() }
    }
}

impl Measurements for CloudWatch {
    /// The SDK does not try again by itself: it would do so without an answer, too, and CloudWatch knows no token by
    /// which it could tell a repeated request from a new one.
    async fn record(&self, samples: &[Sample]) -> Result<(), NotRecorded> {
        let data = samples.iter().map(datum).collect();
        let request = self.client.put_metric_data().namespace(&self.namespace).set_metric_data(Some(data));
        let config =
            Builder::new().retry_config(RetryConfig::disabled()).request_min_compression_size_bytes(COMPRESSED);
        let request = request.customize().config_override(config);
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) if was_never_taken(&error) => Err(NotRecorded::Refused(failed("PutMetricData", error))),
            Err(error) => Err(NotRecorded::Unanswered(failed("PutMetricData", error))),
        }
    }
}

fn datum(sample: &Sample) -> MetricDatum {
    let dimensions = sample.scope.dimensions().into_iter();
    let dimensions = dimensions.map(|(name, value)| Dimension::builder().name(name).value(value).build()).collect();
    MetricDatum::builder()
        .metric_name(sample.measure.name())
        .set_dimensions(Some(dimensions))
        .timestamp(date_time(sample.at))
        .value(sample.value.get())
        .unit(StandardUnit::from(sample.measure.unit().as_str()))
        .build()
}

fn date_time(at: Timestamp) -> DateTime {
    DateTime::from_millis(at.as_millisecond())
}

//! CloudWatch: all alarms of a visit in one call, all metrics in another.

mod alarms;
mod metrics;
mod tagged;

use aws_sdk_cloudwatch::Client;
use gate_checks::{AlarmQuery, MetricQuery};

use lambda_kit::OnDemand;
use lambda_kit::aws::SdkConfig;

use super::Fact;

/// The alarms and metrics of one region and account.
///
/// Composite alarms are shown only to a role that may describe all alarms (`Resource: "*"`); to any other they seem to
/// be gone, which fails a gate that names them.
#[derive(Debug, Clone)]
pub(super) struct CloudWatch {
    client: OnDemand<Client>,
    tagging: OnDemand<aws_sdk_resourcegroupstagging::Client>,
}

impl CloudWatch {
    pub(super) fn new(aws: &SdkConfig) -> Self {
        let tagging = OnDemand::new(aws, aws_sdk_resourcegroupstagging::Client::new);
        Self { client: OnDemand::new(aws, Client::new), tagging }
    }

    pub(super) async fn alarms(&self, queries: Vec<AlarmQuery>) -> Vec<Fact> {
        alarms::ask(&self.client, &self.tagging, queries).await
    }

    pub(super) async fn metrics(&self, queries: Vec<MetricQuery>) -> Vec<Fact> {
        metrics::ask(&self.client, queries).await
    }
}

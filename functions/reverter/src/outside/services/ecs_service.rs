//! ECS: the newest deployment of a service, and how to stop it.

#[cfg(test)]
mod tests;

use anyhow::Result;
use aws_sdk_ecs::Client;
use aws_sdk_ecs::config::Builder;
use aws_sdk_ecs::error::SdkError;
use aws_sdk_ecs::operation::list_service_deployments::ListServiceDeploymentsError;
use aws_sdk_ecs::types::{CreatedAt, ServiceDeploymentBrief, StopServiceDeploymentStopType};
use jiff::Timestamp;
use lambda_kit::Clock;
use lambda_kit::aws::timestamp;
use rollback_plans::targets::EcsSeen;
use rollback_plans::{Carried, Seen};

use super::{date_time, not_seen};
use crate::outside::acting::{never_again, once, refused};
use crate::ports::Unclear;

/// `maxResults` at its highest (botocore's ECS model).
const MOST_ON_PAGE: i32 = 100;

/// Most pages read of one stretch of time.
const MOST_PAGES: usize = 5;

/// A service that another controller deploys has no deployments of ECS's own, which is as good as none.
const ABSENT: [&str; 4] = [
    "ServiceNotFoundException",
    "ClusterNotFoundException",
    "UnsupportedFeatureException",
    "InvalidParameterException",
];

pub(super) async fn look(
    client: &Client,
    cluster: &str,
    service: &str,
    since: impl Iterator<Item = Option<Timestamp>>,
) -> Result<Seen> {
    for since in since {
        match newest(client, cluster, service, since).await {
            Ok(Some(newest)) => return Ok(Seen::EcsService(seen(newest))),
            Ok(None) => {}
            Err(error) => {
                return not_seen(format!("ListServiceDeployments of {cluster}, {service}"), error, &ABSENT);
            }
        }
    }
    Ok(Seen::EcsService(EcsSeen::default()))
}

/// The order of `ListServiceDeployments` is not documented, so the time of creation decides.
async fn newest(
    client: &Client,
    cluster: &str,
    service: &str,
    since: Option<Timestamp>,
) -> Result<Option<ServiceDeploymentBrief>, SdkError<ListServiceDeploymentsError>> {
    let created = since.map(|since| CreatedAt::builder().after(date_time(since)).build());
    let request = client.list_service_deployments().cluster(cluster).service(service).max_results(MOST_ON_PAGE);
    let request = request.set_created_at(created);
    let (mut newest, mut next) = (None, None);
    for _ in 0..MOST_PAGES {
        let page = request.clone().set_next_token(next.take()).send().await?;
        let found = page.service_deployments.unwrap_or_default().into_iter();
        newest = found.chain(newest).max_by_key(|deployment: &ServiceDeploymentBrief| deployment.created_at);
        next = page.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            break;
        }
    }
    Ok(newest)
}

fn seen(deployment: ServiceDeploymentBrief) -> EcsSeen {
    EcsSeen {
        deployment: deployment.service_deployment_arn,
        status: deployment.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
        created: deployment.created_at.and_then(timestamp),
        finished: deployment.finished_at.and_then(timestamp),
    }
}

/// `StopServiceDeployment` with rollback, sent once: a second one would be refused because of the first.
pub(super) async fn stop((client, clock): (&Client, &Clock), arn: &str) -> Result<Carried, Unclear> {
    let request = client.stop_service_deployment().service_deployment_arn(arn);
    let request = request.stop_type(StopServiceDeploymentStopType::Rollback);
    let send = || request.clone().customize().config_override(Builder::new().retry_config(never_again())).send();
    match once(clock, send).await {
        // The rollback is the same deployment, under the same ARN.
        Ok(_) => Ok(Carried::Done(None)),
        Err(error) => refused(&format!("StopServiceDeployment of {arn}"), error),
    }
}

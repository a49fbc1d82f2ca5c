//! CodeDeploy: the newest deployment of a group, and how to stop it or go back from it.

#[cfg(test)]
mod tests;

use anyhow::Result;
use aws_sdk_codedeploy::Client;
use aws_sdk_codedeploy::config::Builder;
use aws_sdk_codedeploy::error::SdkError;
use aws_sdk_codedeploy::operation::list_deployments::ListDeploymentsError;
use aws_sdk_codedeploy::types::{DeploymentCreator, DeploymentInfo, RollbackInfo, TimeRange};
use jiff::Timestamp;
use lambda_kit::Clock;
use lambda_kit::aws::{failed, timestamp};
use rollback_plans::targets::CodeDeploySeen;
use rollback_plans::{Carried, Seen};

use super::{date_time, not_seen};
use crate::outside::acting::{never_again, not_read, once, refused};
use crate::ports::Unclear;

/// `deploymentIds` of one `BatchGetDeployments` (botocore's CodeDeploy model).
const MOST_IN_BATCH: usize = 25;

/// Most deployments compared by their age. Who has more within a quarter of a day deploys faster than an alarm can tell.
const MOST_COMPARED: usize = 100;

/// Most pages of ids read of one stretch of time.
const MOST_PAGES: usize = 5;

const ABSENT: [&str; 4] = [
    "ApplicationDoesNotExistException",
    "DeploymentGroupDoesNotExistException",
    "InvalidApplicationNameException",
    "InvalidDeploymentGroupNameException",
];

pub(super) async fn look(
    client: &Client,
    application: &str,
    group: &str,
    since: impl Iterator<Item = Option<Timestamp>>,
) -> Result<Seen> {
    for since in since {
        let ids = match list(client, application, group, since).await {
            Ok(ids) => ids,
            Err(error) => return not_seen(format!("ListDeployments of {application}, {group}"), error, &ABSENT),
        };
        if !ids.is_empty() {
            let newest = newest(client, &ids).await?;
            return Ok(Seen::CodeDeploy(newest.map(seen).unwrap_or_default()));
        }
    }
    Ok(Seen::CodeDeploy(CodeDeploySeen::default()))
}

async fn list(
    client: &Client,
    application: &str,
    group: &str,
    since: Option<Timestamp>,
) -> Result<Vec<String>, SdkError<ListDeploymentsError>> {
    let range = since.map(|since| TimeRange::builder().start(date_time(since)).build());
    let request = client.list_deployments().application_name(application).deployment_group_name(group);
    let request = request.set_create_time_range(range);
    let (mut ids, mut next) = (Vec::new(), None);
    for _ in 0..MOST_PAGES {
        let page = request.clone().set_next_token(next.take()).send().await?;
        ids.extend(page.deployments.unwrap_or_default());
        next = page.next_token.filter(|token| !token.is_empty());
        if next.is_none() || ids.len() >= MOST_COMPARED {
            break;
        }
    }
    Ok(ids)
}

/// The order of `ListDeployments` is not documented, so the time of creation decides.
async fn newest(client: &Client, ids: &[String]) -> Result<Option<DeploymentInfo>> {
    let mut newest: Option<DeploymentInfo> = None;
    for batch in ids[..ids.len().min(MOST_COMPARED)].chunks(MOST_IN_BATCH) {
        let request = client.batch_get_deployments().set_deployment_ids(Some(batch.to_vec()));
        let answer = request.send().await.map_err(|error| failed("BatchGetDeployments", error))?;
        let infos = answer.deployments_info.unwrap_or_default().into_iter();
        newest = infos.chain(newest).max_by_key(|info| info.create_time);
    }
    Ok(newest)
}

fn seen(info: DeploymentInfo) -> CodeDeploySeen {
    let named = |id: Option<String>| id.filter(|id| !id.is_empty());
    let (by, of) = info.rollback_info.map_or((None, None), |rollback: RollbackInfo| {
        (named(rollback.rollback_deployment_id), named(rollback.rollback_triggering_deployment_id))
    });
    CodeDeploySeen {
        deployment: info.deployment_id,
        status: info.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
        created: info.create_time.and_then(timestamp),
        completed: info.complete_time.and_then(timestamp),
        is_rollback: info.creator == Some(DeploymentCreator::CodeDeployRollback) || by.is_some() || of.is_some(),
        rolls_back: of,
        has_previous: info.previous_revision.is_some(),
    }
}

/// `StopDeployment` with rollback, sent once: a second one would be refused because of the first.
pub(super) async fn stop((client, clock): (&Client, &Clock), deployment: &str) -> Result<Carried, Unclear> {
    let request = client.stop_deployment().deployment_id(deployment).auto_rollback_enabled(true);
    let send = || request.clone().customize().config_override(Builder::new().retry_config(never_again())).send();
    match once(clock, send).await {
        // Whether it has stopped or is about to makes no difference: the rollback follows.
        Ok(_) => Ok(Carried::Done(None)),
        Err(error) => refused(&format!("StopDeployment of {deployment}"), error),
    }
}

/// `CreateDeployment` with what stood before `instead_of`. It knows no client token, so it is sent once.
pub(super) async fn deploy_previous(
    (client, clock): (&Client, &Clock),
    application: &str,
    group: &str,
    instead_of: &str,
) -> Result<Carried, Unclear> {
    let before = match client.get_deployment().deployment_id(instead_of).send().await {
        Ok(answer) => answer.deployment_info,
        Err(error) => return Ok(not_read(&format!("GetDeployment of {instead_of}"), error)),
    };
    let Some((revision, before)) = before.and_then(|mut info| Some((info.previous_revision.take()?, info))) else {
        return Ok(Carried::Impossible(format!("CodeDeploy knows no revision before deployment {instead_of}")));
    };
    let request = client
        .create_deployment()
        .application_name(application)
        .deployment_group_name(group)
        .revision(revision)
        .set_deployment_config_name(before.deployment_config_name)
        .set_file_exists_behavior(before.file_exists_behavior)
        .description(format!("Pipewarden rolls back deployment {instead_of}"));
    let send = || request.clone().customize().config_override(Builder::new().retry_config(never_again())).send();
    match once(clock, send).await {
        Ok(answer) => Ok(Carried::Done(answer.deployment_id)),
        Err(error) => refused(&format!("CreateDeployment of {application}, {group}"), error),
    }
}

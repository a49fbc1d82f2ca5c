//! Lambda: where an alias points, which versions there are, and how to point it elsewhere.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use anyhow::Result;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::Builder;
use aws_sdk_lambda::operation::get_alias::GetAliasOutput;
use aws_sdk_lambda::types::{AliasRoutingConfiguration, FunctionConfiguration};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::Timestamp;
use lambda_kit::Clock;
use rollback_plans::targets::AliasSeen;
use rollback_plans::{Carried, Seen};

use super::not_seen;
use crate::outside::acting::{never_again, once, refused};
use crate::ports::Unclear;

/// Most pages of versions read, with up to 50 each.
const MOST_PAGES: usize = 40;

const ABSENT: [&str; 2] = ["ResourceNotFoundException", "InvalidParameterValueException"];

pub(super) async fn look(client: &Client, function: &str, alias: &str) -> Result<Seen> {
    let found = match client.get_alias().function_name(function).name(alias).send().await {
        Ok(found) => found,
        Err(error) => return not_seen(format!("GetAlias of {function}, {alias}"), error, &ABSENT),
    };
    let request = client.list_versions_by_function().function_name(function);
    let (mut versions, mut next) = (Vec::new(), None);
    for _ in 0..MOST_PAGES {
        let page = match request.clone().set_marker(next.take()).send().await {
            Ok(page) => page,
            Err(error) => return not_seen(format!("ListVersionsByFunction of {function}"), error, &ABSENT),
        };
        versions.extend(page.versions.unwrap_or_default().iter().filter_map(version));
        next = page.next_marker.filter(|marker| !marker.is_empty());
        if next.is_none() {
            return Ok(Seen::Alias(seen(found, versions)));
        }
    }
    // The version before the current one may be among those that were not read, so none is said to be it.
    tracing::warn!(function.name = function, versions = versions.len(), "the function has too many versions");
    Ok(Seen::Alias(seen(found, Vec::new())))
}

fn seen(found: GetAliasOutput, versions: Vec<(u64, Option<Timestamp>)>) -> AliasSeen {
    let weights = found.routing_config.and_then(|routing| routing.additional_version_weights).unwrap_or_default();
    let canary = weights.into_iter().find(|(_, weight)| *weight > 0.0);
    let version = found.function_version.unwrap_or_default();
    let (version, canary) = match canary {
        Some((other, weight)) if weight >= 1.0 => (other, None),
        Some((other, _)) => (version, Some(other)),
        None => (version, None),
    };
    AliasSeen { version, canary, revision_id: found.revision_id, versions }
}

/// `None` for `$LATEST`, which is no release.
fn version(configuration: &FunctionConfiguration) -> Option<(u64, Option<Timestamp>)> {
    let number = configuration.version.as_deref()?.parse().ok()?;
    Some((number, configuration.last_modified.as_deref().and_then(published)))
}

/// Lambda writes `2026-03-02T10:00:00.000+0000`.
fn published(text: &str) -> Option<Timestamp> {
    Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text).ok()
}

/// `UpdateAlias`, sent once: a second one would be refused because the first has changed the revision.
pub(super) async fn point(
    (client, clock): (&Client, &Clock),
    (function, alias): (&str, &str),
    version: &str,
    revision_id: Option<&str>,
) -> Result<Carried, Unclear> {
    // An empty map takes a canary away; whether an absent one keeps it is not documented.
    let all_traffic = AliasRoutingConfiguration::builder().set_additional_version_weights(Some(HashMap::new())).build();
    let request = client.update_alias().function_name(function).name(alias).function_version(version);
    let request = request.routing_config(all_traffic).set_revision_id(revision_id.map(str::to_owned));
    let send = || request.clone().customize().config_override(Builder::new().retry_config(never_again())).send();
    match once(clock, send).await {
        Ok(_) => Ok(Carried::Done(Some(version.to_owned()))),
        Err(error) if error.code() == Some("PreconditionFailedException") => Ok(Carried::Impossible(format!(
            "PreconditionFailedException: alias {alias} of function {function} was changed after it was looked at, so it was left alone"
        ))),
        Err(error) => refused(&format!("UpdateAlias of {function}, {alias}"), error),
    }
}

//! Parameter Store as the place settings come from.

use std::collections::BTreeMap;

use anyhow::Result;
use pipeline_model::Secret;

use crate::OnDemand;
use crate::aws::{self, SdkConfig};
use crate::settings::ParameterStore;

/// Reads parameters with `GetParametersByPath`, secure ones decrypted.
#[derive(Clone, Debug)]
pub struct SsmParameters(OnDemand<aws_sdk_ssm::Client>);

impl SsmParameters {
    /// A reader with the account and region of `config`.
    pub fn new(config: &SdkConfig) -> Self {
        Self(OnDemand::new(config, aws_sdk_ssm::Client::new))
    }
}

impl ParameterStore for SsmParameters {
    async fn below(&self, path: &str) -> Result<BTreeMap<String, Secret<String>>> {
        let request = self.0.get_parameters_by_path().path(path).recursive(true).with_decryption(true);
        let mut pages = request.into_paginator().send();
        let mut found = BTreeMap::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| aws::failure(format!("GetParametersByPath {path}"), error).into_cause())?;
            for parameter in page.parameters.unwrap_or_default() {
                if let (Some(name), Some(value)) = (parameter.name, parameter.value) {
                    let name = name.strip_prefix(path).unwrap_or(&name).trim_start_matches('/').to_owned();
                    found.insert(name, Secret::new(value));
                }
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::testing::{Act, Server, config};

    #[tokio::test]
    async fn all_pages_are_read_and_named_below_the_path() {
        let first = r#"{"NextToken":"2","Parameters":[{"Name":"/p/slack/bot-token","Value":"fake-1"}]}"#;
        let second = r#"{"Parameters":[{"Name":"/p/settings","Value":"fake-2"}]}"#;
        let server = Server::playing([Act::Reply("200 OK", first), Act::Reply("200 OK", second)]).await;
        let found = SsmParameters::new(&config(&server)).below("/p").await.expect("two parameters");
        let found: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), value.reveal().as_str())).collect();
        assert_eq!(found, [("settings", "fake-2"), ("slack/bot-token", "fake-1")]);
    }

    #[tokio::test]
    async fn a_refusal_is_told_in_the_words_of_the_service() {
        let refusal =
            r#"{"__type":"AccessDeniedException","message":"not authorized to perform ssm:GetParametersByPath"}"#;
        let server = Server::playing([Act::Reply("400 Bad Request", refusal)]).await;
        let error = SsmParameters::new(&config(&server)).below("/p").await.expect_err("a refusal");
        assert_eq!(
            format!("{error:#}"),
            "GetParametersByPath /p: AccessDeniedException: not authorized to perform ssm:GetParametersByPath"
        );
    }
}

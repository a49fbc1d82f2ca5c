//! Parameter Store as the place settings come from.

use std::collections::BTreeMap;

use anyhow::Result;
use aws_sdk_ssm::types::Parameter;
use pipeline_model::Secret;

use crate::OnDemand;
use crate::aws::{self, SdkConfig};
use crate::settings::ParameterStore;

/// Reads parameters, secure ones decrypted: all of them with `GetParametersByPath`, or some with `GetParameters`.
#[derive(Clone, Debug)]
pub struct SsmParameters {
    client: OnDemand<aws_sdk_ssm::Client>,
    names: Option<&'static [&'static str]>,
    folder: Option<&'static str>,
}

impl SsmParameters {
    /// A reader with the account and region of `config`.
    pub fn new(config: &SdkConfig) -> Self {
        Self { client: OnDemand::new(config, aws_sdk_ssm::Client::new), names: None, folder: None }
    }

    /// The same, which reads nothing but these, at most ten, by their names below the path: for a function that has no
    /// business with the secrets beside them.
    pub fn only(self, names: &'static [&'static str]) -> Self {
        Self { names: Some(names), ..self }
    }

    /// The same with everything in this folder below the path.
    pub fn and_folder(self, folder: &'static str) -> Self {
        Self { folder: Some(folder), ..self }
    }

    async fn named(&self, path: &str, names: &[&str]) -> Result<Vec<Parameter>> {
        let names = names.iter().map(|name| format!("{path}/{name}")).collect();
        let request = self.client.get_parameters().set_names(Some(names)).with_decryption(true);
        let answer = request.send().await;
        let answer = answer.map_err(|error| aws::failure(format!("GetParameters {path}"), error).into_cause())?;
        Ok(answer.parameters.unwrap_or_default())
    }

    async fn all(&self, path: &str) -> Result<Vec<Parameter>> {
        let request = self.client.get_parameters_by_path().path(path).recursive(true).with_decryption(true);
        let mut pages = request.into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| aws::failure(format!("GetParametersByPath {path}"), error).into_cause())?;
            found.extend(page.parameters.unwrap_or_default());
        }
        Ok(found)
    }
}

impl ParameterStore for SsmParameters {
    async fn below(&self, path: &str) -> Result<BTreeMap<String, Secret<String>>> {
        let mut found = match self.names {
            Some(names) => self.named(path, names).await?,
            None => self.all(path).await?,
        };
        if let Some(folder) = self.folder {
            found.extend(self.all(&format!("{path}/{folder}")).await?);
        }
        let below = |parameter: Parameter| {
            let name = parameter.name?;
            let name = name.strip_prefix(path).unwrap_or(&name).trim_start_matches('/').to_owned();
            Some((name, Secret::new(parameter.value?)))
        };
        Ok(found.into_iter().filter_map(below).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::doubles::rehearsal;
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
    async fn whoever_needs_one_parameter_asks_for_nothing_else() {
        let answer = json!({ "Parameters": [{ "Name": "/p/settings", "Value": "fake" }], "InvalidParameters": [] });
        let server = rehearsal::Server::giving([rehearsal::Answer::json(200, &answer)]).await;
        let found = SsmParameters::new(&server.aws()).only(&["settings"]).below("/p").await.expect("a parameter");
        assert_eq!(found.keys().collect::<Vec<_>>(), ["settings"]);
        let [request] = server.requests().try_into().expect("one request");
        assert!(request.header("x-amz-target").is_some_and(|target| target.ends_with(".GetParameters")));
        assert_eq!(request.body, json!({ "Names": ["/p/settings"], "WithDecryption": true }));
    }

    #[tokio::test]
    async fn whoever_needs_a_folder_too_asks_for_that_and_finds_it_by_the_same_names() {
        let named = json!({ "Parameters": [], "InvalidParameters": ["/p/scan/key"] });
        let folder = json!({ "Parameters": [{ "Name": "/p/policies/orders", "Value": "scan: {}" }] });
        let answers = [named, folder].map(|answer| rehearsal::Answer::json(200, &answer));
        let server = rehearsal::Server::giving(answers).await;
        let parameters = SsmParameters::new(&server.aws()).only(&["scan/key"]).and_folder("policies");
        let found = parameters.below("/p").await.expect("a parameter");
        assert_eq!(found.keys().collect::<Vec<_>>(), ["policies/orders"]);
        assert_eq!(server.requests()[1].body["Path"], "/p/policies");
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

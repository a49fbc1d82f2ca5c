//! What a pipeline asks a function for: the user parameters of an action or a rule, read strictly.

#[cfg(test)]
mod tests;
mod unique;

use std::collections::BTreeMap;

use pipeline_model::{ActionName, ExecutionId, PipelineName, StageName};
use serde::Deserialize;
use thiserror::Error;

use unique::Unique;

/// `ActionConfigurationValue` of CodePipeline at its longest; a rule's may be longer, and is not.
const LONGEST_PARAMETERS: usize = 1_000;

/// What a pipeline asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The policy to judge by.
    pub policy: Asked,
    /// The pipeline, if it says its name.
    pub pipeline: Option<PipelineName>,
    /// The stage, if it is said.
    pub stage: Option<StageName>,
    /// The action, if it is said.
    pub action: Option<ActionName>,
    /// The execution, if it is said.
    pub execution: Option<ExecutionId>,
    /// What earlier actions found out, by name.
    pub variables: BTreeMap<String, String>,
}

/// Where the policy stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// In the parameter store, below `policies/`.
    Named(String),
    /// In the user parameters themselves, as JSON.
    Inline(String),
}

/// The user parameters cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("UserParameters: {0}; expected {EXPECTED}")]
pub struct RequestError(String);

const EXPECTED: &str = r##"JSON such as {"policy":"payments/production","execution":"#{codepipeline.PipelineExecutionId}","pipeline":"payments","stage":"Production"}"##;

impl Request {
    /// Reads user parameters. An unknown key, one that stands twice or a value of a wrong type is an error that names
    /// it; nothing has a default that could let a release pass.
    ///
    /// # Errors
    /// What is wrong with the first thing that is wrong.
    pub fn parse(text: Option<&str>) -> Result<Self, RequestError> {
        let text = text.filter(|text| !text.trim().is_empty());
        let text = text.ok_or_else(|| RequestError("they are missing".into()))?;
        let length = text.chars().count();
        if length > LONGEST_PARAMETERS {
            return Err(RequestError(format!("{length} characters are too many; use {LONGEST_PARAMETERS} at most")));
        }
        // A list would be read as the values in their order.
        if !text.trim_start().starts_with('{') {
            return Err(RequestError("they are no JSON object".into()));
        }
        // Read twice: a value keeps the last of two equal keys, and which of the two was meant nobody knows.
        serde_json::from_str::<Unique>(text).map_err(|error| RequestError(error.to_string()))?;
        let written: Written = serde_json::from_str(text).map_err(|error| RequestError(error.to_string()))?;
        written.check()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    policy: serde_json::Value,
    pipeline: Option<String>,
    stage: Option<String>,
    action: Option<String>,
    execution: Option<String>,
    #[serde(default)]
    variables: BTreeMap<String, String>,
}

impl Written {
    fn check(self) -> Result<Request, RequestError> {
        let policy = match self.policy {
            serde_json::Value::String(name) => Asked::Named(policy_name(name)?),
            document @ serde_json::Value::Object(_) => Asked::Inline(document.to_string()),
            other => {
                let told = format!("policy is {}; it can be a name or a document", kind(&other));
                return Err(RequestError(told));
            }
        };
        Ok(Request {
            policy,
            pipeline: said("pipeline", self.pipeline)?.map(PipelineName::new),
            stage: said("stage", self.stage)?.map(StageName::new),
            action: said("action", self.action)?.map(ActionName::new),
            execution: said("execution", self.execution)?.map(ExecutionId::new),
            variables: filled_in(self.variables)?,
        })
    }
}

/// A name below `policies/`: what Parameter Store takes, so that no other parameter can be reached by it.
fn policy_name(name: String) -> Result<String, RequestError> {
    let is_part = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
            && part.bytes().any(|byte| byte != b'.')
    };
    if name.split('/').all(is_part) {
        return Ok(name);
    }
    let shown = strict_yaml::shown(&name);
    Err(RequestError(format!("policy is `{shown}`; a name has letters, digits, `.`, `_`, `-`, and `/` between parts")))
}

/// A name or id that is said must be one. `#{…}` is a variable CodePipeline did not fill in.
fn said(key: &str, value: Option<String>) -> Result<Option<String>, RequestError> {
    let Some(value) = value else { return Ok(None) };
    let is_name = (1..=100).contains(&value.len())
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".@_-".contains(&byte));
    if is_name {
        return Ok(Some(value));
    }
    let shown = strict_yaml::shown(&value);
    Err(RequestError(format!("{key} is `{shown}`, which is none of CodePipeline's names or ids")))
}

/// A variable that CodePipeline did not fill in says nothing.
fn filled_in(variables: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, RequestError> {
    match variables.iter().find(|(_, value)| value.contains("#{")) {
        Some((name, value)) => {
            let shown = strict_yaml::shown(value);
            Err(RequestError(format!("variables.{name} is `{shown}`, which CodePipeline did not fill in")))
        }
        None => Ok(variables),
    }
}

fn kind(value: &serde_json::Value) -> &'static str {
    match value {
        serde_json::Value::Null => "null",
        serde_json::Value::Bool(_) => "true or false",
        serde_json::Value::Number(_) => "a number",
        serde_json::Value::Array(_) => "a list",
        serde_json::Value::String(_) => "a text",
        serde_json::Value::Object(_) => "a document",
    }
}

//! A pipeline's declaration, typed for the engine and as JSON for whoever asks for it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A declaration that has passed its shape; [`structure`](super::structure) checks the rest.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Declaration {
    pub(crate) name: String,
    pub(crate) artifact_store: Option<Store>,
    #[serde(default)]
    pub(crate) artifact_stores: BTreeMap<String, Store>,
    pub(crate) stages: Vec<Stage>,
    #[serde(default)]
    pub(crate) execution_mode: ExecutionMode,
    pub(crate) pipeline_type: Option<PipelineType>,
    #[serde(default)]
    pub(crate) variables: Vec<Variable>,
    #[serde(default)]
    pub(crate) triggers: Vec<Value>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum ExecutionMode {
    Queued,
    #[default]
    Superseded,
    Parallel,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) enum PipelineType {
    V1,
    V2,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Store {
    pub(crate) location: String,
    pub(crate) encryption_key: Option<EncryptionKey>,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
pub(crate) struct EncryptionKey {
    pub(crate) id: String,
    pub(crate) r#type: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) default_value: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stage {
    pub(crate) name: String,
    pub(crate) actions: Vec<Action>,
    pub(crate) on_failure: Option<OnFailure>,
    pub(crate) on_success: Option<Value>,
    pub(crate) before_entry: Option<BeforeEntry>,
    #[serde(default)]
    pub(crate) blockers: Vec<Value>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct BeforeEntry {
    pub(crate) conditions: Vec<Condition>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Condition {
    pub(crate) result: Option<FailureResult>,
    /// Declared like actions, but for the name of their type.
    #[serde(default)]
    pub(crate) rules: Vec<Action>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OnFailure {
    pub(crate) result: Option<FailureResult>,
    pub(crate) retry_configuration: Option<RetryConfiguration>,
    pub(crate) conditions: Option<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum FailureResult {
    Rollback,
    Fail,
    Retry,
    Skip,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RetryConfiguration {
    pub(crate) retry_mode: Option<RetryMode>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum RetryMode {
    FailedActions,
    AllActions,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Action {
    pub(crate) name: String,
    #[serde(alias = "ruleTypeId")]
    pub(crate) action_type_id: ActionType,
    #[serde(default = "first")]
    pub(crate) run_order: u32,
    #[serde(default)]
    pub(crate) configuration: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) input_artifacts: Vec<Artifact>,
    #[serde(default)]
    pub(crate) output_artifacts: Vec<Artifact>,
    pub(crate) role_arn: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) namespace: Option<String>,
    pub(crate) timeout_in_minutes: Option<u32>,
}

fn first() -> u32 {
    1
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct ActionType {
    #[serde(default = "aws")]
    pub(crate) owner: String,
    pub(crate) provider: String,
    pub(crate) category: String,
    #[serde(default = "version_1")]
    pub(crate) version: String,
}

// A rule may leave these two out.
fn aws() -> String {
    "AWS".to_owned()
}

fn version_1() -> String {
    "1".to_owned()
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Artifact {
    pub(crate) name: String,
}

impl Declaration {
    /// Parses JSON that has passed the shape check.
    pub(crate) fn parse(raw: &Value) -> Result<Self, serde_json::Error> {
        Self::deserialize(raw)
    }

    /// The type: as declared, or V2 as soon as the declaration uses what only V2 has.
    pub(crate) fn pipeline_type(&self) -> PipelineType {
        let default = if self.uses_v2_features() { PipelineType::V2 } else { PipelineType::V1 };
        self.pipeline_type.unwrap_or(default)
    }

    pub(crate) fn uses_v2_features(&self) -> bool {
        let conditions =
            |stage: &Stage| stage.on_failure.is_some() || stage.on_success.is_some() || stage.before_entry.is_some();
        self.execution_mode != ExecutionMode::Superseded
            || !self.variables.is_empty()
            || !self.triggers.is_empty()
            || self.stages.iter().any(conditions)
    }

    pub(crate) fn stage_index(&self, name: &str) -> Option<usize> {
        self.stages.iter().position(|stage| stage.name == name)
    }

    /// The artifact store of a region: the pipeline's only one, or that region's.
    pub(crate) fn store(&self, region: &str) -> Option<&Store> {
        self.artifact_stores.get(region).or(self.artifact_store.as_ref())
    }
}

impl Stage {
    /// What must succeed before the stage is entered.
    pub(crate) fn entry_rules(&self) -> &[Action] {
        self.entry_condition().map_or(&[], |condition| &condition.rules)
    }

    /// There is one at most.
    pub(crate) fn entry_condition(&self) -> Option<&Condition> {
        self.before_entry.as_ref()?.conditions.first()
    }

    /// An action by its number; after the actions come the rules.
    pub(crate) fn part(&self, number: usize) -> &Action {
        self.actions.get(number).unwrap_or_else(|| &self.entry_rules()[number - self.actions.len()])
    }
}

impl Action {
    pub(crate) fn is_source(&self) -> bool {
        self.action_type_id.category == "Source"
    }

    pub(crate) fn is_approval(&self) -> bool {
        self.action_type_id.category == "Approval"
    }

    pub(crate) fn is_lambda(&self) -> bool {
        let ActionType { category, provider, .. } = &self.action_type_id;
        matches!((category.as_str(), provider.as_str()), ("Invoke", "Lambda") | ("Rule", "LambdaInvoke"))
    }

    pub(crate) fn is_rule(&self) -> bool {
        self.action_type_id.category == "Rule"
    }
}

/// The declaration as `GetPipeline` returns it: with its version and the defaults filled in.
pub(crate) fn as_returned(raw: &Value, declaration: &Declaration, version: u32) -> Value {
    let mut returned = raw.clone();
    returned["version"] = json!(version);
    returned["executionMode"] = json!(declaration.execution_mode);
    returned["pipelineType"] = json!(declaration.pipeline_type());
    for stage in returned["stages"].as_array_mut().into_iter().flatten() {
        for action in stage["actions"].as_array_mut().into_iter().flatten() {
            fill(action, "runOrder", json!(1));
            fill(action, "configuration", json!({}));
            fill(action, "inputArtifacts", json!([]));
            fill(action, "outputArtifacts", json!([]));
        }
    }
    returned
}

fn fill(object: &mut Value, key: &str, default: Value) {
    if object[key].is_null() {
        object[key] = default;
    }
}

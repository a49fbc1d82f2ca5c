//! From CloudFormation's `AWS::CodePipeline::Pipeline` to the pipeline declaration of CodePipeline's API.
//!
//! The two differ in more than the case of keys: the API knows text where CloudFormation takes any scalar, and a map
//! of artifact stores by region where CloudFormation has a list.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::intrinsics::Resolver;

/// Properties of the resource that are no part of the pipeline's structure.
const NOT_STRUCTURE: [&str; 3] = ["DisableInboundStageTransitions", "RestartExecutionOnUpdate", "Tags"];

/// The only numbers in a declaration. Everything else the API wants as text.
const NUMBERS: [&str; 2] = ["RunOrder", "TimeoutInMinutes"];

/// The declaration of one pipeline. None, with problems noted, if it has none.
pub(crate) fn of(resolver: &Resolver<'_>, logical_id: &str) -> Option<Value> {
    let path = format!("Resources.{logical_id}.Properties");
    let properties = &resolver.template["Resources"][logical_id]["Properties"];
    let Some(Value::Object(mut properties)) = resolver.resolve(properties, &path) else {
        resolver.problem(&path, "a pipeline needs properties");
        return None;
    };
    if properties.get("DisableInboundStageTransitions").is_some_and(|it| *it != json!([])) {
        let place = format!("{path}.DisableInboundStageTransitions");
        resolver.problem(&place, "is not supported; call DisableStageTransition once the pipeline exists");
    }
    properties.retain(|key, _| !NOT_STRUCTURE.contains(&key.as_str()));

    let name = resolver.physical_id(logical_id, &path)?;
    let mut declaration = api_map(resolver, &properties, &path);
    declaration.insert("name".into(), name);
    declaration.insert("version".into(), 1.into());
    if let Some(stores) = declaration.remove("artifactStores") {
        declaration.insert("artifactStores".into(), stores_by_region(&stores));
    }
    Some(declaration.into())
}

/// Buckets that are sources or keep artifacts, sorted.
pub(crate) fn buckets(pipelines: &[Value]) -> Vec<String> {
    let stores = pipelines.iter().flat_map(|pipeline| {
        let by_region = pipeline["artifactStores"].as_object().into_iter().flat_map(Map::values);
        by_region.chain([&pipeline["artifactStore"]]).map(|store| &store["location"])
    });
    let sources = actions(pipelines).map(|action| &action["configuration"]["S3Bucket"]);
    sorted(stores.chain(sources))
}

/// Topics that approval actions publish to, sorted.
pub(crate) fn topics(pipelines: &[Value]) -> Vec<String> {
    sorted(actions(pipelines).map(|action| &action["configuration"]["NotificationArn"]))
}

fn actions(pipelines: &[Value]) -> impl Iterator<Item = &Value> {
    let stages = pipelines.iter().flat_map(|pipeline| pipeline["stages"].as_array().into_iter().flatten());
    stages.flat_map(|stage| stage["actions"].as_array().into_iter().flatten())
}

fn sorted<'v>(values: impl Iterator<Item = &'v Value>) -> Vec<String> {
    let texts: BTreeSet<&str> = values.filter_map(Value::as_str).filter(|text| !text.is_empty()).collect();
    texts.into_iter().map(str::to_owned).collect()
}

fn stores_by_region(list: &Value) -> Value {
    let stores = list.as_array().into_iter().flatten();
    let by_region = stores.filter_map(|it| Some((it["region"].as_str()?.to_owned(), it["artifactStore"].clone())));
    Value::Object(by_region.collect())
}

fn api_map(resolver: &Resolver<'_>, map: &Map<String, Value>, path: &str) -> Map<String, Value> {
    let convert = |(key, value): (&String, &Value)| {
        let path = format!("{path}.{key}");
        let value = match key.as_str() {
            "Configuration" => configuration(resolver, value, &path),
            key if NUMBERS.contains(&key) => number(resolver, value, &path),
            _ => api_value(resolver, value, &path),
        };
        (camel_case(key), value)
    };
    map.iter().map(convert).collect()
}

fn api_value(resolver: &Resolver<'_>, value: &Value, path: &str) -> Value {
    match value {
        Value::Object(map) => api_map(resolver, map, path).into(),
        Value::Array(items) => {
            let convert = |(index, item)| api_value(resolver, item, &format!("{path}[{index}]"));
            items.iter().enumerate().map(convert).collect()
        }
        scalar => as_text(scalar),
    }
}

/// Keys belong to the action's provider and stay as they are; values are text and nothing else.
fn configuration(resolver: &Resolver<'_>, value: &Value, path: &str) -> Value {
    let entries = value.as_object().into_iter().flatten().map(|(key, value)| {
        if value.is_object() || value.is_array() {
            resolver.problem(&format!("{path}.{key}"), "must be a text; write JSON as a text");
        }
        (key.clone(), as_text(value))
    });
    Value::Object(entries.collect())
}

fn number(resolver: &Resolver<'_>, value: &Value, path: &str) -> Value {
    let parsed = value.as_u64().or_else(|| value.as_str()?.parse().ok());
    if parsed.is_none() && !value.is_null() {
        resolver.problem(path, "must be a whole number");
    }
    parsed.into()
}

fn as_text(scalar: &Value) -> Value {
    match scalar {
        Value::Number(_) | Value::Bool(_) => scalar.to_string().into(),
        other => other.clone(),
    }
}

fn camel_case(key: &str) -> String {
    let mut characters = key.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}

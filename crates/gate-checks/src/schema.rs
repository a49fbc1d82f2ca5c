//! The JSON schema of a policy, from the types that read it, so that editors complete what is read.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::checks::{KINDS, Kind};
use crate::policy::{Group, Header, MOST_CHECKS, Terms};

/// The JSON schema (2020-12) of a policy's document.
pub fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().for_deserialize().into_generator();
    let checks: Vec<Value> = KINDS.iter().map(|kind| check(kind, &mut generator)).collect();
    let one_suffices = list("Checks of which one suffices.", &checks);
    let any = with(fields::<Group>(&mut generator), "any", one_suffices);
    let mut all = list("All must pass; the worst decides.", &[checks, vec![any]].concat());
    all["maxItems"] = MOST_CHECKS.into();
    let gate = with(fields::<Header>(&mut generator), "checks", all);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A Pipewarden policy",
        "type": "object",
        "required": ["gate"],
        "additionalProperties": false,
        "properties": { "gate": gate, "scan": { "description": "Read by the scanner." } },
        "$defs": generator.take_definitions(true),
    })
}

/// Defines a check with its terms, and refers to it.
fn check(kind: &Kind, generator: &mut SchemaGenerator) -> Value {
    let written = (kind.schema)(generator).to_value();
    let check = with(fields::<Terms>(generator), kind.key, written);
    let name = format!("check-{}", kind.key);
    generator.definitions_mut().insert(name.clone(), check);
    json!({ "$ref": format!("#/$defs/{name}") })
}

fn list(description: &str, items: &[Value]) -> Value {
    json!({ "type": "array", "description": description, "minItems": 1, "items": { "anyOf": items } })
}

/// The schema of a struct, in place.
fn fields<T: JsonSchema>(generator: &mut SchemaGenerator) -> Map<String, Value> {
    match T::json_schema(generator).to_value() {
        Value::Object(schema) => schema,
        _ => Map::new(),
    }
}

/// The schema with one more key, which is required.
fn with(mut schema: Map<String, Value>, key: &str, value: Value) -> Value {
    let properties = schema.entry("properties").or_insert_with(|| json!({}));
    properties[key] = value;
    let mut required = schema.remove("required").and_then(|required| required.as_array().cloned()).unwrap_or_default();
    required.push(key.into());
    schema.insert(String::from("required"), required.into());
    schema.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_is_in_the_schema_and_nothing_else_is_allowed() {
        let schema = schema();
        let items = schema["properties"]["gate"]["properties"]["checks"]["items"]["anyOf"].as_array().unwrap();
        assert_eq!(items.len(), KINDS.len() + 1);
        for (kind, item) in KINDS.iter().zip(items) {
            let name = format!("check-{}", kind.key);
            assert_eq!(item["$ref"], format!("#/$defs/{name}"));
            let check = &schema["$defs"][&name];
            assert!(check["properties"][kind.key].is_object() && check["properties"]["for"].is_object(), "{name}");
            assert!(check["required"] == json!([kind.key]) && check["additionalProperties"] == false, "{name}");
        }
        assert_eq!(schema["properties"]["gate"]["required"], json!(["checks"]));
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let schema = schema();
        let text = schema.to_string();
        let names: Vec<&str> = text.split("\"#/$defs/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(names.len() > KINDS.len());
        for name in names {
            assert!(schema["$defs"][name].is_object(), "{name}");
        }
    }
}

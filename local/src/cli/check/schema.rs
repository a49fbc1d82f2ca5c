//! The JSON schemas of what people write, put together from the types that read it.

use clap::ValueEnum;
use serde_json::{Map, Value, json};

/// What has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Schema {
    /// A policy of gates and scans.
    Policy,
    /// The settings of a stack.
    Settings,
}

impl Schema {
    /// The schema as it is in `docs/`.
    pub(super) fn text(self) -> String {
        serde_json::to_string_pretty(&self.value()).expect("a JSON value is text")
    }

    pub(super) fn value(self) -> Value {
        match self {
            Self::Policy => policy(),
            Self::Settings => settings(),
        }
    }
}

/// A policy has a section for gates, one for scans, or both.
fn policy() -> Value {
    let mut schema = gate_checks::schema();
    schema["properties"]["scan"] = artifact_scan::Policy::schema()["properties"]["scan"].take();
    if let Some(whole) = schema.as_object_mut() {
        whole.remove("required");
        whole.insert(String::from("anyOf"), json!([{ "required": ["gate"] }, { "required": ["scan"] }]));
    }
    schema
}

fn settings() -> Value {
    let sections: Map<String, Value> = read_by().into_iter().flat_map(own_sections).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Pipewarden's settings",
        "type": "object",
        "additionalProperties": false,
        "properties": sections,
    })
}

/// The document as each of its readers sees it.
fn read_by() -> [Value; 4] {
    [
        notices::Settings::schema(),
        delivery_metrics::Settings::schema(),
        rollback_plans::Settings::schema(),
        gate_checks::Settings::schema(),
    ]
}

/// A section has a type where it is read.
fn own_sections(mut reader: Value) -> Vec<(String, Value)> {
    let sections = reader["properties"].as_object_mut().map(std::mem::take).unwrap_or_default();
    sections.into_iter().filter(|(_, schema)| !schema["type"].is_null()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn the_schemas_in_docs_are_current() {
        for schema in Schema::value_variants() {
            let name = schema.to_possible_value().unwrap().get_name().to_owned();
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../docs/{name}.schema.json"));
            let written = std::fs::read_to_string(path).unwrap_or_default();
            // Compared as values: whether keys are sorted depends on what else is built.
            let current = serde_json::from_str(&written).is_ok_and(|written: Value| written == schema.value());
            let renew =
                format!("cargo run -p local --bin pipewarden -- check --schema {name} > docs/{name}.schema.json");
            assert!(current, "docs/{name}.schema.json is not what is read; renew it with\n{renew}");
        }
    }

    #[test]
    fn each_section_is_known_to_all_readers_and_read_by_one() {
        let known = read_by().map(|reader| reader["properties"].as_object().unwrap().keys().cloned().collect());
        let all: &BTreeSet<String> = &known[0];
        assert!(known.iter().all(|sections| sections == all), "{known:#?}");
        let mut read: Vec<String> = read_by().into_iter().flat_map(own_sections).map(|(section, _)| section).collect();
        read.sort();
        assert_eq!(read, all.iter().cloned().collect::<Vec<_>>());
    }

    #[test]
    fn a_policy_has_at_least_one_of_its_sections_and_no_other() {
        let schema = Schema::Policy.value();
        let sections: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
        assert_eq!(sections, ["gate", "scan"]);
        assert_eq!((&schema["additionalProperties"], schema.get("required")), (&json!(false), None));
        assert_eq!(schema["anyOf"], json!([{ "required": ["gate"] }, { "required": ["scan"] }]));
        assert!(
            schema["properties"]["scan"]["properties"]["suppressions"]["items"]["properties"]["expires"].is_object()
        );
    }

    #[test]
    fn every_key_of_the_settings_and_of_a_scan_is_described() {
        fn undescribed(schema: &Value, path: &str, found: &mut Vec<String>) {
            for (key, below) in schema["properties"].as_object().into_iter().flatten() {
                let path = format!("{path}.{key}");
                if below["description"].as_str().is_none_or(str::is_empty) {
                    found.push(path.clone());
                }
                undescribed(below, &path, found);
                undescribed(&below["items"], &path, found);
            }
        }
        let mut found = Vec::new();
        undescribed(&Schema::Settings.value(), "", &mut found);
        undescribed(&Schema::Policy.value()["properties"]["scan"], "scan", &mut found);
        assert_eq!(found, [""; 0]);
    }
}

//! What `pipelines/release.yaml` is read as: with a bucket or a connection, with a scan, with a gate.

use std::path::Path;

use serde_json::{Value, json};

use super::tests::inputs;
use super::{Inputs, Loaded, load, property};

fn release(parameters: &[(&str, &str)]) -> Loaded {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../pipelines/release.yaml"));
    let parameters = parameters.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    load(path, &Inputs { parameters, ..inputs() }).unwrap()
}

#[test]
fn the_release_pipeline_loads_with_its_defaults() {
    let loaded = release(&[]);
    let stages = loaded.pipelines[0]["stages"].as_array().unwrap();
    let names: Vec<&str> = stages.iter().map(|stage| stage["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Source", "Build", "Test", "Approval", "Staging", "Production"]);
    assert_eq!(stages[0]["actions"][0]["configuration"]["S3Bucket"], "shop-sourcebucket");
    assert_eq!(stages[5]["onFailure"], json!({ "result": "ROLLBACK" }));
    assert_eq!(loaded.buckets, ["shop-artifactbucket", "shop-sourcebucket"]);
    assert!(loaded.topics.is_empty());
}

#[test]
fn the_release_pipeline_loads_with_a_connection_and_a_topic() {
    let topic = "arn:aws:sns:us-east-1:111122223333:approvals";
    let connection = "arn:aws:codeconnections:us-east-1:111122223333:connection/0";
    let loaded = release(&[("ApprovalTopicArn", topic), ("ConnectionArn", connection), ("Repository", "shop/web")]);
    let pipeline = &loaded.pipelines[0];
    assert_eq!(loaded.topics, [topic]);
    assert_eq!(loaded.buckets, ["shop-artifactbucket"]);
    assert_eq!(pipeline["stages"][0]["actions"][0]["configuration"]["FullRepositoryId"], "shop/web");
    assert_eq!(pipeline["triggers"][0]["gitConfiguration"]["push"][0]["branches"]["includes"], json!(["main"]));
}

#[test]
fn the_release_pipeline_loads_with_a_gate_before_production_and_its_policy() {
    let given = [("GateFunctionName", "pipewarden-gatekeeper"), ("GateBakeTime", "90s")];
    let loaded = release(&given);
    let stages = loaded.pipelines[0]["stages"].as_array().unwrap();
    let names: Vec<&str> = stages[4..].iter().map(|stage| stage["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Staging", "Gate", "Production"]);
    let gate = &stages[5]["actions"][0]["configuration"];
    assert_eq!(gate["FunctionName"], "pipewarden-gatekeeper");
    let asked: Value = serde_json::from_str(gate["UserParameters"].as_str().unwrap()).unwrap();
    assert_eq!(asked["policy"], "Shop/production");
    assert_eq!(asked["execution"], "#{codepipeline.PipelineExecutionId}");
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../pipelines/release.yaml"));
    let parameters = given.map(|(name, value)| (name.into(), value.into())).into();
    let inputs = Inputs { parameters, ..inputs() };
    let policy = |name| property(path, &inputs, "GatePolicy", name).unwrap();
    assert_eq!(policy("Name"), "/pipewarden/policies/Shop/production");
    assert!(policy("Value").as_str().unwrap().contains("for: 90s"));
}

#[test]
fn the_release_pipeline_loads_with_a_scan_beside_its_tests_and_its_policy() {
    let given = [("ScanFunctionName", "pipewarden-scanner"), ("ScanFails", "medium")];
    let test = release(&given).pipelines[0]["stages"][2]["actions"].take();
    let names: Vec<&str> = test.as_array().unwrap().iter().map(|action| action["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["IntegrationTests", "Scan"]);
    assert_eq!(test[1]["inputArtifacts"], test[0]["inputArtifacts"]);
    assert_eq!(
        (&test[1]["namespace"], &test[1]["outputArtifacts"][0]["name"]),
        (&json!("ScanVariables"), &json!("ScanReport"))
    );
    let asked = test[1]["configuration"]["UserParameters"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(asked).unwrap()["policy"], "Shop/scan");
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../pipelines/release.yaml"));
    let inputs = Inputs { parameters: given.map(|(name, value)| (name.into(), value.into())).into(), ..inputs() };
    let policy = |name| property(path, &inputs, "ScanPolicy", name).unwrap();
    assert_eq!(policy("Name"), "/pipewarden/policies/Shop/scan");
    assert_eq!(policy("Value"), "scan:\n  fail: medium\n");
}

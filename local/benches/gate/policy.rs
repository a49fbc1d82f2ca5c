//! The policy of the release that waits, and the jobs that ask for it.

use serde_json::{Value, json};

use crate::PRIVATE;

pub(crate) const ALARMS: usize = 20;
pub(crate) const METRICS: usize = 20;
pub(crate) const URLS: usize = 5;

/// Every check passes and must do so for an hour, except for one alarm that is red now and then: so each visit has something
/// to remember.
pub(crate) fn policy(port: u16) -> String {
    let alarms = (1..ALARMS).map(|number| json!({ "alarms": { "names": [alarm(number)] }, "for": "1h" }));
    let red = json!({ "alarms": { "names": [alarm(0)] }, "failures": 9_999 });
    let metrics = (0..METRICS).map(|number| {
        let metric = json!({
            "namespace": "Shop", "name": format!("Errors{number}"), "stat": "Sum", "dimensions": { "Service": "orders" },
        });
        json!({ "metric": { "metric": metric, "above": 100, "over": "30m" }, "for": "1h" })
    });
    let urls = (0..URLS).map(|number| {
        let url = format!("http://{PRIVATE}:{port}/health/{number}");
        let depth = json!({ "pointer": "/queue/depth", "above": 100 });
        json!({ "http": { "url": url, "private": true, "plain": true, "json": depth }, "for": "1h" })
    });
    let checks: Vec<Value> = alarms.chain([red]).chain(metrics).chain(urls).collect();
    json!({ "gate": { "deadline": "4h", "checks": checks } }).to_string()
}

pub(crate) fn alarm(number: usize) -> String {
    format!("orders-alarm-{number}")
}

/// The next job of the release; the first one has no token.
pub(crate) fn job(number: usize, token: Option<&str>) -> String {
    let asked = json!({
        "policy": "orders/production", "execution": "11111111-2222-4333-8444-555555555555", "pipeline": "orders",
        "stage": "Gate", "action": "Gate",
    });
    let credentials = json!({ "accessKeyId": "not-a-key", "secretAccessKey": "not-a-key", "sessionToken": "" });
    let mut data = json!({
        "actionConfiguration": {
            "configuration": { "FunctionName": "bench-gatekeeper", "UserParameters": asked.to_string() },
        },
        "inputArtifacts": [], "outputArtifacts": [], "artifactCredentials": credentials,
    });
    if let Some(token) = token {
        data["continuationToken"] = json!(token);
    }
    let id = format!("{number:08x}-0000-4000-8000-000000000000");
    json!({ "CodePipeline.job": { "id": id, "accountId": "111122223333", "data": data } }).to_string()
}

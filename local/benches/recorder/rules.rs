//! Which events the template sends to the recorder, and how its function is given them.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::program::root;

/// What the template says of the way to the recorder.
pub(crate) struct Rules {
    patterns: Vec<Value>,
    /// How long a batch is gathered.
    pub(crate) window: Duration,
    /// Most records of a batch.
    pub(crate) batch_size: usize,
}

impl Rules {
    pub(crate) fn read() -> Result<Self> {
        let template = local::template::document(&root().join("template.yaml"))?;
        let resources = template["Resources"].as_object().context("the template has resources")?;
        let queue = &resources["RecorderFunction"]["Properties"]["Events"]["Queue"]["Properties"];
        let targets_it = |rule: &&Value| rule["Properties"]["Targets"].to_string().contains("RecorderQueue");
        let patterns = resources.values().filter(|resource| resource["Type"] == "AWS::Events::Rule").filter(targets_it);
        let number = |value: &Value| value.as_u64().context("a number in the template");
        Ok(Self {
            patterns: patterns.map(|rule| rule["Properties"]["EventPattern"].clone()).collect(),
            window: Duration::from_secs(number(&template["Parameters"]["MetricsDelaySeconds"]["Default"])?),
            batch_size: usize::try_from(number(&queue["BatchSize"])?)?,
        })
    }

    pub(crate) fn match_any(&self, event: &Value) -> bool {
        self.patterns.iter().any(|pattern| matches(pattern, event))
    }
}

/// EventBridge's patterns as far as these rules use them: every key is there, with one of the values.
fn matches(pattern: &Value, event: &Value) -> bool {
    match pattern {
        Value::Object(keys) => keys.iter().all(|(key, pattern)| matches(pattern, &event[key])),
        Value::Array(values) => values.contains(event),
        _ => false,
    }
}

//! CloudWatch metrics as log lines in the embedded metric format: no client, no call, no wait.

use std::io::Write;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// CloudWatch refuses values beyond 2^360 in either direction.
const LARGEST: f64 = 2.348_542_582_773_833_4e108;

/// Prints metrics of one function in one namespace.
///
/// The only dimension is the function's name: each combination of dimension values is a metric that costs money.
#[derive(Clone, Debug)]
pub struct Metrics {
    namespace: String,
    function: String,
    #[cfg(any(test, feature = "testing"))]
    sums: Option<Sums>,
}

#[cfg(any(test, feature = "testing"))]
type Sums = std::sync::Arc<std::sync::Mutex<std::collections::BTreeMap<&'static str, f64>>>;

/// One value to record.
#[derive(Clone, Debug)]
pub struct Sample {
    /// When it happened; CloudWatch takes two weeks back and two hours ahead.
    pub at: Timestamp,
    /// The metric's name.
    pub name: &'static str,
    /// What the value counts or measures.
    pub unit: Unit,
    /// The value; a number that is not finite is left out.
    pub value: f64,
    /// Further facts, which can be searched in the log and create no metric.
    pub properties: Vec<(&'static str, Value)>,
}

/// Units of CloudWatch in use here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// How much.
    Bytes,
    /// How often.
    Count,
    /// How long.
    Seconds,
}

impl Metrics {
    /// Metrics below `namespace`, with `function` as their dimension.
    pub fn new(namespace: impl Into<String>, function: impl Into<String>) -> Self {
        Self {
            namespace: namespace.into(),
            function: function.into(),
            #[cfg(any(test, feature = "testing"))]
            sums: None,
        }
    }

    /// Records that `name` happened `times` times.
    pub fn count(&self, at: Timestamp, name: &'static str, times: u32) {
        self.emit(&Sample { at, name, unit: Unit::Count, value: times.into(), properties: Vec::new() });
    }

    /// Writes the sample to standard output as a line of its own, past the log: wrapped, it would not be read.
    pub fn emit(&self, sample: &Sample) {
        let Some(mut line) = self.line(sample) else {
            tracing::warn!(metric.name = sample.name, metric.value = sample.value, "a metric cannot be recorded");
            return;
        };
        line.push('\n');
        #[cfg(any(test, feature = "testing"))]
        if self.was_added_up(sample) {
            return;
        }
        // A closed standard output leaves nowhere to report to.
        let _ = std::io::stdout().lock().write_all(line.as_bytes());
    }

    /// The line for a sample; `None` when CloudWatch would refuse the value.
    pub fn line(&self, sample: &Sample) -> Option<String> {
        if !sample.value.is_finite() || sample.value.abs() > LARGEST {
            return None;
        }
        let unit = format!("{:?}", sample.unit);
        let properties = sample.properties.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let mut line: Map<String, Value> = properties.collect();
        line.insert("FunctionName".to_owned(), json!(self.function));
        line.insert(sample.name.to_owned(), json!(sample.value));
        let directive = json!({
            "Namespace": self.namespace,
            "Dimensions": [["FunctionName"]],
            "Metrics": [{ "Name": sample.name, "Unit": unit }],
        });
        let metadata = json!({ "Timestamp": sample.at.as_millisecond(), "CloudWatchMetrics": [directive] });
        line.insert("_aws".to_owned(), metadata);
        Some(Value::Object(line).to_string())
    }
}

#[cfg(any(test, feature = "testing"))]
impl Metrics {
    /// Adds values up instead of printing them, for tests. Clones add to the same sums.
    pub fn adding_up() -> Self {
        Self { sums: Some(Sums::default()), ..Self::new("Pipewarden", "tested") }
    }

    /// The sum of all values of `name`; zero on one that prints.
    pub fn sum(&self, name: &str) -> f64 {
        let sums = self.sums.as_ref().map(|sums| sums.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        sums.and_then(|sums| sums.get(name).copied()).unwrap_or_default()
    }

    fn was_added_up(&self, sample: &Sample) -> bool {
        let Some(sums) = &self.sums else { return false };
        *sums.lock().unwrap_or_else(std::sync::PoisonError::into_inner).entry(sample.name).or_default() += sample.value;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(value: f64) -> Sample {
        let at = Timestamp::from_millisecond(1_772_445_600_000).expect("a valid time");
        let properties = vec![("pipeline.name", json!("orders"))];
        Sample { at, name: "SlackRefused", unit: Unit::Count, value, properties }
    }

    #[test]
    fn a_line_has_the_embedded_metric_format() {
        let line = Metrics::new("Pipewarden", "demo-notifier").line(&sample(2.0)).expect("a line");
        assert!(!line.contains('\n'));
        assert_eq!(
            serde_json::from_str::<Value>(&line).expect("JSON"),
            json!({
                "_aws": { "Timestamp": 1_772_445_600_000_u64, "CloudWatchMetrics": [{
                    "Namespace": "Pipewarden",
                    "Dimensions": [["FunctionName"]],
                    "Metrics": [{ "Name": "SlackRefused", "Unit": "Count" }],
                }]},
                "FunctionName": "demo-notifier",
                "SlackRefused": 2.0,
                "pipeline.name": "orders",
            })
        );
    }

    #[test]
    fn a_property_cannot_replace_the_metric_or_its_metadata() {
        let mut odd = sample(1.0);
        odd.properties = vec![("_aws", json!("x")), ("SlackRefused", json!("x")), ("FunctionName", json!("x"))];
        let line = Metrics::new("Pipewarden", "demo-notifier").line(&odd).expect("a line");
        assert!(!line.contains(r#""x""#), "{line}");
    }

    #[test]
    fn a_number_cloudwatch_would_refuse_is_left_out() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX] {
            assert_eq!(Metrics::new("Pipewarden", "demo-notifier").line(&sample(value)), None);
        }
    }
}

//! Metrics, what is asked about them, and the values that come back.

use std::collections::{BTreeMap, BTreeSet};

/// One series in CloudWatch: only the same namespace, name and dimensions are the same metric.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Metric {
    /// For instance `Pipewarden` or `AWS/SQS`.
    pub namespace: String,
    /// For instance `LeadTime`.
    pub name: String,
    /// Values by name; empty for a metric without dimensions.
    pub dimensions: BTreeMap<String, String>,
}

/// A kind of metric, as far as a dashboard names it: a search leaves the values of the dimensions open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedMetric {
    /// For instance `Pipewarden` or `AWS/SQS`.
    pub namespace: String,
    /// For instance `StageDuration`.
    pub name: String,
    /// Names of the dimensions.
    pub dimensions: BTreeSet<String>,
}

/// What is asked of CloudWatch: one statistic of one metric in buckets of `period` seconds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Query {
    /// Which metric.
    pub metric: Metric,
    /// For instance `Average` or `p90`.
    pub statistic: String,
    /// Seconds.
    pub period: i64,
}

/// Values by the second their bucket begins at.
pub type Points = BTreeMap<i64, f64>;

/// All answers by question. What is not in here has no data.
pub type Answers = BTreeMap<Query, Points>;

impl Metric {
    /// The kind this metric is of.
    pub fn named(&self) -> NamedMetric {
        NamedMetric {
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            dimensions: self.dimensions.keys().cloned().collect(),
        }
    }
}

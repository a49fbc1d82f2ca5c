//! What is measured, as a policy writes it: a metric, or an expression over some.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::stat::Stat;
use crate::question::{is_insights, names};
use crate::text::{list, shown};
use crate::value::Template;
use crate::{MetricSource, Place, Statistic, Unanswered};

/// Characters of an expression (botocore, `MetricExpression`).
const LONGEST_EXPRESSION: usize = 2_048;
/// Metrics of one expression: far below the 500 queries of a call, which all checks share.
const MOST_INPUTS: usize = 10;
/// Dimensions of a metric (CloudWatch quotas).
const MOST_DIMENSIONS: usize = 30;

/// Dimensions by their name; a value may hold variables.
pub(in crate::checks) type Dimensions = BTreeMap<String, Template>;

/// A metric.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(in crate::checks) struct WrittenMetric {
    /// Such as `AWS/ApplicationELB`.
    namespace: String,
    /// The metric's name.
    name: String,
    /// All of its dimensions: a metric with other dimensions is another metric.
    #[serde(default)]
    dimensions: Dimensions,
    /// Where it differs from the check's `stat`.
    stat: Option<Stat>,
}

/// The keys that say what is measured.
pub(in crate::checks) struct WrittenSource {
    pub(in crate::checks) metric: Option<WrittenMetric>,
    pub(in crate::checks) expression: Option<String>,
    pub(in crate::checks) metrics: BTreeMap<String, WrittenMetric>,
    pub(in crate::checks) stat: Option<Stat>,
}

/// What is measured.
#[derive(Debug, Clone)]
pub(in crate::checks) enum Source {
    Metric(Metric),
    Expression { text: String, inputs: BTreeMap<String, Metric> },
}

/// A statistic of a metric.
#[derive(Debug, Clone)]
pub(in crate::checks) struct Metric {
    namespace: String,
    name: String,
    dimensions: Dimensions,
    stat: Stat,
}

impl WrittenSource {
    pub(in crate::checks) fn check(self) -> Result<Source, String> {
        let stat = self.stat;
        match (self.metric, self.expression) {
            (Some(metric), None) if self.metrics.is_empty() => Ok(Source::Metric(metric.check(stat.as_ref())?)),
            (None, Some(text)) => {
                check_expression(&text, &self.metrics)?;
                let inputs = self.metrics.into_iter().map(|(id, metric)| Ok((id, metric.check(stat.as_ref())?)));
                Ok(Source::Expression { text, inputs: inputs.collect::<Result<_, String>>()? })
            }
            (Some(_), None) => Err("`metrics` are what an `expression` names; leave them out".into()),
            (Some(_), Some(_)) => Err("`metric` and `expression` exclude each other; keep one".into()),
            (None, None) => Err("one of the keys `metric` and `expression` is missing".into()),
        }
    }
}

impl WrittenMetric {
    fn check(self, stat: Option<&Stat>) -> Result<Metric, String> {
        let Self { namespace, name, dimensions, stat: own } = self;
        let told = shown(&name);
        let stat = own.or_else(|| stat.cloned()).ok_or_else(|| {
            format!(
                "the metric `{told}` has no `stat`; write Average, Sum, Minimum, Maximum, SampleCount, p99 or another"
            )
        })?;
        let is_named = |text: &str| (1..=255).contains(&text.len()) && !text.trim().is_empty();
        if !is_named(&namespace) || namespace.starts_with(':') || !is_named(&name) {
            return Err(format!("the metric `{told}` needs a `namespace` and a `name` of 1 to 255 characters"));
        }
        check_dimensions(&dimensions)?;
        Ok(Metric { namespace, name, dimensions, stat })
    }
}

/// botocore, `Dimension`: at most 30, names of 1 to 255 characters.
pub(in crate::checks) fn check_dimensions(dimensions: &Dimensions) -> Result<(), String> {
    let is_named = |name: &String| (1..=255).contains(&name.len()) && !name.starts_with(':');
    match dimensions.keys().find(|name| !is_named(name)) {
        _ if dimensions.len() > MOST_DIMENSIONS => {
            Err(format!("{} dimensions are too many; {MOST_DIMENSIONS} at most", dimensions.len()))
        }
        Some(name) => Err(format!("`{}` is no name of a dimension: 1 to 255 characters, no colon first", shown(name))),
        None => Ok(()),
    }
}

fn check_expression(text: &str, inputs: &BTreeMap<String, WrittenMetric>) -> Result<(), String> {
    if text.trim().is_empty() || text.chars().count() > LONGEST_EXPRESSION {
        return Err(format!("an `expression` has 1 to {LONGEST_EXPRESSION} characters"));
    }
    if inputs.len() > MOST_INPUTS {
        return Err(format!("{} metrics are too many for one expression; {MOST_INPUTS} at most", inputs.len()));
    }
    let is_id = |id: &String| {
        id.len() <= 100
            && id.starts_with(|c: char| c.is_ascii_lowercase())
            && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    if let Some(id) = inputs.keys().find(|id| !is_id(id)) {
        let told = shown(id);
        return Err(format!(
            "`{told}` is no id of a metric: a lower-case letter, then letters, digits and underscores"
        ));
    }
    check_names(text, inputs)
}

/// Every name must be known, and every metric used: a misspelt one would be an outage at two in the morning.
fn check_names(text: &str, inputs: &BTreeMap<String, WrittenMetric>) -> Result<(), String> {
    if is_insights(text) {
        let told = "a Metrics Insights query cannot be mixed with `metrics`; leave them out";
        return if inputs.is_empty() { Ok(()) } else { Err(told.into()) };
    }
    let written = names(text);
    if written.contains(&"METRICS") {
        return Err(
            "METRICS() would take in the metrics of other checks, which are asked in the same call; name each".into()
        );
    }
    let is_metric = |name: &&&str| name.starts_with(|c: char| c.is_ascii_lowercase());
    if let Some(name) = written.iter().filter(is_metric).find(|name| !inputs.contains_key(**name)) {
        let known: Vec<&str> = inputs.keys().map(String::as_str).collect();
        return Err(format!("the expression names `{}`, and `metrics` has {}", shown(name), list(&known)));
    }
    match inputs.keys().find(|id| !written.contains(&id.as_str())) {
        Some(id) => Err(format!("the expression does not name the metric `{}`; leave it out", shown(id))),
        None => Ok(()),
    }
}

impl Source {
    /// With `dimensions` in addition to each metric's own, and in their stead.
    pub(in crate::checks) fn fill(&self, dimensions: &Dimensions, place: &Place) -> Result<MetricSource, Unanswered> {
        match self {
            Self::Metric(metric) => Ok(MetricSource::Statistic(metric.fill(dimensions, place)?)),
            Self::Expression { text, inputs } => {
                let inputs = inputs.iter().map(|(id, metric)| Ok((id.clone(), metric.fill(dimensions, place)?)));
                Ok(MetricSource::Expression { text: text.clone(), inputs: inputs.collect::<Result<_, Unanswered>>()? })
            }
        }
    }

    /// Whether it has at most one data point per period.
    pub(in crate::checks) fn is_one_series(&self) -> bool {
        matches!(self, Self::Metric(_))
    }

    pub(in crate::checks) fn is_insights(&self) -> bool {
        matches!(self, Self::Expression { text, .. } if is_insights(text))
    }

    pub(in crate::checks) fn has_metrics(&self) -> bool {
        !matches!(self, Self::Expression { inputs, .. } if inputs.is_empty())
    }

    /// As people call it: `p99 of TargetResponseTime`.
    pub(in crate::checks) fn name(&self) -> String {
        match self {
            Self::Metric(metric) => format!("{} of {}", metric.stat, shown(&metric.name)),
            Self::Expression { text, .. } => format!("`{}`", shown(text)),
        }
    }
}

impl Metric {
    fn fill(&self, more: &Dimensions, place: &Place) -> Result<Statistic, Unanswered> {
        let dimensions = self.dimensions.iter().chain(more).map(|(name, value)| Ok((name.clone(), value.fill(place)?)));
        Ok(Statistic {
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            dimensions: dimensions.collect::<Result<_, Unanswered>>()?,
            stat: self.stat.to_string(),
        })
    }
}

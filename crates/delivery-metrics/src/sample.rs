//! What goes to CloudWatch: a finite number of a measure, of whom, and when it was true.

use jiff::Timestamp;
use pipeline_model::{PipelineName, StageName};

use crate::measure::Measure;

/// One data point.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// What was measured.
    pub measure: Measure,
    /// Of whom.
    pub scope: Scope,
    /// The time of what happened, not of the call.
    pub at: Timestamp,
    /// The number, in the measure's unit.
    pub value: Finite,
}

/// Of whom something was measured.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// All pipelines together: no dimension.
    AllPipelines,
    /// One pipeline.
    Pipeline(PipelineName),
    /// One stage of a pipeline.
    Stage(PipelineName, StageName),
    /// The findings of one severity in a pipeline.
    Severity(PipelineName, Severity),
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// To be known.
    Low,
    /// To be fixed.
    Medium,
    /// To be fixed before release.
    High,
    /// To be fixed before anything else.
    Critical,
}

/// A number CloudWatch accepts: neither infinite nor not a number, and within ±2^360.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Finite(f64);

impl Finite {
    /// The number, if CloudWatch accepts it (`PutMetricData`, `MetricDatum.Value`).
    pub fn new(number: f64) -> Option<Self> {
        (number.is_finite() && number.abs() <= 360_f64.exp2()).then_some(Self(number))
    }

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl Scope {
    /// Name and value of each CloudWatch dimension.
    pub fn dimensions(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::AllPipelines => Vec::new(),
            Self::Pipeline(pipeline) => vec![("PipelineName", pipeline.as_str())],
            Self::Stage(pipeline, stage) => vec![("PipelineName", pipeline.as_str()), ("StageName", stage.as_str())],
            Self::Severity(pipeline, severity) => {
                vec![("PipelineName", pipeline.as_str()), ("Severity", severity.as_str())]
            }
        }
    }
}

impl Severity {
    /// The word people and dashboards read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cloudwatch_would_refuse_is_no_number() {
        for refused in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN] {
            assert_eq!(Finite::new(refused), None, "{refused}");
        }
        for accepted in [0.0, -1.5, 360_f64.exp2(), 1e-300] {
            assert_eq!(Finite::new(accepted).map(Finite::get), Some(accepted));
        }
    }

    #[test]
    fn dimensions_never_name_an_execution() {
        let (pipeline, stage) = (PipelineName::from("orders"), StageName::from("Build"));
        assert_eq!(Scope::AllPipelines.dimensions(), []);
        assert_eq!(Scope::Pipeline(pipeline.clone()).dimensions(), [("PipelineName", "orders")]);
        assert_eq!(
            Scope::Stage(pipeline.clone(), stage).dimensions(),
            [("PipelineName", "orders"), ("StageName", "Build")]
        );
        assert_eq!(
            Scope::Severity(pipeline, Severity::High).dimensions(),
            [("PipelineName", "orders"), ("Severity", "high")]
        );
    }
}

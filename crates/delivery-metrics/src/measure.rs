//! The list of measures: name, unit, who has it, and how people should read it.

/// CloudWatch's word for what a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// 0 to 100.
    Percent,
    /// Seconds, with fractions.
    Seconds,
    /// How many.
    Count,
}

/// The CloudWatch statistic that says what a measure means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statistic {
    /// The mean; its sample count is how many things were measured.
    Average,
    /// The total.
    Sum,
    /// A percentile such as p50 or p90.
    Percentile,
}

impl Unit {
    /// CloudWatch's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Percent => "Percent",
            Self::Seconds => "Seconds",
            Self::Count => "Count",
        }
    }
}

impl Statistic {
    /// CloudWatch's spelling; the median stands for percentiles.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Average => "Average",
            Self::Sum => "Sum",
            Self::Percentile => "p50",
        }
    }
}

/// One table from which the enum, its list and all its properties are made, so that none can be forgotten.
macro_rules! measures {
    ($($(#[$doc:meta])+ $name:ident: $unit:ident, $statistic:ident, $dimensions:expr, $everywhere:literal;)+) => {
        /// What is measured. The names are contracts: dashboards and alarms of users name them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Measure {
            $($(#[$doc])+ $name,)+
        }

        impl Measure {
            /// Every measure.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The CloudWatch metric's name.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }

            /// The unit of its numbers.
            pub fn unit(self) -> Unit {
                match self { $(Self::$name => Unit::$unit,)+ }
            }

            /// How people should read it.
            pub fn statistic(self) -> Statistic {
                match self { $(Self::$name => Statistic::$statistic,)+ }
            }

            /// The dimensions of its series; none where it is measured over all pipelines only.
            pub fn dimensions(self) -> &'static [&'static str] {
                match self { $(Self::$name => $dimensions,)+ }
            }

            /// Has one more series without dimensions, over all pipelines.
            pub fn has_all_pipelines(self) -> bool {
                match self { $(Self::$name => $everywhere,)+ }
            }
        }
    };
}

const FLEET: &[&str] = &[];
const PIPELINE: &[&str] = &["PipelineName"];
const STAGE: &[&str] = &["PipelineName", "StageName"];
const SEVERITY: &[&str] = &["PipelineName", "Severity"];

measures! {
    /// Succeeded ones among the last finished executions (at most 30). Over all pipelines: 100 or 0 for each execution
    /// by how it ended first, so that the average over any period is the rate.
    ExecutionSuccessRate: Percent, Average, PIPELINE, true;
    /// 100 minus the success rate.
    FailureRate: Percent, Average, PIPELINE, false;
    /// The mean duration of the succeeded ones among the last finished executions.
    AverageExecutionDuration: Seconds, Average, PIPELINE, false;
    /// How long an execution took from its start to its success, waits included.
    ExecutionDuration: Seconds, Percentile, PIPELINE, true;
    /// How long a stage took; a retried one since its last retry.
    StageDuration: Seconds, Percentile, STAGE, false;
    /// An execution has passed all its deploy stages.
    Deployments: Count, Sum, PIPELINE, true;
    /// A deploy stage of an execution failed, or the execution was rolled back.
    DeploymentFailures: Count, Sum, PIPELINE, true;
    /// From the newest commit to the first deployment of its revision.
    LeadTime: Seconds, Percentile, PIPELINE, true;
    /// From the first red of a pipeline to its next green.
    TimeToRestore: Seconds, Percentile, PIPELINE, true;
    /// A rollback was done.
    Rollbacks: Count, Sum, PIPELINE, true;
    /// How long an approval waited for its answer. No series per pipeline, because its stage's duration tells nearly the
    /// same there.
    ApprovalWait: Seconds, Percentile, FLEET, true;
    /// How long a release waited at a gate.
    GateWait: Seconds, Percentile, PIPELINE, false;
    /// A gate stopped a release.
    GateFailures: Count, Sum, PIPELINE, false;
    /// What a scan found, by severity.
    ScanFindings: Count, Sum, SEVERITY, false;
    /// How many pipelines are below the success rate somebody set.
    PipelinesBelowSuccessRate: Count, Average, FLEET, true;
    /// How many pipelines take longer than somebody set.
    PipelinesAboveDuration: Count, Average, FLEET, true;
    /// How many pipelines have not deployed for the days somebody set.
    PipelinesWithoutDeployment: Count, Average, FLEET, true;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_cloudwatch_accepts_them() {
        let names: std::collections::BTreeSet<_> = Measure::ALL.iter().map(|measure| measure.name()).collect();
        assert_eq!(names.len(), Measure::ALL.len());
        assert!(names.iter().all(|name| name.is_ascii() && name.len() <= 255));
    }

    #[test]
    fn a_measure_without_dimensions_is_over_all_pipelines() {
        let without = Measure::ALL.iter().filter(|measure| measure.dimensions().is_empty());
        assert!(without.clone().count() == 4 && without.into_iter().all(|measure| measure.has_all_pipelines()));
    }

    #[test]
    fn series_per_pipeline_are_few() {
        let per_pipeline = Measure::ALL.iter().filter(|measure| measure.dimensions() == PIPELINE).count();
        let over_all = Measure::ALL.iter().filter(|measure| measure.has_all_pipelines()).count();
        assert_eq!((per_pipeline, over_all), (11, 11), "series are the bill: docs/cost.md counts them");
    }
}

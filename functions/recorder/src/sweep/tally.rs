//! How many pipelines of a round are beyond which threshold.

use delivery_metrics::{Finite, Health, Measure, Sample, Scope, Thresholds};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Counted pipeline by pipeline.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Tally {
    below_success_rate: u32,
    above_duration: u32,
    without_deployment: u32,
}

impl Tally {
    pub(super) fn add(&mut self, health: &Health) {
        self.below_success_rate += u32::from(health.below_success_rate);
        self.above_duration += u32::from(health.above_duration);
        self.without_deployment += u32::from(health.without_deployment);
    }

    /// One gauge for each threshold somebody has set, zeros included: an alarm ends when it sees one. So where not every
    /// pipeline could be judged, there is no zero.
    pub(super) fn samples(&self, thresholds: &Thresholds, at: Timestamp, is_whole: bool) -> Vec<Sample> {
        let gauges = [
            (Measure::PipelinesBelowSuccessRate, thresholds.success_rate_below.is_some(), self.below_success_rate),
            (Measure::PipelinesAboveDuration, thresholds.duration_above.is_some(), self.above_duration),
            (
                Measure::PipelinesWithoutDeployment,
                thresholds.days_without_deployment.is_some(),
                self.without_deployment,
            ),
        ];
        let asked = gauges.into_iter().filter(|(_, is_asked, count)| *is_asked && (is_whole || *count > 0));
        let sample = |measure, count: u32| {
            Some(Sample { measure, scope: Scope::AllPipelines, at, value: Finite::new(count.into())? })
        };
        asked.filter_map(|(measure, _, count)| sample(measure, count)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_that_could_not_judge_every_pipeline_says_no_zero() {
        let thresholds = Thresholds { success_rate_below: Some(50.0), ..Thresholds::default() };
        let values = |tally: Tally, is_whole| -> Vec<f64> {
            let samples = tally.samples(&thresholds, Timestamp::UNIX_EPOCH, is_whole);
            samples.iter().map(|sample| sample.value.get()).collect()
        };
        let mut one = Tally::default();
        one.add(&Health { below_success_rate: true, above_duration: true, ..Health::default() });
        assert_eq!(values(Tally::default(), true), [0.0], "an alarm ends when it sees a zero");
        assert_eq!(values(Tally::default(), false), [0.0; 0]);
        assert_eq!((values(one, true), values(one, false)), (vec![1.0], vec![1.0]), "and nobody asked for durations");
    }
}

//! Compares what CloudWatch holds at the end with what happened.

use std::collections::BTreeMap;

use delivery_metrics::{Measure, Sample, Scope};
use pipeline_model::PipelineName;

use super::history::Pipeline;
use super::oracle::Rolling;
use super::world::World;
use crate::delivery::office::{at, line};

/// The rolling measures; what was sent last counts.
const ROLLING: [Measure; 3] = [Measure::ExecutionSuccessRate, Measure::FailureRate, Measure::AverageExecutionDuration];

pub(super) fn check(world: &World) {
    assert_eq!(*world.buried.borrow(), [""; 0], "records were given up");
    let inboxes = world.ledger.items().into_values().map(|entry| entry.inbox.len()).sum::<usize>();
    assert_eq!(inboxes, 0, "facts are left in an inbox");
    let samples = world.measurements.samples();
    check_each(world, &samples);
    check_all_pipelines(&samples);
    for pipeline in &world.pipelines {
        check_restored(world, pipeline, &samples);
        assert_eq!(shown(pipeline, &samples), pipeline.rolling(), "the last rates of {}", pipeline.name);
    }
}

/// Every sample of one execution is there once, and there is no other.
fn check_each(world: &World, samples: &[Sample]) {
    let of_one_execution = |sample: &&Sample| match sample.scope {
        Scope::AllPipelines => [Measure::ExecutionSuccessRate, Measure::ApprovalWait].contains(&sample.measure),
        _ => !ROLLING.contains(&sample.measure) && sample.measure != Measure::TimeToRestore,
    };
    let mut left = BTreeMap::<String, usize>::new();
    for sample in samples.iter().filter(of_one_execution) {
        *left.entry(line(sample)).or_default() += 1;
    }
    let mut expected: Vec<_> = world.pipelines.iter().flat_map(Pipeline::samples).collect();
    expected.sort_by_key(|expected| expected.any_of.len());
    for mut expected in expected {
        if world.weather.is_calm {
            expected.any_of.truncate(1);
        }
        let found = expected.any_of.iter().find(|text| left.get(*text).is_some_and(|count| *count > 0));
        assert!(found.is_some() || expected.optional, "missing: {:?}", expected.any_of);
        if let Some(count) = found.and_then(|text| left.get_mut(text)) {
            *count -= 1;
        }
    }
    left.retain(|_, count| *count > 0);
    assert!(left.is_empty(), "too much: {left:?}");
}

/// The series over all pipelines have every sample of the pipelines' own, and no other.
fn check_all_pipelines(samples: &[Sample]) {
    let is_in_both = |it: &&Measure| it.has_all_pipelines() && !it.dimensions().is_empty();
    for measure in Measure::ALL.iter().filter(is_in_both).filter(|it| **it != Measure::ExecutionSuccessRate) {
        let told = |all: bool| {
            let of = samples.iter().filter(|it| it.measure == *measure && (it.scope == Scope::AllPipelines) == all);
            let mut told: Vec<String> = of.map(|it| format!("{} {}", it.at, it.value.get())).collect();
            told.sort();
            told
        };
        assert_eq!(told(true), told(false), "{}", measure.name());
    }
}

/// A success that followed a failure is measured once, from the first failure if everything was heard in its order.
/// Otherwise the failure may be another one, and a success may be measured whose failure an earlier one had ended.
fn check_restored(world: &World, pipeline: &Pipeline, samples: &[Sample]) {
    let scope = Scope::Pipeline(PipelineName::from(pipeline.name.as_str()));
    let of = samples.iter().filter(|sample| sample.measure == Measure::TimeToRestore && sample.scope == scope);
    let measured: Vec<_> = of.map(|sample| (sample.at, sample.value.get())).collect();
    let mut explained = 0;
    for restored in pipeline.restored() {
        let green = at(restored.at);
        let here: Vec<f64> = measured.iter().filter(|(at, _)| *at == green).map(|(_, value)| *value).collect();
        explained += here.len();
        let from = |red: i64| green.duration_since(at(red)).as_secs_f64();
        let place = format!("the success of {} at {}", pipeline.name, restored.at);
        assert!(here.len() <= 1, "{place} is measured {} times", here.len());
        assert!(!here.is_empty() || restored.red.is_none(), "{place} is not measured");
        if world.weather.is_calm {
            assert_eq!(here.first().copied(), restored.red.map(from), "{place}");
        }
        let is_red = |value: &f64| pipeline.reds().into_iter().any(|red| (from(red) - value).abs() < 0.001);
        assert!(here.iter().all(is_red), "{place} is measured from no failure: {here:?}");
    }
    assert_eq!(explained, measured.len(), "a time to restore of {} without a success", pipeline.name);
}

/// What a graph of the rolling measures shows last: the newest by time, and among those what was sent last.
fn shown(pipeline: &Pipeline, samples: &[Sample]) -> Rolling {
    let scope = Scope::Pipeline(PipelineName::from(pipeline.name.as_str()));
    let newest = |measure: Measure| {
        let of = samples.iter().filter(|sample| sample.measure == measure && sample.scope == scope);
        of.max_by_key(|sample| sample.at).map(|sample| sample.value.get())
    };
    let success = newest(Measure::ExecutionSuccessRate);
    assert_eq!(newest(Measure::FailureRate), success.map(|rate| 100.0 - rate), "the failure rate of {}", pipeline.name);
    Rolling { success, duration: newest(Measure::AverageExecutionDuration) }
}

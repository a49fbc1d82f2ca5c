//! What a window promises, whatever comes in which order.

mod bounds;
mod looks;
mod orderings;
mod stored;
mod structure;
mod worlds;

use super::*;
use crate::measure::Measure;
use crate::testing::{Shell, told};

#[test]
fn every_measure_of_a_pipeline_has_a_sample_in_the_dimensions_it_declares() {
    let mut shell = Shell::new();
    shell.tell(
        "0 a started\n0 a commit -60 c0ffee\n9 a approval x since=5\n10 a gate y failed waited=1\n10 a scan z high=1
         20 a stage Production failed since=11\n20 a failed since=0\n40 a stage Production succeeded since=30
         40 a succeeded since=0\n50 a rolled-back i",
    );
    let gauge = |measure: &Measure| measure.name().starts_with("Pipelines");
    for measure in Measure::ALL.iter().filter(|measure| !gauge(measure)) {
        let samples = shell.total.samples.iter().filter(|sample| sample.measure == *measure);
        let names: Vec<Vec<&str>> =
            samples.map(|sample| sample.scope.dimensions().into_iter().map(|(name, _)| name).collect()).collect();
        let expected =
            |names: &Vec<&str>| names == measure.dimensions() || (names.is_empty() && measure.has_all_pipelines());
        assert!(!names.is_empty() && names.iter().all(expected), "{}: {names:?}", measure.name());
        assert_eq!(names.iter().any(Vec::is_empty), measure.has_all_pipelines(), "{}", measure.name());
    }
}

#[test]
fn each_moment_is_the_first_or_the_last_of_what_was_told() {
    let lines = "20 a stage Build failed since=0\n10 a stage Build failed since=0\n20 a failed since=5\n10 a failed since=6
        15 a failed since=7\n30 a dropped\n25 a dropped\n40 a rolled-back x\n35 a rolled-back y\n50 a succeeded\n45 a succeeded";
    for facts in [told(lines), told(lines).into_iter().rev().collect()] {
        let mut window = Window::default();
        for fact in &facts {
            window.join(fact);
        }
        let a = &window.executions[&ExecutionId::from("a")];
        let moments = [a.started, a.failed, a.failed_again, a.dropped, a.rolled_back, a.succeeded];
        let expected = [5.0, 10.0, 20.0, 30.0, 35.0, 45.0].map(|seconds| Some(crate::testing::at(seconds)));
        assert_eq!((moments, a.touched), (expected, Some(crate::testing::at(50.0))));
        assert_eq!(a.ends.iter().map(|end| end.1).collect::<Vec<_>>(), [crate::testing::at(10.0)]);
    }
}

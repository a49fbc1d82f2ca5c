//! What a window promises, whatever comes in which order.

mod bounds;
mod orderings;
mod stored;
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
    let fleet = |measure: &Measure| measure.dimensions().is_empty();
    for measure in Measure::ALL.iter().filter(|measure| !fleet(measure)) {
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

#[test]
fn the_structure_is_asked_for_once_per_version_and_only_for_what_is_urgent() {
    let (mut window, rules) = (Window::default(), crate::testing::rules());
    let structure_for = |window: &Window, lines: &str| window.needs(&told(lines), &rules).structure;
    assert!(!structure_for(&window, "0 a started\n5 a stage Build succeeded since=0\n6 b dropped"));
    assert!(structure_for(&window, "9 a succeeded since=0"));
    window.learn_structure(Some(5), crate::testing::structure());
    assert!(structure_for(&window, "9 a succeeded since=0"), "the fact is of version 6");
    window.learn_structure(Some(6), crate::testing::structure());
    assert!(!structure_for(&window, "9 a succeeded since=0"));
}

#[test]
fn an_execution_is_looked_at_once_after_each_end() {
    let mut shell = Shell::new();
    shell.window.learn_structure(Some(6), crate::testing::structure());
    for (lines, questions) in [
        ("0 a started\n0 a commit -60 c0ffee\n20 a stage Production failed since=11", 0),
        ("20 a failed since=0", 1),
        ("20 a failed since=0", 1),
        ("40 a failed since=0", 2),
        ("20 a failed since=0\n40 a failed since=0", 2),
        ("60 a succeeded since=0", 3),
        ("60 a succeeded since=0\n20 a failed since=0", 3),
        ("70 b started\n75 b dropped", 3),
        ("80 c started rollback\n85 c succeeded", 4),
    ] {
        shell.tell(lines);
        assert_eq!(shell.questions, questions, "after {lines}");
    }
}

#[test]
fn a_deployment_before_the_end_is_asked_for_its_commit_once() {
    let globs = vec![wildmatch::WildMatch::new("Build")];
    let mut shell =
        Shell::with(Rules { deploy_stages: crate::rules::DeployStages::Named(globs), ..crate::testing::rules() });
    shell.tell("0 a started\n20 a stage Build succeeded since=11").tell("25 a stage Approve succeeded since=21");
    assert_eq!((shell.questions, shell.total.without_commit), (2, 1), "the structure and the commit");
}

#[test]
fn a_question_that_was_not_answered_stays_open() {
    let mut shell = Shell::new();
    let lines = "0 a started\n20 a stage Production succeeded since=11\n20 a succeeded since=0";
    shell.window.learn_structure(Some(6), crate::testing::structure());
    shell.fold_unasked(&told(lines));
    assert_eq!(shell.measured(Measure::Deployments), ["20 * 1", "20 orders 1"]);
    assert_eq!(shell.window.needs(&[], &shell.rules).executions, [ExecutionId::from("a")]);
    shell.tell("");
    assert_eq!((shell.window.needs(&[], &shell.rules), shell.total.without_commit), (Needs::default(), 1));
}

#[test]
fn few_questions_are_asked_at_a_time_and_the_newest_first() {
    let lines: String = (10..40).map(|n| format!("{n} e{n} failed since=0\n")).collect();
    let asked = Window::default().needs(&told(&lines), &crate::testing::rules()).executions;
    assert_eq!((asked.len(), asked.first()), (MOST_QUESTIONS, Some(&ExecutionId::from("e39"))));
}

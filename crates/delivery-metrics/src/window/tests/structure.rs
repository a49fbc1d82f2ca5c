//! When a window asks for the stages of its pipeline.

use super::super::*;
use crate::measure::Measure;
use crate::testing::{Shell, at, rules, structure, told};

/// Facts of a version of the structure.
fn of_version(version: u32, lines: &str) -> Vec<Fact> {
    told(lines).into_iter().map(|fact| Fact { structure: Some(version), ..fact }).collect()
}

fn asks(window: &Window, version: u32, lines: &str) -> bool {
    window.needs(&of_version(version, lines), &rules()).structure
}

/// A window that knows version 6, which was in force until second 20.
fn in_version_6() -> Window {
    let mut window = Window::default();
    window.learn_structure(Some(6), structure());
    window.fold(&of_version(6, "0 a started\n20 a succeeded since=0"), &rules());
    window
}

#[test]
fn the_structure_is_asked_for_once_per_version_and_only_for_what_is_urgent() {
    let (mut window, rules) = (Window::default(), rules());
    let structure_for = |window: &Window, lines: &str| window.needs(&told(lines), &rules).structure;
    assert!(!structure_for(&window, "0 a started\n5 a stage Build succeeded since=0\n6 b dropped"));
    assert!(structure_for(&window, "9 a succeeded since=0"));
    window.learn_structure(Some(5), structure());
    assert!(structure_for(&window, "9 a succeeded since=0"), "the fact is of version 6");
    window.learn_structure(Some(6), structure());
    assert!(!structure_for(&window, "9 a succeeded since=0"));
}

#[test]
fn a_pipeline_that_is_created_again_under_its_name_is_asked_for_its_new_structure() {
    let again = "30 b started\n40 b stage Live succeeded since=30\n41 b succeeded since=30";
    let mut window = in_version_6();
    assert!(asks(&window, 1, again));
    window.fold(&of_version(1, "25 z failed since=21"), &rules());
    assert!(asks(&window, 1, again), "what was not answered is asked again");
    window.learn_structure(Some(1), ["Source", "Live"].map(StageName::from).to_vec());
    let facts =
        [of_version(1, again), Fact::learnt(&ExecutionId::from("b"), at(41.0), &crate::fact::Learnt::default())];
    let samples = window.fold(&facts.concat(), &rules()).samples;
    assert!(samples.iter().any(|sample| sample.measure == Measure::Deployments), "{samples:?}");
    assert!(!asks(&window, 1, "50 c succeeded since=45"));
    assert!(asks(&window, 2, "50 c succeeded since=45"));
}

#[test]
fn what_comes_late_from_the_structure_before_does_not_ask() {
    let window = in_version_6();
    assert!(!asks(&window, 5, "19 z succeeded since=0"), "it ended while version 6 was in force");
    let batch = [of_version(5, "30 z succeeded since=0"), of_version(6, "31 b succeeded since=25")].concat();
    assert!(!window.needs(&batch, &rules()).structure);
}

#[test]
fn what_goes_on_in_the_structure_before_asks_once() {
    let mut window = in_version_6();
    let old = "30 z succeeded since=0";
    assert!(asks(&window, 5, old));
    window.learn_structure(Some(6), structure());
    assert!(!asks(&window, 5, old), "it was just answered");
    window.fold(&of_version(5, old), &rules());
    assert!(!asks(&window, 5, old));
    let mut shell = Shell { window, ..Shell::new() };
    shell.fold_unasked(&[]);
    assert!(!asks(&shell.window, 5, old), "nor after a trip through the table");
    assert!(asks(&shell.window, 5, "32 y failed since=0"), "which may be of a pipeline that was created again");
}

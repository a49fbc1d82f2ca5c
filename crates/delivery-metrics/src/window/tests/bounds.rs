//! However much comes in, a window stays small and counts nothing twice.

use proptest::prelude::*;

use super::super::*;
use super::orderings::OF_ONE_EXECUTION;
use super::worlds::{as_they_end, crowd, noise};
use crate::measure::Measure;
use crate::testing::{Shell, rules, structure, told};

/// A table item can have 400 KB; the inbox needs some of it.
const HARD_BOUND: usize = 200_000;
/// Each KB that is written is billed.
const ORDINARY: usize = 4_000;

fn releases(range: std::ops::Range<u32>) -> String {
    let release = |n: u32| {
        let (id, s) = (format!("{n:08}-2222-4333-8444-555555555555"), n * 1000);
        format!(
            "{s}.101 {id} started\n{s} {id} commit {} r{n}\n{} {id} stage Source succeeded since={s}.2
            {} {id} stage Build succeeded since={s}.3\n{} {id} stage Approve succeeded since={s}.4
            {} {id} approval k{n} since={s}\n{} {id} stage Production succeeded since={s}.5
            {} {id} succeeded since={s}.101\n",
            s.saturating_sub(60),
            s + 5,
            s + 100,
            s + 200,
            s + 200,
            s + 300,
            s + 300
        )
    };
    range.map(release).collect()
}

#[test]
fn an_ordinary_window_costs_four_units_to_write() {
    let mut shell = Shell::new();
    shell.tell(&releases(0..60));
    shell.tell("70000 99999999-2222-4333-8444-555555555555 started");
    let document = serde_json::to_string(&shell.window).unwrap();
    assert_eq!(shell.window.executions.len(), RATED + 1);
    assert!(document.len() < ORDINARY, "{} bytes: {document}", document.len());
}

#[test]
fn what_was_forgotten_is_not_counted_again() {
    let mut shell = Shell::new();
    shell.tell(&releases(0..100));
    let samples = shell.total.samples.len();
    shell.tell(&releases(0..100));
    assert_eq!(shell.total.samples.len(), samples);
    assert_eq!(shell.total.too_late, 70 * 7, "what an execution is was never news");
}

#[test]
fn a_fact_of_a_new_execution_just_after_the_low_water_mark_is_taken() {
    let mut shell = Shell::new();
    shell.tell(&releases(0..40));
    let mark = shell.window.past.low_water.unwrap();
    assert_eq!(mark, crate::testing::at(9300.0), "the end of the tenth");
    shell.tell("9300 x failed since=9200\n9301 y failed since=9200");
    shell.settle();
    assert_eq!(shell.total.too_late, 1);
    assert!(shell.total.samples.iter().any(|sample| sample.at == crate::testing::at(9301.0)));
}

#[test]
fn what_is_heard_of_again_after_it_was_forgotten_counts_only_what_is_new() {
    let mut shell = Shell::new();
    let ended = "5 x stage Build failed since=1\n5 x failed since=1";
    shell.tell(ended).tell(&releases(0..40));
    shell.settle();
    let samples = shell.total.samples.len();
    shell.tell(&format!("{ended}\n90000 x rolled-back i"));
    shell.settle();
    let new: Vec<_> = shell.total.samples[samples..].iter().map(|sample| sample.measure.name()).collect();
    assert_eq!(new, ["DeploymentFailures", "DeploymentFailures", "Rollbacks", "Rollbacks"]);
}

#[test]
fn an_execution_that_outlasts_forty_others_is_measured_in_full() {
    let mut shell = Shell::new();
    shell.tell(&releases(0..40));
    shell.settle();
    let ended = "10 x stage Source succeeded since=5\n20 x stage Build succeeded since=10
        50000 x stage Production succeeded since=49000\n50000 x succeeded since=5";
    let stages = |shell: &Shell| shell.measured(Measure::StageDuration).len();
    let (before, mut failed) = (stages(&shell), shell.clone());
    shell.tell(ended);
    assert_eq!((stages(&shell) - before, shell.total.too_late), (3, 0));
    failed.tell(&format!("15 x stage Build failed since=10\n15 x failed since=5\n{ended}"));
    assert_eq!((stages(&failed) - before, failed.total.too_late), (1, 4), "it may have been counted when it failed");
}

#[test]
fn a_rollback_of_what_was_forgotten_does_not_deploy_it_again() {
    let mut shell = Shell::new();
    let ended = "3 x stage Production succeeded since=1\n3 x succeeded since=0";
    shell.tell(ended).tell(&releases(1..40));
    shell.settle();
    let deployments = shell.measured(Measure::Deployments).len();
    shell.tell(&format!("{ended}\n90000 x rolled-back i"));
    shell.settle();
    assert_eq!(shell.measured(Measure::Deployments).len(), deployments);
    assert_eq!(shell.measured(Measure::Rollbacks), ["90000 * 1", "90000 orders 1"]);
}

#[test]
fn what_was_decided_after_an_end_is_not_counted_again_once_it_is_forgotten() {
    let mut shell = Shell::new();
    let gate = "500000 00000000-2222-4333-8444-555555555555 gate g passed waited=1";
    shell.tell(&releases(0..1)).tell(gate).tell(&releases(1..40)).tell(gate);
    assert_eq!(shell.measured(Measure::GateWait), ["500000 orders 1"]);
}

#[test]
fn executions_that_run_do_not_push_finished_ones_out_nor_the_other_way_around() {
    let mut shell = Shell::new();
    shell.tell("1 open started");
    shell.tell(&releases(1..80));
    let dropped: String =
        (0..60).map(|n| format!("{} d{n} started\n{} d{n} dropped\n", 90_000 + n, 90_010 + n)).collect();
    shell.tell(&dropped);
    assert!(shell.window.executions.contains_key(&ExecutionId::from("open")));
    assert_eq!(shell.window.rates(crate::testing::at(1e6)).unwrap().finished, RATED);
}

#[test]
fn stages_that_were_renamed_make_room_for_new_ones_and_keep_their_marks() {
    let mut window = Window::default();
    for version in 0..40_u32 {
        let names: Vec<_> = (0..50).map(|n| StageName::new(format!("Stage{version}x{n}"))).collect();
        window.learn_structure(Some(version), names);
        let line = format!("{} e{version} stage Stage{version}x3 succeeded since={version}", version + 1);
        assert_eq!(window.fold(&told(&line), &rules()).samples.len(), 1, "version {version}");
        assert_eq!(window.fold(&told(&line), &rules()).samples, []);
    }
    window.learn_structure(Some(40), structure());
    let deploys = window.stages.deploying(&rules()).unwrap();
    assert_eq!(window.stages.number(&StageName::from("Production")).map(|number| deploys.has(number)), Some(true));
}

#[test]
fn stages_that_are_forgotten_do_not_change_which_ones_deploy() {
    let mut shell = Shell::new();
    let old: String = (0..20)
        .map(|n| format!("{n} old{n} stage Old{n} succeeded since={n}\n{n} old{n} failed since={n}\n"))
        .collect();
    shell.tell(&old);
    for n in 100..300 {
        let (id, new) = (format!("e{n}"), format!("New{n}"));
        shell.tell(&format!(
            "{n} {id} started\n{n} {id} stage {new} succeeded since={n}\n{n} {id} stage Production succeeded since={n}
             {n} {id} succeeded since={n}"
        ));
    }
    assert_eq!(shell.measured(Measure::Deployments).len(), 2 * 200);
    assert_eq!(shell.measured(Measure::StageDuration).len(), 20 + 2 * 200);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_facts_make_a_window_large_or_a_value_infinite(facts in noise(), batch in 1_usize..50) {
        let mut shell = Shell::new();
        facts.chunks(batch).for_each(|batch| shell.fold(batch));
        let document = serde_json::to_string(&shell.window).unwrap();
        prop_assert!(document.len() < HARD_BOUND);
        prop_assert!(shell.window.executions.len() <= 100);
        for sample in &shell.total.samples {
            prop_assert!(sample.value.get().is_finite() && sample.value.get() >= 0.0, "{:?}", sample);
        }
        let read: Window = serde_json::from_str(&document).unwrap();
        prop_assert_eq!(&read, &shell.window);
    }

    #[test]
    fn a_crowd_told_twice_is_measured_once(world in crowd(), batch in 1_usize..200) {
        let mut shell = Shell { answers: world.answers.clone(), ..Shell::new() };
        world.facts.chunks(batch).for_each(|batch| shell.fold(batch));
        shell.settle();
        let samples = shell.total.samples.len();
        world.facts.chunks(batch).for_each(|batch| shell.fold(batch));
        prop_assert_eq!(&shell.total.samples[samples..], []);
    }

    #[test]
    fn a_crowd_that_is_looked_at_as_it_ends_is_measured_in_full(world in crowd()) {
        let mut straight = Shell { answers: world.answers.clone(), ..Shell::new() };
        world.facts.chunks(20).for_each(|batch| straight.fold(batch));
        straight.settle();
        let mut looked_at = Shell { answers: world.answers.clone(), ..Shell::new() };
        as_they_end(&world).iter().for_each(|batch| looked_at.fold(batch));
        looked_at.settle();
        prop_assert_eq!(looked_at.total.too_late, 0);
        for measure in OF_ONE_EXECUTION {
            prop_assert_eq!(straight.measured(measure), looked_at.measured(measure), "{}", measure.name());
        }
    }
}

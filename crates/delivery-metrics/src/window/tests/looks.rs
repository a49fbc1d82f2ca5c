//! When a window asks about an execution, and when it stops.

use super::super::*;
use crate::fact::Learnt;
use crate::measure::Measure;
use crate::sweep::ActionRun;
use crate::testing::{Shell, at, structure, told};

#[test]
fn an_execution_is_looked_at_once_after_each_end() {
    let mut shell = Shell::new();
    shell.window.learn_structure(Some(6), structure());
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
    shell.window.learn_structure(Some(6), structure());
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

fn run(status: &str) -> ActionRun {
    ActionRun {
        id: String::from("r"),
        stage: StageName::from("Production"),
        action: String::from("Deploy"),
        category: String::from("Deploy"),
        status: status.to_owned(),
        started: Some(at(1.0)),
        updated: Some(at(20.0)),
    }
}

/// What a look at the execution `a` tells at this second.
fn look(second: f64, runs: &[ActionRun]) -> Vec<Fact> {
    let id = ExecutionId::from("a");
    let learnt = Learnt { is_rollback: Some(false), ..Learnt::default() };
    [crate::sweep::facts_of_actions(&id, runs), Fact::learnt_from(&id, at(second), &learnt, runs)].concat()
}

fn is_asked(shell: &Shell) -> bool {
    !shell.window.needs(&[], &shell.rules).executions.is_empty()
}

/// A pipeline in which `a` succeeded, and which was looked at a second later with these runs.
fn looked_at(runs: &[ActionRun]) -> Shell {
    let mut shell = Shell::new();
    shell.window.learn_structure(Some(6), structure());
    shell.fold_unasked(&[told("0 a started\n20 a succeeded since=0"), look(21.0, runs)].concat());
    shell
}

#[test]
fn an_execution_is_looked_at_again_while_a_look_saw_nothing_or_something_that_goes_on() {
    for runs in [vec![], vec![run("Failed"), run("InProgress")]] {
        let mut shell = looked_at(&runs);
        assert!(is_asked(&shell), "{runs:?}");
        assert_eq!(shell.measured(Measure::ExecutionSuccessRate), ["20 * 100", "20 orders 100"], "no sample waits");
        assert_eq!(shell.measured(Measure::ExecutionDuration), ["20 * 20", "20 orders 20"]);
        shell.fold_unasked(&look(60.0, &[run("Succeeded")]));
        assert!(!is_asked(&shell), "{runs:?}");
        assert_eq!(shell.measured(Measure::Deployments), ["20 * 1", "20 orders 1"]);
    }
}

#[test]
fn a_look_that_saw_everything_is_the_last_one() {
    assert!(!is_asked(&looked_at(&[run("Succeeded")])));
}

#[test]
fn an_hour_after_the_end_a_look_is_the_last_one_whatever_it_saw() {
    let mut shell = looked_at(&[]);
    shell.fold_unasked(&look(3_619.0, &[]));
    assert!(is_asked(&shell));
    shell.fold_unasked(&look(3_620.0, &[]));
    assert!(!is_asked(&shell));
    shell.fold_unasked(&told("4000 a rolled-back i"));
    assert!(!is_asked(&shell), "what happens to it later opens no question");
}

#[test]
fn a_deployment_is_without_a_commit_only_once_everything_was_seen() {
    let mut shell = looked_at(&[]);
    shell.fold_unasked(&told("19 a stage Production succeeded since=1"));
    shell.fold_unasked(&look(60.0, &[]));
    assert_eq!(shell.total.without_commit, 0);
    shell.fold_unasked(&look(90.0, &[run("Succeeded")]));
    assert_eq!((shell.total.without_commit, is_asked(&shell)), (1, false));
}

#[test]
fn what_runs_is_not_asked_about_again_before_it_ends() {
    let globs = vec![wildmatch::WildMatch::new("Production")];
    let mut shell =
        Shell::with(Rules { deploy_stages: crate::rules::DeployStages::Named(globs), ..crate::testing::rules() });
    shell.window.learn_structure(Some(6), structure());
    shell.fold_unasked(&told("0 a started\n20 a stage Production succeeded since=1"));
    assert!(is_asked(&shell));
    shell.fold_unasked(&look(21.0, &[run("InProgress")]));
    assert!(!is_asked(&shell));
    shell.fold_unasked(&told("30 a succeeded since=0"));
    assert!(is_asked(&shell));
}

#[test]
fn what_was_just_looked_at_is_not_asked_about_in_the_same_batch() {
    let shell = looked_at(&[]);
    assert!(is_asked(&shell));
    assert_eq!(shell.window.needs(&look(22.0, &[]), &shell.rules).executions, []);
}

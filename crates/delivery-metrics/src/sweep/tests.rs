//! What was lost, found once.

use super::*;
use crate::measure::Measure;
use crate::testing::{Shell, at, structure, told};

fn summary(id: &str, status: &str, started: f64, updated: f64) -> ExecutionSummary {
    ExecutionSummary {
        id: ExecutionId::from(id),
        status: status.to_owned(),
        started: Some(at(started)),
        updated: Some(at(updated)),
        is_rollback: false,
        trigger: Some(String::from("StartPipelineExecution")),
    }
}

fn run(path: &str, status: &str, started: f64, updated: f64) -> ActionRun {
    let (stage, action) = path.split_once('/').unwrap();
    ActionRun {
        id: format!("{path} at {started}"),
        stage: StageName::from(stage),
        action: action.to_owned(),
        category: String::from(if stage == "Approve" { "Approval" } else { "Build" }),
        status: status.to_owned(),
        started: Some(at(started)),
        updated: Some(at(updated)),
    }
}

fn missing(shell: &Shell, seen: &[ExecutionSummary]) -> Vec<String> {
    shell.window.missing(seen, &shell.rules).iter().map(|summary| summary.id.to_string()).collect()
}

#[test]
fn what_ended_unseen_is_missing_oldest_first_and_what_runs_is_not() {
    let mut shell = Shell::new();
    shell.tell("0 known started\n50 known stage Build failed since=0\n50 known failed since=0\n60 open started");
    let seen = [
        summary("open", "Succeeded", 60.0, 90.0),
        summary("known", "Failed", 0.0, 50.0),
        summary("lost", "Failed", 10.0, 20.0),
        summary("superseded", "Superseded", 30.0, 40.0),
        summary("running", "InProgress", 70.0, 80.0),
        summary("stopping", "Stopping", 70.0, 80.0),
        summary("new", "Paused", 70.0, 80.0),
    ];
    assert_eq!(missing(&shell, &seen), ["lost", "superseded", "open"]);
}

#[test]
fn a_retry_that_succeeded_unseen_is_missing_and_a_later_stop_is_not() {
    let mut shell = Shell::new();
    shell.tell("0 a started\n50 a stage Build failed since=0\n50 a failed since=0");
    assert_eq!(missing(&shell, &[summary("a", "Succeeded", 0.0, 90.0)]), ["a"]);
    assert_eq!(missing(&shell, &[summary("a", "Cancelled", 0.0, 90.0)]), [""; 0]);
}

#[test]
fn a_retry_that_failed_unseen_is_missing_once() {
    let mut shell = Shell::new();
    shell.tell("0 a started\n50 a stage Build failed since=0\n50 a failed since=0");
    let first = [summary("a", "Failed", 0.0, 50.9)];
    assert_eq!(missing(&shell, &first), [""; 0]);
    let second = [summary("a", "Failed", 0.0, 300.0)];
    assert_eq!(missing(&shell, &second), ["a"]);
    shell.fold(&late_facts(&second[0], &[run("Production/Deploy", "Failed", 110.0, 299.0)]));
    assert_eq!(shell.measured(Measure::DeploymentFailures), ["299 * 1", "299 orders 1"]);
    assert_eq!(missing(&shell, &second), [""; 0]);
}

#[test]
fn a_lost_execution_is_measured_once_and_marked_as_repaired() {
    let mut shell = Shell::new();
    let lost = summary("lost", "Succeeded", 0.0, 100.0);
    let runs = [
        run("Source/Checkout", "Succeeded", 0.0, 4.0),
        run("Approve/Manager", "Succeeded", 10.0, 40.0),
        run("Production/Deploy", "Succeeded", 50.0, 90.0),
        run("Production/Verify", "Succeeded", 90.5, 100.0),
    ];
    let facts = late_facts(&lost, &runs);
    assert!(facts.iter().all(|fact| fact.late));
    shell.fold(&facts);
    assert_eq!(shell.measured(Measure::ExecutionDuration), ["100 * 100", "100 orders 100"]);
    assert_eq!(shell.measured(Measure::Deployments), ["100 * 1", "100 orders 1"]);
    assert_eq!(
        shell.measured(Measure::StageDuration),
        ["100 orders/Production 50", "4 orders/Source 4", "40 orders/Approve 30"]
    );
    assert_eq!(shell.measured(Measure::ApprovalWait), ["40 * 30"]);
    assert_eq!(shell.total.repaired, 1);
    assert_eq!(missing(&shell, std::slice::from_ref(&lost)), [""; 0]);
    let samples = shell.total.samples.len();
    shell.tell("0 lost started\n100 lost stage Production succeeded since=50\n100 lost succeeded since=0");
    assert_eq!((shell.total.samples.len(), shell.total.repaired), (samples, 1), "its events come after all");
}

#[test]
fn a_lost_deploy_stage_is_found_though_the_end_of_the_execution_was_not_lost() {
    let mut shell = Shell::new();
    shell.window.learn_structure(Some(6), structure());
    shell.fold_unasked(&told("0 a started\n90 a succeeded since=0\n100 b started\n150 b failed since=100"));
    let seen = [summary("a", "Succeeded", 0.0, 90.0), summary("b", "Failed", 100.0, 150.0)];
    assert_eq!(missing(&shell, &seen), ["a", "b"]);
    shell.fold(&late_facts(&seen[0], &[run("Production/Deploy", "Succeeded", 50.0, 89.0)]));
    shell.fold(&late_facts(&seen[1], &[run("Production/Deploy", "Failed", 110.0, 149.0)]));
    assert_eq!(shell.measured(Measure::Deployments), ["89 * 1", "89 orders 1"]);
    assert_eq!(shell.measured(Measure::DeploymentFailures), ["149 * 1", "149 orders 1"]);
    assert_eq!((missing(&shell, &seen), shell.total.repaired), (vec![], 0));
}

#[test]
fn an_execution_that_was_looked_at_after_its_end_is_not_compared_again() {
    let mut shell = Shell::new();
    shell.tell("0 a started\n90 a succeeded since=0\n100 b started\n150 b failed since=100");
    let seen = [summary("a", "Succeeded", 0.0, 90.0), summary("b", "Failed", 100.0, 150.0)];
    assert_eq!(missing(&shell, &seen), [""; 0]);
}

#[test]
fn what_lists_cannot_complete_is_asked_for_once() {
    let mut shell = Shell::new();
    shell.window.learn_structure(Some(6), structure());
    shell.fold_unasked(&told("0 a started\n90 a succeeded since=0"));
    let seen = [summary("a", "Succeeded", 0.0, 90.0)];
    assert_eq!(missing(&shell, &seen), ["a"]);
    shell.fold_unasked(&late_facts(&seen[0], &[]));
    assert_eq!(missing(&shell, &seen), [""; 0], "its deploy stage was skipped, or its runs are gone");
}

#[test]
fn a_stage_succeeded_if_the_last_run_of_each_action_did_and_began_after_the_last_failure() {
    let runs = [
        run("Build/Compile", "Succeeded", 0.0, 50.0),
        run("Build/Test", "Failed", 0.0, 60.0),
        run("Build/Test", "Failed", 100.0, 130.0),
        run("Build/Test", "Succeeded", 200.0, 230.0),
        run("Deploy/Roll", "Succeeded", 240.0, 250.0),
        run("Deploy/Check", "InProgress", 250.0, 251.0),
    ];
    let facts = late_facts(&summary("a", "InProgress", 0.0, 251.0), &runs);
    let ends: Vec<_> = facts
        .iter()
        .filter_map(|fact| match &fact.what {
            What::StageEnded { stage, result, began } => Some((stage.as_str(), *result, *began, fact.at)),
            _ => None,
        })
        .collect();
    assert_eq!(
        ends,
        [
            ("Build", StageResult::Failed, Some(at(0.0)), at(60.0)),
            ("Build", StageResult::Succeeded, Some(at(200.0)), at(230.0)),
        ]
    );
}

#[test]
fn runs_are_complete_if_there_are_any_and_none_goes_on() {
    let run = |status| run("Production/Deploy", status, 0.0, 1.0);
    for (runs, complete) in [
        (vec![], false),
        (vec![run("InProgress")], false),
        (vec![run("Succeeded"), run("InProgress")], false),
        (vec![run("Failed"), run("Succeeded"), run("Abandoned")], true),
    ] {
        assert_eq!(is_complete(&runs), complete, "{runs:?}");
    }
}

#[test]
fn a_rollback_is_known_by_its_type_or_its_trigger() {
    let kind = |summary: &ExecutionSummary| late_facts(summary, &[])[0].what.clone();
    let mut rollback = summary("a", "Succeeded", 0.0, 1.0);
    assert_eq!(kind(&rollback), What::Started { is_rollback: Some(false) });
    rollback.is_rollback = true;
    assert_eq!(kind(&rollback), What::Started { is_rollback: Some(true) });
    rollback = ExecutionSummary { is_rollback: false, trigger: Some(String::from("AutomatedRollback")), ..rollback };
    assert_eq!(kind(&rollback), What::Started { is_rollback: Some(true) });
}

#[test]
fn what_was_forgotten_is_not_missing() {
    let mut shell = Shell::new();
    let lines: String = (0..40).map(|n| format!("{n} e{n:02} started\n{n} e{n:02} failed since={n}\n")).collect();
    shell.tell(&lines).tell("50 e05 rolled-back x");
    let seen = [summary("e05", "Failed", 5.0, 5.0), summary("e03", "Failed", 3.0, 3.0)];
    assert_eq!(missing(&shell, &seen), [""; 0], "though one of them was heard of again");
}

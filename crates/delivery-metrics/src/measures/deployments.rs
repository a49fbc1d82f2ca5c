//! Deployments, and those that failed.
//!
//! An approval that is rejected inside of a deploy stage fails that stage, and counts as a failed deployment: events do
//! not tell the two apart in time. Keep approvals in a stage of their own.

use super::Step;
use crate::fact::StageResult;
use crate::measure::Measure;
use crate::window::{Mark, earliest};

/// Rollbacks are not deployments, and a rollback that fails is not a failed one.
pub(super) fn measure(step: &mut Step<'_>) {
    let deploys = step.window.stages.deploying(step.rules);
    let known = step.window.stages.in_structure();
    let execution = step.execution();
    if execution.is_rollback() {
        execution.ends.clear();
        return;
    }
    if !execution.is_release() {
        return;
    }
    let passed = deploys.and_then(|set| execution.passed(set)).filter(|_| execution.marks.add(Mark::Deployed));
    execution.deployed = execution.deployed.or(passed);
    let failed = earliest(deploys.and_then(|set| execution.failed_in(set)), execution.rolled_back);
    let failed = failed.filter(|_| execution.marks.add(Mark::DeploymentFailed));
    // What was counted, and what turned out to be no deploy stage, need not be remembered.
    let marks = execution.marks;
    execution.ends.retain(|end| {
        let counted = match end.2 {
            StageResult::Succeeded => marks.has(Mark::Deployed),
            StageResult::Failed => marks.has(Mark::DeploymentFailed),
        };
        !counted && (deploys.is_none_or(|set| set.has(end.0)) || !known.has(end.0))
    });
    if let Some(at) = passed {
        step.window.past.deployed = step.window.past.deployed.max(Some(at));
        step.emit(Measure::Deployments, at, 1.0);
    }
    if let Some(at) = failed {
        step.emit(Measure::DeploymentFailures, at, 1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{DeployStages, Rules};
    use crate::testing::{Shell, measured, rules, told};

    const RETRIED: &str = "0 a started\n10 a stage Build succeeded since=1\n20 a stage Production failed since=11
        20 a failed since=0\n40 a stage Production failed since=31\n40 a failed since=0
        60 a stage Production succeeded since=51\n60 a succeeded since=0";

    fn named(globs: &[&str]) -> Rules {
        let globs = globs.iter().map(|glob| wildmatch::WildMatch::new(glob)).collect();
        Rules { deploy_stages: DeployStages::Named(globs), ..rules() }
    }

    #[test]
    fn the_last_stage_deploys_and_its_failures_count_once_whatever_the_retries() {
        assert_eq!(measured(RETRIED, Measure::Deployments), ["60 * 1", "60 orders 1"]);
        assert_eq!(measured(RETRIED, Measure::DeploymentFailures), ["20 * 1", "20 orders 1"]);
    }

    #[test]
    fn a_failure_before_the_deploy_stage_is_no_failed_deployment() {
        let lines = "0 a started\n10 a stage Build failed since=1\n10 a failed since=0";
        assert_eq!(measured(lines, Measure::DeploymentFailures), [""; 0]);
        assert_eq!(measured(lines, Measure::Deployments), [""; 0]);
    }

    #[test]
    fn all_named_stages_have_to_succeed_and_the_last_of_them_is_the_moment() {
        let mut shell = Shell::with(named(&["Build", "Prod*"]));
        shell.tell("0 a started\n10 a stage Production succeeded since=5");
        assert_eq!(shell.measured(Measure::Deployments), [""; 0]);
        shell.tell("15 a stage Approve succeeded since=11\n30 a stage Build succeeded since=16");
        assert_eq!(shell.measured(Measure::Deployments), ["30 * 1", "30 orders 1"]);
        let mut elsewhere = Shell::with(named(&["Live"]));
        elsewhere.tell(RETRIED);
        assert_eq!(elsewhere.measured(Measure::Deployments), [""; 0]);
    }

    #[test]
    fn a_rollback_is_no_deployment_and_its_failure_no_failed_one() {
        for end in ["succeeded", "failed"] {
            let lines = format!("0 a started rollback\n20 a stage Production {end} since=1\n20 a {end} since=0");
            assert_eq!(measured(&lines, Measure::Deployments), [""; 0]);
            assert_eq!(measured(&lines, Measure::DeploymentFailures), [""; 0]);
        }
    }

    #[test]
    fn a_deployment_that_is_rolled_back_has_failed_once() {
        let lines = "0 a started\n20 a stage Production succeeded since=1\n20 a succeeded since=0\n90 a rolled-back i1
            95 a rolled-back i2";
        assert_eq!(measured(lines, Measure::Deployments), ["20 * 1", "20 orders 1"]);
        assert_eq!(measured(lines, Measure::DeploymentFailures), ["90 * 1", "90 orders 1"]);
    }

    #[test]
    fn what_ended_before_the_structure_was_known_is_measured_once_it_is() {
        let mut shell = Shell::new();
        shell.fold_unasked(&told(RETRIED));
        assert_eq!(shell.measured(Measure::Deployments), [""; 0]);
        assert!(shell.window.needs(&[], &shell.rules).structure);
        shell.tell("");
        assert_eq!(shell.measured(Measure::Deployments), ["60 * 1", "60 orders 1"]);
        assert_eq!(shell.measured(Measure::DeploymentFailures), ["20 * 1", "20 orders 1"]);
    }
}

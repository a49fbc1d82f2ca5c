//! How long executions and stages took.

use super::{Step, seconds};
use crate::fact::{StageResult, What};
use crate::measure::Measure;
use crate::sample::Scope;
use crate::window::Mark;

/// From the start of an execution to its success, once. Rollbacks run one stage and are left out.
pub(super) fn of_executions(step: &mut Step<'_>) {
    let execution = step.execution();
    let (Some(started), Some(succeeded)) = (execution.started, execution.succeeded) else { return };
    if !execution.is_release() || !execution.marks.add(Mark::Timed) {
        return;
    }
    match seconds(started, succeeded) {
        Some(duration) => step.emit(Measure::ExecutionDuration, succeeded, duration),
        None => step.folded.skewed += 1,
    }
}

/// From the start of a stage, or its last retry, to its success, once per execution.
pub(super) fn of_stages(step: &mut Step<'_>) {
    let Some(fact) = step.fact else { return };
    let What::StageEnded { stage, result: StageResult::Succeeded, began: Some(began) } = &fact.what else { return };
    let Some(number) = step.window.stages.number(stage).filter(|_| step.rules.stage_durations) else { return };
    if !step.execution().timed_stages.add(number) {
        return;
    }
    match seconds(*began, fact.at) {
        Some(duration) => {
            let scope = Scope::Stage(step.rules.pipeline.clone(), stage.clone());
            step.emit_for(scope, Measure::StageDuration, fact.at, duration);
        }
        None => step.folded.skewed += 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Rules;
    use crate::testing::{Shell, measured, rules};

    #[test]
    fn an_execution_takes_from_its_start_to_its_success_with_everything_between() {
        assert_eq!(
            measured("0.5 a started\n10 a failed since=0.5\n100 a succeeded since=0.5", Measure::ExecutionDuration),
            ["100 * 99.5", "100 orders 99.5"]
        );
        for unmeasured in
            ["0 a started\n10 a failed since=0", "0 a started rollback\n10 a succeeded since=0", "10 a succeeded"]
        {
            assert_eq!(measured(unmeasured, Measure::ExecutionDuration), [""; 0], "{unmeasured}");
        }
    }

    #[test]
    fn a_start_that_is_told_later_completes_the_duration_once() {
        let mut shell = Shell::new();
        shell.tell("10 a succeeded").tell("0 a started").tell("0 a started\n10 a succeeded since=0");
        assert_eq!(shell.measured(Measure::ExecutionDuration), ["10 * 10", "10 orders 10"]);
        assert_eq!(shell.measured(Measure::AverageExecutionDuration), ["10 orders 10"]);
        assert_eq!(shell.measured(Measure::ExecutionSuccessRate), ["10 * 100", "10 orders 100"]);
    }

    #[test]
    fn a_stage_counts_once_and_from_its_last_retry() {
        let lines = "10 a stage Build failed since=1\n30 a stage Build succeeded since=20.25\n
            30 a stage Build succeeded since=20.25\n40 b stage Build succeeded since=31\n50 b stage Test succeeded";
        assert_eq!(measured(lines, Measure::StageDuration), ["30 orders/Build 9.75", "40 orders/Build 9"]);
    }

    #[test]
    fn stages_can_be_left_without_durations() {
        let mut shell = Shell::with(Rules { stage_durations: false, ..rules() });
        shell.tell("30 a stage Build succeeded since=20");
        assert_eq!(shell.measured(Measure::StageDuration), [""; 0]);
    }

    #[test]
    fn what_ends_within_the_second_it_began_in_took_no_time_and_what_ends_before_is_left_out() {
        let mut shell = Shell::new();
        shell.tell("10 a stage Build succeeded since=10.9\n20 a stage Test succeeded since=21");
        shell.tell("30 a started\n20 a succeeded since=30").tell("20 a succeeded since=30");
        assert_eq!(shell.measured(Measure::StageDuration), ["10 orders/Build 0"]);
        assert_eq!(shell.measured(Measure::ExecutionDuration), [""; 0]);
        assert_eq!(shell.total.skewed, 2);
    }
}

//! Success rate, failure rate and average duration over the last finished executions.

use jiff::Timestamp;

use super::{Step, seconds};
use crate::measure::Measure;
use crate::sample::Scope;
use crate::window::{Mark, RATED, Standing, Window};

/// What the last finished executions came to, as of some moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rates {
    /// How many there are.
    pub(crate) finished: usize,
    /// How many of them succeeded, in percent.
    pub(crate) success: f64,
    /// How long the succeeded ones took on average, in seconds.
    pub(crate) duration: Option<f64>,
}

pub(super) fn measure(step: &mut Step<'_>) {
    let (before, after) = (step.before, Standing::of(step.execution()));
    count_once_over_all_pipelines(step, after);
    // How a rollback ends changes no rate.
    let counts = |standing: Standing| standing.rated.then_some(standing.green);
    let outcome_changed = counts(before) != counts(after);
    let duration_changed = after.rated && before.timed != after.timed;
    if !outcome_changed && !duration_changed {
        return;
    }
    for at in moments(step, after) {
        let Some(rates) = step.window.rates(at) else { continue };
        if outcome_changed {
            let scope = Scope::Pipeline(step.rules.pipeline.clone());
            step.emit_for(scope, Measure::ExecutionSuccessRate, at, rates.success);
            step.emit(Measure::FailureRate, at, 100.0 - rates.success);
        }
        if let Some(duration) = rates.duration {
            step.emit(Measure::AverageExecutionDuration, at, duration);
        }
    }
}

/// A published sample cannot be taken back: a retry that succeeds later changes the pipeline's rate and not this one.
fn count_once_over_all_pipelines(step: &mut Step<'_>, after: Standing) {
    let execution = step.execution();
    let Some(at) = execution.rated_at().filter(|_| after.rated && execution.marks.add(Mark::Counted)) else { return };
    let succeeded_at_first = execution.failed.is_none();
    let value = if succeeded_at_first { 100.0 } else { 0.0 };
    step.emit_for(Scope::AllPipelines, Measure::ExecutionSuccessRate, at, value);
}

/// The moments whose rates this step may have changed: the execution's own end, and the newest end if that is later.
fn moments(step: &mut Step<'_>, after: Standing) -> Vec<Timestamp> {
    let execution = step.execution();
    let own = execution.succeeded.or(execution.failed).filter(|_| after.rated);
    let mut moments: Vec<_> = own.into_iter().chain(step.window.newest_end()).collect();
    moments.sort();
    moments.dedup();
    moments
}

impl Window {
    /// The rates over the last finished executions, by what was true at a moment.
    pub(crate) fn rates(&self, at: Timestamp) -> Option<Rates> {
        let rated = self.executions.values().filter_map(|execution| Some((execution.rated_at()?, execution)));
        let mut rated: Vec<_> = rated.filter(|(end, _)| *end <= at).collect();
        // Those that ended in the same second stay in the order of their ids.
        rated.sort_by_key(|(end, _)| *end);
        let last = &rated[rated.len().saturating_sub(RATED)..];
        let green: Vec<_> =
            last.iter().filter(|(_, execution)| execution.succeeded.is_some_and(|end| end <= at)).collect();
        let durations = green.iter().filter_map(|(_, execution)| seconds(execution.started?, execution.succeeded?));
        let durations: Vec<f64> = durations.collect();
        (!last.is_empty()).then(|| Rates {
            finished: last.len(),
            success: 100.0 * count(green.len()) / count(last.len()),
            duration: (!durations.is_empty()).then(|| durations.iter().sum::<f64>() / count(durations.len())),
        })
    }

    fn newest_end(&self) -> Option<Timestamp> {
        let rated = self.executions.values().filter(|execution| execution.rated_at().is_some());
        rated.filter_map(|execution| execution.succeeded.max(execution.failed_again).max(execution.failed)).max()
    }
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Shell, measured};

    fn rate(lines: &str) -> Vec<String> {
        measured(lines, Measure::ExecutionSuccessRate)
    }

    #[test]
    fn the_rate_is_of_finished_executions_and_each_counts_once_over_all_pipelines() {
        let lines = "0 a started\n10 a succeeded since=0\n20 b started\n30 b failed since=20\n40 c started\n
            50 c succeeded since=40\n60 d started";
        assert_eq!(
            rate(lines),
            ["10 * 100", "10 orders 100", "30 * 0", "30 orders 50", "50 * 100", "50 orders 66.667"]
        );
        assert_eq!(measured(lines, Measure::FailureRate), ["10 orders 0", "30 orders 50", "50 orders 33.333"]);
    }

    #[test]
    fn what_was_dropped_or_rolls_back_is_not_in_the_denominator() {
        let lines = "0 a started\n10 a dropped since=0\n20 b started rollback\n30 b failed since=20\n
            40 c started rollback\n50 c succeeded since=40\n60 d started\n70 d succeeded since=60";
        assert_eq!(rate(lines), ["70 * 100", "70 orders 100"]);
        let rolled_back = "0 a started\n10 a succeeded since=0\n40 b started rollback\n50 b succeeded since=40";
        assert_eq!(rate(rolled_back), ["10 * 100", "10 orders 100"], "nor does it repeat a rate");
    }

    #[test]
    fn a_retried_execution_is_one_execution_that_changed_its_outcome() {
        let failed = "0 a started\n10 a failed since=0\n";
        let retried = "20 a failed since=0\n30 a succeeded since=0\n30 a succeeded since=0";
        let expected = ["10 * 0", "10 orders 0", "30 orders 100"];
        assert_eq!(rate(&format!("{failed}{retried}")), expected);
        assert_eq!(Shell::new().tell(failed).tell(retried).measured(Measure::ExecutionSuccessRate), expected);
    }

    #[test]
    fn what_was_stopped_and_retried_counts_by_its_last_end() {
        assert_eq!(rate("0 a started\n10 a dropped since=0\n20 a succeeded since=0"), ["20 * 100", "20 orders 100"]);
    }

    #[test]
    fn a_late_end_is_measured_for_its_own_time_and_corrects_the_newest_value() {
        let mut shell = Shell::new();
        shell.tell("0 a started\n10 a succeeded since=0\n40 c started\n50 c succeeded since=40");
        shell.tell("20 b started late\n30 b failed since=20 late");
        assert_eq!(
            shell.measured(Measure::ExecutionSuccessRate),
            ["10 * 100", "10 orders 100", "30 * 0", "30 orders 50", "50 * 100", "50 orders 100", "50 orders 66.667"]
        );
        assert_eq!(shell.total.repaired, 1);
    }

    #[test]
    fn a_late_end_is_measured_by_what_was_true_then() {
        let mut shell = Shell::new();
        shell
            .tell("0 a started\n10 a failed since=0\n100 a succeeded since=0")
            .tell("20 b started\n50 b failed since=20");
        let samples = shell.measured(Measure::ExecutionSuccessRate);
        assert!(samples.contains(&String::from("50 orders 0")), "{samples:?}");
        assert!(samples.contains(&String::from("100 orders 50")), "{samples:?}");
    }

    #[test]
    fn the_window_is_the_last_thirty() {
        let failures: String =
            (0..30).map(|n| format!("{n} f{n:02} started\n{n} f{n:02} failed since={n}\n")).collect();
        let successes: String =
            (30..45).map(|n| format!("{n} s{n:02} started\n{n} s{n:02} succeeded since={n}\n")).collect();
        let samples = rate(&format!("{failures}{successes}"));
        assert!(samples.contains(&String::from("29 orders 0")) && samples.contains(&String::from("44 orders 50")));
        assert!(samples.contains(&String::from("30 orders 3.333")), "1 of the last 30: {samples:?}");
    }

    #[test]
    fn the_average_is_over_succeeded_executions_whose_start_is_known() {
        let lines = "0 a started\n10 a succeeded since=0\n20 b started\n50 b failed since=20\n60 c started\n
            80 c succeeded since=60";
        assert_eq!(
            measured(lines, Measure::AverageExecutionDuration),
            ["10 orders 10", "50 orders 10", "80 orders 15"]
        );
        assert_eq!(measured("0 a failed since=0", Measure::AverageExecutionDuration), [""; 0]);
    }

    #[test]
    fn an_execution_of_unknown_kind_counts_as_soon_as_it_is_known() {
        let mut shell = Shell::new();
        shell.fold_unasked(&crate::testing::told("10 a succeeded since=0"));
        assert_eq!(shell.measured(Measure::ExecutionSuccessRate), [""; 0]);
        shell.tell("");
        assert_eq!(shell.measured(Measure::ExecutionSuccessRate), ["10 * 100", "10 orders 100"]);
    }
}
